// Decisions to follow, from a table with the columns of jobs.csv that they need: id, attempt,
// state, start, end, partition, node_list, started_by, and time_limit in seconds if it is known.
#pragma once

#include <string>

#include "sim/cluster/cluster.hpp"
#include "sim/state/decisions.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Reads the attempts that started. Throws InputError with the line for a job, partition or node
/// that is not there, an attempt named twice, or a value that is none. O(rows log rows).
Decisions load_decisions(const std::string& path, const Cluster& cluster, const Workload& workload);

}  // namespace rehearse
