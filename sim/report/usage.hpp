// Use over time: one sweep over all starts and ends gives the timeline and the stranded GPUs.
//
// A free GPU is stranded while its node has too few free CPUs or too little free memory for it. On
// each node that is counted greedily: with 3 GPUs and 2 CPUs free, and one CPU needed for a GPU,
// one GPU is stranded. Where a node has several types the first of the cluster file is served
// first. The memory that a GPU needs is the default of the least demanding partition of its node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"

namespace rehearse {

/// Columns of equal length: row i holds from time[i] until time[i + 1].
struct Timeline {
  std::int64_t cpus = 0;               ///< that there are
  std::vector<std::string> gpu_types;  ///< "gpu:a40", ...: columns of gpus_used and gpus
  std::vector<std::int64_t> gpus;      ///< that there are, by type
  std::int64_t step = 0;               ///< seconds between rows; 0: a row at every change

  std::vector<std::int64_t> time;  ///< whole seconds as in the trace
  std::vector<std::int64_t> cpus_used;
  std::vector<std::vector<std::int64_t>> gpus_used;  ///< [type][row]
  std::vector<std::int64_t> gpus_stranded;           ///< of all types
  std::vector<std::int64_t> queue;                   ///< eligible attempts that wait
  /// Where nodes are powered down; else empty.
  std::vector<std::int64_t> nodes_up, nodes_booting;
};

struct UsageOptions {
  std::int64_t begin = 0;  ///< window of the integrals, whole seconds
  std::int64_t end = 0;
  std::int64_t cpus_per_gpu = 1;
  std::size_t timeline_rows = 20'000;  ///< more changes than this: a grid
};

struct Usage {
  Timeline timeline;
  std::vector<std::int64_t> stranded_seconds;  ///< per GresId, GPU x s; 0 for what is no GPU
};

/// O(changes log changes + nodes touched).
Usage trace_usage(const Cluster& cluster, const Journal& journal, const UsageOptions& options);

}  // namespace rehearse
