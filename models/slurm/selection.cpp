#include "models/slurm/selection.hpp"

#include <algorithm>

#include "models/slurm/evaluation.hpp"
#include "models/slurm/layout.hpp"
#include "models/slurm/offers.hpp"

namespace rehearse::slurm {
namespace {

constexpr std::uint32_t kManyNodes = 500'000;  // Slurm's own bound

/// min, max and wanted nodes (semantics 5.2.3); false if they contradict each other.
bool set_nodes(Question& question) {
  const Needs& needs = question.needs;
  const Partition& partition = question.machine.cluster().partitions[needs.partition];
  question.min_nodes = std::max(needs.min_nodes, partition.min_nodes);
  std::uint32_t most = kManyNodes;
  if (needs.max_nodes > 0) most = std::min(most, needs.max_nodes);
  if (partition.max_nodes) most = std::min(most, *partition.max_nodes);
  if (question.how.most_nodes > 0) most = std::min(most, question.how.most_nodes);
  question.max_nodes = most;
  question.wanted_nodes = needs.max_nodes > 0 && !needs.use_min_nodes ? most : question.min_nodes;
  if (needs.tasks > 0 && question.max_nodes > needs.tasks) {
    question.max_nodes = std::max(needs.tasks, question.min_nodes);
  }
  if (needs.tasks_per_node > 0 && needs.tasks > 0) {
    question.min_nodes = std::max(question.min_nodes,
                                  (needs.tasks + needs.tasks_per_node - 1) / needs.tasks_per_node);
  }
  return question.max_nodes >= question.min_nodes;
}

bool evaluate(const Question& question, const std::vector<Offer>& offers,
              std::vector<Taken>& taken) {
  const Cluster& cluster = question.machine.cluster();
  const Needs& needs = question.needs;
  taken.clear();
  if (cluster.select.least_loaded || cluster.partitions[needs.partition].least_loaded) {
    return eval_least_loaded(question, offers, taken);
  }
  if (!cluster.switches.empty() && !needs.contiguous) {
    return eval_topology(question, offers, taken);
  }
  return eval_nodes(question, offers, taken);
}

/// Nodes with few CPUs may have used up the number of nodes: without them, fewest first, until it
/// fits (5.4.1, "knapsack").
bool evaluate_without_small(const Question& question, std::vector<Offer>& offers,
                            std::vector<Taken>& taken) {
  std::int64_t most = 0;
  std::size_t left = 0;
  for (const Offer& offer : offers) {
    most = std::max(most, offer.cpus + offer.gpus);
    if (offer.cpus > 0) ++left;
  }
  for (std::int64_t size = 1; size < most; ++size) {
    bool changed = false;
    for (Offer& offer : offers) {
      if (offer.cpus == 0 || offer.cpus + offer.gpus > size) continue;
      if (question.needs.required.contains(offer.node)) continue;
      offer.cpus = 0;
      changed = true;
      if (left-- <= question.min_nodes) break;
    }
    if (changed && evaluate(question, offers, taken)) return true;
    if (left <= question.min_nodes) return false;
  }
  return false;
}

std::optional<Allocation> choose(Question& question, const NodeSet& nodes) {
  std::vector<Offer> offers;
  std::size_t count = 0;
  nodes.for_each([&](NodeId node) {
    const Offer offer = offer_of(question, node);
    if (offer.cpus > 0) offers.push_back(offer);
    return true;
  });
  count = offers.size();
  if (count < question.min_nodes) return std::nullopt;
  std::vector<Taken> taken;
  if (!evaluate(question, offers, taken) && !evaluate_without_small(question, offers, taken)) {
    return std::nullopt;
  }
  return lay_out(question, taken);
}

}  // namespace

std::optional<Allocation> choose_nodes(const Machine& machine, const Needs& needs,
                                       const NodeSet& usable, const Choosing& how) {
  Question question(machine, needs, how);
  if (!set_nodes(question)) return std::nullopt;
  NodeSet nodes = usable;
  nodes &= needs.candidates;
  const Partition& partition = machine.cluster().partitions[needs.partition];
  const bool shares = machine.is_sharing(needs.partition) &&
                      (partition.over_subscribe == OverSubscribe::Force || needs.over_subscribe);
  const std::uint32_t rows = shares && !needs.exclusive ? partition.over_subscribe_jobs : 1;
  for (question.row = 0; question.row < rows; ++question.row) {
    if (needs.alternatives.empty()) {
      if (auto allocation = choose(question, nodes)) return allocation;
    }
    for (const NodeSet& alternative : needs.alternatives) {
      NodeSet some = nodes;
      some &= alternative;
      if (auto allocation = choose(question, some)) return allocation;
    }
  }
  return std::nullopt;
}

bool could_ever_run(const Cluster& cluster, const Needs& needs, const NodeSet& nodes,
                    const Choosing& how) {
  return choose_nodes(Machine(cluster), needs, nodes, how).has_value();
}

}  // namespace rehearse::slurm
