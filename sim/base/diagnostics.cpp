#include "sim/base/diagnostics.hpp"

#include <fmt/core.h>

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
                                 name_of(diagnostic.severity), diagnostic.message);
  std::string_view source = diagnostic.source_line;
  if (source.ends_with('\r')) source.remove_suffix(1);
  if (diagnostic.line > 0 && !source.empty()) {
    text += fmt::format("{:>5} | {}\n", diagnostic.line, source);
    if (diagnostic.column > 0) {
      const auto before = source.substr(0, static_cast<std::size_t>(diagnostic.column - 1));
      text += fmt::format("{:>5} | {}^\n", "", blank_like(before));
    }
  }
  if (!diagnostic.help.empty()) text += fmt::format("{:>5} = help: {}\n", "", diagnostic.help);
  return text;
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::Error) ++error_count_;
  entries_.push_back(std::move(diagnostic));
}

std::string Diagnostics::render() const {
  std::string text;
  std::size_t rendered = 0;
  for (const Diagnostic& entry : entries_) {
    if (entry.severity == Severity::Error && rendered++ == kMaxRenderedErrors) {
      const std::size_t left = error_count_ - kMaxRenderedErrors;
      text += fmt::format("and {} more error{}\n", left, left == 1 ? "" : "s");
      break;
    }
    text += rehearse::render(entry);
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
