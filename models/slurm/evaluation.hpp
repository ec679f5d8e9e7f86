// Which of the nodes on offer give how many CPUs: the evaluations of cons_tres (semantics 5.4).
// Each puts what it takes in `taken` and says whether that is the job.
#pragma once

#include <cstdint>
#include <vector>

#include "models/slurm/offers.hpp"

namespace rehearse::slurm {

struct Taken {
  NodeId node{};
  std::uint32_t cpus = 0;
  std::uint32_t min_cpus = 0;  ///< that the GPUs asked for per node bring
  std::int64_t gpus = 0;       ///< of --gpus
};

/// What a job still needs while nodes are taken.
class Tally {
 public:
  explicit Tally(const Question& question);

  /// Takes what the job would have of `offer`; false if that is nothing.
  bool take(const Offer& offer, std::vector<Taken>& taken);
  bool done() const { return nodes <= 0 && cpus <= 0 && gpus <= 0; }
  bool full() const { return most_nodes <= 0; }
  /// Whether `count` nodes are enough: all that are wanted, or down to the least.
  bool enough_nodes(std::int64_t count) const;
  bool ends_well() const { return cpus <= 0 && gpus <= 0 && enough_nodes(0); }

  std::int64_t cpus = 0;         ///< still needed
  std::int64_t budget = 0;       ///< that may still be taken
  std::int64_t nodes = 0;        ///< still wanted
  std::int64_t least_nodes = 0;  ///< still needed at least
  std::int64_t most_nodes = 0;   ///< that may still be taken
  std::int64_t gpus = 0;         ///< of --gpus, still needed

 private:
  const Question& question_;
};

/// Node sets that are consecutive in the table: the tightest one, one after the other (5.4.1).
/// `offers` in order of nodes; those of no CPUs end a set.
bool eval_nodes(const Question& question, const std::vector<Offer>& offers,
                std::vector<Taken>& taken);
/// Leaves of topology/tree, the fewest usable nodes first (5.4.2).
bool eval_topology(const Question& question, const std::vector<Offer>& offers,
                   std::vector<Taken>& taken);
/// The least loaded node of the lowest weight, one after the other (5.4.3).
bool eval_least_loaded(const Question& question, const std::vector<Offer>& offers,
                       std::vector<Taken>& taken);

/// Nodes with jobs first (bf_busy_nodes).
bool eval_busy(const Question& question, const std::vector<Offer>& offers,
               std::vector<Taken>& taken);
/// The last node of the table first (pack_serial_at_end).
bool eval_last(const Question& question, const std::vector<Offer>& offers,
               std::vector<Taken>& taken);
/// On as many nodes as there may be (--spread-job).
bool eval_spread(const Question& question, const std::vector<Offer>& offers,
                 std::vector<Taken>& taken);

}  // namespace rehearse::slurm
