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
      usage_(view_.assocs(), fair_share_of(params)),
      reservations_(view_),
      down_(cluster_.nodes.size()),
      drained_(cluster_.nodes.size()) {
  for (const Partition& partition : partitions_) {
    std::int64_t cpus = 0;
    partition.nodes.for_each([&](NodeId node) {
      cpus += cluster_.nodes[node].cpus;
      return true;
    });
    cpus_.push_back(cpus);
  }
  completing_.resize(cluster_.nodes.size(), 0);
  near_gpus_.resize(cluster_.nodes.size(), kNoNearGpus);
  for (const License& license : cluster_.licenses) free_licenses_[license.name] = license.count;
}

void Controller::score(JobRecord& job) {
  std::vector<Candidate> candidates;
  for (const PartRecord& part : job.parts) candidates.push_back(part.candidate);
  std::vector<double> scores(candidates.size(), 0);
  slots_.priority->score(view_, candidates, scores);
  for (std::size_t i = 0; i < scores.size(); ++i) job.parts[i].priority = scores[i];
}

void Controller::set_reason(JobRecord& job, Reason reason, const LimitHit* limit) {
  if (job.reason == reason) return;
  job.reason = reason;
  if (limit == nullptr && reason != Reason::Cleaning) note_change();
  const auto tell = [&](JobId id) {
    if (limit != nullptr && witness_ != nullptr) witness_->held(id, *limit);
    control_.set_reason(id, reason);
  };
  if (job.array == kNone<std::uint32_t> || job.is_split) return tell(job.job);
  for (const JobId task : arrays_[job.array].unstarted) {
    records_[task].reason = reason;
    tell(task);
  }
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
  next.is_held = started.is_held;
  next.is_held_by_admin = started.is_held_by_admin;
  next.limit = started.limit;
  next.limit_by_system = started.limit_by_system;
  next.switches_since = started.switches_since;
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
  job.end = minutes == kInfinite ? job.start + 365 * 86'400 : job.start + minutes * 60;
  job.preempted_at = kNoTime;
  job.charged_until = job.start;
  GresArena arena(cluster_.gres.size());
  const std::vector<Share> shares = shares_of(allocation, arena);
  job.tres = tres_of_shares(cluster_, partitions_[part.partition], shares, arena);
  machine_.add(allocation);
  job.allocation = std::move(allocation);
  for (const auto& [name, count] : view_.asked(job.job).licenses) free_licenses_[name] -= count;
  job.reason = Reason::None;
  judges_.set_time_limit(job.job, limit_of(minutes));
  control_.start(part.candidate, shares, arena, by);
  judges_.set_expected_end(job.job, at_seconds(job.end));
  preempting_since_.erase(job.job);
  note_change();
}

void Controller::charge(JobRecord& job, Seconds until) {
  const Seconds from = std::max(job.charged_until, job.start);
  if (until <= from) return;
  const Job& known = view_.job(job.job);
  const double factor = known.qos == kNone<QosId> ? 1.0 : cluster_.qos[known.qos].usage_factor;
  const double billed = exact_billing(partitions_[job.partition], job.tres);
  const Duration length = std::chrono::seconds{until - from};
  usage_.charge(known.assoc, factor * billed, length);
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
  note_change();
  if (!was_killed) requested_ = true;
}

void Controller::purge(Seconds end) {
  if (first_end() > end) return;
  while (first_end() <= end) ends_.pop_front();
  note_change();
}

bool Controller::finish_epilog() {
  const Epilog epilog = std::move(epilogs_.front());
  epilogs_.erase(epilogs_.begin());
  ++running_changes_;
  records_[epilog.job].is_cleaning = false;
  for (const NodeId node : epilog.nodes) --completing_[node];
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
  ends_.push_back(now());
  free_nodes(job, view_.now(), false);
}

bool Controller::kill(JobRecord& job, JobState as, bool requeue_it) {
  charge(job, now());
  bool at_once = true;
  if (as == JobState::Preempted) {
    const Seconds grace = job.preempted_at == kNoTime ? 0 : now() - job.preempted_at;
    at_once = judges_.preempt(job.job, requeue_it ? PreemptMode::Requeue : PreemptMode::Cancel,
                              std::chrono::seconds{grace}, job.preempted_for);
  } else {
    at_once = judges_.end(job.job, as, requeue_it);
  }
  const Duration until_clean =
      at_once ? Duration{params_.kill_delay_ms}
              : Duration{whole_seconds(params_.kill_wait) * 1000 - 330 + params_.kill_delay_ms};
  // The epilog of a node that is down brings no pass (s12).
  free_nodes(job, view_.now() + until_clean, as != JobState::NodeFail);
  if (requeue_it) {
    requeue(job);
  } else {
    ends_.push_back(now());
  }
  return at_once;
}

void Controller::requeue(JobRecord& job) {
  job.submit = now();
  job.begin = now() + params_.requeue_delay;
  job.is_eligible = true;
  job.is_requeued = true;
  job.planned = 0;
  job.preempted_at = kNoTime;
  if (job.limit_by_system) {
    job.limit = kNoTime;
    job.limit_by_system = false;
  }
  job.is_split = job.array != kNone<std::uint32_t>;
  judges_.set_eligible(job.job, at_seconds(job.begin));
  set_accruing(job, job.begin);
  insert(pending_, job);
  job.reason = Reason::None;  // Cleaning, then BeginTime, from the next queues on
  job.is_cleaning = true;
  score(job);
}

void Controller::cancel_pending(JobRecord& job, JobState as) {
  next_task(job);
  remove_pending(job.job);
  judges_.cancel(job.job, as);
  note_change();
  requested_ = true;
}

NodeSet Controller::up_nodes() const {
  NodeSet up = NodeSet::all(cluster_.nodes.size());
  up -= down_;
  up -= drained_;
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

void Controller::priority_tick() {
  const Time before = usage_.last_tick();
  usage_.decay_to(view_.now());
  if (before != Time::min()) judges_.fade_use(usage_.fade(view_.now() - before));
  if (usage_.was_reset()) judges_.forget_use();
  for (const JobId id : running_) charge(records_[id], now());
  if (slots_.priority->uses_fair_share()) {
    IdVector<AssocId, double> factors;
    factors.resize(view_.assocs().size(), 1.0);
    usage_.factors(factors);
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
    for (PartRecord& part : records_[id].parts) part.priority = scores[at++];
  }
}

void Controller::time_limit_pass() {
  const std::vector<JobId> running = running_;
  for (const JobId id : running) {
    JobRecord& job = records_[id];
    if (job.preempted_at != kNoTime) {
      if (job.end > now()) continue;
      kill(job, JobState::Preempted, job.requeues_when_preempted);
      continue;
    }
    const Partition& where = partitions_[job.partition];
    const Seconds over = where.over_time_limit ? whole_seconds(*where.over_time_limit)
                                               : whole_seconds(params_.over_time_limit);
    if (job.limit != kInfinite && job.end <= now() - over) kill(job, JobState::Timeout, false);
  }
}

Seconds Controller::next_limit_end() const {
  Seconds first = kInfinite;
  for (const JobId id : running_) first = std::min(first, records_[id].end);
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

void Controller::reservations_changed() {
  reservations_.forget_ended(now());
  note_change();
  requested_ = true;
}

}  // namespace rehearse::slurm
