// What operators did while the jobs of a trace ran: a CSV with the columns `offset` (seconds after
// the origin) and `command`, a line of scontrol, scancel or sacctmgr, whose commas need no quotes.
// `{T+600}` in it is a time after the origin, `{id:J12}`, `{id:A03_7}` and `{id:A03}_7` are a job
// of the trace or a task of its array; a bare id of the trace will do too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/workload/operations.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Parses `text`, whose name in messages is `file`; jobs are those of `workload`. In order of time,
/// then of the rows. Everything that is wrong is in one InputError. O(text + workload).
std::vector<Operation> read_events(std::string_view text, const std::string& file,
                                   const Workload& workload);

/// The same from a file, which may be compressed.
std::vector<Operation> load_events(const std::string& path, const Workload& workload);

}  // namespace rehearse
