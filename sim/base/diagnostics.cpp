#include "sim/base/diagnostics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace rehearse {
namespace {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Note:
      return "note";
  }
  return "error";
}

/// "file:line:column: ", leaving out what is not known.
std::string position_of(const Diagnostic& diagnostic) {
  std::string position = diagnostic.file;
  if (diagnostic.line > 0) {
    position += fmt::format("{}{}", position.empty() ? "line " : ":", diagnostic.line);
    if (diagnostic.column > 0) position += fmt::format(":{}", diagnostic.column);
  }
  return position.empty() ? position : position + ": ";
}

/// `text` as a terminal can show it: no control characters, and not endless.
std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 2000;
  std::string result(text.substr(0, kLongest));
  for (char& c : result) {
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) c = '?';
  }
  return text.size() > kLongest ? result + "..." : result;
}

/// Leaves of a very long source line what is near the column.
void shorten(Diagnostic& diagnostic) {
  constexpr std::size_t kBefore = 60;  // bytes of a long line that are kept before the column
  constexpr std::size_t kLongest = 160;
  const std::string& line = diagnostic.source_line;
  if (line.size() <= kLongest || diagnostic.source_column > 0) return;
  const auto column = static_cast<std::size_t>(std::max(diagnostic.column, 1)) - 1;
  const std::size_t first = std::min(column > kBefore ? column - kBefore : 0, line.size());
  std::string shown = (first > 0 ? "..." : "") + line.substr(first, kLongest);
  if (first + kLongest < line.size()) shown += "...";
  if (diagnostic.column > 0) {
    diagnostic.source_column = static_cast<int>((first > 0 ? 3 : 0) + column - first) + 1;
  }
  diagnostic.source_line = std::move(shown);
}

/// What stands before the caret: as wide on the screen as `before`.
std::string blank_like(std::string_view before) {
  std::string blank;
  for (const char c : before) {
    const bool continues_utf8 = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continues_utf8) blank += c == '\t' ? '\t' : ' ';
  }
  return blank;
}

}  // namespace

std::string render(const Diagnostic& diagnostic) {
  std::string text = fmt::format("{}{}: {}\n", position_of(diagnostic),
                                 name_of(diagnostic.severity), printable(diagnostic.message));
  Diagnostic near = diagnostic;
  shorten(near);
  std::string_view source = near.source_line;
  if (source.ends_with('\r')) source.remove_suffix(1);
  if (diagnostic.line > 0 && !source.empty()) {
    text += fmt::format("{:>5} | {}\n", diagnostic.line, printable(source));
    const int column = near.source_column > 0 ? near.source_column : near.column;
    if (column > 0) {
      const auto before = source.substr(0, static_cast<std::size_t>(column - 1));
      text += fmt::format("{:>5} | {}^\n", "", blank_like(before));
    }
  }
  if (!diagnostic.help.empty()) {
    text += fmt::format("{:>5} = help: {}\n", "", printable(diagnostic.help));
  }
  return text;
}

void point_at(Diagnostic& diagnostic, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  diagnostic.line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
  diagnostic.column = static_cast<int>(offset - start) + 1;
  diagnostic.source_line = text.substr(start, text.find('\n', offset) - start);
  shorten(diagnostic);
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::Error) ++error_count_;
  if (error_count_ <= kMaxRenderedErrors) entries_.push_back(std::move(diagnostic));
}

void Diagnostics::add(const Diagnostics& others) {
  const std::size_t errors = error_count_ + others.error_count_;
  for (const Diagnostic& entry : others.entries_) add(entry);
  error_count_ = errors;
}

std::string Diagnostics::render() const {
  std::string text;
  for (const Diagnostic& entry : entries_) text += rehearse::render(entry);
  if (error_count_ > kMaxRenderedErrors) {
    const std::size_t left = error_count_ - kMaxRenderedErrors;
    text += fmt::format("and {} more error{}\n", left, left == 1 ? "" : "s");
  }
  return text;
}

void Diagnostics::throw_if_errors() const {
  if (error_count_ > 0) throw InputError(*this);
}

InputError::InputError(Diagnostics diagnostics)
    : diagnostics_(std::move(diagnostics)), rendering_(diagnostics_.render()) {}

void fail(Diagnostic diagnostic) {
  Diagnostics diagnostics;
  diagnostics.add(std::move(diagnostic));
  throw InputError(std::move(diagnostics));
}

}  // namespace rehearse
