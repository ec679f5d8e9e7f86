// What is wrong with an input, said the way a compiler says it: file, line, column, the line itself
// with a caret, and help. Readers add to a Diagnostics and go on, so that one run reports every
// mistake; load functions end with throw_if_errors(), and only the program prints.
// Entries keep the order in which they were added; a note belongs to the entry before it.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

enum class Severity { Error, Warning, Note };

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string file{};         ///< as the user wrote it; empty if there is none
  int line = 0;               ///< 1-based; 0 = none
  int column = 0;             ///< 1-based, in bytes of the line; 0 = none
  std::string message{};      ///< what is wrong, with the value quoted; no full stop
  std::string source_line{};  ///< the text of `line` without its newline; empty = not shown
  std::string help{};         ///< what to write instead; empty = none
  int source_column = 0;      ///< of the caret, where source_line is a part of the line; 0 = column
};

/// Sets line, column and source_line to where byte `offset` of the file's `text` is. Of a very long
/// line only the neighbourhood is kept. O(offset).
void point_at(Diagnostic& diagnostic, std::string_view text, std::size_t offset);

/// `diagnostic` as one to four lines, each ended by a newline. The caret is aligned by characters:
/// tabs are kept and the bytes of one UTF-8 character count once. Other control characters are
/// shown as '?', and what exceeds a message's size as "...".
std::string render(const Diagnostic& diagnostic);

class Diagnostics {
 public:
  /// Errors that are kept; further ones are only counted, and nothing after them is kept.
  static constexpr std::size_t kMaxRenderedErrors = 20;

  void add(Diagnostic diagnostic);
  /// Adds all of `others`, and counts its errors that were not kept.
  void add(const Diagnostics& others);

  std::size_t error_count() const { return error_count_; }
  const std::vector<Diagnostic>& entries() const { return entries_; }

  /// All entries in order; then "and N more errors" if there were more than are kept.
  std::string render() const;

  /// Throws InputError with a copy of this if an error was added; warnings and notes do not count.
  void throw_if_errors() const;

 private:
  std::vector<Diagnostic> entries_;
  std::size_t error_count_ = 0;
};

/// The input is wrong, for the reasons in diagnostics(). what() is their whole rendering.
class InputError : public std::exception {
 public:
  explicit InputError(Diagnostics diagnostics);

  const char* what() const noexcept override { return rendering_.c_str(); }
  const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  Diagnostics diagnostics_;
  std::string rendering_;
};

/// Throws an InputError of this one diagnostic: for what leaves nothing else to look at.
[[noreturn]] void fail(Diagnostic diagnostic);

}  // namespace rehearse
