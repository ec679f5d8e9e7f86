// Reads comma-separated tables with a header (RFC 4180: a quoted field may hold commas, line breaks
// and doubled quotes), one row at a time, columns by name. It knows no table in particular.
// Views that it returns are good until the next row; the text must outlive the table. O(text).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

class CsvTable {
 public:
  /// Reads the header. `file` is for messages. Throws InputError if there is none.
  CsvTable(std::string file, std::string_view text);

  const std::vector<std::string>& header() const { return header_; }
  /// Throws InputError if there is no such column.
  std::size_t column(std::string_view name) const;

  /// Goes to the next row; false after the last. Throws InputError for a row with more or fewer
  /// fields than the header.
  bool next();
  std::string_view operator[](std::size_t column) const { return fields_[column]; }
  /// The whole number in `column`, or nothing if the field is empty. Throws InputError for others.
  std::optional<std::int64_t> integer(std::size_t column) const;
  int line() const { return line_; }  ///< of the row's start, 1-based

 private:
  bool read_row();

  std::string file_;
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 0;
  int next_line_ = 1;
  std::vector<std::string> header_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // fields that had doubled quotes
};

}  // namespace rehearse
