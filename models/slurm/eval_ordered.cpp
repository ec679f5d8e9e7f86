// Evaluations that take single nodes in some order: the least loaded, the busiest, the last one, or
// as many as there may be.
#include <algorithm>

#include "models/slurm/evaluation.hpp"

namespace rehearse::slurm {
namespace {

/// Takes the nodes of --nodelist and puts the other usable ones, in order of nodes, in `left`.
bool take_required(const Question& question, const std::vector<Offer>& offers, Tally& tally,
                   std::vector<const Offer*>& left, std::vector<Taken>& taken) {
  const NodeSet& required = question.needs.required;
  for (const Offer& offer : offers) {
    if (offer.cpus == 0) continue;
    if (!required.contains(offer.node)) {
      left.push_back(&offer);
    } else if (tally.full() || !tally.take(offer, taken)) {
      return false;
    }
  }
  return taken.size() == required.count();
}

/// Takes the usable nodes by `before`, nodes of equal rank in order, until it is enough.
template <class Before>
bool take_ordered(const Question& question, const std::vector<Offer>& offers,
                  std::vector<Taken>& taken, Before before) {
  Tally tally(question);
  std::vector<const Offer*> left;
  if (!take_required(question, offers, tally, left, taken)) return false;
  std::stable_sort(left.begin(), left.end(), before);
  for (const Offer* const offer : left) {
    if (tally.done() || tally.full()) break;
    if (tally.most_nodes == 1 && offer->cpus < tally.cpus) continue;
    tally.take(*offer, taken);
  }
  return tally.done() || tally.ends_well();
}

}  // namespace

bool eval_least_loaded(const Question& question, const std::vector<Offer>& offers,
                       std::vector<Taken>& taken) {
  const auto share = [&](const Offer& offer) {
    return static_cast<double>(offer.idle_cpus) / question.machine.cluster().nodes[offer.node].cpus;
  };
  return take_ordered(question, offers, taken, [&](const Offer* one, const Offer* other) {
    if (one->weight != other->weight) return one->weight < other->weight;
    return share(*one) > share(*other);
  });
}

bool eval_busy(const Question& question, const std::vector<Offer>& offers,
               std::vector<Taken>& taken) {
  const auto idle = [&](const Offer& offer) { return question.machine.jobs(offer.node) == 0; };
  return take_ordered(question, offers, taken, [&](const Offer* one, const Offer* other) {
    if (idle(*one) != idle(*other)) return idle(*other);
    return one->weight < other->weight;
  });
}

bool eval_last(const Question& question, const std::vector<Offer>& offers,
               std::vector<Taken>& taken) {
  return take_ordered(question, offers, taken,
                      [](const Offer* one, const Offer* other) { return one->node > other->node; });
}

bool eval_spread(const Question& question, const std::vector<Offer>& offers,
                 std::vector<Taken>& taken) {
  Tally tally(question);
  std::vector<const Offer*> left;
  if (!take_required(question, offers, tally, left, taken)) return false;
  const auto open = static_cast<std::int64_t>(left.size());
  // All that may be taken are: each leaves a core for every other.
  tally.least_nodes = std::max(tally.least_nodes, std::min(open, tally.most_nodes));
  tally.nodes = std::max(tally.nodes, tally.least_nodes);
  const bool fewer = tally.nodes > question.wanted_nodes;
  for (const Offer* const offer : left) {
    if (tally.done() || tally.full()) break;
    tally.take(*offer, taken);
  }
  return tally.done() ||
         (fewer && tally.cpus <= 0 && tally.gpus <= 0 && taken.size() >= question.min_nodes);
}

}  // namespace rehearse::slurm
