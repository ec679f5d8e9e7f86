// The will-run test of the backfill cycle: when and where a job could run (semantics 2.5).
#include <algorithm>
#include <utility>

#include "models/slurm/controller.hpp"
#include "sim/base/check.hpp"

namespace rehearse::slurm {
namespace {

constexpr std::size_t kMostTaken = 200;  // running jobs that a test takes off in a step
constexpr std::size_t kMostAnswers = 20'000;
#ifdef NDEBUG
constexpr bool kAsksAgain = false;
#else
constexpr bool kAsksAgain = true;  // the debug build holds each answer that is kept to a new one
#endif

bool is_same(const WillRunAnswer& a, const WillRunAnswer& b) {
  if (a.near_gpus != b.near_gpus || a.is_now != b.is_now) return false;
  if (!a.estimate || !b.estimate) return a.estimate.has_value() == b.estimate.has_value();
  const bool is_start = a.is_now || a.estimate->start == b.estimate->start;
  return is_start && a.estimate->choice->nodes == b.estimate->choice->nodes &&
         a.estimate->choice->tres == b.estimate->choice->tres;
}

/// The growing windows of time in which running jobs are taken off.
class Windows {
 public:
  struct Step {
    std::size_t ended = 0;  ///< so many have ended
    Seconds start = 0;      ///< when the last of them on `nodes` did
    bool is_over = false;   ///< there is no further step
  };
  /// `linear`: bf_window_linear. No job that ends after `next_try` is taken off; 0: all may be.
  Windows(const Forecast& forecast, const NodeSet& nodes, Seconds linear, Seconds next_try)
      : forecast_(forecast), nodes_(nodes), linear_(linear), next_try_(next_try) {}

  /// When `next` have ended; none: no other is on `nodes`.
  std::optional<Step> after(std::size_t next) {
    // The window is held against the next job whether or not it is on `nodes`; one that is not is
    // passed over together with the question whether the window has ended.
    const std::span<const Forecast::Place> ends = forecast_.ends();
    const Forecast::Place* last = nullptr;
    bool is_over = false;
    for (std::size_t taken = 0; next < ends.size();) {
      const Forecast::Place& ending = ends[next];
      is_over = next_try_ != 0 && ending.end > next_try_;
      if (is_over) break;
      if (!forecast_.is_on(next++, nodes_)) continue;
      last = &ending;
      if (edge_ == kNoTime) edge_ = ending.end + (30 - ending.end % 30);
      if (taken++ > kMostTaken) break;
      if (next < ends.size() && ends[next].end > edge_ + window_) break;
    }
    if (last == nullptr) return std::nullopt;
    do {
      window_ = linear_ > 0 ? window_ + linear_ : window_ * 2;
    } while (next < ends.size() && ends[next].end > edge_ + window_);
    return Step{next, last->guessed, is_over};
  }

 private:
  const Forecast& forecast_;
  const NodeSet& nodes_;
  const Seconds linear_, next_try_;
  Seconds window_ = 30, edge_ = kNoTime;
};

}  // namespace

// The alternatives of --constraint=[a|b] are tested one by one: that with the earliest start is it.
std::optional<Estimate> Controller::will_run_on_any(const JobRecord& job, const PartRecord& part,
                                                    const NodeSet& nodes, bool now_only,
                                                    Seconds start, Seconds next_try) {
  const std::vector<NodeSet>& alternatives = part.needs->alternatives;
  if (alternatives.empty()) return will_run(job, part, nodes, now_only, start, next_try);
  std::optional<Estimate> best;
  for (const NodeSet& alternative : alternatives) {
    NodeSet some = nodes;
    some &= alternative;
    if (some.count() < part.needs->min_nodes) continue;
    auto found = will_run(job, part, some, now_only, start, next_try);
    if (found && (!best || found->start < best->start)) best = std::move(found);
  }
  return best;
}

// When and where the job could run on `nodes` if running jobs ended at their limits. Jobs that ask
// the same have the same answer as long as no job starts or ends.
std::optional<Estimate> Controller::will_run(const JobRecord& job, const PartRecord& part,
                                             const NodeSet& nodes, bool now_only, Seconds start,
                                             Seconds next_try) {
  const Choosing how = choosing(job, part, true);
  const bool is_windowed = params_.version >= Version::V2411;
  const bool sees_nearness = how.near_gpus != nullptr && part.needs->gres.empty();
  WillRunKey key{.needs = part.needs,
                 .user = user_that_matters(how.user, *part.needs, machine_),
                 .most_nodes = how.most_nodes,
                 .now_only = now_only,
                 .waited_for_switches = how.waited_for_switches,
                 .nodes = nodes,
                 .start = is_windowed ? start : 0,
                 .next_try = is_windowed ? next_try : 0,
                 .near_gpus = sees_nearness ? near_gpus_.changes() : 0};
  Forecast& forecast = forecast_for(job, part);
  const auto ask = [&] {
    WillRunAnswer answer;
    near_gpus_.log = &answer.near_gpus;
    test(forecast, part, how, key, answer);
    near_gpus_.log = nullptr;
    return answer;
  };
  auto known = forecast.answers.find(key);
  if (known == forecast.answers.end()) {
    if (forecast.answers.size() > kMostAnswers) forecast.answers.clear();
    WillRunAnswer answer = ask();
    known = forecast.answers.emplace(std::move(key), std::move(answer)).first;
  } else {
    if constexpr (kAsksAgain) {
      SIM_CHECK(is_same(known->second, ask()), "job {} would get another answer", index(job.job));
    }
    for (const auto& [node, byte] : known->second.near_gpus) near_gpus_.set(node, byte);
  }
  std::optional<Estimate> estimate = known->second.estimate;
  if (known->second.is_now) estimate->start = now();
  return estimate;
}

// Jobs are taken off in growing windows of time, not one by one. Tries that cannot succeed are left
// out, but for the last one where that leaves traces.
void Controller::test(Forecast& outlook, const PartRecord& part, Choosing how,
                      const WillRunKey& question, WillRunAnswer& answer) {
  constexpr std::size_t as_it_is = ~std::size_t{0};
  const NodeSet& nodes = question.nodes;
  const Needs& needs = *part.needs;
  // Since 24.11 the test is given [start, next_try]: with a start to come, "now" is not tested.
  const bool is_windowed = params_.version >= Version::V2411;
  const bool is_later = is_windowed && question.start > now();
  const bool leaves_traces = how.near_gpus != nullptr && !needs.gres.empty();
  const bool leaves_out = !leaves_traces || is_replaced_by_next(needs, machine_);
  Forecast* forecast = &outlook;
  std::optional<Forecast> later;
  const auto choose = [&](std::size_t ended) {
    how.on_copy = ended != as_it_is;
    how.memo = how.on_copy ? &forecast->memo() : &memo_now();
    how.stage = how.on_copy ? ended : 0;
    const Machine& machine = how.on_copy ? forecast->after(ended, records_) : machine_;
    return choose_nodes(machine, needs, nodes, how);
  };
  std::optional<std::size_t> left_out;
  const auto try_with = [&](std::size_t ended, bool may_do, Seconds start, bool is_now) {
    left_out = may_do ? std::nullopt : std::optional(ended);
    std::optional<Allocation> found = may_do ? choose(ended) : std::nullopt;
    if (!found) return false;
    const auto [tres, per_node] = amounts_of(*found, part.partition);
    const NodeSet chosen = nodes_of(*found, cluster_.nodes.size());
    answer.estimate = Estimate{
        start, std::make_shared<const Choice>(Choice{std::move(*found), chosen, tres, per_node})};
    answer.is_now = is_now;
    return true;
  };
  const auto search = [&] {
    if (!is_later) {
      // Nodes that are of no use now keep what the first attempt gave them: they come last in all
      // (s6).
      if (params_.version >= Version::V2311) how.completing = &completing_;
      const bool may_do = !leaves_out || Fit(machine_, needs, nodes).is_possible();
      if (try_with(as_it_is, may_do, now(), true)) return;
    }
    if (question.now_only && !forecast->is_preempting()) return;
    std::size_t next = 0;
    if (is_windowed && forecast->is_in_order_of_ends()) {
      next = forecast->first_from(question.start);
    } else if (is_windowed) {
      later = forecast->from(question.start, records_);
      forecast = &*later;
    }
    const bool is_bounded = leaves_out && !later;
    const std::size_t least = is_bounded ? outlook.least_ended(needs, nodes, records_) : 0;
    if (forecast->is_preempting() || is_windowed) {
      if (try_with(next, next >= least, now(), true)) return;
    }
    if (question.now_only && !is_windowed) return;
    Windows windows(*forecast, nodes, whole_seconds(params_.bf_window_linear),
                    is_windowed ? question.next_try : 0);
    while (const auto step = windows.after(next)) {
      next = step->ended;
      if (try_with(next, next >= least, step->start, false) || step->is_over) return;
    }
  };
  search();
  if (left_out && leaves_traces) choose(*left_out);
}

// Offers of the machine as it is.
OfferMemo& Controller::memo_now() {
  if (std::exchange(memo_of_, running_changes_) != running_changes_) memo_now_ = {};
  return memo_now_;
}

// What the job may preempt. Policies go by no more than the key of it.
Controller::Forecasts::Claim& Controller::claim_of(const JobRecord& job, const PartRecord& part) {
  Forecasts& known = forecasts_;
  if (known.of != running_changes_ || (known.at != view_.now() && known.until <= now())) {
    known = {.of = running_changes_};
  }
  if (std::exchange(known.at, view_.now()) != view_.now()) known.claims.clear();
  const Job& submitted = view_.job(job.job);
  const Special* const special = view_.special(job.job);
  const bool is_special = submitted.nice != 0 || (special != nullptr && special->priority);
  const AssocId account = view_.assocs()[submitted.assoc].parent;
  const auto [claim, is_new] = known.claims.try_emplace(
      {part.partition, account == kNone<AssocId> ? submitted.assoc : account, submitted.qos,
       is_special ? job.job : kNone<JobId>});
  if (is_new && !slots_.preemption->is_never()) {
    slots_.preemption->victims(view_, part.candidate, claim->second.victims);
  }
  return claim->second;
}

// Its victims are off the machine at once.
Forecast& Controller::forecast_for(const JobRecord& job, const PartRecord& part) {
  Forecasts::Claim& claim = claim_of(job, part);
  if (claim.forecast != nullptr) return *claim.forecast;
  Forecasts& known = forecasts_;
  std::vector<JobId> victims;
  for (const Victim& victim : claim.victims) victims.push_back(victim.job);
  std::sort(victims.begin(), victims.end());
  auto found = known.by_victims.find(victims);
  if (found == known.by_victims.end()) {
    if (known.order == nullptr) {
      known.order = std::make_shared<const EndingOrder>(endings());
      for (const auto& place : known.order->places) known.until = std::min(known.until, place.end);
    }
    Machine machine = machine_;
    for (const JobId victim : victims) machine.remove(records_[victim].allocation);
    Forecast forecast(std::move(machine), known.order, victims);
    found = known.by_victims.emplace(std::move(victims), std::move(forecast)).first;
  }
  claim.forecast = &found->second;
  return found->second;
}

// Running and completing jobs, with the end that slurmctld guesses: those past theirs may go any
// moment.
std::vector<Ending> Controller::endings() const {
  const auto guess = [&](Seconds end) {
    const Seconds late =
        end + whole_seconds(params_.kill_wait) + whole_seconds(params_.over_time_limit);
    return end <= now() ? std::max(late, now() + 1) : end;
  };
  std::vector<Ending> ends;
  for (const JobId id : running_) {
    const JobRecord& job = records_[id];
    ends.push_back({id, node_ids(job.allocation), job.end, guess(job.end), job.list_order});
  }
  for (const Epilog& epilog : epilogs_) {
    if (view_.job(epilog.job).state == JobState::Pending) continue;  // requeued: not in the list
    ends.push_back({epilog.job, epilog.nodes, epilog.ended, guess(epilog.ended),
                    records_[epilog.job].list_order, true});
  }
  return ends;
}

}  // namespace rehearse::slurm
