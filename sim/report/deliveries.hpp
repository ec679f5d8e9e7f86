// What the accounts of a cluster file were promised, and what they got.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// What an account was promised and what it got, in GPU-seconds, or CPU-seconds on a cluster
/// without GPUs. Accounts below it are included.
struct Delivery {
  std::string account;
  /// GPUs or CPUs: its GrpTRES limit, or else its normalised share of the capacity, which is the
  /// product of shares / siblings' shares over it and the accounts above it.
  double guarantee = 0;
  bool is_cap = false;           ///< the guarantee is a limit
  double promised_seconds = 0;   ///< integral of min(guarantee, running + eligible demand)
  double delivered_seconds = 0;  ///< integral of what its jobs held
};

/// Over [begin, end), whole seconds; in the order of the cluster file. Empty if the cluster
/// declares no accounts. An attempt that never started demands what it asked for.
/// O(attempts log attempts x depth of the tree).
std::vector<Delivery> deliveries(const Cluster& cluster, const Workload& workload,
                                 const Journal& journal, std::int64_t begin, std::int64_t end);

}  // namespace rehearse
