#include "models/event/node_pass.hpp"

#include <algorithm>
#include <tuple>

namespace rehearse::event {
namespace {

constexpr LimitHit kResources{.reason = Reason::Resources};

// Refusals that depend on the job's own time limit say nothing of others of its group.
bool is_of_time_limit(Reason reason) {
  return reason == Reason::QOSMaxWallDurationPerJobLimit ||
         reason == Reason::AssocMaxWallDurationPerJobLimit;
}

bool is_group_limit_of_account(Reason reason) {
  return reason == Reason::AssocGrpCpuLimit || reason == Reason::AssocGrpMemLimit ||
         reason == Reason::AssocGrpNodeLimit || reason == Reason::AssocGrpGRES ||
         reason == Reason::AssocGrpBilling || reason == Reason::AssocGrpJobsLimit;
}

// Whether some account below the root is above both.
bool share_an_account(const View& view, JobId a, JobId b) {
  const auto& assocs = view.assocs();
  for (AssocId of_a = view.job(a).assoc; of_a != AssocId{0}; of_a = assocs[of_a].parent) {
    for (AssocId of_b = view.job(b).assoc; of_b != AssocId{0}; of_b = assocs[of_b].parent) {
      if (of_a == of_b) return true;
    }
  }
  return false;
}

std::vector<std::vector<bool>> overlaps(const Cluster& cluster) {
  const std::size_t count = cluster.partitions.size();
  std::vector<std::vector<bool>> result(count, std::vector<bool>(count));
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      result[a][b] = cluster.partitions[static_cast<PartitionId>(a)].nodes.intersects(
          cluster.partitions[static_cast<PartitionId>(b)].nodes);
    }
  }
  return result;
}

}  // namespace

NodePass::NodePass(Control& control, Reasons& reasons, std::vector<JobId>& started,
                   const Slots& slots, Reserve reserve)
    : control_(control),
      view_(control.view()),
      reasons_(reasons),
      started_(started),
      slots_(slots),
      reserve_(reserve),
      arena_(control.view().cluster().gres.size()),
      overlap_(overlaps(control.view().cluster())) {
  if (view_.saves_power()) {
    keys_ = [this](std::span<const NodeId> nodes, std::span<double> keys) {
      place_with_power(nodes, keys);
    };
  } else if (!slots_.placement->is_node_order()) {
    keys_ = [this](std::span<const NodeId> nodes, std::span<double> keys) {
      slots_.placement->keys(view(), *keyed_resources_, *keyed_request_, nodes, keys);
    };
  }
}

void NodePass::begin(std::span<const Candidate> queue, std::size_t groups, bool freed) {
  queue_ = queue;
  prey_.clear();
  arena_ = GresArena(arena_.kinds());
  reservations_.clear();
  planned_ = 0;
  blocked_.clear();
  memo_.resize(groups);
  if (freed) ++version_;
}

bool NodePass::is_full() const {
  return view().resources().free_cpus() == 0 && slots_.preemption->is_never() &&
         !view().has_limits();
}

bool NodePass::start(const Candidate& candidate) {
  return start_on_free(candidate) || preempt_for(candidate);
}

bool NodePass::start_on_free(const Candidate& candidate) {
  if (view().job(candidate.job).state != JobState::Pending) return true;  // in another partition
  const Memo memo = memo_[candidate.group];
  const bool known = memo.version == version_;
  if (known && memo.why.reason != Reason::Resources) return refuse(candidate, memo.why, false);
  if (const auto limit = limit_before(candidate, view().ledger())) {
    return refuse(candidate, *limit, !is_of_time_limit(limit->reason));
  }
  if (known) return refuse(candidate, kResources, false);
  shares_.clear();
  if (!find_place(view().resources(), candidate, shares_)) {
    return refuse(candidate, kResources, true);
  }
  if (const auto limit = limit_after(candidate, view().ledger(), shares_)) {
    return refuse(candidate, *limit, true);
  }
  const std::vector<Share> place = shares_;  // planning uses shares_ too
  plan_reservations();
  if (delays_reservation(candidate, place, {})) return refuse(candidate, kResources, false);
  std::erase_if(reservations_,
                [&](const Reservation& each) { return each.candidate.job == candidate.job; });
  planned_ = reservations_.size();
  hold_in_shadows(candidate, place);
  control_.start(candidate, place, arena_,
                 is_behind_blocked(candidate) ? StartedBy::Backfill : StartedBy::Main);
  started_.push_back(candidate.job);
  return true;
}

bool NodePass::refuse(const Candidate& candidate, const LimitHit& why, bool for_the_group) {
  refusal_ = why.reason;
  if (for_the_group) memo_[candidate.group] = {version_, why};
  if (refusal_ != Reason::Resources) {
    reasons_.note(control_, candidate.job, refusal_, &why);
    return false;
  }
  if (!is_behind_blocked(candidate)) reasons_.note(control_, candidate.job, Reason::Resources);
  if (std::find(blocked_.begin(), blocked_.end(), candidate.partition) == blocked_.end()) {
    blocked_.push_back(candidate.partition);
  }
  return false;
}

bool NodePass::is_behind_blocked(const Candidate& candidate) const {
  return std::any_of(blocked_.begin(), blocked_.end(), [&](PartitionId each) {
    return overlap_[index(each)][index(candidate.partition)];
  });
}

std::optional<LimitHit> NodePass::limit_before(const Candidate& candidate,
                                               const Ledger& ledger) const {
  if (!view().has_limits()) return std::nullopt;
  const Payer payer = view().payer(candidate.job, candidate.partition);
  const Duration time_limit = view().job(candidate.job).time_limit;
  if (auto hit = view().limiter().before_select(ledger, payer, time_limit)) return hit;
  // What was asked for is the least that it would get: a limit on that replaces a lack of
  // resources, so that a job held by a limit does not block others (shared/semantics 4.4).
  return view().limiter().after_select(ledger, payer, view().request(candidate).tres, {},
                                       time_limit, {}, Unasked::Held);
}

std::optional<LimitHit> NodePass::limit_after(const Candidate& candidate, const Ledger& ledger,
                                              std::span<const Share> shares) const {
  if (!view().has_limits()) return std::nullopt;
  const Partition& partition = view().cluster().partitions[candidate.partition];
  TresCounts most(view().cluster().tres_count(), 0);
  for (Share share : shares) {
    share.nodes = 1;
    const TresCounts on_node = tres_of_shares(view().cluster(), partition, {&share, 1}, arena_);
    for (std::size_t i = 0; i < most.size(); ++i) most[i] = std::max(most[i], on_node[i]);
  }
  return view().limiter().after_select(ledger, view().payer(candidate.job, candidate.partition),
                                       tres_of_shares(view().cluster(), partition, shares, arena_),
                                       most, view().job(candidate.job).time_limit, {},
                                       Unasked::Held);
}

bool NodePass::find_place(const Resources& resources, const Candidate& candidate,
                          std::vector<Share>& shares) {
  keyed_request_ = &view().request(candidate);
  keyed_resources_ = &resources;
  return select(resources, view().cluster(), *keyed_request_, keys_, shares, arena_);
}

// Nodes that are up before those that boot, and these before those that would have to; within each
// the placement policy's order.
void NodePass::place_with_power(std::span<const NodeId> nodes, std::span<double> keys) const {
  std::fill(keys.begin(), keys.end(), 0.0);
  if (!slots_.placement->is_node_order()) {
    slots_.placement->keys(view(), *keyed_resources_, *keyed_request_, nodes, keys);
  }
  const auto rank = [&](std::size_t i) {
    const NodePower power = view().power(nodes[i]).is;
    return power == NodePower::Up ? 0 : power == NodePower::PoweringUp ? 1 : 2;
  };
  std::vector<std::size_t> order(nodes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(rank(a), keys[a], nodes[a]) < std::tuple(rank(b), keys[b], nodes[b]);
  });
  for (std::size_t i = 0; i < order.size(); ++i) keys[order[i]] = static_cast<double>(i);
}

bool NodePass::reserve(const Candidate& candidate) {
  if (refusal_ != Reason::Resources) return false;
  // Its time is looked for when a later job asks: in a full machine none ever does.
  reservations_.push_back({candidate, kNever, {}, nullptr});
  if (Witness* const witness = witness_of(control_)) tell_plans(*witness);
  return true;
}

// Nothing starts between a reservation and its planning, so that to plan at once is to plan alike.
void NodePass::tell_plans(Witness& witness) {
  const std::size_t known = planned_;
  plan_reservations();
  std::vector<NodeId> nodes;
  for (std::size_t i = known; i < reservations_.size(); ++i) {
    nodes.clear();
    for (const Share& share : reservations_[i].plan) {
      for (std::size_t n = 0; n < share.nodes; ++n) {
        nodes.push_back(static_cast<NodeId>(index(share.first) + n));
      }
    }
    witness.plan(reservations_[i].candidate.job, reservations_[i].at, nodes);
  }
}

void NodePass::plan_reservations() {
  for (; planned_ < reservations_.size(); ++planned_) plan(reservations_[planned_]);
  std::erase_if(reservations_, [](const Reservation& each) { return each.at == kNever; });
  planned_ = reservations_.size();
}

// Nodes that are powering down, or failed to boot, by when they can be used again.
std::vector<std::pair<Time, NodeId>> NodePass::nodes_that_return() const {
  std::vector<std::pair<Time, NodeId>> result;
  for (std::size_t i = 0; view().saves_power() && i < view().cluster().nodes.size(); ++i) {
    const PowerState& power = view().power(static_cast<NodeId>(i));
    if (power.is_away() && power.until != kNever)
      result.emplace_back(power.until, static_cast<NodeId>(i));
  }
  std::sort(result.begin(), result.end());
  return result;
}

// Walks the ends of running jobs, as their time limits tell, until the job fits.
void NodePass::plan(Reservation& reservation) {
  const Request& request = view().request(reservation.candidate);
  const bool one_node = request.max_nodes == 1;
  auto then = std::make_unique<Resources>(view().resources());
  const std::span<const RunningJob> running = view().running();
  const auto planned_end = [&](const Reservation& each) {
    return end_of(each.at, view().job(each.candidate.job).time_limit);
  };
  std::vector<Time> instants;  // at which something may become free
  for (const RunningJob& job : running) instants.push_back(job.expected_end);
  for (std::size_t i = 0; i < planned_; ++i) instants.push_back(planned_end(reservations_[i]));
  instants.push_back(view().now());
  const std::vector<std::pair<Time, NodeId>> returns = nodes_that_return();
  for (const auto& [at, node] : returns) instants.push_back(at);
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  std::size_t next = 0, next_return = 0;
  for (const Time at : instants) {
    if (at == kNever) break;
    bool may_fit = planned_ > 0 || !one_node || at == view().now();
    for (; next_return < returns.size() && returns[next_return].first <= at; ++next_return) {
      const NodeId node = returns[next_return].second;
      then->open(node, view().cluster().nodes[node].cpus);
      may_fit = true;
    }
    for (; next < running.size() && running[next].expected_end <= at; ++next) {
      const std::span<const Share> held = view().held(running[next].job);
      then->give(held, view().gres());
      for (const Share& share : held) {
        for (std::size_t n = 0; n < share.nodes && one_node && !may_fit; ++n) {
          may_fit = fits_on(*then, view().cluster(), request,
                            static_cast<NodeId>(index(share.first) + n));
        }
      }
    }
    if (!may_fit) continue;
    Resources free = *then;
    bool consistent = true;
    for (std::size_t i = 0; i < planned_ && consistent; ++i) {
      const Reservation& each = reservations_[i];
      if (each.at > at || planned_end(each) <= at) continue;
      consistent = free.is_free(each.plan, arena_);
      if (consistent) free.take(each.plan, arena_);
    }
    if (!consistent || !is_plannable(reservation, free, at)) continue;
    reservation.at = at;
    reservation.plan = shares_;
    reservation.shadow = std::make_unique<Resources>(std::move(free));
    for (std::size_t i = 0; i < planned_; ++i) {  // those that it will still run beside
      const Reservation& each = reservations_[i];
      if (each.at > at && each.at < planned_end(reservation)) each.shadow->take(shares_, arena_);
    }
    return;
  }
}

// Whether the job fits at `at`, and does not delay reservations that come after it. Its place is
// left in shares_.
bool NodePass::is_plannable(const Reservation& reservation, const Resources& then, Time at) {
  shares_.clear();
  if (!find_place(then, reservation.candidate, shares_)) return false;
  const Time end = end_of(at, view().job(reservation.candidate.job).time_limit);
  for (std::size_t i = 0; i < planned_; ++i) {
    const Reservation& later = reservations_[i];
    if (later.at <= at || later.at >= end) continue;
    Resources left = *later.shadow;
    if (!left.is_free(shares_, arena_)) return false;
    left.take(shares_, arena_);
    if (!keeps(later, left)) return false;
  }
  return true;
}

bool NodePass::delays_reservation(const Candidate& candidate, std::span<const Share> shares,
                                  std::span<const Victim> gone) {
  const Time end = end_of(view().now(), view().job(candidate.job).time_limit);
  for (const Reservation& each : reservations_) {
    if (each.candidate.job == candidate.job || end <= each.at) continue;
    Resources left = *each.shadow;
    for (const Victim& victim : gone) {
      if (view().job(victim.job).expected_end > each.at) {
        left.give(view().held(victim.job), view().gres());
      }
    }
    if (!left.is_free(shares, arena_)) return true;
    left.take(shares, arena_);
    if (!keeps(each, left)) return true;
  }
  return false;
}

bool NodePass::keeps(const Reservation& reservation, const Resources& left) {
  if (reserve_ == Reserve::Nodes) return left.is_free(reservation.plan, arena_);
  std::vector<Share> place;
  return find_place(left, reservation.candidate, place);
}

void NodePass::hold_in_shadows(const Candidate& candidate, std::span<const Share> shares) {
  const Time end = end_of(view().now(), view().job(candidate.job).time_limit);
  for (Reservation& each : reservations_) {
    if (end > each.at) each.shadow->take(shares, arena_);
  }
}

bool NodePass::preempt_for(const Candidate& candidate) {
  if (slots_.preemption->is_never()) return false;
  const bool by_limit = refusal_ != Reason::Resources;
  const bool relieved = by_limit && slots_.preemption->relieves_account_limits() &&
                        is_group_limit_of_account(refusal_);
  if (by_limit && !relieved) return false;
  if (!choose_victims(candidate, by_limit)) return false;
  for (const Victim& victim : victims_) {
    control_.evict(victim.job, victim.mode, victim.grace, candidate.job);
  }
  ++version_;  // what did not fit may fit now
  prey_.clear();
  return start_on_free(candidate);
}

// The machine as if some running jobs were gone, their use too if that is what holds the claimant.
struct NodePass::Without {
  Without(const View& its_view, bool of_limits) : view(its_view), resources(its_view.resources()) {
    if (of_limits) ledger = its_view.ledger();
  }
  void remove(JobId id) {
    resources.give(view.held(id), view.gres());
    if (ledger) ledger->ended(payer(id), view.allocated(view.job(id).attempt), left(id));
  }
  void put_back(JobId id) {
    resources.take(view.held(id), view.gres());
    if (ledger) ledger->started(payer(id), view.allocated(view.job(id).attempt), left(id));
  }
  Duration left(JobId id) const {
    const Job& job = view.job(id);
    if (!view.limiter().limits_usage()) return Duration::zero();
    return left_of_limit(job.time_limit, view.now() - job.start);
  }
  Payer payer(JobId id) const { return view.payer(id, view.job(id).partition); }
  const Ledger& use() const { return ledger ? *ledger : view.ledger(); }

  const View& view;
  Resources resources;
  std::optional<Ledger> ledger;
};

// Victims for claimants that are alike to the policy. What would be free without all of them
// is an upper bound for the rest of the pass, in which free amounts only shrink.
const NodePass::Prey& NodePass::prey_of(const Candidate& candidate) {
  const Job& job = view().job(candidate.job);
  const Assoc& assoc = view().assocs()[job.assoc];
  const AssocId account = assoc.is_user() ? assoc.parent : job.assoc;
  const auto [found, is_new] =
      prey_.try_emplace({candidate.partition, account, job.qos, job.admin_priority, job.nice});
  Prey& prey = found->second;
  if (!is_new) return prey;
  slots_.preemption->victims(view(), candidate, prey.victims);
  std::erase_if(prey.victims, [&](const Victim& victim) {
    const Job& its = view().job(victim.job);
    return its.state != JobState::Running || its.evicting || its.start == view().now();
  });
  Without gone(view(), false);
  for (const Victim& victim : prey.victims) {
    gone.remove(victim.job);
    prey.of_account = prey.of_account || share_an_account(view(), victim.job, candidate.job);
  }
  prey.all_gone = std::make_unique<Resources>(std::move(gone.resources));
  return prey;
}

// The fewest victims in the policy's order after whose end the job fits, left in victims_; none and
// false if it would not, or if those that already go are enough.
bool NodePass::choose_victims(const Candidate& candidate, bool of_limits) {
  const Prey& prey = prey_of(candidate);
  if (prey.victims.empty() || (of_limits && !prey.of_account)) return false;
  Without going(view(), of_limits);
  bool any_going = false;
  for (const RunningJob& running : view().running()) {
    if (!view().job(running.job).evicting) continue;
    going.remove(running.job);
    any_going = true;
  }
  shares_.clear();
  if (!any_going && !find_place(*prey.all_gone, candidate, shares_)) return false;
  victims_ = prey.victims;
  const auto fits_without = [&](std::size_t count) {
    Without gone = going;
    for (std::size_t i = 0; i < count; ++i) gone.remove(victims_[i].job);
    return fits_after(candidate, gone.resources, gone.use());
  };
  if (fits_without(0) || !fits_without(victims_.size())) return false;
  std::size_t too_few = 0, enough = victims_.size();
  while (enough - too_few > 1) {
    const std::size_t middle = (too_few + enough) / 2;
    (fits_without(middle) ? enough : too_few) = middle;
  }
  victims_.resize(enough);
  for (const Victim& victim : victims_) going.remove(victim.job);
  for (std::size_t i = 0; i + 1 < victims_.size();) {  // spare those that turn out not to be needed
    going.put_back(victims_[i].job);
    if (fits_after(candidate, going.resources, going.use())) {
      victims_.erase(victims_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      going.remove(victims_[i++].job);
    }
  }
  shares_.clear();
  find_place(going.resources, candidate, shares_);
  const std::vector<Share> place = shares_;
  plan_reservations();
  return !delays_reservation(candidate, place, victims_);
}

bool NodePass::fits_after(const Candidate& candidate, const Resources& resources,
                          const Ledger& ledger) {
  if (limit_before(candidate, ledger)) return false;
  shares_.clear();
  return find_place(resources, candidate, shares_) && !limit_after(candidate, ledger, shares_);
}

}  // namespace rehearse::event
