// Node and core selection as select/cons_tres does it (semantics ch. 5): which nodes, which cores,
// how many CPUs. Pure: the same question has the same answer.
#pragma once

#include <optional>

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
};

/// The nodes, cores and devices that a job with `needs` gets out of `usable` (up, not completing,
/// not reserved for others, in the partition), or none if it does not fit.
std::optional<Allocation> choose_nodes(const Machine& machine, const Needs& needs,
                                       const NodeSet& usable, const Choosing& how);

/// Whether an idle machine could run it on `nodes`.
bool could_ever_run(const Cluster& cluster, const Needs& needs, const NodeSet& nodes,
                    const Choosing& how);

}  // namespace rehearse::slurm
