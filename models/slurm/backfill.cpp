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

constexpr std::size_t kMostTaken = 200;  // running jobs that a will-run test takes off in a step

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

// A job whose end a will-run test waits for.
struct Controller::Ending {
  JobId job{};
  NodeSet nodes;
  Seconds end = 0, guessed = 0;
  std::uint32_t list_order = 0;
  bool is_completing = false;  ///< holds nothing but its nodes any more
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
  std::set<JobId> planned_jobs{};
  std::uint32_t planned_array = kNone<std::uint32_t>;  ///< the last of which tasks were planned
  std::int64_t planned_tasks = 0;                      ///< of it, until another comes between
  std::set<NodeId> planned_nodes{};
  std::vector<Ending> ends{};
  std::uint64_t ends_of = 0;  ///< Controller::running_changes_ that `ends` are of

  std::size_t slot_limit = 0;

  // Splits so that a slot begins at `time`; O(slots).
  void cut(Seconds time) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].begin >= time || slots[i].end <= time) continue;
      Slot rest = slots[i];
      rest.begin = time;
      slots[i].end = time;
      slots.insert(slots.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(rest));
      return;
    }
  }
  void plan(Seconds from, Seconds to, const NodeSet& nodes) {
    cut(from);
    cut(to);
    for (Slot& slot : slots) {
      if (slot.begin >= from && slot.end <= to) slot.nodes -= nodes;
    }
    // slurmctld joins one pair of equal neighbours after each plan, the first that it finds.
    const auto first =
        std::adjacent_find(slots.begin(), slots.end(),
                           [](const Slot& a, const Slot& b) { return a.nodes == b.nodes; });
    if (first == slots.end()) return;
    first->end = std::next(first)->end;
    slots.erase(std::next(first));
  }
  // Whether a slot that overlaps [from, to) lacks one of `nodes`.
  bool lacks(Seconds from, Seconds to, const NodeSet& nodes) const {
    return std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) {
      if (slot.end <= from || slot.begin >= to) return false;
      NodeSet left = nodes;
      left -= slot.nodes;
      return !left.empty();
    });
  }
};

void Controller::backfill_cycle() {
  Cycle cycle;
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
  // Nodes with plans are marked PLANNED until the next cycle begins, and both are changes; before
  // 24.05.5 idle ones only.
  const bool marks_all = params_.version >= Version::V2405;
  has_planned_nodes_ =
      std::any_of(cycle.planned_nodes.begin(), cycle.planned_nodes.end(),
                  [&](NodeId node) { return marks_all || machine_.jobs(node) == 0; });
  if (has_planned_nodes_) note_change();
}

// One record; of an array as many tasks as start or are planned.
void Controller::backfill_record(Cycle& cycle, const QueueRecord& entry) {
  JobId id = entry.job;
  std::int64_t planned_before = 0;
  while (view_.job(id).state == JobState::Pending) {
    JobRecord& job = records_[id];
    const PartRecord part = job.parts[entry.part];
    const bool is_meta = job.array != kNone<std::uint32_t> && !job.is_split;
    if (job.array != kNone<std::uint32_t> && judges_.is_throttled(id)) return;
    if (planned_before == 0 && is_skipped(cycle, job, part)) return;
    const Tried tried = backfill_job(cycle, job, part);
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
      preempting_since_.erase(id);  // each of the tasks planned may preempt (s12)
      continue;                     // the same record stands for the next task
    }
    if (array.unstarted.empty()) return;
    if (params_.version >= Version::V2302 && cycle.tested >= params_.bf_max_job_test) return;
    id = array.unstarted.back();
    if (!is_independent(records_[id])) return;
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
    if (over(params_.bf_max_job_assoc, cycle.of_assoc[known.assoc])) return true;
  } else if (over(params_.bf_max_job_user, cycle.of_user[known.user])) {
    return true;
  }
  return !params_.bf_licenses && !has_licenses(job);
}

bool Controller::is_now_only(const Cycle& cycle, const JobRecord& job,
                             const PartRecord& part) const {
  if (!may_reserve(job, part)) return true;
  if (params_.bf_one_resv_per_job && cycle.planned_jobs.contains(job.job)) return true;
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
  bool is_counted = false;
  Seconds start = now();
  while (true) {
    auto usable = find_usable(job, part, minutes, start);
    if (!usable) return Tried::Failed;
    NodeSet& nodes = usable->nodes;
    start = usable->start;
    if (params_.version >= Version::V2311 && start > cycle.window_end) return Tried::Failed;
    const Seconds end = std::max(start, now()) + minutes * 60;
    if (is_new) nodes -= part.needs->excluded;
    Seconds next_try = next_start(cycle, nodes, start, end, usable->is_reserved);
    for (const Slot& slot : cycle.slots) {
      if (slot.end > start && slot.begin <= end) nodes &= slot.nodes;
    }
    std::optional<Estimate> estimate;
    nodes &= part.needs->configured;
    NodeSet missing = part.needs->required;
    if (!missing.empty()) missing -= nodes;
    const bool enough = nodes.count() >= part.needs->min_nodes && missing.empty();
    if (enough) {
      if (!std::exchange(is_counted, true)) ++cycle.tested;
      estimate = will_run_on_any(cycle, job, part, nodes, now_only, start, next_try);
    }
    if (!estimate) {
      if (next_try == 0 || now_only) return Tried::Failed;
      start = next_try;
      continue;
    }
    remember_cpus(job, amounts_of(estimate->allocation, part.partition).first[kTresCpu]);
    if (start > estimate->start) note_change();  // slurmctld moves its start time, and says so
    Seconds at = std::max(estimate->start, start);
    const NodeSet chosen = nodes_of(estimate->allocation, cluster_.nodes.size());
    const auto overlaps = [&] {
      const auto [from, to] = planned_span(at, minutes);
      return cycle.lacks(from, to, chosen);
    };
    const bool is_later = at > now();
    if (is_new && is_later && overlaps()) {
      start = at;
      continue;
    }
    if (at <= now() && is_any_completing(chosen)) {
      at = now() + 1;
      next_try = 0;
    }
    if (at <= now()) {
      const Tried tried = start_now(cycle, job, part, nodes, minutes);
      if (tried != Tried::Again) return tried;
      next_try = 0;  // the nodes are kept for it all the same: its victims may be on their way out
    }
    if (now_only) return Tried::Failed;
    if (next_try != 0 && at > next_try) {
      start = next_try;
      continue;
    }
    if (at > cycle.window_end) return Tried::Failed;
    if (!(is_new && is_later) && overlaps()) {
      if (at == start) return Tried::Failed;
      start = at;
      continue;
    }
    return plan(cycle, job, part, estimate->allocation, at, minutes);
  }
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
  for (std::size_t i = 0; i < cycle.slots.size() && result == 0; ++i) {
    const Slot& slot = cycle.slots[i];
    if (slot.end <= start) continue;
    if (i + 1 < cycle.slots.size()) {
      NodeSet more = cycle.slots[i + 1].nodes;
      more -= slot.nodes;
      more &= nodes;
      if (!more.empty()) result = slot.end;
    }
    if (slot.begin <= end) continue;
    // Slots that begin after the job's end do not concern it. What comes free then may,
    // since 24.11.
    const bool looks_on = params_.version >= Version::V2411 && i + 2 < cycle.slots.size();
    if (result == 0 && looks_on) result = cycle.slots[i + 1].end;
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

Controller::Tried Controller::start_now(Cycle& cycle, JobRecord& job, const PartRecord& part,
                                        const NodeSet& nodes, Seconds minutes) {
  const Seconds original = limit_at_start(job, part);
  Seconds limit = job.limit == kNoTime ? minutes : original;
  if (job.least_limit != kNoTime && job.least_limit < original) limit = job.least_limit;
  if (job.deadline != kNoTime) limit = std::min(limit, (job.deadline - now()) / 60);
  const Outcome outcome = try_start(job, part, nodes, StartedBy::Backfill, limit);
  switch (outcome) {
    case Outcome::Started: {
      ++cycle.started;
      const JobRecord& started = records_[job.job];
      if (started.allocation.exclusive) {
        const auto [from, to] = planned_span(now(), (started.end - now()) / 60);
        cycle.plan(from, to, nodes_of(started.allocation, cluster_.nodes.size()));
      }
      if (job.least_limit != kNoTime && job.least_limit < original) {
        shorten(cycle, job);
      }
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

Controller::Tried Controller::plan(Cycle& cycle, JobRecord& job, const PartRecord& part,
                                   const Allocation& allocation, Seconds at, Seconds minutes) {
  const auto [tres, per_node] = amounts_of(allocation, part.partition);
  if (!params_.assoc_limit_stop &&
      limits_hold_after(job, part, tres, per_node, minutes, node_ids(allocation))) {
    return Tried::Failed;
  }
  const QosId qos = view_.job(job.job).qos;
  if (qos != kNone<QosId> && cluster_.qos[qos].no_reserve) return Tried::Failed;
  const NodeSet nodes = nodes_of(allocation, cluster_.nodes.size());
  const auto [from, to] = planned_span(at, minutes);
  cycle.plan(from, std::max(to, from + whole_seconds(params_.bf_resolution)), nodes);
  for (const Held& held : allocation.nodes) cycle.planned_nodes.insert(held.node);
  if (job.planned == 0 || at < job.planned) job.planned = at;
  if (witness_ != nullptr) {
    witness_->plan(planned_task(cycle, job), at_seconds(at), node_ids(allocation));
  }
  cycle.planned_jobs.insert(job.job);
  ++cycle.planned_in[part.partition];
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

// All that the job may preempt, taken off `machine`.
std::set<JobId> Controller::take_victims_off(const PartRecord& part, Machine& machine) {
  std::set<JobId> gone;
  if (slots_.preemption->is_never()) return gone;
  for (const Victim& victim : victims_for(part)) {
    gone.insert(victim.job);
    machine.remove(records_[victim.job].allocation);
  }
  return gone;
}

// The alternatives of --constraint=[a|b] are tested one by one: that with the earliest start is it.
std::optional<Controller::Estimate> Controller::will_run_on_any(Cycle& cycle, const JobRecord& job,
                                                                const PartRecord& part,
                                                                const NodeSet& nodes, bool now_only,
                                                                Seconds start, Seconds next_try) {
  const std::vector<NodeSet>& alternatives = part.needs->alternatives;
  if (alternatives.empty()) return will_run(cycle, job, part, nodes, now_only, start, next_try);
  std::optional<Estimate> best;
  for (const NodeSet& alternative : alternatives) {
    NodeSet some = nodes;
    some &= alternative;
    if (some.count() < part.needs->min_nodes) continue;
    auto found = will_run(cycle, job, part, some, now_only, start, next_try);
    if (found && (!best || found->start < best->start)) best = std::move(found);
  }
  return best;
}

// When and where the job could run on `nodes` if running jobs ended at their limits: jobs are taken
// off in growing windows of time, not one by one (semantics 2.5).
std::optional<Controller::Estimate> Controller::will_run(Cycle& cycle, const JobRecord& job,
                                                         const PartRecord& part,
                                                         const NodeSet& nodes, bool now_only,
                                                         Seconds start, Seconds next_try) {
  Choosing how = choosing(job, part, true);
  // Since 24.11 the test is given [start, next_try]: with a start to come, "now" is not tested.
  const bool is_windowed = params_.version >= Version::V2411;
  const bool is_later = is_windowed && start > now();
  if (!is_later) {
    // Nodes that are of no use now keep what the first attempt gave them: they come last in all
    // (s6).
    if (params_.version >= Version::V2311) how.completing = &completing_;
    if (auto found = choose_nodes(machine_, *part.needs, nodes, how)) {
      return Estimate{now(), std::move(*found)};
    }
  }
  Machine trial = machine_;
  const std::set<JobId> gone = take_victims_off(part, trial);
  if (now_only && gone.empty()) return std::nullopt;
  if (cycle.ends_of != running_changes_) {
    cycle.ends = by_end();
    cycle.ends_of = running_changes_;
  }
  std::vector<const Ending*> ends;
  for (const Ending& ending : cycle.ends) {
    if (gone.contains(ending.job)) continue;
    if (!is_windowed || ending.end >= start) {
      ends.push_back(&ending);
    } else if (!ending.is_completing && ending.nodes.intersects(nodes)) {
      trial.remove(records_[ending.job].allocation);
    }
  }
  if (!gone.empty() || is_windowed) {
    if (auto found = choose_nodes(trial, *part.needs, nodes, how)) {
      return Estimate{now(), std::move(*found)};
    }
  }
  if (now_only && !is_windowed) return std::nullopt;
  Seconds window = 30, edge = kNoTime;
  for (std::size_t next = 0; next < ends.size();) {
    // The window is held against the next job whether or not it is on `nodes`; one that is not is
    // passed over together with the question whether the window has ended.
    const Ending* last = nullptr;
    bool is_over = false;
    for (std::size_t taken = 0; next < ends.size();) {
      const Ending& ending = *ends[next];
      is_over = is_windowed && next_try != 0 && ending.end > next_try;
      if (is_over) break;
      ++next;
      if (!ending.nodes.intersects(nodes)) continue;
      last = &ending;
      if (edge == kNoTime) edge = ending.end + (30 - ending.end % 30);
      if (!ending.is_completing) trial.remove(records_[ending.job].allocation);
      if (taken++ > kMostTaken) break;
      if (next < ends.size() && ends[next]->end > edge + window) break;
    }
    if (last == nullptr) break;
    do {
      window = whole_seconds(params_.bf_window_linear) > 0
                   ? window + whole_seconds(params_.bf_window_linear)
                   : window * 2;
    } while (next < ends.size() && ends[next]->end > edge + window);
    if (auto found = choose_nodes(trial, *part.needs, nodes, how)) {
      return Estimate{last->guessed, std::move(*found)};
    }
    if (is_over) break;
  }
  return std::nullopt;
}

// Running and completing jobs by the end that slurmctld guesses: those past theirs may go any
// moment (semantics 2.5).
std::vector<Controller::Ending> Controller::by_end() const {
  const auto guess = [&](Seconds end) {
    const Seconds late =
        end + whole_seconds(params_.kill_wait) + whole_seconds(params_.over_time_limit);
    return end <= now() ? std::max(late, now() + 1) : end;
  };
  std::vector<Ending> ends;
  for (const JobId id : running_) {
    const JobRecord& job = records_[id];
    ends.push_back({id, nodes_of(job.allocation, cluster_.nodes.size()), job.end, guess(job.end),
                    job.list_order, false});
  }
  for (const Epilog& epilog : epilogs_) {
    if (view_.job(epilog.job).state == JobState::Pending) continue;  // requeued: not in the list
    NodeSet nodes(cluster_.nodes.size());
    for (const NodeId node : epilog.nodes) nodes.insert(node);
    ends.push_back({epilog.job, std::move(nodes), epilog.ended, guess(epilog.ended),
                    records_[epilog.job].list_order, true});
  }
  std::sort(ends.begin(), ends.end(), [](const Ending& a, const Ending& b) {
    return std::tie(a.guessed, a.list_order) < std::tie(b.guessed, b.list_order);
  });
  return ends;
}

}  // namespace rehearse::slurm
