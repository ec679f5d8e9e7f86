#include "sim/base/csv_scanner.hpp"

#include <algorithm>

namespace rehearse {

CsvScanner::CsvScanner(std::string_view text) : text_(text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

bool CsvScanner::next(std::vector<CsvField>& fields) {
  fields.clear();
  problem_.reset();
  skipped_line_ = 0;
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
    if (skipped_line_ == 0) skipped_line_ = next_line_;
    next_line_ += text_[at_++] == '\n' ? 1 : 0;
  }
  if (at_ == text_.size()) return false;
  line_ = next_line_;
  for (;;) {
    const bool quoted = at_ < text_.size() && text_[at_] == '"';
    fields.push_back(quoted ? quoted_field() : plain_field());
    end_ = at_;
    if (at_ == text_.size()) return true;
    const char separator = text_[at_++];
    if (separator == ',') continue;
    if (separator == '\r') ++at_;
    ++next_line_;
    return true;
  }
}

CsvField CsvScanner::plain_field() {
  const std::size_t begin = at_;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == ',' || c == '\n') break;
    if (c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') break;
    if (c == '"') complain("a quote in a field that does not begin with one", at_);
  }
  return {text_.substr(begin, at_ - begin), begin, false};
}

CsvField CsvScanner::quoted_field() {
  const std::size_t begin = at_++;
  std::size_t piece = at_;
  std::string* joined = nullptr;
  for (;;) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) {
      complain("this quote is not closed", begin);
      at_ = text_.size();
      return {text_.substr(piece), begin, true};
    }
    next_line_ += static_cast<std::uint32_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                   text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
    at_ = quote + 1;
    const bool doubled = at_ < text_.size() && text_[at_] == '"';
    if (doubled && joined == nullptr) joined = &unescaped_.emplace_back();
    if (joined != nullptr) joined->append(text_.substr(piece, quote - piece + (doubled ? 1 : 0)));
    if (doubled) {
      piece = ++at_;
      continue;
    }
    const std::string_view value =
        joined != nullptr ? std::string_view(*joined) : text_.substr(piece, quote - piece);
    const CsvField rest = plain_field();
    if (!rest.text.empty()) complain("text behind the closing quote", rest.offset);
    return {value, begin, true};
  }
}

void CsvScanner::complain(std::string_view message, std::size_t offset) {
  if (!problem_) problem_ = {message, offset};
}

std::size_t CsvScanner::offset_of(const CsvField& field, std::size_t at) const {
  if (!field.quoted) return field.offset + at;
  std::size_t offset = field.offset + 1;
  for (; at > 0; --at) offset += text_.substr(offset).starts_with("\"\"") ? 2 : 1;
  return offset;
}

void append_csv(std::string& line, std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) line.append(c == '"' ? 2 : 1, c);
  line += '"';
}

}  // namespace rehearse
