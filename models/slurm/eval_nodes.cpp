#include <algorithm>

#include "models/slurm/evaluation.hpp"

namespace rehearse::slurm {
namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};

/// A run of neighbouring usable nodes of equal weight; positions in the list of offers.
struct Run {
  std::size_t first = 0, last = 0;
  std::size_t required = kNowhere;  ///< the first required node in it
  std::uint64_t weight = 0;
  std::int64_t cpus = 0, nodes = 0, gpus = 0;  ///< less the required nodes
};

class Evaluation {
 public:
  Evaluation(const Question& question, const std::vector<Offer>& offers, std::vector<Taken>& taken)
      : question_(question),
        offers_(offers),
        taken_(taken),
        tally_(question),
        used_(offers.size(), false) {}

  bool run() {
    if (!find_runs()) return false;
    if (tally_.done()) return true;
    while (!tally_.full()) {
      Run* const best = best_run();
      if (best == nullptr) break;
      consume(*best);
      if (question_.needs.contiguous) return tally_.done() || tally_.ends_well();
      if (tally_.done()) return true;
      best->nodes = 0;
    }
    return tally_.ends_well();
  }

 private:
  /// Takes the required nodes on the way, as they come.
  bool find_runs() {
    const NodeSet& required = question_.needs.required;
    std::size_t missing = required.count();
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      const Offer& offer = offers_[i];
      if (offer.cpus == 0) continue;
      const bool fresh = runs_.empty() || !follows(i, runs_.back());
      if (fresh) runs_.push_back({.first = i, .last = i, .weight = offer.weight});
      Run& own = runs_.back();
      own.last = i;
      if (missing > 0 && required.contains(offer.node)) {
        if (tally_.full() || !tally_.take(offer, taken_)) return false;
        used_[i] = true;
        --missing;
        if (own.required == kNowhere) own.required = i;
        continue;
      }
      own.cpus += offer.cpus;
      own.gpus += offer.gpus;
      ++own.nodes;
    }
    return missing == 0;
  }

  bool follows(std::size_t i, const Run& run) const {
    return index(offers_[i].node) == index(offers_[run.last].node) + 1 &&
           (question_.needs.contiguous || offers_[i].weight == run.weight);
  }

  bool is_sufficient(const Run& run) const {
    return run.cpus >= tally_.cpus && tally_.enough_nodes(run.nodes) && run.gpus >= tally_.gpus;
  }

  Run* best_run() {
    Run* best = nullptr;
    bool best_suffices = false;
    for (Run& run : runs_) {
      if (run.nodes == 0) continue;
      const bool suffices = is_sufficient(run);
      bool better = best == nullptr || (best->required == kNowhere && run.required != kNowhere) ||
                    run.weight < best->weight;
      if (!better && run.weight == best->weight) {
        better = (suffices && !best_suffices) || (suffices && run.cpus < best->cpus) ||
                 (!suffices && run.cpus > best->cpus);
      }
      if (!better) continue;
      best = &run;
      best_suffices = suffices;
    }
    if (best == nullptr || !question_.needs.contiguous) return best;
    const auto required = std::count_if(runs_.begin(), runs_.end(),
                                        [](const Run& run) { return run.required != kNowhere; });
    return best_suffices && required <= 1 ? best : nullptr;
  }

  void consume(const Run& run) {
    if (run.required != kNowhere) {  // up from the required node, then down
      for (std::size_t i = run.required; i <= run.last; ++i) use(i);
      for (std::size_t i = run.required; i-- > run.first;) use(i);
      return;
    }
    if (tally_.nodes <= 1) {
      const std::size_t one = best_single(run);
      if (one != kNowhere) {
        use(one);
        return;
      }
    }
    for (std::size_t i = run.first; i <= run.last; ++i) {
      if (tally_.most_nodes == 1 && offers_[i].cpus < tally_.cpus) continue;
      use(i);
    }
  }

  /// The node with the fewest CPUs that holds all that is still needed.
  std::size_t best_single(const Run& run) const {
    std::size_t best = kNowhere;
    for (std::size_t i = run.first; i <= run.last; ++i) {
      const Offer& offer = offers_[i];
      if (used_[i] || offer.cpus < tally_.cpus || offer.gpus < tally_.gpus) continue;
      if (best == kNowhere || offer.cpus < offers_[best].cpus) best = i;
      if (offer.cpus == tally_.cpus) break;
    }
    return best;
  }

  void use(std::size_t i) {
    if (used_[i] || tally_.full() || tally_.done() || offers_[i].cpus == 0) return;
    used_[i] = tally_.take(offers_[i], taken_);
  }

  const Question& question_;
  const std::vector<Offer>& offers_;
  std::vector<Taken>& taken_;
  Tally tally_;
  std::vector<bool> used_;
  std::vector<Run> runs_;
};

}  // namespace

Tally::Tally(const Question& question) : question_(question) {
  const Needs& needs = question.needs;
  cpus = needs.min_cpus;
  nodes = question.job_gpus > 0 ? std::min(question.min_nodes, question.wanted_nodes)
                                : std::max(question.min_nodes, question.wanted_nodes);
  least_nodes = question.min_nodes;
  most_nodes = question.max_nodes;
  gpus = question.job_gpus;
  budget = std::max(needs.min_cpus, needs.max_cpus);
  for (const GresAsked& one : needs.gres) {
    if (!one.is_gpu) continue;
    budget = std::max(budget, one.per_node * needs.cpus_per_gpu * nodes);
    budget = std::max(budget, one.per_job * needs.cpus_per_gpu);
    budget = std::max(budget, one.per_task * needs.cpus_per_gpu * needs.tasks);
  }
  if (question.job_gpus > 0) cpus = std::max<std::int64_t>(cpus, 0);
}

bool Tally::enough_nodes(std::int64_t count) const {
  const std::int64_t spare = std::int64_t{question_.wanted_nodes} - question_.min_nodes;
  return count >= (spare > 0 && question_.job_gpus == 0 ? nodes - spare : nodes);
}

bool Tally::take(const Offer& offer, std::vector<Taken>& taken) {
  const Needs& needs = question_.needs;
  std::int64_t some = offer.cpus;
  const std::int64_t some_gpus = std::min(offer.gpus, gpus);
  if (!needs.exclusive) {
    if (needs.tasks_per_node > 0) {
      const std::int64_t of_tasks = std::int64_t{needs.tasks_per_node} * question_.task_cpus;
      some = std::min(some, std::max<std::int64_t>(of_tasks, needs.min_cpus_per_node));
    }
    // At least one unit is left for each further node.
    const std::int64_t kept = std::max<std::int64_t>(least_nodes - 1, 0) * std::int64_t{offer.unit};
    some = std::min(some, std::max<std::int64_t>(budget - kept, needs.min_cpus_per_node));
    // CPUs for all GPUs still needed, whether or not the node has so many (seen: s8's J123).
    // Since 24.11 for those on offer only.
    const bool all = question_.how.version < 2411;
    const std::int64_t brought =
        all ? std::min<std::int64_t>(gpus * needs.cpus_per_gpu, offer.cpus) : 0;
    some = std::max({some, brought, std::int64_t{offer.min_cpus}});
  }
  if (some <= 0) return false;
  taken.push_back({offer.node, static_cast<std::uint32_t>(some), offer.min_cpus, some_gpus});
  cpus -= some;
  budget -= some;
  --nodes;
  --least_nodes;
  --most_nodes;
  gpus -= some_gpus;
  return true;
}

bool eval_nodes(const Question& question, const std::vector<Offer>& offers,
                std::vector<Taken>& taken) {
  return Evaluation(question, offers, taken).run();
}

}  // namespace rehearse::slurm
