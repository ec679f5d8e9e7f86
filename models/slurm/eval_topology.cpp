#include <algorithm>

#include "models/slurm/evaluation.hpp"

namespace rehearse::slurm {
namespace {

constexpr std::size_t kNoSwitch = ~std::size_t{0};

class Evaluation {
 public:
  Evaluation(const Question& question, const std::vector<Offer>& offers, std::vector<Taken>& taken)
      : question_(question),
        switches_(question.machine.cluster().switches),
        offers_(offers),
        taken_(taken),
        tally_(question),
        state_(offers.size(), State::Out),
        free_(switches_.size(), 0),
        hops_(switches_.size(), 0),
        parent_(switches_.size(), kNoSwitch),
        in_use_(switches_.size(), false),
        cpus_(switches_.size(), 0),
        counts_cpus_(question.how.version >= 2411) {
    for (std::size_t i = 0; i < switches_.size(); ++i) {
      for (const std::uint32_t below : switches_[i].below) parent_[below] = i;
      for (const Offer& offer : offers_) {
        if (offer.cpus > 0 && switches_[i].nodes.contains(offer.node)) cpus_[i] += offer.task_cpus;
      }
    }
  }

  bool run() {
    const std::size_t top = top_switch();
    if (top == kNoSwitch || !take_required(top)) return false;
    if (tally_.done()) return suits_switches();
    if (!choose_weights(top)) return false;
    if (tally_.done()) return suits_switches();
    count_free();
    use_leaves_in_use();
    while (!tally_.done() && !tally_.full()) {
      const std::size_t leaf = best_leaf();
      if (leaf == kNoSwitch) break;
      use_leaf(leaf);
    }
    return (tally_.done() || tally_.ends_well()) && suits_switches();
  }

 private:
  /// Of an offer: not considered, among those of the weights that are needed, taken.
  enum class State : std::uint8_t { Out, In, Used };

  bool is_required(const Offer& offer) const {
    return question_.needs.required.contains(offer.node);
  }

  /// The highest switch with a required node; else the highest one with enough usable nodes that
  /// reaches the lowest weight.
  std::size_t top_switch() const {
    const bool required = !question_.needs.required.empty();
    std::size_t top = kNoSwitch;
    std::uint64_t top_weight = 0;
    for (std::size_t i = 0; i < switches_.size(); ++i) {
      if (required && !question_.needs.required.intersects(switches_[i].nodes)) continue;
      std::int64_t nodes = 0;
      std::uint64_t weight = ~std::uint64_t{0};
      for (const Offer& offer : offers_) {
        if (offer.cpus == 0 || !switches_[i].nodes.contains(offer.node)) continue;
        ++nodes;
        weight = std::min(weight, offer.weight);
      }
      if (!required && (nodes == 0 || !tally_.enough_nodes(nodes))) continue;
      if (counts_cpus_ && cpus_[i] < tally_.cpus) continue;
      const bool better =
          top == kNoSwitch ||
          (required ? switches_[i].level > switches_[top].level
                    : switches_[i].level >= switches_[top].level && weight <= top_weight);
      if (!better) continue;
      top = i;
      top_weight = weight;
    }
    return top;
  }

  bool take_required(std::size_t top) {
    std::size_t missing = question_.needs.required.count();
    for (std::size_t i = 0; i < offers_.size() && missing > 0; ++i) {
      if (offers_[i].cpus == 0 || !is_required(offers_[i])) continue;
      if (!switches_[top].nodes.contains(offers_[i].node)) return false;
      if (tally_.full() || !use(i)) return false;
      --missing;
    }
    return missing == 0;
  }

  /// Nodes of as many weights, from the lowest on, as the job needs; since 24.11 of as many as it
  /// would have. All but those of the last weight are taken at once.
  bool choose_weights(std::size_t top) {
    std::int64_t cpus = 0, nodes = 0, gpus = 0;
    bool is_enough = false;
    for (std::uint64_t last = 0;;) {
      std::uint64_t weight = ~std::uint64_t{0};
      for (std::size_t i = 0; i < offers_.size(); ++i) {
        const bool open = offers_[i].cpus > 0 && state_[i] == State::Out &&
                          switches_[top].nodes.contains(offers_[i].node);
        if (open && (nodes == 0 || offers_[i].weight > last)) {
          weight = std::min(weight, offers_[i].weight);
        }
      }
      if (weight == ~std::uint64_t{0}) return is_enough;
      take_lighter();
      for (std::size_t i = 0; i < offers_.size(); ++i) {
        if (offers_[i].cpus == 0 || state_[i] != State::Out || offers_[i].weight != weight ||
            !switches_[top].nodes.contains(offers_[i].node)) {
          continue;
        }
        state_[i] = State::In;
        cpus += offers_[i].cpus;
        gpus += offers_[i].gpus;
        ++nodes;
      }
      last = weight;
      const bool all_cpus = cpus >= needed_cpus_ && gpus >= needed_gpus_;
      is_enough = is_enough || (all_cpus && tally_.enough_nodes(nodes - lighter_));
      if (counts_cpus_ ? all_cpus && nodes - lighter_ >= tally_.nodes : is_enough) return true;
    }
  }

  void take_lighter() {
    if (lighter_ == 0) {
      needed_cpus_ = tally_.cpus;
      needed_gpus_ = tally_.gpus;
    }
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (state_[i] == State::In && !tally_.full() && use(i)) ++lighter_;
    }
  }

  void count_free() {
    for (std::size_t s = 0; s < switches_.size(); ++s) {
      for (std::size_t i = 0; i < offers_.size(); ++i) {
        if (!switches_[s].nodes.contains(offers_[i].node)) continue;
        if (state_[i] == State::In) ++free_[s];
        if (state_[i] == State::Used) in_use_[s] = true;
      }
    }
  }

  /// More of the leaves that the job is on already.
  void use_leaves_in_use() {
    for (std::size_t s = 0; s < switches_.size(); ++s) {
      if (switches_[s].level == 0 && in_use_[s] && !tally_.done() && !tally_.full()) use_leaf(s);
    }
  }

  std::size_t best_leaf() const {
    std::size_t best = kNoSwitch;
    for (std::size_t s = 0; s < switches_.size(); ++s) {
      if (switches_[s].level != 0 || free_[s] == 0) continue;
      if (best == kNoSwitch) {
        best = s;
        continue;
      }
      const auto [order, fits] = compare(s, best);
      const bool is_as_good = counts_cpus_ ? fits : order >= 0;
      if ((hops_[s] < hops_[best] && is_as_good) || (hops_[s] == hops_[best] && order > 0)) {
        best = s;
      }
    }
    return best;
  }

  /// 1: `one` is better, -1: `other` is. The tighter of those that hold the nodes still wanted;
  /// where neither does, their parents are asked, and then the one with more nodes is better. Also
  /// whether `one`, or the parent that was asked, holds them.
  std::pair<int, bool> compare(std::size_t one, std::size_t other) const {
    bool one_fits = false;
    for (;;) {
      one_fits = fits(one);
      const bool other_fits = fits(other);
      if (one_fits != other_fits) return {one_fits ? 1 : -1, one_fits};
      if (one_fits) {
        if (free_[one] != free_[other]) return {free_[one] < free_[other] ? 1 : -1, true};
        break;
      }
      if (parent_[one] == kNoSwitch || parent_[other] == kNoSwitch ||
          parent_[one] == parent_[other]) {
        break;
      }
      one = parent_[one];
      other = parent_[other];
    }
    if (free_[one] != free_[other]) return {free_[one] > free_[other] ? 1 : -1, one_fits};
    return {0, one_fits};
  }

  /// Whether the switch has the nodes still wanted, since 24.11 also what CPUs are.
  bool fits(std::size_t one) const {
    return free_[one] >= tally_.nodes && (!counts_cpus_ || cpus_[one] >= tally_.cpus);
  }

  void use_leaf(std::size_t leaf) {
    for (std::size_t i = 0; i < offers_.size() && !tally_.done() && !tally_.full(); ++i) {
      if (state_[i] != State::In || !switches_[leaf].nodes.contains(offers_[i].node)) continue;
      if (!counts_cpus_ && question_.max_nodes == 1 && offers_[i].cpus < tally_.cpus) continue;
      use(i);
    }
    if (counts_cpus_) {
      const std::int64_t gone = free_[leaf];
      for (std::size_t s = parent_[leaf]; s != kNoSwitch; s = parent_[s]) {
        free_[s] = std::max<std::int64_t>(free_[s] - gone, 0);
      }
    }
    free_[leaf] = 0;
    for (std::size_t s = 0; s < switches_.size(); ++s) hops_[s] += distance(leaf, s);
  }

  std::uint32_t distance(std::size_t one, std::size_t other) const {
    std::uint32_t hops = 0;
    while (one != other) {
      const bool up_one = switches_[one].level <= switches_[other].level;
      std::size_t& lower = up_one ? one : other;
      if (parent_[lower] == kNoSwitch) return 1U << 16;  // not connected
      lower = parent_[lower];
      ++hops;
    }
    return hops;
  }

  bool use(std::size_t i) {
    if (!tally_.take(offers_[i], taken_)) return false;
    state_[i] = State::Used;
    return true;
  }

  /// --switches: on few enough leaves, or it has waited long enough for that.
  bool suits_switches() const {
    if (question_.needs.switches == 0 || question_.how.waited_for_switches) return true;
    std::uint32_t leaves = 0;
    for (const Switch& leaf : switches_) {
      leaves += leaf.level == 0 && std::any_of(taken_.begin(), taken_.end(), [&](const Taken& one) {
                  return leaf.nodes.contains(one.node);
                });
    }
    return leaves <= question_.needs.switches;
  }

  const Question& question_;
  const std::vector<Switch>& switches_;
  const std::vector<Offer>& offers_;
  std::vector<Taken>& taken_;
  Tally tally_;
  std::vector<State> state_;  ///< by offer
  std::vector<std::int64_t> free_;
  std::vector<std::uint32_t> hops_;  ///< to the leaves in use, in sum
  std::vector<std::size_t> parent_;
  std::vector<bool> in_use_;
  std::vector<std::int64_t> cpus_;  ///< on offer at first
  bool counts_cpus_;                ///< 24.11's rules: switches need the CPUs too
  std::int64_t lighter_ = 0, needed_cpus_ = 0, needed_gpus_ = 0;
};

}  // namespace

bool eval_topology(const Question& question, const std::vector<Offer>& offers,
                   std::vector<Taken>& taken) {
  return Evaluation(question, offers, taken).run();
}

}  // namespace rehearse::slurm
