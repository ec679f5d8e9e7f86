// Tables of comma-separated values with a header (csv_scanner.hpp says how they are written), one
// row at a time, columns by name. It knows no table in particular. Views that it returns are good
// until the next row; the text must outlive the table. O(text).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/csv_scanner.hpp"

namespace rehearse {

class CsvTable {
 public:
  /// Reads the header. `file` is for messages. Throws InputError if there is none.
  CsvTable(std::string file, std::string_view text);

  const std::vector<std::string>& header() const { return header_; }
  /// Throws InputError if there is no such column.
  std::size_t column(std::string_view name) const;

  /// Goes to the next row; false after the last. Throws InputError for an empty line, bad quoting,
  /// or a row with more or fewer fields than the header.
  bool next();
  std::string_view operator[](std::size_t column) const { return fields_[column].text; }
  /// The whole number in `column`, or nothing if the field is empty. Throws InputError for others.
  std::optional<std::int64_t> integer(std::size_t column) const;
  int line() const { return static_cast<int>(scanner_.line()); }  ///< of the row's start, 1-based
  /// Throws InputError that says `message` of the row.
  [[noreturn]] void fail_row(std::string message, std::string help = "") const;

 private:
  bool read_row();

  std::string file_;
  CsvScanner scanner_;
  std::vector<std::string> header_;
  std::vector<CsvField> fields_;
};

}  // namespace rehearse
