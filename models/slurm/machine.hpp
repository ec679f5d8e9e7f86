// The machine as select/cons_tres keeps it: free cores, memory and GRES devices of each node, and
// what kinds of jobs share it. A value: will-run tests copy it, take running jobs off and ask
// again.
#pragma once

#include <cstdint>
#include <vector>

#include "models/slurm/needs.hpp"
#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/cluster/cluster.hpp"

namespace rehearse::slurm {

/// Cores or devices of one node, by number.
using Bits = std::vector<std::uint64_t>;

struct HeldGres {
  GresId kind{};
  std::uint32_t count = 0;
  Bits devices;  ///< which, where devices are told apart (GPUs); empty: counts only
};

/// What a job has on one node.
struct Held {
  NodeId node{};
  Bits cores;
  std::uint32_t cpus = 0;       ///< as accounting counts them
  std::int64_t memory_mib = 0;  ///< 0 where memory is not tracked
  std::vector<HeldGres> gres;
};

/// What a job has, and how it shares. In order of nodes.
struct Allocation {
  std::vector<Held> nodes;
  bool exclusive = false;
  bool over_subscribe = false;
  PartitionId partition{};
  UserId user{};
};

class Machine {
 public:
  explicit Machine(const Cluster& cluster);

  /// O(nodes of the allocation). remove() takes back exactly what an add() gave.
  void add(const Allocation& allocation);
  void remove(const Allocation& allocation);

  const Cluster& cluster() const { return *cluster_; }

 private:
  const Cluster* cluster_;
};

}  // namespace rehearse::slurm
