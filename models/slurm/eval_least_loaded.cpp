#include <algorithm>

#include "models/slurm/evaluation.hpp"

namespace rehearse::slurm {

bool eval_least_loaded(const Question& question, const std::vector<Offer>& offers,
                       std::vector<Taken>& taken) {
  const NodeSet& required = question.needs.required;
  Tally tally(question);
  std::vector<const Offer*> left;
  for (const Offer& offer : offers) {
    if (offer.cpus == 0) continue;
    if (!required.contains(offer.node)) {
      left.push_back(&offer);
    } else if (tally.full() || !tally.take(offer, taken)) {
      return false;
    }
  }
  if (taken.size() != required.count()) return false;
  const auto share = [&](const Offer& offer) {
    return static_cast<double>(offer.cpus) / question.machine.cluster().nodes[offer.node].cpus;
  };
  std::stable_sort(left.begin(), left.end(), [&](const Offer* one, const Offer* other) {
    if (one->weight != other->weight) return one->weight < other->weight;
    return share(*one) > share(*other);
  });
  for (const Offer* const offer : left) {
    if (tally.done() || tally.full()) break;
    if (tally.most_nodes == 1 && offer->cpus < tally.cpus) continue;
    tally.take(*offer, taken);
  }
  return tally.done() || tally.ends_well();
}

}  // namespace rehearse::slurm
