// The Standard Workload Format of the Parallel Workloads Archive: 18 numbers a row, -1 = unknown,
// `;` comments with a header (https://www.cs.huji.ac.il/labs/parallel/workload/swf.html).
// Rows are kept in file order; what cannot be replayed is dropped by a named rule and counted in
// Workload::repairs. Malformed rows are errors with line and column, all of a file at once.
#pragma once

#include <string>
#include <string_view>

#include "sim/workload/trace_rules.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Parses `text`; `file` is its name in messages. Processors are the allocated ones (field 5), or
/// the requested (field 8) where the former are unknown (`use-requested-processors`: the reverse).
/// Throws InputError. O(text).
Workload read_swf(std::string_view text, const std::string& file, const TraceRules& rules = {});

}  // namespace rehearse
