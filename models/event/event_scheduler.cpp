// The scheduler of the papers: a pass at each instant at which something changed, over five slots.
// The order of the queue is PriorityTier, score, submission, id; what is done with it is the
// backfill policy's.

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "models/event/node_pass.hpp"
#include "models/event/pool_pass.hpp"
#include "models/event/reasons.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/scheduler.hpp"
#include "sim/policy/witness.hpp"

namespace rehearse {
template <>
inline constexpr auto kEnumNames<PassMode> = std::to_array<std::string_view>({"instant", "event"});
template <>
inline constexpr auto kEnumNames<event::Reserve> =
    std::to_array<std::string_view>({"count", "nodes"});
}  // namespace rehearse

namespace rehearse::event {
namespace {

class EventScheduler final : public Scheduler {
 public:
  struct Params {
    PassMode pass = PassMode::Instant;
    Reserve reserve = Reserve::Count;
    Duration requeue_delay = Duration::zero();
    Duration fair_share_interval = std::chrono::minutes(5);
    void visit(auto&& field) {
      field("pass", pass, "A pass for each instant at which something changed, or for each event");
      field("reserve", reserve, "Promise amounts of an interchangeable pool, or particular nodes");
      field("requeue_delay", requeue_delay, "After this a requeued job is eligible again");
      field("fair_share_interval", fair_share_interval,
            "Past use is turned into fair-share factors this often (PriorityCalcPeriod)");
    }
  };
  explicit EventScheduler(const Params& params) : params_(params) {}

  void equip(Slots slots) override { slots_ = std::move(slots); }
  PassMode pass() const override { return params_.pass; }
  Duration requeue_delay() const override { return params_.requeue_delay; }

  void on(const Changes& changes, Control& control) override {
    if (!pool_pass_) begin(control);
    const View& view = control.view();
    if (slots_.priority->uses_fair_share()) charge_use(changes, control);
    const bool may_start = could_start(changes, view);
    enqueue(view, changes.eligible);
    if (Witness* const witness = witness_of(control)) tell_queue(*witness);
    if (may_start) {
      if (is_pool(view)) {
        pool_pass_->begin(queue_);
        slots_.backfill->schedule(*pool_pass_);
      } else {
        group(view);
        node_pass_->begin(queue_, groups_.size() + 1, changes.resources_freed);
        slots_.backfill->schedule(*node_pass_);
      }
      remove_started(view);
    }
    // Where nothing is free nobody is tried, and yet the first one waits for resources.
    if (reasons_.is_empty() && !queue_.empty()) {
      reasons_.note(control, queue_.front().job, Reason::Resources);
    }
    reasons_.settle(control, changes.eligible);
  }

  void tell(const View& view, Outlook& outlook) const override {
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const Candidate& each = queue_[i];
      outlook.jobs.push_back({.job = each.job,
                              .partition = each.partition,
                              .priority = ranks_[i].score,
                              .job_priority = ranks_[i].score,
                              .factors = slots_.priority->factors(view, each, view.now())});
    }
  }

 private:
  void begin(Control& control) {
    pool_pass_ = std::make_unique<PoolPass>(control, reasons_, started_);
    node_pass_ = std::make_unique<NodePass>(control, reasons_, started_, slots_, params_.reserve);
    if (auto* const seer = dynamic_cast<ClairvoyantPriority*>(slots_.priority.get())) {
      seer->reveal(control.clairvoyance());
    }
  }

  bool is_pool(const View& view) const {
    return view.only_pools() && !view.has_limits() && !view.saves_power() &&
           slots_.preemption->is_never() && slots_.placement->is_node_order() &&
           params_.reserve == Reserve::Count;
  }

  // In a pool time alone never makes room: a job that did not fit still does not.
  bool could_start(const Changes& changes, const View& view) const {
    if (changes.resources_freed) return true;
    if (!is_pool(view)) return !changes.eligible.empty();
    return std::any_of(changes.eligible.begin(), changes.eligible.end(),
                       [&](const Candidate& c) { return c.cpus <= view.resources().free_cpus(); });
  }

  struct Rank {
    std::int32_t tier;
    double score;
    Time submit;
    bool operator==(const Rank&) const = default;
  };
  struct Place {
    const Rank& rank;
    const Candidate& candidate;
  };
  static bool before(const Place& a, const Place& b) {
    if (a.rank.tier != b.rank.tier) return a.rank.tier > b.rank.tier;
    if (a.rank.score != b.rank.score) return a.rank.score > b.rank.score;
    return std::tie(a.rank.submit, a.candidate.job, a.candidate.partition) <
           std::tie(b.rank.submit, b.candidate.job, b.candidate.partition);
  }

  void enqueue(const View& view, std::span<const Candidate> arrived) {
    if (slots_.priority->changes_with_time()) {
      queue_.insert(queue_.end(), arrived.begin(), arrived.end());
      rank(view, queue_, ranks_);
      sort();
      return;
    }
    rank(view, arrived, new_ranks_);
    for (std::size_t i = 0; i < arrived.size(); ++i) {
      std::size_t at = queue_.size();  // most come last
      if (at > 0 && before({new_ranks_[i], arrived[i]}, {ranks_[at - 1], queue_[at - 1]})) {
        at = upper_bound({new_ranks_[i], arrived[i]});
      }
      queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(at), arrived[i]);
      ranks_.insert(ranks_.begin() + static_cast<std::ptrdiff_t>(at), new_ranks_[i]);
    }
  }

  void rank(const View& view, std::span<const Candidate> candidates, std::vector<Rank>& ranks) {
    scores_.resize(candidates.size());
    slots_.priority->score(view, candidates, scores_);
    ranks.clear();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Job& job = view.job(candidates[i].job);
      const double score =
          job.admin_priority >= 0 ? static_cast<double>(job.admin_priority) : scores_[i];
      ranks.push_back(
          {view.cluster().partitions[candidates[i].partition].priority_tier, score, job.submit});
    }
  }

  std::size_t upper_bound(const Place& wanted) const {
    std::size_t low = 0, high = queue_.size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (before(wanted, {ranks_[middle], queue_[middle]})) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  void sort() {
    order_.resize(queue_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      return before({ranks_[a], queue_[a]}, {ranks_[b], queue_[b]});
    });
    sorted_queue_.clear();
    new_ranks_.clear();
    for (const std::size_t at : order_) {
      sorted_queue_.push_back(queue_[at]);
      new_ranks_.push_back(ranks_[at]);
    }
    queue_.swap(sorted_queue_);
    ranks_.swap(new_ranks_);
  }

  void tell_queue(Witness& witness) const {
    std::vector<rehearse::Place> places;
    places.reserve(queue_.size());
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      places.push_back({queue_[i].job, queue_[i].partition, queue_[i].request, ranks_[i].score});
    }
    witness.queue(places);
  }

  // Candidates of equal request, association and QOS share a group; 0 is none yet.
  void group(const View& view) {
    for (Candidate& candidate : queue_) {
      if (candidate.group != 0) continue;
      const Job& job = view.job(candidate.job);
      const auto [found, inserted] = groups_.try_emplace(
          {candidate.request, job.assoc, job.qos}, static_cast<std::uint32_t>(groups_.size() + 1));
      candidate.group = found->second;
    }
  }

  void remove_started(const View& view) {
    if (started_.empty()) return;
    std::sort(started_.begin(), started_.end());
    const JobId first = started_.front(), last = started_.back();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const JobId job = queue_[i].job;
      const bool maybe = job >= first && job <= last;
      if (maybe && std::binary_search(started_.begin(), started_.end(), job)) continue;
      if (kept == i) {
        ++kept;
        continue;
      }
      queue_[kept] = queue_[i];
      ranks_[kept++] = ranks_[i];
    }
    queue_.resize(kept);
    ranks_.erase(ranks_.begin() + static_cast<std::ptrdiff_t>(kept), ranks_.end());
    if (slots_.priority->uses_fair_share()) open_accounts(view);
    started_.clear();
  }

  struct Account {
    AssocId assoc;
    double billing;
    Time since;  // charged up to here
  };

  void open_accounts(const View& view) {
    for (const JobId id : started_) {
      const Job& job = view.job(id);
      const double factor = job.qos == kNone<QosId> ? 1 : view.cluster().qos[job.qos].usage_factor;
      const auto billing = static_cast<double>(view.allocated(job.attempt)[kTresBilling]);
      accounts_[job.attempt] = {job.assoc, billing * factor, view.now()};
    }
  }

  void charge_use(const Changes& changes, Control& control) {
    const View& view = control.view();
    for (const AttemptId id : changes.ended) {
      const auto account = accounts_.find(id);
      if (account == accounts_.end()) continue;
      charge(view, account->second, view.attempt(id).end);
      accounts_.erase(account);
    }
    if (factors_at_ != Time::min() && view.now() < factors_at_ + params_.fair_share_interval) {
      return;
    }
    factors_at_ = view.now();
    for (auto& [attempt, account] : accounts_) charge(view, account, view.now());
    factors_.resize(view.assocs().size(), 1.0);
    slots_.fair_share->factors(view, factors_);
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      const auto assoc = static_cast<AssocId>(i);
      control.set_fair_share(assoc, factors_[assoc]);
    }
  }

  void charge(const View& view, Account& account, Time until) {
    if (until > account.since) {
      slots_.fair_share->charge(view, account.assoc, account.billing, account.since, until);
    }
    account.since = until;
  }

  struct GroupHash {
    std::size_t operator()(const std::tuple<RequestId, AssocId, QosId>& key) const {
      const auto [request, assoc, qos] = key;
      return (index(request) * 0x9e3779b97f4a7c15U + index(assoc)) * 0x9e3779b97f4a7c15U +
             index(qos);
    }
  };

  Slots slots_;
  Params params_;
  Reasons reasons_;
  std::unique_ptr<PoolPass> pool_pass_;
  std::unique_ptr<NodePass> node_pass_;
  std::vector<Candidate> queue_;  // pending, best first
  std::vector<Rank> ranks_;       // of queue_
  std::vector<JobId> started_;    // in this pass
  std::unordered_map<std::tuple<RequestId, AssocId, QosId>, std::uint32_t, GroupHash> groups_;
  std::map<AttemptId, Account> accounts_;  // of running attempts
  IdVector<AssocId, double> factors_;
  Time factors_at_ = Time::min();
  std::vector<double> scores_;  // scratch
  std::vector<Rank> new_ranks_;
  std::vector<std::size_t> order_;
  std::vector<Candidate> sorted_queue_;
};

const Register<Scheduler, EventScheduler> registered{
    "event", "A pass at each instant at which something changed, as in the papers"};

}  // namespace
}  // namespace rehearse::event
