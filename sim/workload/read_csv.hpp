// The native trace: one row per submission, what one would tell sbatch, plus when, and how long it
// really runs. Columns (README.md of this folder), in any order, most of them optional:
//
//   id,submit,user,account,partition,qos,nodes,ntasks,cpus_per_task,gres,mem,timelimit,duration,
//   dependency,array,extra
//
// Everything that is wrong is reported at its line and column, all rows of a file at once.
#pragma once

#include <string>
#include <string_view>

#include "sim/workload/trace_rules.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Parses `text`; `file` is its name in messages. Ids that are all whole numbers are the jobs'
/// numbers, others are names. A dependency may name a submission that comes later: it waits for it
/// (sbatch could not know its id), and Workload::warnings says so; an unknown id or a ring of
/// dependencies is an error. An id is used once, except by singletons, whose name it is. Throws
/// InputError. O(text).
Workload read_csv(std::string_view text, const std::string& file, const TraceRules& rules = {});

}  // namespace rehearse
