// Node and core selection as select/cons_tres does it (semantics ch. 5): which nodes, which cores,
// how many CPUs. Pure but for Choosing::near_gpus: the same question has the same answer.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/slurm/machine.hpp"
#include "models/slurm/needs.hpp"
#include "sim/base/node_set.hpp"

namespace rehearse::slurm {

/// What a question depends on beside the request and the machine.
struct Choosing {
  UserId user{};
  std::uint32_t most_nodes = 0;      ///< a limit on nodes of the job, 0: none (semantics 4.4)
  bool waited_for_switches = false;  ///< --switches has waited long enough
  bool will_run = false;             ///< asked by backfill: SELECT_MODE_WILL_RUN
  int version = 2205;                ///< 2205, 2302, 2311, 2405, 2411
  bool busy_first = false;           ///< bf_busy_nodes
  bool serial_at_end = false;        ///< pack_serial_at_end
  bool topology_optional = false;    ///< TopologyParam=TopoOptional
  /// Before 23.11 a node keeps how near its GPUs were to the last job that was tried on it, and
  /// WILL_RUN tests of jobs without GPUs go by that (semantics ch. 11.12). One byte a node,
  /// kNoNearGpus at first; brought up to date. Null: every question starts anew.
  std::vector<std::uint8_t>* near_gpus = nullptr;
  /// Epilogs that run on each node: such nodes come last among those of their weight. Null: none.
  const IdVector<NodeId, std::int32_t>* completing = nullptr;
};

/// The low byte of a node's weight when no GPU is near: one less for each that is.
inline constexpr std::uint8_t kNoNearGpus = 0xff;

/// The nodes, cores and devices that a job with `needs` gets out of `usable` (up, not completing,
/// not reserved for others, in the partition), or none if it does not fit.
std::optional<Allocation> choose_nodes(const Machine& machine, const Needs& needs,
                                       const NodeSet& usable, const Choosing& how);

/// Whether an idle machine could run it on `nodes`.
bool could_ever_run(const Cluster& cluster, const Needs& needs, const NodeSet& nodes,
                    const Choosing& how);

}  // namespace rehearse::slurm
