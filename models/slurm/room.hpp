// A cheap test of what a node must have free to be of any use to a job: what passes may still offer
// nothing (offers.hpp), what does not pass offers nothing for certain. More room never fails where
// less passed.
#pragma once

#include <cstdint>

#include "models/slurm/machine.hpp"
#include "models/slurm/needs.hpp"
#include "sim/base/node_set.hpp"

namespace rehearse::slurm {

/// What a node has free, or more.
struct Room {
  Room() = default;
  Room(const Machine& machine, NodeId node);
  /// As if what is held there were given back. Cores that others share count as free then.
  void free(const Held& held);

  std::uint32_t cores = 0, jobs = 0;
  std::int64_t memory_mib = 0;
  std::uint64_t devices = 0;
};

/// Of a node, for a job with `needs`.
class LeastRoom {
 public:
  LeastRoom(const Needs& needs, const Cluster& cluster);
  bool is_in(const Room& room, const Shapes& shapes, NodeId node) const;

 private:
  const Needs& needs_;
  std::uint32_t cpus_;
  bool shares_;  ///< cores that others have may do
  bool tracks_memory_;
};

/// Whether a machine may have room for a job on enough of `nodes`. The machine may change while
/// this looks at it.
class Fit {
 public:
  Fit(const Machine& machine, const Needs& needs, const NodeSet& nodes);
  /// What the machine had given to `allocation` is free now.
  void look_again(const Allocation& allocation);
  bool is_possible() const { return with_room_.count() >= least_; }

 private:
  void look_at(NodeId node);

  const Machine& machine_;
  LeastRoom asked_;
  std::uint32_t least_;
  NodeSet nodes_, with_room_;
};

/// Whether what a failed try leaves of how near GPUs are (Choosing::near_gpus) is the same or gone
/// after the next try, if that finds more room on the same nodes.
bool is_replaced_by_next(const Needs& needs, const Machine& machine);

}  // namespace rehearse::slurm
