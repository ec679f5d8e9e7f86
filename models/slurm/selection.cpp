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

/// The first that applies (semantics 5.4).
bool evaluate(const Question& question, const std::vector<Offer>& offers,
              std::vector<Taken>& taken) {
  const Cluster& cluster = question.machine.cluster();
  const Needs& needs = question.needs;
  const Choosing& how = question.how;
  taken.clear();
  if (needs.spread) return eval_spread(question, offers, taken);
  if (how.busy_first && how.will_run && !needs.contiguous) {
    return eval_busy(question, offers, taken);
  }
  if (cluster.select.least_loaded || cluster.partitions[needs.partition].least_loaded) {
    return eval_least_loaded(question, offers, taken);
  }
  if (how.serial_at_end && needs.min_cpus == 1 && question.wanted_nodes == 1) {
    return eval_last(question, offers, taken);
  }
  const bool tree = !cluster.switches.empty() && !needs.contiguous &&
                    (!how.topology_optional || needs.switches > 0);
  return tree ? eval_topology(question, offers, taken) : eval_nodes(question, offers, taken);
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
      if (--left <= question.min_nodes) break;
    }
    if (changed && evaluate(question, offers, taken)) return true;
    if (left <= question.min_nodes) return false;
  }
  return false;
}

/// What a node gives is worked out: before 23.11 it keeps how near its GPUs were, and a job without
/// GPUs finds that.
void keep_nearness(const Choosing& how, Offer& offer) {
  if (how.near_gpus == nullptr) return;
  if (offer.near >= 0) {
    const auto near = static_cast<std::uint64_t>(offer.near);
    how.near_gpus->set(offer.node, static_cast<std::uint8_t>(kNoNearGpus - near));
  } else {
    const std::uint8_t kept = (*how.near_gpus)[offer.node];
    offer.weight = (offer.weight & ~std::uint64_t{kNoNearGpus}) | kept;
  }
}

/// What each node could give, where that is anything: in `offers`, or where it is kept.
const std::vector<Offer>& offers_of(const Question& question, const NodeSet& nodes,
                                    std::vector<Offer>& offers) {
  const auto take = [&](Offer offer) {
    keep_nearness(question.how, offer);
    if (offer.cpus > 0) offers.push_back(offer);
  };
  if (question.how.memo == nullptr) {
    nodes.for_each([&](NodeId node) { return take(offer_of(question, node)), true; });
    return offers;
  }
  const std::vector<Offer>& kept = question.how.memo->of(question);
  const bool is_it = question.how.near_gpus == nullptr &&
                     std::all_of(kept.begin(), kept.end(), [&](const Offer& offer) {
                       return offer.cpus > 0 && nodes.contains(offer.node);
                     });
  if (is_it) return kept;
  offers.reserve(kept.size());
  for (const Offer& known : kept) {
    if (nodes.contains(known.node)) take(known);
  }
  return offers;
}

std::vector<Taken> choose_once(const Question& question, const NodeSet& nodes) {
  std::vector<Taken> taken;
  std::vector<Offer> own;
  const std::vector<Offer>& offers = offers_of(question, nodes, own);
  if (offers.size() < question.min_nodes) return taken;
  std::int64_t cpus = 0, gpus = 0;
  for (const Offer& offer : offers) {
    cpus += offer.cpus;
    gpus += offer.gpus;
  }
  if (cpus < question.needs.min_cpus || gpus < question.job_gpus) return taken;
  if (evaluate(question, offers, taken)) return taken;
  if (&offers != &own) own = offers;
  if (!evaluate_without_small(question, own, taken)) taken.clear();
  return taken;
}

/// Nodes with what they give; empty: there is no way. GPUs far from all free cores are for a second
/// attempt (semantics 5.7).
std::vector<Taken> choose(Question& question, const NodeSet& nodes) {
  const bool may_differ = question.machine.shapes().bound_devices || question.how.version >= 2411;
  const bool twice = may_differ && !question.needs.gres.empty() && !question.needs.enforce_binding;
  if (twice) {
    question.near_only = true;
    std::vector<Taken> taken = choose_once(question, nodes);
    question.near_only = false;
    const auto& gres = question.needs.gres;
    question.beside_gpus =
        !taken.empty() &&
        std::all_of(gres.begin(), gres.end(), [](const auto& asked) { return asked.per_node > 0; });
    if (!taken.empty()) return taken;
  }
  return choose_once(question, nodes);
}

/// Feature counts: the nodes of each term are chosen for themselves, one CPU each, and then have to
/// be in the job (semantics 5.2.5). False if there are too few.
bool require_counted(const Machine& machine, const NodeSet& nodes, const Choosing& how,
                     Needs& needs) {
  for (const FeatureCount& term : needs.counted) {
    Needs some = needs;
    some.counted.clear();
    some.required = NodeSet(nodes.universe());
    some.min_nodes = some.max_nodes = some.min_cpus = some.tasks = term.count;
    Question question(machine, some, how);
    if (!set_nodes(question)) return false;
    NodeSet left = nodes;
    left &= term.nodes;
    left -= needs.required;
    const std::vector<Taken> taken = choose(question, left);
    if (taken.empty()) return false;
    for (const Taken& one : taken) needs.required.insert(one.node);
  }
  needs.min_nodes = std::max(needs.min_nodes, static_cast<std::uint32_t>(needs.required.count()));
  return true;
}

/// Whether whole cores or sockets bring more --mem-per-cpu than there is, which only a start looks
/// at (seen on the real daemon, with CR_Socket_Memory).
bool lacks_memory(const Machine& machine, const Allocation& allocation) {
  if (!machine.cluster().tracks_memory) return false;
  return std::any_of(allocation.nodes.begin(), allocation.nodes.end(), [&](const Held& held) {
    return held.memory_mib > machine.shape(held.node).memory_mib - machine.used_memory(held.node);
  });
}

std::optional<Allocation> choose_in(const Machine& machine, const Needs& needs,
                                    const NodeSet& nodes, const Choosing& how, std::uint32_t row) {
  Question question(machine, needs, how);
  if (!set_nodes(question)) return std::nullopt;
  if (how.near_gpus != nullptr && !needs.gres.empty()) {
    // Slurm asks first whether it would fit with all cores free, which leaves its traces.
    question.all_cores = true;
    std::vector<Offer> unused;
    offers_of(question, nodes, unused);
    question.all_cores = false;
  }
  question.row = row;
  std::vector<Taken> taken = choose(question, nodes);
  if (taken.empty()) return std::nullopt;
  Allocation allocation = lay_out(question, taken);
  const bool starts = !how.will_run && !how.test_only;
  if (starts && lacks_memory(machine, allocation)) return std::nullopt;
  return allocation;
}

/// On one of the alternatives of --constraint if it has any, the first that does.
std::optional<Allocation> choose_among(const Machine& machine, const Needs& needs,
                                       const NodeSet& nodes, const Choosing& how,
                                       std::uint32_t row) {
  if (needs.alternatives.empty()) return choose_in(machine, needs, nodes, how, row);
  for (const NodeSet& alternative : needs.alternatives) {
    NodeSet some = nodes;
    some &= alternative;
    if (auto allocation = choose_in(machine, needs, some, how, row)) return allocation;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Allocation> choose_nodes(const Machine& machine, const Needs& needs,
                                       const NodeSet& usable, const Choosing& how) {
  NodeSet nodes = usable;
  nodes &= needs.candidates;
  if (how.near_gpus != nullptr && !how.will_run && how.near_gpus->any()) {
    NodeSet sets = usable;
    sets &= needs.configured;
    sets.for_each([&](NodeId node) {
      how.near_gpus->set(node, kNoNearGpus);
      return true;
    });
  }
  if (!needs.counted.empty()) {
    Needs with = needs;
    Choosing once = how;
    once.memo = nullptr;
    if (!require_counted(machine, nodes, once, with)) return std::nullopt;
    return choose_among(machine, with, nodes, once, 0);
  }
  const Partition& partition = machine.cluster().partitions[needs.partition];
  const bool shares = !needs.exclusive && may_share(partition, needs.over_subscribe);
  const std::uint32_t rows = shares ? std::max(partition.over_subscribe_jobs, 1U) : 1;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (auto allocation = choose_among(machine, needs, nodes, how, row)) return allocation;
  }
  return std::nullopt;
}

}  // namespace rehearse::slurm
