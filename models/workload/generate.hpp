// Makes a workload from its model (sim/workload/generate.hpp). A pure function of its arguments:
// every draw is keyed by (seed, purpose, submission), so a larger load adds submissions and leaves
// the ones there were as they are, at the same part of the period.
#pragma once

#include <cstdint>

#include "sim/cluster/cluster.hpp"
#include "sim/workload/generate.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

struct Generated {
  Workload workload;  ///< in order of submission, numbered from 1
  /// Offered: what the jobs hold of `load_of` for how long they run (at most their limit), over
  /// what the cluster has of it in `days`.
  double load = 0;
};

/// Throws InputError if `model` names an account, partition, QOS or TRES that `cluster` lacks, or
/// can never reach its load. O(submissions x log submissions).
Generated generate(const WorkloadModel& model, const Cluster& cluster, std::uint64_t seed);

}  // namespace rehearse
