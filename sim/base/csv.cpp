#include "sim/base/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"

namespace rehearse {

CsvTable::CsvTable(std::string file, std::string_view text)
    : file_(std::move(file)), scanner_(text) {
  if (!read_row()) fail({.file = file_, .message = "an empty file", .help = "expected a header"});
  for (const CsvField& field : fields_) header_.emplace_back(field.text);
}

std::size_t CsvTable::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) {
    fail({.file = file_, .line = 1, .message = fmt::format("there is no column \"{}\"", name)});
  }
  return static_cast<std::size_t>(found - header_.begin());
}

bool CsvTable::next() {
  if (!read_row()) return false;
  if (fields_.size() != header_.size()) {
    fail_row(fmt::format("a row of {} fields, the header has {}", fields_.size(), header_.size()));
  }
  return true;
}

std::optional<std::int64_t> CsvTable::integer(std::size_t column) const {
  const std::string_view field = fields_[column].text;
  if (field.empty()) return std::nullopt;
  const auto value = parse_int64(field);
  if (!value) {
    fail_row(fmt::format("\"{}\" is no {}", field, header_[column]), "expected a whole number");
  }
  return value;
}

void CsvTable::fail_row(std::string message, std::string help) const {
  fail({.file = file_, .line = line(), .message = std::move(message), .help = std::move(help)});
}

bool CsvTable::read_row() {
  const bool more = scanner_.next(fields_);
  if (const auto& problem = scanner_.problem()) fail_row(std::string(problem->message));
  if (scanner_.skipped_line() > 0) {
    fail({.file = file_,
          .line = static_cast<int>(scanner_.skipped_line()),
          .message = "an empty line"});
  }
  return more;
}

}  // namespace rehearse
