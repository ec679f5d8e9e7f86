// A workload back as the text of a trace: the native CSV, which keeps all of it, or SWF, which
// keeps what a row of 18 numbers can say and counts the rest. Reading what was written yields the
// same workload again (but for the lines, and header lines of SWF in a CSV).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/workload/workload.hpp"

namespace rehearse {

/// All 16 columns, rows in the workload's order. O(workload).
std::string write_csv(const Workload& workload);

struct SwfText {
  std::string text;
  /// What SWF has no place for, in words, and the number of rows that had it: "gres", "memory", ...
  std::map<std::string, std::int64_t> lost;
};

/// Rows in the workload's order, a row for each task of an array. Processors are the CPUs asked
/// for. Users "u7" and groups "g7" are the numbers 7; other names are numbered as they come, which
/// the header says; so are ids that are no numbers. O(workload).
SwfText write_swf(const Workload& workload);

}  // namespace rehearse
