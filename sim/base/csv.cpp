#include "sim/base/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"

namespace rehearse {

CsvTable::CsvTable(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {
  if (!read_row()) fail({.file = file_, .message = "an empty file", .help = "expected a header"});
  header_.assign(fields_.begin(), fields_.end());
}

std::size_t CsvTable::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) {
    fail({.file = file_, .line = 1, .message = fmt::format("no column \"{}\"", name)});
  }
  return static_cast<std::size_t>(found - header_.begin());
}

bool CsvTable::next() {
  if (!read_row()) return false;
  if (fields_.size() != header_.size()) {
    fail({.file = file_,
          .line = line_,
          .message = fmt::format("a row of {} fields", fields_.size()),
          .help = fmt::format("the header has {}", header_.size())});
  }
  return true;
}

std::optional<std::int64_t> CsvTable::integer(std::size_t column) const {
  const std::string_view field = fields_[column];
  if (field.empty()) return std::nullopt;
  const auto value = parse_int64(field);
  if (!value) {
    fail({.file = file_,
          .line = line_,
          .message = fmt::format("{} is \"{}\"", header_[column], field),
          .help = "expected a whole number"});
  }
  return value;
}

bool CsvTable::read_row() {
  fields_.clear();
  unquoted_.clear();
  line_ = next_line_;
  if (at_ >= text_.size()) return false;
  for (bool more = true; more;) {
    const std::size_t start = at_;
    bool quoted = at_ < text_.size() && text_[at_] == '"';
    if (quoted) {
      std::string field;
      for (++at_; quoted && at_ < text_.size(); ++at_) {
        if (text_[at_] != '"') {
          if (text_[at_] == '\n') ++next_line_;
          field += text_[at_];
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          field += text_[++at_];
        } else {
          quoted = false;
        }
      }
      if (quoted) fail({.file = file_, .line = line_, .message = "a quote that does not end"});
      fields_.push_back(unquoted_.emplace_back(std::move(field)));
      at_ = std::min(text_.find_first_of(",\n", at_), text_.size());
    } else {
      at_ = std::min(text_.find_first_of(",\n", at_), text_.size());
      fields_.push_back(text_.substr(start, at_ - start));
    }
    more = at_ < text_.size() && text_[at_] == ',';
    ++at_;  // the comma or the line break
  }
  ++next_line_;
  if (!fields_.back().empty() && fields_.back().back() == '\r') fields_.back().remove_suffix(1);
  return true;
}

}  // namespace rehearse
