// The backfill cycle (semantics ch. 2): every job examined gets a planned start, on whole nodes, in
// a map of time that is made anew each cycle.
//
//   slots   [now ......)[......)[.............)     each with the nodes that no plan takes
//   a plan takes its nodes out of all slots from its start to its end, rounded to bf_resolution
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "models/slurm/controller.hpp"

namespace rehearse::slurm {
namespace {

Seconds floor_to(Seconds time, Seconds unit) {
  const Seconds rest = ((time % unit) + unit) % unit;
  return time - rest;
}
Seconds ceil_to(Seconds time, Seconds unit) { return floor_to(time + unit - 1, unit); }

}  // namespace

struct Controller::Slot {
  Seconds begin, end;
  NodeSet nodes;
};

struct Controller::Cycle {
  Seconds window_end = 0;
  std::vector<Slot> slots;
  std::int64_t tested = 0, started = 0;
  std::map<PartitionId, std::int64_t> of_partition{}, planned_in{};
  std::map<UserId, std::int64_t> of_user{};
  std::map<std::pair<UserId, PartitionId>, std::int64_t> of_user_in{};
  std::map<AssocId, std::int64_t> of_assoc{};
  std::set<std::pair<std::uint32_t, PartitionId>> failed_arrays{};
  Seconds earlier = 0;  ///< start of the job in hand that another of its partitions gave; 0: none
  std::uint32_t planned_array = kNone<std::uint32_t>;  ///< the last of which tasks were planned
  std::int64_t planned_tasks = 0;                      ///< of it, until another comes between
  NodeSet planned_nodes{};
  std::size_t slot_limit = 0;
  std::vector<Component> components{};  ///< planned in this cycle, as they came

  // Splits so that a slot begins at `time`; O(slots).
  void cut(Seconds time) {
    const auto slot = slots.begin() + (at(time) - slots.cbegin());
    if (slot == slots.end() || slot->begin >= time) return;
    Slot rest = *slot;
    rest.begin = time;
    slot->end = time;
    slots.insert(slot + 1, std::move(rest));
  }
  void plan(Seconds from, Seconds to, const NodeSet& nodes) {
    cut(from);
    cut(to);
    for (auto slot = slots.begin() + (at(from) - slots.cbegin()); slot != slots.end(); ++slot) {
      if (slot->end > to) break;
      if (slot->begin >= from) slot->nodes -= nodes;
    }
    // slurmctld joins one pair of equal neighbours after each plan, the first that it finds.
    const auto first =
        std::adjacent_find(slots.begin(), slots.end(),
                           [](const Slot& a, const Slot& b) { return a.nodes == b.nodes; });
    if (first == slots.end()) return;
    first->end = std::next(first)->end;
    slots.erase(std::next(first));
  }
  /// The first slot that ends after `time`. Slots follow each other without gaps.
  std::vector<Slot>::const_iterator at(Seconds time) const {
    return std::partition_point(slots.begin(), slots.end(),
                                [&](const Slot& slot) { return slot.end <= time; });
  }
  // Whether a slot that overlaps [from, to) lacks one of `nodes`.
  bool lacks(Seconds from, Seconds to, const NodeSet& nodes) const {
    return std::any_of(at(from), slots.end(), [&](const Slot& slot) {
      return slot.begin < to && !nodes.is_within(slot.nodes);
    });
  }
};

void Controller::backfill_cycle() {
  Cycle cycle;
  cycle.planned_nodes = NodeSet(cluster_.nodes.size());
  if (std::exchange(has_planned_nodes_, false)) note_change();
  const Seconds unit = whole_seconds(params_.bf_resolution);
  cycle.window_end = now() + params_.bf_window * 60;
  cycle.slots.push_back({floor_to(now(), unit), floor_to(cycle.window_end, unit), up_nodes()});
  cycle.slot_limit = static_cast<std::size_t>(
      params_.bf_node_space_size > 0 ? params_.bf_node_space_size : params_.bf_max_job_test);
  const std::vector<QueueRecord> queue = build_queue(true);
  for (const JobId id : pending_) records_[id].planned = 0;
  for (const QueueRecord& entry : queue) {
    if (cycle.tested >= params_.bf_max_job_test) break;
    if (cycle.slots.size() >= cycle.slot_limit) break;
    if (params_.bf_max_job_start > 0 && cycle.started >= params_.bf_max_job_start) break;
    backfill_record(cycle, entry);
  }
  start_het_jobs(cycle.components);
  // Nodes with plans are marked PLANNED until the next cycle begins, and both are changes; before
  // 24.05.5 idle ones only.
  const bool marks_all = params_.version >= Version::V2405;
  cycle.planned_nodes.for_each([&](NodeId node) {
    has_planned_nodes_ = marks_all || machine_.jobs(node) == 0;
    return !has_planned_nodes_;
  });
  if (has_planned_nodes_) note_change();
}

// One record; of an array as many tasks as start or are planned.
void Controller::backfill_record(Cycle& cycle, const QueueRecord& entry) {
  JobId id = entry.job;
  std::int64_t planned_before = 0;
  cycle.earlier = records_[id].planned;
  const Seconds limit = records_[id].limit;
  while (view_.job(id).state == JobState::Pending) {
    JobRecord& job = records_[id];
    const PartRecord part = job.parts[entry.part];
    job.looked_at = entry.part;
    const bool is_meta = job.array != kNone<std::uint32_t> && !job.is_split;
    if (job.array != kNone<std::uint32_t> && judges_.is_throttled(id)) return;
    is_held_by_limit_ = true;
    const bool skips =
        planned_before == 0 ? is_skipped(cycle, job, part) : exceeds_counts(cycle, job, part);
    const Tried tried = skips ? Tried::Failed : backfill_job(cycle, job, part);
    forget_limit(records_[id]);
    if (skips) return;
    if (tried != Tried::Started) records_[id].limit = limit;  // not that of a task before (x35)
    if (tried == Tried::Failed) {
      if (job.array != kNone<std::uint32_t>) {
        cycle.failed_arrays.insert({job.array, part.partition});
      }
      return;
    }
    if (!is_meta) return;
    Array& array = arrays_[job.array];
    if (tried == Tried::Planned) {
      ++planned_before;
      if (std::exchange(cycle.planned_array, job.array) != job.array) cycle.planned_tasks = 0;
      const std::int64_t planned = ++cycle.planned_tasks;
      const std::int64_t left = static_cast<std::int64_t>(array.unstarted.size());
      if (planned >= left || planned >= params_.bf_max_job_array_resv) return;
      if (is_throttled_with(id, planned)) return;
      if (cycle.slots.size() >= cycle.slot_limit) return;
      // Each of the tasks planned may preempt (s12), but not within 15 s of another pass (x23).
      const auto since = preempting_since_.find(id);
      if (since != preempting_since_.end() && since->second == now())
        preempting_since_.erase(since);
      continue;  // the same record stands for the next task
    }
    if (array.unstarted.empty()) return;
    if (params_.version >= Version::V2302 && cycle.tested >= params_.bf_max_job_test) return;
    id = array.unstarted.back();
    if (!is_independent(records_[id], true)) return;
    cycle.earlier = records_[id].planned;
  }
}

// Whether the throttle %N of an array is reached with `planned` of its tasks; before 24.11 plans
// did not count (seen in s12).
bool Controller::is_throttled_with(JobId id, std::int64_t planned) const {
  const Special* const special = view_.special(id);
  if (params_.version < Version::V2411 || special == nullptr || special->array_throttle == 0) {
    return false;
  }
  const std::uint32_t array = records_[id].array;
  const auto running = std::count_if(running_.begin(), running_.end(),
                                     [&](JobId other) { return records_[other].array == array; });
  return planned + running >= static_cast<std::int64_t>(special->array_throttle);
}

// What keeps a record from being tested at all (semantics 2.3).
bool Controller::is_skipped(Cycle& cycle, JobRecord& job, const PartRecord& part) {
  if (job.array != kNone<std::uint32_t> &&
      cycle.failed_arrays.contains({job.array, part.partition})) {
    return true;
  }
  if (job.deadline != kNoTime && is_past_deadline(job)) return true;
  if (!params_.assoc_limit_stop && limits_hold(job, part, limit_at_start(job, part))) return true;
  if (preempted_in_queue_.contains(job.job)) return true;
  if (exceeds_counts(cycle, job, part)) return true;
  if (!params_.bf_licenses && !has_licenses(job)) return true;
  return lacks_nodes(job, part);
}

// Counts a job of its partition, user and association; whether there are too many of one. Of an
// array each task that is planned counts (s12c).
bool Controller::exceeds_counts(Cycle& cycle, const JobRecord& job, const PartRecord& part) {
  const Job& known = view_.job(job.job);
  const auto over = [](std::int64_t limit, std::int64_t& count) {
    if (limit <= 0) return false;
    return ++count > limit;
  };
  if (over(params_.bf_max_job_part, cycle.of_partition[part.partition])) return true;
  if (over(params_.bf_max_job_user_part, cycle.of_user_in[{known.user, part.partition}])) {
    return true;
  }
  if (params_.bf_max_job_assoc > 0) {
    return over(params_.bf_max_job_assoc, cycle.of_assoc[known.assoc]);
  }
  return over(params_.bf_max_job_user, cycle.of_user[known.user]);
}

bool Controller::is_now_only(const Cycle& cycle, const JobRecord& job,
                             const PartRecord& part) const {
  if (!may_reserve(job, part)) return true;
  if (params_.bf_one_resv_per_job && job.planned != 0) return true;
  if (params_.bf_job_part_count_reserve > 0) {
    const auto found = cycle.planned_in.find(part.partition);
    if (found != cycle.planned_in.end() && found->second >= params_.bf_job_part_count_reserve) {
      return true;
    }
  }
  return false;
}

// Minutes that the job is tested with (semantics 2.3).
Seconds Controller::tested_minutes(const JobRecord& job, const PartRecord& part) const {
  const Partition& where = partitions_[part.partition];
  const Seconds most =
      where.max_time == kUnlimited ? kYearOfMinutes : whole_seconds(where.max_time) / 60;
  Seconds minutes = job.limit == kNoTime     ? most
                    : job.limit == kInfinite ? kYearOfMinutes
                                             : std::min(job.limit, most);
  if (job.deadline != kNoTime) minutes = std::min(minutes, (job.deadline - now()) / 60);
  if (job.least_limit != kNoTime && job.least_limit < minutes) minutes = job.least_limit;
  const QosId qos = view_.job(job.job).qos;
  if (qos != kNone<QosId> && cluster_.qos[qos].no_reserve && !slots_.preemption->is_never()) {
    minutes = 1;
  }
  return minutes;
}

// Tries the job at ever later times until it starts, is planned, or cannot be (semantics 2.4).
Controller::Tried Controller::backfill_job(Cycle& cycle, JobRecord& job, const PartRecord& part) {
  const Seconds minutes = tested_minutes(job, part);
  const bool now_only = is_now_only(cycle, job, part);
  const bool is_new = params_.version >= Version::V2411;
  bool is_counted = false, has_failed = false;
  Seconds start = std::max(now(), earliest_start(cycle.components, job));
  while (true) {
    auto usable = find_usable(job, part, minutes, start);
    if (!usable) return Tried::Failed;
    NodeSet& nodes = usable->nodes;
    start = usable->start;
    if (params_.version >= Version::V2311 && start > cycle.window_end) return Tried::Failed;
    const Seconds end = std::max(start, now()) + minutes * 60;
    if (is_new) nodes -= part.needs->excluded;
    Seconds next_try = next_start(cycle, nodes, start, end, usable->is_reserved);
    for (auto slot = cycle.at(start); slot != cycle.slots.end() && slot->begin <= end; ++slot) {
      nodes &= slot->nodes;
    }
    std::optional<Estimate> estimate;
    nodes &= part.needs->configured;
    NodeSet missing = part.needs->required;
    if (!missing.empty()) missing -= nodes;
    const bool enough = nodes.count() >= part.needs->min_nodes && missing.empty();
    if (enough) {
      if (!std::exchange(is_counted, true)) ++cycle.tested;
      estimate = will_run_on_any(job, part, nodes, now_only, start, next_try);
    }
    if (!estimate) {
      if (next_try == 0 || now_only) return Tried::Failed;
      start = next_try;
      continue;
    }
    const Choice& choice = *estimate->choice;
    remember(job, choice.tres);
    if (start > estimate->start) note_change();  // slurmctld moves its start time, and says so
    Seconds at = std::max(estimate->start, start);
    const auto overlaps = [&] {
      const auto [from, to] = planned_span(at, minutes);
      return cycle.lacks(from, to, choice.nodes);
    };
    const bool is_later = at > now();
    if (is_new && is_later && overlaps()) {
      start = at;
      continue;
    }
    if (at <= now() && is_any_completing(choice.nodes)) {
      at = now() + 1;
      next_try = 0;
    }
    if (at <= now() && !job.is_component()) {
      const Tried tried = start_now(cycle, job, part, nodes, minutes);
      if (tried != Tried::Again) return tried;
      next_try = 0;  // the nodes are kept for it all the same: its victims may be on their way out
      has_failed = true;  // even for who is to have no plans (x36)
    }
    const bool starts_later = job.is_component() && at <= now();  // once all of them can
    if (now_only && !starts_later && !has_failed) return Tried::Failed;
    if (next_try != 0 && at > next_try) {
      start = next_try;
      continue;
    }
    if (at > cycle.window_end) return unplanned(job, cycle.earlier != 0 ? cycle.earlier : at);
    if (!(is_new && is_later) && overlaps()) {
      if (at == start) return Tried::Failed;
      start = at;
      continue;
    }
    return plan(cycle, job, part, *estimate, at, minutes);
  }
}

// It shows its start, though no place is kept for it (s3, s6c).
Controller::Tried Controller::unplanned(JobRecord& job, Seconds at) {
  job.planned = at;
  return Tried::Failed;
}

// The slots that a plan takes; since 24.05.4 it keeps the slot that it ends in.
std::pair<Seconds, Seconds> Controller::planned_span(Seconds at, Seconds minutes) const {
  const Seconds unit = whole_seconds(params_.bf_resolution);
  const bool rounds_up = params_.version >= Version::V2405;
  const Seconds end = at + minutes * 60;
  return {floor_to(at, unit), rounds_up ? ceil_to(end, unit) : floor_to(end, unit)};
}

// The nodes that reservations leave the job at `start`, or later if they say so; none: they forbid
// it.
std::optional<Controller::Usable> Controller::find_usable(const JobRecord& job,
                                                          const PartRecord& part, Seconds minutes,
                                                          Seconds start) const {
  NodeSet nodes = partitions_[part.partition].nodes;
  nodes &= up_nodes();
  if (reservations_.empty() && wanted_reservation(job).empty()) return Usable{nodes, start, false};
  const auto answer =
      reservations_.test(job.job, wanted_reservation(job), nodes, start, minutes, true);
  if (answer.is_closed || answer.in_maintenance) return std::nullopt;
  return Usable{answer.usable, answer.start, !(answer.usable == nodes)};
}

// End of the first slot after which a usable node comes free, or of a reservation if one took nodes
// from the job (else it does not matter: s17); 0: there is none.
Seconds Controller::next_start(const Cycle& cycle, const NodeSet& nodes, Seconds start, Seconds end,
                               bool is_reserved) const {
  Seconds result = 0;
  for (auto slot = cycle.at(start); slot != cycle.slots.end() && result == 0; ++slot) {
    const auto later = std::next(slot);
    if (later != cycle.slots.end() && later->nodes.exceeds(slot->nodes, nodes)) result = slot->end;
    if (slot->begin <= end) continue;
    // Slots that begin after the job's end do not concern it. What comes free then may,
    // since 24.11.
    const bool looks_on =
        params_.version >= Version::V2411 && cycle.slots.end() - slot > 2 && result == 0;
    if (looks_on) result = later->end;
    break;
  }
  const Seconds reserved = is_reserved ? reservations_.next_end(start) : 0;
  if (reserved != 0) {
    const Seconds then = ceil_to(reserved, whole_seconds(params_.bf_resolution)) + 1;
    if (result == 0 || then < result) result = then;
  }
  return result;
}

bool Controller::is_any_completing(const NodeSet& nodes) const {
  bool any = false;
  nodes.for_each([&](NodeId node) {
    any = completing_[node] > 0;
    return !any;
  });
  return any;
}

// Whether a job that starts now gets its --time-min for a limit; with a QOS of NoReserve it keeps
// its whole limit (s17b).
bool Controller::is_shortened(const JobRecord& job, const PartRecord& part) const {
  const QosId qos = view_.job(job.job).qos;
  if (qos != kNone<QosId> && cluster_.qos[qos].no_reserve) return false;
  return job.least_limit != kNoTime && job.least_limit < limit_at_start(job, part);
}

// The limit of a job that starts now and was tested with `minutes`.
Seconds Controller::backfill_limit(const JobRecord& job, const PartRecord& part,
                                   Seconds minutes) const {
  // MaxWall stands in for a limit that is not given (semantics 4.2).
  const Seconds wall = minutes_of(view_.limiter().wall_limit(payer(job, part)));
  Seconds limit = job.limit == kNoTime ? std::min(minutes, wall) : limit_at_start(job, part);
  if (is_shortened(job, part)) limit = job.least_limit;
  if (job.deadline != kNoTime) limit = std::min(limit, (job.deadline - now()) / 60);
  return limit;
}

Controller::Tried Controller::start_now(Cycle& cycle, JobRecord& job, const PartRecord& part,
                                        const NodeSet& nodes, Seconds minutes) {
  const Seconds original = limit_at_start(job, part);
  // With assoc_limit_stop it is planned whatever its limits; to start it has to be within them.
  if (params_.assoc_limit_stop && limits_hold(job, part, original)) return Tried::Failed;
  const bool shortens = is_shortened(job, part);
  const Seconds limit = backfill_limit(job, part, minutes);
  // The rest of an array goes on with the limit that this task was tested with (x38).
  const Seconds whole = job.limit;
  if (shortens) job.limit = limit;
  const Outcome outcome = try_start(job, part, nodes, StartedBy::Backfill, limit);
  if (outcome != Outcome::Started) job.limit = whole;
  switch (outcome) {
    case Outcome::Started: {
      ++cycle.started;
      const JobRecord& started = records_[job.job];
      if (started.allocation.exclusive) {
        const auto [from, to] = planned_span(now(), (started.end - now()) / 60);
        cycle.plan(from, to, nodes_of(started.allocation, cluster_.nodes.size()));
      }
      if (shortens) shorten(cycle, job);
      return Tried::Started;
    }
    case Outcome::ReservationBusy:
    case Outcome::LimitHeld:
      return Tried::Failed;
    case Outcome::Busy:
    case Outcome::NotAvailable:
    case Outcome::Forbidden:
    case Outcome::Impossible:
      break;
  }
  return Tried::Again;
}

// A job started with --time-min ends before the plans that need its nodes (semantics 2.7).
void Controller::shorten(Cycle& cycle, JobRecord& job) {
  const NodeSet nodes = nodes_of(job.allocation, cluster_.nodes.size());
  Seconds minutes = job.limit;
  for (const Slot& slot : cycle.slots) {
    NodeSet taken = nodes;
    taken -= slot.nodes;
    if (slot.begin <= job.start || slot.begin >= job.end || taken.empty()) continue;
    minutes = std::min(minutes, (slot.begin - job.start) / 60);
  }
  minutes = std::max(minutes, job.least_limit);
  if (minutes == job.limit) return;
  job.limit = minutes;
  job.end = job.start + minutes * 60;
  judges_.set_time_limit(job.job, std::chrono::minutes{minutes});
  judges_.set_expected_end(job.job, at_seconds(job.end));
}

// For a plan GRES count as they are asked for, though whole nodes bring all of theirs (m3).
bool Controller::limits_hold_plan(JobRecord& job, const PartRecord& part, const Choice& choice,
                                  Seconds minutes, std::span<const NodeId> nodes) {
  if (!part.needs->exclusive) {
    return limits_hold_after(job, part, choice.tres, choice.per_node, minutes, nodes);
  }
  const TresCounts& asked = view_.request(part.candidate).tres;
  TresCounts tres = choice.tres, per_node = choice.per_node;
  for (std::size_t i = kTresGpu; i < tres.size(); ++i) {
    tres[i] = asked[i];
    per_node[i] = asked[i] / static_cast<std::int64_t>(nodes.size());
  }
  return limits_hold_after(job, part, tres, per_node, minutes, nodes);
}

Controller::Tried Controller::plan(Cycle& cycle, JobRecord& job, const PartRecord& part,
                                   const Estimate& estimate, Seconds at, Seconds minutes) {
  const Choice& choice = *estimate.choice;
  const std::vector<NodeId> nodes = node_ids(choice.allocation);
  if (!params_.assoc_limit_stop && limits_hold_plan(job, part, choice, minutes, nodes)) {
    return unplanned(job, at);
  }
  const QosId qos = view_.job(job.job).qos;
  if (qos != kNone<QosId> && cluster_.qos[qos].no_reserve) return unplanned(job, at);
  const auto [from, to] = planned_span(at, minutes);
  cycle.plan(from, std::max(to, from + whole_seconds(params_.bf_resolution)), choice.nodes);
  cycle.planned_nodes |= choice.nodes;
  job.planned = cycle.earlier != 0 ? std::min(cycle.earlier, at) : at;
  if (witness_ != nullptr) {
    witness_->plan(planned_task(cycle, job), at_seconds(at), nodes);
  }
  ++cycle.planned_in[part.partition];
  if (job.is_component()) {
    cycle.components.push_back(
        {job.job, job.first_component(), part, estimate.choice, at, minutes});
    if (job.reason == Reason::None) set_reason(job, Reason::Resources);
  }
  return Tried::Planned;
}

// Of an array whose next tasks are planned one by one: which of them this is.
JobId Controller::planned_task(const Cycle& cycle, const JobRecord& job) const {
  if (job.array == kNone<std::uint32_t> || job.is_split) return job.job;
  const std::vector<JobId>& unstarted = arrays_[job.array].unstarted;
  if (cycle.planned_array != job.array) return job.job;
  const auto last = unstarted.size() - 1;  // in another partition some may be planned again
  return unstarted[last - std::min(last, static_cast<std::size_t>(cycle.planned_tasks))];
}

}  // namespace rehearse::slurm
