#include "models/slurm/controller.hpp"

#include <algorithm>

#include "sim/base/text.hpp"

namespace rehearse::slurm {
namespace {

FairShareParams fair_share_of(const Params& params) {
  constexpr std::string_view kPeriods[] = {"NONE",    "NOW",       "DAILY", "WEEKLY",
                                           "MONTHLY", "QUARTERLY", "YEARLY"};
  FairShareParams result;
  result.half_life = params.decay_half_life;
  result.fair_tree = params.fair_tree;
  result.damping = params.fair_share_damping;
  for (std::size_t i = 0; i < std::size(kPeriods); ++i) {
    if (same_name(params.priority_usage_reset_period, kPeriods[i])) {
      result.reset = static_cast<ResetPeriod>(i);
    }
  }
  return result;
}

}  // namespace

NodeSet nodes_of(const Allocation& allocation, std::size_t universe) {
  NodeSet nodes(universe);
  for (const Held& held : allocation.nodes) nodes.insert(held.node);
  return nodes;
}

std::vector<Share> shares_of(const Allocation& allocation, GresArena& arena) {
  std::vector<Share> shares;
  std::vector<std::uint32_t> row;
  for (const Held& held : allocation.nodes) {
    row.assign(arena.kinds(), 0);
    for (const HeldGres& gres : held.gres) row[index(gres.kind)] += gres.count;
    shares.push_back({held.node, 1, held.cpus, arena.add(row), held.memory_mib});
  }
  return shares;
}

Controller::Controller(const Params& params, Slots& slots, Control& control, JudgesControl& judges)
    : params_(params),
      slots_(slots),
      control_(control),
      witness_(witness_of(control)),
      judges_(judges),
      following_(judges.following()),
      view_(control.view()),
      cluster_(view_.cluster()),
      partitions_(cluster_.partitions),
      machine_(cluster_),
      idle_(machine_),
      usage_(view_.assocs(), fair_share_of(params)),
      reservations_(view_),
      down_(cluster_.nodes.size()),
      drained_(cluster_.nodes.size()),
      suspending_(cluster_.nodes.size()),
      powered_down_(cluster_.nodes.size()),
      booting_(cluster_.nodes.size()),
      failed_to_boot_(cluster_.nodes.size()),
      near_gpus_(cluster_.nodes.size()) {
  for (const Partition& partition : partitions_) {
    std::int64_t cpus = 0;
    partition.nodes.for_each([&](NodeId node) {
      cpus += cluster_.nodes[node].cpus;
      return true;
    });
    cpus_.push_back(cpus);
  }
  completing_.resize(cluster_.nodes.size(), 0);
  for (std::size_t i = 0; saves_power() && i < cluster_.nodes.size(); ++i) {
    sync_power(static_cast<NodeId>(i));
  }
  for (const License& license : cluster_.licenses) free_licenses_[license.name] = license.count;
}

void Controller::score(JobRecord& job) {
  take_classic_factor(job);
  std::vector<Candidate> candidates;
  for (const PartRecord& part : job.parts) candidates.push_back(part.candidate);
  std::vector<double> scores(candidates.size(), 0);
  slots_.priority->score(view_, candidates, scores);
  for (std::size_t i = 0; i < scores.size(); ++i) job.parts[i].set_score(scores[i]);
}

void Controller::set_reason(JobRecord& job, Reason reason, const LimitHit* limit) {
  if (job.reason == reason) return;
  if (limit == nullptr && reason != Reason::Cleaning) note_change();
  if (limit != nullptr && witness_ != nullptr) {
    for_tasks(job, [&](JobId id) { witness_->held(id, *limit); });
  }
  take_reason(job, reason);
}

void Controller::take_reason(JobRecord& job, Reason reason) {
  if (job.reason == reason) return;
  for_tasks(job, [&](JobId id) {
    records_[id].reason = reason;
    control_.set_reason(id, reason);
  });
}

void Controller::put_last(JobRecord& job) {
  job.list_order = next_list_order_++;
  judges_.set_list_order(job.job, job.list_order);
}

void Controller::set_accruing(JobRecord& job, Seconds since) {
  job.accrues = since;
  judges_.set_accruing(job.job, since == kNoTime ? kNever : at_seconds(since));
}

void Controller::hold(JobRecord& job, bool by_admin, Reason reason) {
  job.is_held = true;
  job.is_held_by_admin = by_admin;
  // Eligible, and ageing, anew from its release on (s9b), but not before the begin time that a
  // requeue gave it.
  if (job.is_eligible) {
    job.is_eligible = false;
    if (job.begin <= now()) job.begin = kNoTime;
    judges_.set_eligible(job.job, kNever);
    set_accruing(job, kNoTime);
  }
  set_reason(job, reason);
}

void Controller::remove_pending(JobId job) {
  pending_.erase(std::find(pending_.begin(), pending_.end(), job));
}

void Controller::insert(std::vector<JobId>& list, const JobRecord& job) const {
  const auto at = std::upper_bound(
      list.begin(), list.end(), job.list_order,
      [&](std::uint32_t order, JobId other) { return order < records_[other].list_order; });
  list.insert(at, job.job);
}

// The rest of the array inherits what its meta record was.
void Controller::next_task(JobRecord& started) {
  if (started.array == kNone<std::uint32_t> || started.is_split) return;
  started.is_split = true;
  std::vector<JobId>& unstarted = arrays_[started.array].unstarted;
  unstarted.pop_back();
  if (unstarted.empty()) return;
  JobRecord& next = records_[unstarted.back()];
  next.parts.clear();
  for (PartRecord part : started.parts) {
    part.candidate.job = next.job;
    next.parts.push_back(part);
  }
  put_last(next);  // what is left of an array becomes a new record
  next.submit = started.submit;
  next.begin = started.begin;
  next.noted_reason = started.noted_reason;
  next.is_eligible = started.is_eligible;
  next.is_past_dependencies = started.is_past_dependencies;
  next.was_tested = started.was_tested;
  next.is_held = started.is_held;
  next.is_held_by_admin = started.is_held_by_admin;
  next.limit = started.limit;
  next.limit_by_system = started.limit_by_system;
  next.switches_since = started.switches_since;
  next.looked_at = started.looked_at;
  if (next.is_eligible) judges_.set_eligible(next.job, at_seconds(next.begin));
  set_accruing(next, started.accrues);
  insert(pending_, next);
}

Seconds Controller::limit_at_start(const JobRecord& job, const PartRecord& part) const {
  if (job.limit != kNoTime) return job.limit;
  const Partition& where = partitions_[part.partition];
  const Duration wall = view_.limiter().wall_limit(payer(job, part));
  const Duration own = where.default_time != kUnset ? where.default_time : where.max_time;
  return minutes_of(std::min(own, wall));
}

Seconds Controller::end_by_limit(const JobRecord& job) {
  return job.limit == kInfinite ? job.start + 365 * 86'400 : job.start + job.limit * 60;
}

void Controller::start(JobRecord& job, const PartRecord& part, Allocation allocation, StartedBy by,
                       Seconds minutes) {
  allocation.partition = part.partition;
  allocation.user = view_.job(job.job).user;
  if (job.limit == kNoTime) job.limit_by_system = true;
  next_task(job);
  remove_pending(job.job);
  insert(running_, job);
  ++running_changes_;
  job.limit = minutes;
  job.partition = part.partition;
  job.start = now();
  job.end = end_by_limit(job);
  job.preempted_at = kNoTime;
  job.charged_until = job.start;
  job.paused = 0;
  job.cores.clear();
  GresArena arena(cluster_.gres.size());
  const std::vector<Share> shares = shares_of(allocation, arena);
  job.tres = tres_of_shares(cluster_, partitions_[part.partition], shares, arena);
  if (job.billed < 0) job.billed = exact_billing(partitions_[part.partition], job.tres);
  machine_.add(allocation);
  job.allocation = std::move(allocation);
  for (const auto& [name, count] : view_.asked(job.job).licenses) free_licenses_[name] -= count;
  job.reason = Reason::None;
  judges_.set_time_limit(job.job, limit_of(minutes));
  control_.start(part.candidate, shares, arena, by);
  judges_.set_expected_end(job.job, at_seconds(job.end));
  if (saves_power()) {
    for (const Held& held : job.allocation.nodes) sync_power(held.node);
  }
  preempting_since_.erase(job.job);
  note_change();
}

void Controller::charge(JobRecord& job, Seconds until) {
  if (is_configuring(job.job)) return;
  const Seconds from = std::max(job.charged_until, job.start);
  if (until <= from || job.is_suspended()) return;
  const Job& known = view_.job(job.job);
  const double factor = known.qos == kNone<QosId> ? 1.0 : cluster_.qos[known.qos].usage_factor;
  const Duration length = std::chrono::seconds{until - from};
  usage_.charge(known.assoc, factor * job.billed, length);
  judges_.count_use(job.job, usage_.fade(length));
  job.charged_until = until;
}

// Cores, memory and GRES are free at once; the nodes are clean, and licences back, at `clean_at`.
void Controller::free_nodes(JobRecord& job, Time clean_at, bool was_killed) {
  machine_.remove(job.allocation);
  running_.erase(std::find(running_.begin(), running_.end(), job.job));
  ++running_changes_;
  Epilog epilog{clean_at, {}, {}, was_killed, job.job, now()};
  for (const Held& held : job.allocation.nodes) {
    epilog.nodes.push_back(held.node);
    ++completing_[held.node];
  }
  for (const auto& [name, count] : view_.asked(job.job).licenses) epilog.licenses[name] = count;
  const auto at = std::upper_bound(epilogs_.begin(), epilogs_.end(), clean_at,
                                   [](Time time, const Epilog& e) { return time < e.at; });
  epilogs_.insert(at, std::move(epilog));
  job.allocation = {};
  for (const JobId id : was_suspended_ ? running_ : std::vector<JobId>()) {
    if (!records_[id].cores.empty() && !records_[id].is_suspended()) take_cores_back(records_[id]);
  }
  note_change();
  if (!was_killed) requested_ = true;
}

void Controller::purge(Time at) {
  const Seconds end = whole_seconds(at) - whole_seconds(params_.min_job_age);
  if (first_end() > end) return;
  for (; first_end() <= end; ends_.pop_front()) judges_.forget(ends_.front().second, at);
  note_change();
}

bool Controller::finish_epilog() {
  const Epilog epilog = std::move(epilogs_.front());
  epilogs_.erase(epilogs_.begin());
  ++running_changes_;
  if (JobRecord& job = records_[epilog.job]; std::exchange(job.is_cleaning, false)) {
    await_begin(job);  // its delay begins when its nodes are clean (s13)
  }
  for (const NodeId node : epilog.nodes) {
    --completing_[node];
    if (saves_power()) leave_node(node);
  }
  for (const auto& [name, count] : epilog.licenses) free_licenses_[name] += count;
  note_change();
  // The last node of a killed job brings a pass at once, and asks for none besides.
  if (!epilog.was_killed || params_.defer) requested_ = true;
  return epilog.was_killed;
}

// A job that ended by itself; those that were killed are dealt with in kill().
void Controller::ended(AttemptId attempt) {
  const JobId id = view_.attempt(attempt).job;
  if (index(id) >= records_.size()) return;
  JobRecord& job = records_[id];
  if (job.allocation.nodes.empty()) return;
  preempted_in_vain_ = 0;
  ends_.emplace_back(now(), id);
  free_nodes(job, view_.now(), false);
}

// From the kill of a job until its nodes are clean. In 24.11 those with reserved cores take half a
// second (s15; 0.02 s to 0.4 s in 22.05, where it makes no difference).
Duration Controller::until_clean(const JobRecord& job, bool at_once) const {
  constexpr Duration kReservedCores{500};
  if (!at_once)
    return Duration{whole_seconds(params_.kill_wait) * 1000 - 330 + params_.kill_delay_ms};
  const auto& nodes = job.allocation.nodes;
  const bool is_slow = params_.version >= Version::V2411 &&
                       std::any_of(nodes.begin(), nodes.end(), [&](const Held& held) {
                         return cluster_.nodes[held.node].reserved_cores > 0;
                       });
  return is_slow ? kReservedCores : Duration{params_.kill_delay_ms};
}

bool Controller::kill(JobRecord& job, JobState as, bool requeue_it) {
  const bool at_once = kill_one(job, as, requeue_it);
  if (job.is_component()) kill_others(job, as, requeue_it);
  return at_once;
}

bool Controller::kill_one(JobRecord& job, JobState as, bool requeue_it) {
  if (job.is_suspended()) resume(job);  // to be told to go
  charge(job, now());
  bool at_once = true;
  preempted_in_vain_ = as == JobState::Preempted ? preempted_in_vain_ + 1 : 0;
  if (preempted_in_vain_ == kMostInVain) {
    judges_.note("jobs were preempted a thousand times and none ended otherwise: given up");
  }
  if (as == JobState::Preempted) {
    const Seconds grace = job.preempted_at == kNoTime ? 0 : now() - job.preempted_at;
    at_once = judges_.preempt(job.job, requeue_it ? PreemptMode::Requeue : PreemptMode::Cancel,
                              std::chrono::seconds{grace}, job.preempted_for);
  } else {
    at_once = judges_.end(job.job, as, requeue_it);
    job.had_grace = false;  // it is over with its node (x21)
  }
  // The epilog of a node that is down brings no pass (s12).
  free_nodes(job, view_.now() + until_clean(job, at_once), as != JobState::NodeFail);
  if (requeue_it) {
    requeue(job);
  } else {
    ends_.emplace_back(now(), job.job);
  }
  return at_once;
}

void Controller::requeue(JobRecord& job) {
  job.is_eligible = true;
  job.is_past_dependencies = true;
  job.noted_reason = Reason::None;
  job.planned = 0;
  job.preempted_at = kNoTime;
  if (job.limit_by_system) {
    job.limit = kNoTime;
    job.limit_by_system = false;
  }
  job.is_split = job.array != kNone<std::uint32_t>;
  await_begin(job);
  insert(pending_, job);
  job.reason = Reason::None;  // Cleaning, then BeginTime, from the next queues on
  job.is_cleaning = true;     // its priority is that of its start until the next tick (s9, s15r1)
}

// A requeued job is submitted anew, and eligible after a while.
void Controller::await_begin(JobRecord& job) {
  if (job.is_held) return;
  job.submit = now();
  job.begin = now() + params_.requeue_delay;
  judges_.set_eligible(job.job, at_seconds(job.begin));
  set_accruing(job, job.begin);
}

void Controller::cancel_pending(JobRecord& job, JobState as) {
  next_task(job);
  remove_pending(job.job);
  judges_.cancel(job.job, as);
  ends_.emplace_back(now(), job.job);
  if (job.is_component() && job.het_offset == 0) {
    for (const JobId id : components_of(job)) {
      if (view_.job(id).state == JobState::Pending) cancel_pending(records_[id], as);
    }
  }
  note_change();
}

NodeSet Controller::up_nodes() const {
  NodeSet up = NodeSet::all(cluster_.nodes.size());
  up -= down_;
  up -= drained_;
  if (saves_power()) up -= suspending_;
  return up;
}

const std::string& Controller::wanted_reservation(const JobRecord& job) const {
  static const std::string none;
  const Special* const special = view_.special(job.job);
  return special == nullptr ? none : special->reservation;
}

bool Controller::has_licenses(const JobRecord& job) const {
  const Asked& asked = view_.asked(job.job);
  return std::all_of(asked.licenses.begin(), asked.licenses.end(), [&](const auto& each) {
    return free_licenses_.at(each.first) >= each.second;
  });
}

// One walk over the list of jobs: what runs is charged, and what waits gets its classic factor of
// the use that has been charged before it.
void Controller::charge_running() {
  auto waiting = params_.fair_tree ? pending_.end() : pending_.begin();
  for (const JobId id : running_) {
    while (waiting != pending_.end() && records_[*waiting].list_order < records_[id].list_order) {
      take_classic_factor(records_[*waiting++]);
    }
    charge(records_[id], now());
  }
  while (waiting != pending_.end()) take_classic_factor(records_[*waiting++]);
}

void Controller::take_classic_factor(const JobRecord& job) {
  if (params_.fair_tree || job.is_held) return;
  const AssocId assoc = view_.job(job.job).assoc;
  control_.set_fair_share(assoc, usage_.classic_factor(assoc));
}

void Controller::priority_tick() {
  const Time before = usage_.last_tick();
  usage_.decay_to(view_.now());
  if (before != Time::min()) judges_.fade_use(usage_.fade(view_.now() - before));
  if (usage_.was_reset()) judges_.forget_use();
  charge_running();
  if (slots_.priority->uses_fair_share() && params_.fair_tree) {
    IdVector<AssocId, double> factors;
    factors.resize(view_.assocs().size(), 1.0);
    usage_.factors(factors);
    standing_ = usage_.standings();
    for (std::size_t i = 0; i < factors.size(); ++i) {
      control_.set_fair_share(static_cast<AssocId>(i), factors[static_cast<AssocId>(i)]);
    }
  }
  if (!slots_.priority->changes_with_time()) return;
  std::vector<Candidate> candidates;
  for (const JobId id : pending_) {
    for (const PartRecord& part : records_[id].parts) candidates.push_back(part.candidate);
    if (!records_[id].is_held) note_change();
  }
  std::vector<double> scores(candidates.size(), 0);
  slots_.priority->score(view_, candidates, scores);
  std::size_t at = 0;
  for (const JobId id : pending_) {
    for (PartRecord& part : records_[id].parts) part.set_score(scores[at++]);
  }
}

// Whether limits on use over time end the job, which they do where they are not safe
// (semantics 4.4).
bool Controller::is_used_up(const JobRecord& job) const {
  if (!view_.limiter().limits_usage()) return false;
  const auto part = std::find_if(job.parts.begin(), job.parts.end(), [&](const PartRecord& each) {
    return each.partition == job.partition;
  });
  if (part == job.parts.end()) return false;
  return view_.limiter().is_timed_out(view_.ledger(), payer(job, *part), job.tres,
                                      std::chrono::seconds{now() - job.start - job.paused});
}

// Time that a running job has beyond its limit.
Seconds Controller::over_time(const JobRecord& job) const {
  const Partition& where = partitions_[job.partition];
  return whole_seconds(where.over_time_limit ? *where.over_time_limit : params_.over_time_limit);
}

void Controller::time_limit_pass() {
  if (saves_power()) complete_configurations();
  const std::vector<JobId> running = running_;
  for (const JobId id : running) {
    JobRecord& job = records_[id];
    if (job.allocation.nodes.empty() || job.is_suspended()) continue;  // killed with another
    if (job.preempted_at != kNoTime) {
      if (job.end > now()) continue;
      kill(job, JobState::Preempted, job.requeues_when_preempted);
      continue;
    }
    if (is_configuring(id)) continue;  // its time has not begun
    const bool is_over = job.limit != kInfinite && job.end <= now() - over_time(job);
    if (is_over || is_used_up(job)) kill(job, JobState::Timeout, false);
  }
}

Seconds Controller::next_limit_end() const {
  const bool by_use = view_.limiter().limits_usage() && !cluster_.limits_are_safe;
  if (by_use && has_running()) return now();
  Seconds first = kInfinite;
  for (const JobId id : running_) {
    const JobRecord& job = records_[id];
    if (is_configuring(id) && job.preempted_at == kNoTime) {
      if (has_booted(job)) return now();
      continue;
    }
    if (!job.is_suspended()) first = std::min(first, job.end);
  }
  return first;
}

bool Controller::waits_for_time() const {
  if (!reservations_.empty()) return true;
  return std::any_of(pending_.begin(), pending_.end(), [&](JobId id) {
    const JobRecord& job = records_[id];
    return job.begin > now() || job.deadline > now() ||
           (job.reason == Reason::Dependency && judges_.dependency_due(id) != kNever);
  });
}

bool Controller::waits_for_decay() const {
  if (params_.decay_half_life <= Duration::zero()) return false;
  return std::any_of(pending_.begin(), pending_.end(), [&](JobId id) {
    const std::string_view reason = reason_name(records_[id].reason);
    return reason.find("Minutes") != std::string_view::npos &&
           reason.find("RunMinutes") == std::string_view::npos;
  });
}

// That one begins asks for a pass; that one ends does not (asked of 22.05.8: micro 173).
bool Controller::poll_reservations(Seconds last_poll) {
  const bool one_begins = reservations_.begins_between(last_poll, now());
  if (one_begins) requested_ = true;
  if (!reservations_.forget_ended(now()) && !one_begins) return false;
  note_change();
  return true;
}

}  // namespace rehearse::slurm
