// The main scheduler's pass (semantics 1.5), and how one job is tried: limits, nodes, victims.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "models/slurm/controller.hpp"
#include "models/slurm/room.hpp"

namespace rehearse::slurm {
namespace {

constexpr Reason kFirstLimit = Reason::QOSGrpCpuLimit;  // from there on reasons are limits
constexpr Seconds kMessageTimeout = 10;                 // slurm.conf(5) MessageTimeout

}  // namespace

// Partitions that a job waits for; they take their nodes away from all that come later.
struct Controller::Pass {
  std::set<PartitionId> failed{};
  std::set<std::string> failed_reservations{};
  std::map<std::pair<std::uint32_t, PartitionId>, JobId> failed_arrays{};  ///< and the task tried
  std::map<PartitionId, std::int64_t> examined_in{};
  NodeSet available;
  std::int64_t examined = 0, started = 0;
};

// Where a task of an array started in one of its partitions, the records of the others stand for
// the rest of the array (x38).
JobId Controller::standing_for(const QueueRecord& entry) const {
  const JobRecord& job = records_[entry.job];
  const bool is_meta = job.array != kNone<std::uint32_t> &&
                       entry.array_task == std::numeric_limits<std::uint32_t>::max();
  if (!is_meta || arrays_[job.array].unstarted.empty()) return entry.job;
  return arrays_[job.array].unstarted.back();
}

void Controller::main_pass(bool full) {
  if (pending_.empty()) return;
  Pass pass{.available = up_nodes()};
  const std::vector<QueueRecord> queue = build_queue(false);
  for (QueueRecord entry : queue) {
    entry.job = standing_for(entry);
    if (view_.job(entry.job).state != JobState::Pending) continue;
    if (preempted_in_queue_.contains(entry.job)) continue;  // in another of its partitions
    const std::int64_t depth = params_.partition_job_depth;
    const PartitionId where = records_[entry.job].parts[entry.part].partition;
    if (depth > 0 && pass.examined_in[where]++ >= depth) {
      JobRecord& job = records_[entry.job];
      if (job.reason == Reason::None) set_reason(job, Reason::Priority);
      continue;
    }
    if (!full && pass.examined++ > params_.default_queue_depth) break;
    examine(pass, entry);
    if (params_.sched_max_job_start > 0 && pass.started >= params_.sched_max_job_start) break;
  }
}

// One record; of an array as many tasks as start.
void Controller::examine(Pass& pass, const QueueRecord& entry) {
  JobId id = entry.job;
  while (true) {
    JobRecord& job = records_[id];
    const PartRecord part = job.parts[entry.part];
    const bool is_meta = job.array != kNone<std::uint32_t> && !job.is_split;
    if (job.array != kNone<std::uint32_t>) {
      const auto failed = pass.failed_arrays.find({job.array, part.partition});
      if (failed != pass.failed_arrays.end()) {
        return take_reason(job, records_[failed->second].reason);  // as the one tried (s12)
      }
    }
    if (job.array != kNone<std::uint32_t> && judges_.is_throttled(id)) {
      set_reason(job, Reason::JobArrayTaskLimit);
      pass.failed_arrays.emplace(std::pair{job.array, part.partition}, id);
      return;
    }
    is_held_by_limit_ = true;
    const Outcome outcome = examine_job(pass, job, part);
    forget_limit(job);
    if (outcome != Outcome::Started) {
      if (job.array != kNone<std::uint32_t>) {
        pass.failed_arrays.emplace(std::pair{job.array, part.partition}, id);
      }
      return;
    }
    ++pass.started;
    if (!is_meta || arrays_[job.array].unstarted.empty()) return;
    if (params_.sched_max_job_start > 0 && pass.started >= params_.sched_max_job_start) return;
    id = arrays_[job.array].unstarted.back();
    if (!is_independent(records_[id], false)) return;
  }
}

Outcome Controller::examine_job(Pass& pass, JobRecord& job, const PartRecord& part) {
  if (job.is_component()) {  // backfill starts it; here others wait for it
    block(pass, job, part);
    return Outcome::Busy;
  }
  const std::string& reservation = wanted_reservation(job);
  if (!reservation.empty()) {
    if (pass.failed_reservations.contains(reservation)) {
      set_reason(job, Reason::Priority);
      return Outcome::Busy;
    }
  } else if (pass.failed.contains(part.partition)) {
    if (job.reason == Reason::None || job.reason == Reason::Resources) {
      set_reason(job, Reason::Priority);
    }
    return Outcome::Busy;
  }
  if (job.deadline != kNoTime && is_past_deadline(job)) return Outcome::Impossible;
  const Seconds minutes = limit_at_start(job, part);
  if (limits_hold(job, part, minutes)) return Outcome::LimitHeld;
  NodeSet nodes = pass.available;
  nodes &= partitions_[part.partition].nodes;
  if (part.needs->min_nodes > nodes.count() && reservation.empty()) {
    set_reason(job, Reason::Resources);
    block(pass, job, part);
    return Outcome::Busy;
  }
  if (!has_licenses(job)) {
    set_reason(job, Reason::Licenses);
    return Outcome::LimitHeld;
  }
  const Outcome outcome = try_start(job, part, pass.available, StartedBy::Main, minutes);
  switch (outcome) {
    case Outcome::Started:
    case Outcome::ReservationBusy:
    case Outcome::NotAvailable:
    case Outcome::Forbidden:
      break;
    case Outcome::LimitHeld:
      if (params_.assoc_limit_stop) block(pass, job, part);
      break;
    case Outcome::Busy:
      block(pass, job, part);
      break;
    case Outcome::Impossible:
      if (job.parts.size() == 1) hold(job, true, Reason::BadConstraints);
      break;
  }
  return outcome;
}

// The job waits for its partition: later ones of it wait too, and other partitions lose its nodes.
void Controller::block(Pass& pass, const JobRecord& job, const PartRecord& part) {
  const std::string& reservation = wanted_reservation(job);
  if (!reservation.empty()) {
    pass.failed_reservations.insert(reservation);
    return;
  }
  if (part.needs->required.universe() > 0 && !part.needs->required.empty() &&
      part.needs->required.count() >= part.needs->min_nodes) {
    pass.available -= part.needs->required;
    return;
  }
  if (!may_reserve(job, part)) return;
  pass.failed.insert(part.partition);
  pass.available -= partitions_[part.partition].nodes;
}

// Whether others wait for the job at all: it is old enough, and of enough priority.
bool Controller::may_reserve(const JobRecord& job, const PartRecord& part) const {
  const Seconds least_age = whole_seconds(params_.bf_min_age_reserve);
  if (least_age > 0 && now() - job.begin < least_age) return false;
  const QosId qos = view_.job(job.job).qos;
  const auto of_qos = qos == kNone<QosId> ? std::nullopt : cluster_.qos[qos].min_priority;
  return part.priority >= static_cast<double>(of_qos.value_or(params_.bf_min_prio_reserve));
}

// Minutes that the job takes at the least, as far as it says.
Seconds Controller::least_minutes(const JobRecord& job) {
  if (job.least_limit != kNoTime) return job.least_limit;
  return job.limit != kNoTime ? job.limit : 0;
}

bool Controller::is_past_deadline(JobRecord& job) {
  if (now() + least_minutes(job) * 60 <= job.deadline) return false;
  cancel_pending(job, JobState::Deadline);
  return true;
}

bool Controller::limits_hold(JobRecord& job, const PartRecord& part, Seconds minutes) {
  if (!view_.has_limits()) return false;
  const auto hit =
      view_.limiter().before_select(view_.ledger(), payer(job, part), limit_of(minutes));
  is_held_by_limit_ = hit.has_value();
  if (hit) set_reason(job, hit->reason, &*hit);
  return hit.has_value();
}

// slurmctld does so before each test of its limits (s15, s17), but for those whose reasons came
// later to its list: of memory, GRES and billing (s12).
void Controller::forget_limit(JobRecord& job) {
  const bool is_over = !std::exchange(is_held_by_limit_, true);
  if (!is_over || job.reason < kFirstLimit) return;
  const std::string_view name = reason_name(job.reason);
  for (const std::string_view later : {"GRES", "Mem", "Billing"}) {
    if (name.find(later) != std::string_view::npos) return;
  }
  take_reason(job, Reason::None);
}

// A limit on nodes that is below the job's least keeps it waiting; above, it bounds the choice of
// nodes (acct_policy_get_max_nodes; semantics 4.4).
bool Controller::lacks_nodes(JobRecord& job, const PartRecord& part) {
  const MostNodes most = view_.limiter().most_nodes(payer(job, part));
  const std::uint32_t least =
      std::max(part.needs->min_nodes, partitions_[part.partition].min_nodes);
  if (most.count == kNoLimit || most.count >= std::int64_t{least}) return false;
  is_held_by_limit_ = true;
  set_reason(job, most.reason);
  return true;
}

bool Controller::limits_hold_after(JobRecord& job, const PartRecord& part, const TresCounts& tres,
                                   const TresCounts& per_node, Seconds minutes,
                                   std::span<const NodeId> nodes) {
  if (!view_.has_limits()) return false;
  const auto hit = view_.limiter().after_select(view_.ledger(), payer(job, part), tres, per_node,
                                                limit_of(minutes), nodes);
  if (hit) is_held_by_limit_ = true;
  if (hit) set_reason(job, hit->reason, &*hit);
  return hit.has_value();
}

Choosing Controller::choosing(const JobRecord& job, const PartRecord& part, bool will_run) const {
  static constexpr int kVersions[] = {2205, 2302, 2311, 2405, 2411};
  Choosing how;
  how.user = view_.job(job.job).user;
  how.will_run = will_run;
  const std::int64_t most = view_.limiter().most_nodes(payer(job, part)).count;
  if (most != kNoLimit) how.most_nodes = static_cast<std::uint32_t>(most);
  how.busy_first = will_run && params_.bf_busy_nodes;
  how.serial_at_end = params_.pack_serial_at_end;
  how.topology_optional = params_.topology_optional;
  const bool has_gpus = !machine_.shapes().devices.empty();
  if (params_.version < Version::V2311 && has_gpus) how.near_gpus = &near_gpus_;
  how.version = kVersions[static_cast<std::size_t>(params_.version)];
  if (saves_power()) how.powered_down = &powered_down_;
  const Seconds wait = std::min<Seconds>(whole_seconds(params_.max_switch_wait),
                                         whole_seconds(part.needs->switches_wait));
  how.waited_for_switches = now() - job.switches_since >= wait;
  return how;
}

// select_nodes(RUN_NOW): `available` are the nodes that the pass leaves.
Outcome Controller::try_start(JobRecord& job, const PartRecord& part, const NodeSet& available,
                              StartedBy by, Seconds minutes) {
  if (forbidden(job, part) != Reason::None) {
    set_reason(job, Reason::PartitionConfig);
    note_change();
    return Outcome::Forbidden;
  }
  if (!may_have_all_memory(part)) return Outcome::Impossible;
  if (lacks_nodes(job, part)) return Outcome::LimitHeld;
  NodeSet usable = partitions_[part.partition].nodes;
  usable &= available;
  bool reserved_away = false;
  if (!reservations_.empty() || !wanted_reservation(job).empty()) {
    const Reservations::Answer answer =
        reservations_.test(job.job, wanted_reservation(job), usable, now(), minutes, false);
    if (answer.is_closed || answer.in_maintenance) {
      set_reason(job, answer.in_maintenance ? Reason::ReqNodeNotAvail : Reason::Reservation);
      return Outcome::ReservationBusy;
    }
    reserved_away = !(answer.usable == usable);
    usable = answer.usable;
  }
  NodeSet clean = usable;
  for (std::size_t i = 0; i < completing_.size(); ++i) {
    if (completing_[static_cast<NodeId>(i)] > 0) clean.erase(static_cast<NodeId>(i));
  }
  if (part.needs->exclusive) make_whole(job);
  Found found = choose_for_start(job, part, clean);
  if (found.allocation) {
    found.allocation->partition = part.partition;
    const auto [tres, per_node] = amounts_of(*found.allocation, part.partition);
    remember(job, tres);
    if (limits_hold_after(job, part, tres, per_node, minutes, node_ids(*found.allocation))) {
      return Outcome::LimitHeld;
    }
    if (!found.victims.empty()) {
      preempt(job, found.victims);
      set_reason(job, Reason::Resources);
      return Outcome::Busy;
    }
    if (!follow_start(job, part, by, *found.allocation)) return Outcome::Busy;
    start(job, part, std::move(*found.allocation), by, minutes);
    return Outcome::Started;
  }
  TresCounts whole;
  const Outcome outcome = failure(job, part, available, usable, reserved_away, &whole);
  // Limits are tried all the same, on the CPUs of the last choice of nodes if there was one.
  TresCounts asked = view_.request(part.candidate).tres;
  if (part.candidate.cpus > 0) {
    asked[kTresCpu] = part.candidate.cpus;
    // --mem-per-cpu then counts for each of them (s17b).
    if (part.needs->memory.per == MemoryPer::Cpu && cluster_.tracks_memory) {
      asked[kTresMem] = part.needs->memory.mib * std::int64_t{part.candidate.cpus};
    }
  }
  for (std::size_t i = kTresGpu; i < whole.size(); ++i) asked[i] = whole[i];
  // As on so many nodes as it would have, were there enough (s17r1).
  const bool takes_most = part.needs->max_nodes > 0 && !part.needs->use_min_nodes;
  const std::int64_t nodes = takes_most ? part.needs->max_nodes : part.needs->min_nodes;
  TresCounts per_node = asked;
  for (std::int64_t& count : per_node) count /= std::max<std::int64_t>(1, nodes);
  if (limits_hold_after(job, part, asked, per_node, minutes, {})) return Outcome::LimitHeld;
  set_reason(job, outcome == Outcome::Impossible ? Reason::BadConstraints
                  : outcome == Outcome::Busy     ? Reason::Resources
                                                 : Reason::ReqNodeNotAvail);
  if (outcome == Outcome::NotAvailable) note_change();  // each time, not only the first (s15b)
  return outcome;
}

// Job size goes by the CPUs of the last choice of nodes from then on (semantics 3.2).
void Controller::remember(JobRecord& job, const TresCounts& tres) {
  for (PartRecord& each : job.parts) {
    each.candidate.cpus = static_cast<std::uint32_t>(tres[kTresCpu]);
  }
}

// --mem=0 becomes a node's memory once nodes are chosen, which MaxMemPerCPU may forbid (s17).
bool Controller::may_have_all_memory(const PartRecord& part) const {
  const Partition& where = partitions_[part.partition];
  if (!part.needs->whole_memory || !where.max_memory_per_cpu_mib) return true;
  bool any = false;
  where.nodes.for_each([&](NodeId id) {
    const Node& node = cluster_.nodes[id];
    any = node.memory_mib <= *where.max_memory_per_cpu_mib * std::int64_t{node.cpus};
    return !any;
  });
  return any;
}

// Where an idle machine would run it on `nodes`, if it could. Kept, unless the question leaves
// traces. The reference holds until the next call.
const std::optional<Allocation>& Controller::idle_choice(const PartRecord& part,
                                                         const NodeSet& nodes, Choosing how) {
  constexpr std::size_t most = 1000;
  how.memo = &idle_offers_;
  how.powered_down = nullptr;
  how.waited_for_switches = true;  // it may wait so long
  how.test_only = true;
  if (idle_choices_.size() > most) idle_choices_.clear();
  WillRunKey key{.needs = part.needs,
                 .user = user_that_matters(how.user, *part.needs, idle_),
                 .most_nodes = how.most_nodes,
                 .nodes = nodes};
  const auto [choice, is_new] = idle_choices_.try_emplace(std::move(key));
  if (is_new || how.near_gpus != nullptr) {
    choice->second = choose_nodes(idle_, *part.needs, nodes, how);
  }
  return choice->second;
}

// Whether it needs nodes of its partition that are down, drained or not `available`.
bool Controller::lacks_absent_nodes(const JobRecord& job, const PartRecord& part,
                                    const NodeSet& available) {
  NodeSet nodes = partitions_[part.partition].nodes;
  const std::size_t all = nodes.count();
  nodes &= up_nodes();
  nodes &= available;
  return nodes.count() < all && !idle_choice(part, nodes, choosing(job, part, false));
}

// Why nothing was found (semantics 5.2-6).
// Nodes that a blocked partition took away in this pass are not available either.
// `whole`: what an idle machine would give a job that has all of its nodes; limits on GRES go by it
// (m1, m3, x5).
Outcome Controller::failure(const JobRecord& job, const PartRecord& part, const NodeSet& available,
                            const NodeSet& usable, bool reserved_away, TresCounts* whole) {
  const Choosing how = choosing(job, part, false);
  const bool may_be_impossible = job.parts.size() > 1 || !job.was_tested;
  if (may_be_impossible && !idle_choice(part, part.needs->candidates, how)) {
    return Outcome::Impossible;
  }
  if (lacks_absent_nodes(job, part, available)) return Outcome::NotAvailable;
  NodeSet nodes = partitions_[part.partition].nodes;
  nodes &= up_nodes();
  nodes &= available;
  if (whole != nullptr && part.needs->exclusive) {
    const auto& choice = idle_choice(part, nodes, how);
    if (choice) *whole = amounts_of(*choice, part.partition).first;
  }
  if (!reserved_away) return Outcome::Busy;
  nodes &= usable;
  return idle_choice(part, nodes, how) ? Outcome::Busy : Outcome::ReservationBusy;
}

// What it comes to, whole and on the mean node (which slurmctld compares with MaxTRESPerNode).
std::pair<TresCounts, TresCounts> Controller::amounts_of(const Allocation& allocation,
                                                         PartitionId where) const {
  GresArena arena(cluster_.gres.size());
  TresCounts sum =
      tres_of_shares(cluster_, partitions_[where], shares_of(allocation, arena), arena);
  TresCounts per_node = sum;
  for (std::int64_t& count : per_node) {
    count /= std::max<std::int64_t>(1, static_cast<std::int64_t>(allocation.nodes.size()));
  }
  return {std::move(sum), std::move(per_node)};
}

std::vector<NodeId> node_ids(const Allocation& allocation) {
  std::vector<NodeId> nodes;
  nodes.reserve(allocation.nodes.size());
  for (const Held& held : allocation.nodes) nodes.push_back(held.node);
  return nodes;
}

Controller::Found Controller::choose_for_start(const JobRecord& job, const PartRecord& part,
                                               const NodeSet& usable) {
  Found found{choose_nodes(machine_, *part.needs, usable, choosing(job, part, false)), {}};
  if (found.allocation || slots_.preemption->is_never()) return found;
  return choose_with_victims(job, part, usable);
}

// Candidates go one by one until the job fits; then those that free most are tried first, to find
// fewer of them (semantics ch. 6).
Controller::Found Controller::choose_with_victims(const JobRecord& job, const PartRecord& part,
                                                  const NodeSet& usable) {
  struct Rival {
    Victim victim;
    std::size_t useful;
  };
  std::vector<Rival> rivals;
  for (const Victim& victim : claim_of(job, part).victims) rivals.push_back({victim, 0});
  const Choosing how = choosing(job, part, false);
  // Tries that cannot succeed are left out, but for the last one where that leaves traces.
  const bool leaves_traces = how.near_gpus != nullptr && !part.needs->gres.empty();
  const bool leaves_out = !leaves_traces || is_replaced_by_next(*part.needs, machine_);
  const std::size_t universe = cluster_.nodes.size();
  for (std::int64_t round = 0; !rivals.empty(); ++round) {
    Machine trial = machine_;
    Fit fit(trial, *part.needs, usable);
    std::optional<Allocation> allocation;
    std::size_t last = 0;
    for (; last < rivals.size() && !allocation; ++last) {
      const Allocation& its = records_[rivals[last].victim.job].allocation;
      trial.remove(its);
      fit.look_again(its);
      const bool is_last = leaves_traces && last + 1 == rivals.size();
      if (!leaves_out || fit.is_possible() || is_last) {
        allocation = choose_nodes(trial, *part.needs, usable, how);
      }
      NodeSet nodes = nodes_of(its, universe);
      nodes &= allocation ? nodes_of(*allocation, universe) : usable;
      rivals[last].useful = nodes.count();
    }
    if (!allocation) return {};
    const std::size_t fitted = last - 1;
    if (round > params_.preempt_reorder_count || std::ssize(rivals) <= round + 1) {
      Found found{std::move(allocation), {}};
      const NodeSet chosen = nodes_of(*found.allocation, universe);
      for (std::size_t i = 0; i <= fitted; ++i) {
        const JobId id = rivals[i].victim.job;
        if (!nodes_of(records_[id].allocation, universe).intersects(chosen)) continue;
        if (rivals[i].useful == 0) break;
        records_[id].requeues_when_preempted =
            rivals[i].victim.mode == PreemptMode::Requeue && records_[id].requeues;
        records_[id].grace = whole_seconds(rivals[i].victim.grace);
        found.victims.push_back(id);
      }
      return found;
    }
    if (params_.preempt_strict_order) {
      std::rotate(rivals.begin(), rivals.begin() + static_cast<std::ptrdiff_t>(fitted),
                  rivals.begin() + static_cast<std::ptrdiff_t>(fitted) + 1);
    } else {
      rivals[fitted].useful = 9999;
      for (std::size_t i = fitted + 1; i < rivals.size(); ++i) rivals[i].useful = 0;
      std::stable_sort(rivals.begin(), rivals.end(),
                       [](const Rival& a, const Rival& b) { return a.useful > b.useful; });
    }
  }
  return {};
}

// Whether its victims still have time to go: until then it takes no others (semantics ch. 6).
bool Controller::is_preempting(const JobRecord& job) const {
  const auto since = preempting_since_.find(job.job);
  return since != preempting_since_.end() &&
         since->second > now() - whole_seconds(params_.kill_wait) - kMessageTimeout;
}

// Victims with grace time are told to go, others go now. The preemptor waits for its next pass.
void Controller::preempt(JobRecord& job, const std::vector<JobId>& victims) {
  if (is_preempting(job)) return;
  preempting_since_[job.job] = now();
  preempted_in_queue_.insert(job.job);
  for (const JobId id : victims) {
    JobRecord& victim = records_[id];
    if (victim.allocation.nodes.empty()) continue;  // gone with another component
    if (victim.preempted_at == kNoTime) {
      if (!follow_preemption(victim, job.job)) continue;
      victim.preempted_at = now();
      victim.preempted_for = job.job;
      if (victim.grace > 0) {
        victim.had_grace = true;
        victim.end = std::min(victim.end, now() + victim.grace);
        judges_.set_expected_end(id, at_seconds(victim.end));
        ++running_changes_;
        note_change();
        continue;
      }
    } else if (now() < victim.end) {
      continue;
    }
    victim.preempted_for = job.job;
    kill(victim, JobState::Preempted, victim.requeues_when_preempted);
  }
}

// Since 24.11 a job that ends in its grace time was preempted, and is requeued if it may be. So is
// one that was requeued when its grace time was over and now ends by itself (s13b).
void Controller::ending(JobId id) {
  JobRecord& job = records_[id];
  charge(job, now());
  // Within OverTimeLimit it was not too long (s21e).
  if (job.end < now() && job.end >= now() - over_time(job)) {
    judges_.set_expected_end(id, view_.now());
  }
  if (params_.version < Version::V2411 || !std::exchange(job.had_grace, false)) return;
  // In another partition it may be one that is not requeued (s13r1).
  const bool requeues = job.requeues_when_preempted &&
                        slots_.preemption->mode_of(view_, view_.job(id)) == PreemptMode::Requeue;
  const Seconds grace = job.preempted_at == kNoTime ? 0 : now() - job.preempted_at;
  judges_.preempt(id, requeues ? PreemptMode::Requeue : PreemptMode::Cancel,
                  std::chrono::seconds{grace}, job.preempted_for);
  free_nodes(job, view_.now(), false);
  if (requeues) {
    requeue(job);
  } else {
    ends_.emplace_back(now(), id);
  }
}

}  // namespace rehearse::slurm
