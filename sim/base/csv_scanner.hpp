// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, newlines and doubled
// quotes; records end with LF or CRLF; a byte-order mark is skipped, and so are empty lines. Fields
// are views into the text: nothing is copied but what has doubled quotes. About 1 GB/s.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

struct CsvField {
  std::string_view text;   ///< without its quotes
  std::size_t offset = 0;  ///< in the file: of the first byte, or of the opening quote
  bool quoted = false;
};

class CsvScanner {
 public:
  /// A quote where none may be.
  struct Problem {
    std::string_view message;
    std::size_t offset;
  };

  /// `text` must outlive the scanner, and the scanner the fields.
  explicit CsvScanner(std::string_view text);

  /// Reads the next record into `fields`; false at the end of the file. After a problem the record
  /// is what could be made of it.
  bool next(std::vector<CsvField>& fields);

  std::uint32_t line() const { return line_; }     ///< where the record begins, 1-based
  std::size_t end_offset() const { return end_; }  ///< of the record, without its newline
  const std::optional<Problem>& problem() const { return problem_; }  ///< first of the record

  /// The first of the empty lines that were skipped before the record; 0 if there were none.
  std::uint32_t skipped_line() const { return skipped_line_; }

  /// Where byte `at` of `field` stands in the file.
  std::size_t offset_of(const CsvField& field, std::size_t at) const;

 private:
  CsvField plain_field();
  CsvField quoted_field();
  void complain(std::string_view message, std::size_t offset);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint32_t line_ = 0;
  std::uint32_t next_line_ = 1;
  std::uint32_t skipped_line_ = 0;
  std::optional<Problem> problem_;
  std::deque<std::string> unescaped_;
};

/// `value` as a field: in quotes where it needs them.
void append_csv(std::string& line, std::string_view value);

}  // namespace rehearse
