// What each node could give a job, before it is decided which nodes give how much (cons_tres:
// can_job_run_on_node and its avail_res; semantics 5.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "models/slurm/machine.hpp"
#include "models/slurm/needs.hpp"
#include "models/slurm/selection.hpp"

namespace rehearse::slurm {

/// One question to node selection, with what is the same for all nodes worked out once.
struct Question {
  Question(const Machine& on, const Needs& of, const Choosing& asked);

  const Machine& machine;
  const Needs& needs;
  const Choosing& how;
  std::uint32_t min_nodes = 1, max_nodes = 1, wanted_nodes = 1;
  std::uint32_t task_cpus = 1;          ///< CPUs of a task, with those that its GPUs bring
  std::uint32_t least_cpus = 1;         ///< of a node, for it to be of any use
  std::uint32_t least_beside_gres = 1;  ///< the same of those that serve the GRES asked for
  std::int64_t job_gpus = 0;            ///< --gpus: to be found over all nodes; 0: no such request
  bool all_cores = false;               ///< as if no job had cores
  bool near_only = false;               ///< GPUs that are near no free core do not count
  bool beside_gpus = false;             ///< it fits on GPUs that are near its cores
  bool shares = false;                  ///< its CPUs with other jobs
  std::uint32_t row = 0;  ///< jobs of its own sharing partition that a core may have already
};

struct Offer {
  NodeId node{};
  std::uint32_t cpus = 0;       ///< that it could give; 0: it is of no use
  std::uint32_t task_cpus = 0;  ///< before its GPUs are looked at
  std::uint32_t idle_cpus = 0;  ///< free ones, of which GRES may leave the job only some
  std::uint32_t unit = 1;       ///< CPUs that are given together: of a core, of a socket
  std::uint32_t min_cpus = 0;   ///< that the GPUs asked for per node bring
  std::int64_t gpus = 0;        ///< free ones that --gpus may count
  std::int64_t found = 0;       ///< free ones of the kinds asked for
  std::uint64_t weight = 0;     ///< Weight and, in the low byte, how few of the GPUs are near
  std::int64_t near = -1;       ///< GPUs that are near; -1: it did not come to that
};

/// CPUs of a core that the job would use on a node (hint, threads per core, tasks per core).
std::uint32_t used_threads(const Needs& needs, const Shape& shape);
/// `cpus`, with the rest of the last core that they begin.
constexpr std::uint32_t in_whole_cores(std::uint32_t cpus, std::uint32_t per_core) {
  return (cpus + per_core - 1) / per_core * per_core;
}

/// CPUs that a node must offer at the least to be of any use.
std::uint32_t least_cpus(const Needs& needs);

/// GPUs of the node (bits) that a request for `kinds` may have.
std::uint64_t free_gpus(const Question& question, NodeId node, const GresAsked& asked);

/// Cores of the node that the job may have, Shape::words of them.
Bits open_cores(const Question& question, NodeId node);

Offer offer_of(const Question& question, NodeId node);

/// The user, where it matters whose jobs share a node; else none.
UserId user_that_matters(UserId user, const Needs& needs, const Machine& machine);

/// What the candidates of a job offer, kept for questions that come again while a machine stays as
/// it is. Jobs that ask the same have the same Needs.
class OfferMemo {
 public:
  /// Offers of some CPUs, and those whose GPUs were counted, in order of nodes. The reference holds
  /// until the next call.
  const std::vector<Offer>& of(const Question& question);

 private:
  /// Stage of the machine, needs, user, row; then which of the attempts it is.
  using Key = std::tuple<std::size_t, const Needs*, UserId, std::uint32_t, bool, bool, bool>;
  std::map<Key, std::vector<Offer>> offers_;
  std::size_t count_ = 0;
};

}  // namespace rehearse::slurm
