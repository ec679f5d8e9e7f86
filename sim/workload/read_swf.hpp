// The Standard Workload Format of the Parallel Workloads Archive: 18 numbers a row, -1 = unknown,
// `;` comments with a header (https://www.cs.huji.ac.il/labs/parallel/workload/swf.html).
// Rows are kept in file order; what cannot be replayed is dropped by a named rule and counted in
// Workload::repairs. Malformed rows are errors with line and column, all of a file at once.
#pragma once

#include <string>
#include <string_view>

#include "sim/workload/workload.hpp"

namespace rehearse {

struct SwfRules {
  /// Cut a run time beyond the requested time at the request (`clip-runtime-to-limit`), and
  /// count it. Without the rule the job is killed at its limit in the run, and ends as TIMEOUT.
  bool clip_runtime_to_limit = true;
  /// Use the run time as the request (`limit-from-runtime`): perfect estimates.
  bool limit_from_runtime = false;
  /// Drop jobs that ran for no time (`drop-zero-runtime`), as most studies do.
  bool drop_zero_runtime = false;
};

/// Parses `text`; `file` is its name in messages. Processors are the allocated ones (field 5), or
/// the requested (field 8) where the former are unknown. Throws InputError. O(text).
Workload read_swf(std::string_view text, const std::string& file, const SwfRules& rules = {});

}  // namespace rehearse
