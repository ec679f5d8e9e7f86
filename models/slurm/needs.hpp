// What the options of sbatch come to for slurmctld in one partition (semantics 1.1.3, 4.6; Slurm's
// job_details): numbers that node selection works with. Fixed at submission but for the partition's
// defaults and maxima.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/features.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse::slurm {

/// An amount of one GRES, of any type if `kinds` has several.
struct GresAsked {
  std::string name;           ///< gpu, shard
  std::vector<GresId> kinds;  ///< acceptable ones, in index order
  std::int64_t per_node = 0, per_job = 0, per_task = 0, per_socket = 0;
  bool is_gpu = false, is_shard = false;
  bool operator==(const GresAsked&) const = default;
};

struct Needs {
  PartitionId partition{};
  std::uint32_t min_nodes = 1;
  std::uint32_t counted_nodes = 1;  ///< for limits and priorities: --ntasks-per-node says nothing
  std::uint32_t max_nodes = 0;      ///< 0: none given
  std::uint32_t tasks = 1;          ///< 0: not known (only nodes were asked for)
  bool has_tasks = false;           ///< -n was given, or follows from counts
  std::uint32_t cpus_per_task = 1;
  bool has_cpus_per_task = false;
  std::uint32_t min_cpus = 1;
  std::uint32_t max_cpus = 0;  ///< 0: none
  std::uint32_t tasks_per_node = 0, tasks_per_socket = 0, tasks_per_core = 0, tasks_per_gpu = 0;
  std::uint32_t threads_per_core = 0;
  std::uint32_t sockets_per_node = 0, cores_per_socket = 0;
  std::uint32_t min_cpus_per_node = 1;
  Memory memory;  ///< as it is charged; None: none is asked for and memory is not tracked
  bool whole_memory = false;  ///< all of each node's
  std::uint32_t cpus_per_gpu = 0;
  std::vector<GresAsked> gres;
  NodeSet excluded;    ///< --exclude
  NodeSet configured;  ///< partition less --exclude, with the features; GRES are not asked for
  NodeSet candidates;  ///< partition less --exclude, with the features, big enough when idle
  NodeSet required;    ///< --nodelist
  /// `[a|b]`: all nodes from one of these, tried in order. Empty: no alternatives.
  std::vector<NodeSet> alternatives;
  /// `a*2&b*1`: so many nodes from each, in order. Empty: no counts.
  std::vector<FeatureCount> counted;
  bool exclusive = false;       ///< --exclusive, or a partition that is
  bool over_subscribe = false;  ///< -s
  bool exclusive_user = false;
  bool contiguous = false, spread = false, use_min_nodes = false, enforce_binding = false;
  std::uint32_t switches = 0;
  Duration switches_wait = std::chrono::seconds{300};
  std::string distribution;
};

/// What a job is, or why the partition can never run it ("" = it can): sbatch's message.
struct Resolved {
  Needs needs;
  std::string error{};
};

/// Sets the nodes and tasks that counts of GRES imply; returns why sbatch refuses them, or "".
std::string reconcile_gres(Asked& asked);

/// REQUIRES: names in `asked` were checked against `cluster` when the trace was read.
Resolved needs_of(const Asked& asked, const Cluster& cluster, PartitionId partition);

}  // namespace rehearse::slurm
