// What becomes of a submission (semantics 1.2, ch. 4): what it needs in each of its partitions, and
// whether sbatch takes it.
#include <algorithm>
#include <limits>

#include "models/slurm/controller.hpp"
#include "sim/base/text.hpp"

namespace rehearse::slurm {
namespace {

constexpr std::string_view kNotAvailable = "Requested node configuration is not available";

}  // namespace

const Controller::Taking& Controller::taking(AskedId asked, PartitionId partition, Form form) {
  const auto [found, is_new] = takings_.try_emplace({asked, partition, form});
  if (!is_new) return found->second;
  Taking& taking = found->second;
  taking.resolved = needs_of(view_.asked(asked), cluster_, partition);
  Needs& needs = taking.resolved.needs;
  if (form == Form::WholeNodes) needs.exclusive = true;
  if (form == Form::Updated) {  // --ntasks-per-node says how many tasks there are (x36, c_x34_x5)
    needs.tasks = std::max(needs.tasks, needs.min_nodes * needs.tasks_per_node);
    needs.min_cpus = std::max(needs.min_cpus, needs.tasks * needs.cpus_per_task);
  }
  Request request;
  request.partition = partition;
  request.tres = asked_tres(needs);
  taking.request = judges_.add_request(std::move(request));
  return taking;
}

void Controller::take_as(JobRecord& job, Form form) {
  const AskedId asked = view_.submission(job.job).asked;
  for (PartRecord& part : job.parts) {
    if (part.needs->exclusive) continue;
    const Taking& taken = taking(asked, part.partition, form);
    part.needs = &taken.resolved.needs;
    part.candidate.request = taken.request;
  }
}

// All memory of a node counts as that of the partition's smallest (s17).
std::int64_t Controller::least_memory(PartitionId partition) const {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  partitions_[partition].nodes.for_each([&](NodeId node) {
    least = std::min(least, cluster_.nodes[node].memory_mib);
    return true;
  });
  return partitions_[partition].nodes.empty() ? 0 : least;
}

// What limits and priorities see before nodes are chosen.
TresCounts Controller::asked_tres(const Needs& needs) const {
  TresCounts tres(cluster_.tres_count(), 0);
  tres[kTresCpu] = std::max(needs.min_cpus, 1U);
  tres[kTresNode] = needs.counted_nodes;
  for (const GresAsked& gres : needs.gres) {
    const std::int64_t count = gres.per_job > 0    ? gres.per_job
                               : gres.per_task > 0 ? gres.per_task * std::max(needs.tasks, 1U)
                                                   : gres.per_node * needs.counted_nodes;
    if (gres.name == "gpu") tres[kTresGpu] += count;
    if (gres.kinds.size() == 1) tres[tres_of(gres.kinds.front())] += count;
  }
  switch (needs.memory.per) {
    case MemoryPer::Node:
      tres[kTresMem] = needs.memory.mib * needs.counted_nodes;
      break;
    case MemoryPer::Cpu:
      tres[kTresMem] = needs.memory.mib * tres[kTresCpu];
      break;
    case MemoryPer::Gpu:
      tres[kTresMem] = needs.memory.mib * tres[kTresGpu];
      break;
    case MemoryPer::None:
      break;
  }
  if (needs.whole_memory) tres[kTresMem] = least_memory(needs.partition) * needs.counted_nodes;
  tres[kTresBilling] = billing(partitions_[needs.partition], tres);
  return tres;
}

void Controller::submit(JobId id) {
  while (records_.size() <= index(id)) records_.push_back({});
  JobRecord& job = records_[id];
  const Submission& row = view_.submission(id);
  const Special* const special = view_.special(id);
  job.job = id;
  job.submit = now();
  job.limit = minutes_of(row.time_limit);
  job.requeues = params_.job_requeue;
  if (special != nullptr) {
    job.is_held = special->hold || special->priority == 0;
    job.least_limit = minutes_of(special->min_time);
    if (special->deadline != kNever) job.deadline = whole_seconds(special->deadline);
    job.requeues = special->requeue.value_or(params_.job_requeue);
    job.het_size = special->het_size;
    job.het_offset = special->het_offset;
    if (special->begin > view_.now()) job.begin = whole_seconds(special->begin);
    if (!special->array_tasks.empty()) {
      const auto [at, is_new] = array_of_.try_emplace(view_.job(id).submission,
                                                      static_cast<std::uint32_t>(arrays_.size()));
      if (is_new) arrays_.push_back({id, {}, Reason::None, ""});
      job.array = at->second;
    }
  }
  make_parts(job);
  if (job.array != kNone<std::uint32_t> && arrays_[job.array].refused != Reason::None) {
    judges_.refuse(id, arrays_[job.array].refused, arrays_[job.array].refusal);
    return;
  }
  if (const auto [refused, why] = job.is_component() ? admit_component(job) : admit(job);
      refused != Reason::None) {
    judges_.refuse(id, refused, why);
    if (why == kNotAvailable) note_change();  // it was in the list of jobs, for a moment (x35)
    if (job.array == kNone<std::uint32_t>) return;
    arrays_[job.array].refused = refused;  // as a whole
    arrays_[job.array].refusal = why;
    return;
  }
  note_change();
  requested_ = true;
  preempted_in_vain_ = 0;
  if (job.array != kNone<std::uint32_t>) {
    Array& array = arrays_[job.array];
    array.unstarted.insert(array.unstarted.begin(), id);
    if (array.unstarted.size() > 1) return;
  }
  put_last(job);
  job.switches_since = now();  // sbatch's own test of the nodes starts the wait for switches
  pending_.push_back(id);
  if (!job.parts.empty() && job.parts.front().needs->exclusive) make_whole(job);  // sbatch's test
  score(job);
  // sbatch's own test looks at limits too (s14b), and at nodes that are down (s9); for arrays that
  // is left to the next queue.
  if (job.array == kNone<std::uint32_t> && is_independent(job, false) && !job.parts.empty()) {
    const PartRecord& part = job.parts.front();
    const Seconds minutes = limit_at_start(job, part);
    if (!limits_hold(job, part, minutes) && job.parts.size() == 1 &&
        lacks_nodes_now(job, part, minutes)) {
      set_reason(job, Reason::ReqNodeNotAvail);
    }
  }
}

// Whether nodes that it needs are down, drained or reserved.
bool Controller::lacks_nodes_now(const JobRecord& job, const PartRecord& part, Seconds minutes) {
  const NodeSet available = up_nodes();
  NodeSet usable = partitions_[part.partition].nodes;
  usable &= available;
  bool reserved_away = false;
  if (!reservations_.empty() && wanted_reservation(job).empty()) {
    const auto answer = reservations_.test(job.job, "", usable, now(), minutes, false);
    reserved_away = !(answer.usable == usable);
    usable = answer.usable;
  }
  const Outcome outcome = failure(job, part, available, usable, reserved_away);
  return outcome == Outcome::NotAvailable || outcome == Outcome::ReservationBusy;
}

void Controller::make_parts(JobRecord& job) {
  for (const PartitionId id : partitions_named(job.job)) {
    const AskedId asked = view_.submission(job.job).asked;
    const Taking& taken = taking(asked, id, Form::AsAsked);
    job.parts.push_back({id, &taken.resolved.needs, {job.job, id, taken.request, 0, 0}, 0});
  }
  std::stable_sort(job.parts.begin(), job.parts.end(), [&](const auto& a, const auto& b) {
    return partitions_[a.partition].priority_tier > partitions_[b.partition].priority_tier;
  });
}

// A job that was tried in an EXCLUSIVE partition takes whole nodes ever after, in its other
// partitions too; no longer in 24.11 (x41 of both).
void Controller::make_whole(JobRecord& job) {
  if (params_.version < Version::V2411) take_as(job, Form::WholeNodes);
}

// sbatch's answer: None, or why the job is refused, with its message.
std::pair<Reason, std::string> Controller::admit(JobRecord& job) {
  // A job that was refused or purged has no id that another could name; before 24.11 one could be
  // purged (asked of both: micros 180, 182).
  const bool is_new = params_.version >= Version::V2411;
  if (judges_.names_unknown(job.job, is_new)) {
    return {Reason::Dependency, "Job dependency problem"};
  }
  // Before 24.11 it is accepted, and cancelled at the first look at it (s17r1).
  if (is_new && job.deadline != kNoTime && now() + least_minutes(job) * 60 > job.deadline) {
    return {Reason::BadConstraints,
            "Requested time limit is invalid (missing or exceeds some limit)"};
  }
  Reason reason = Reason::None;
  std::string message, first_message;
  bool any = false;
  Reason first_reason = Reason::None;
  for (const PartRecord& part : job.parts) {
    message = refusal(job, part, reason);
    if (message.empty()) {
      any = true;
    } else if (first_message.empty()) {
      first_message = message;
      first_reason = reason;
    }
  }
  const bool all = cluster_.enforce_part_limits == EnforcePartLimits::All;
  message = (any && !(all && !first_message.empty())) ? "" : first_message;
  reason = first_reason;
  if (message.empty() && view_.has_limits()) {
    const PartRecord& part = job.parts.front();
    const Seconds limit = job.limit == kNoTime ? kInfinite : job.limit;
    const auto hit = view_.limiter().at_submit(view_.ledger(), payer(job, part), 0,
                                               view_.request(part.candidate).tres, limit_of(limit));
    if (hit) {
      reason = hit->reason;
      message =
          "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
    }
  }
  return {message.empty() ? Reason::None : reason, message};
}

bool Controller::waits_for_limits(const JobRecord& job, const PartRecord& part) const {
  if (!view_.has_limits()) return false;
  const Duration limit = limit_of(limit_at_start(job, part));
  return view_.limiter().before_select(view_.ledger(), payer(job, part), limit).has_value();
}

std::string Controller::refusal(JobRecord& job, const PartRecord& part, Reason& reason) {
  const Partition& where = partitions_[part.partition];
  const AskedId asked_id = view_.submission(job.job).asked;
  const std::string& message = taking(asked_id, part.partition, Form::AsAsked).resolved.error;
  // Nodes are looked for only for who could start at once: not for a held job, nor one that limits
  // keep waiting (asked of 24.11: c_x15_x34, c_m1_x36).
  const bool is_tested = !job.is_held && !waits_for_limits(job, part);
  job.was_tested = is_tested;
  const bool may_wait = !is_tested || exceeds_nodes(part);
  if (!message.empty() && !(message == kNotAvailable && may_wait)) {
    reason = Reason::BadConstraints;
    return message;
  }
  if (where.state == PartitionState::Drain || where.state == PartitionState::Inactive) {
    reason = Reason::PartitionDown;
    return "Required partition not available (inactive or drain)";
  }
  if (cluster_.enforce_part_limits != EnforcePartLimits::No) {
    reason = partition_reason(job, part, false);
    if (reason == Reason::None) reason = forbidden(job, part);
    if (reason != Reason::None && reason != Reason::PartitionDown) {
      return "Requested partition configuration not available now";
    }
    if (params_.version >= Version::V2411 && part.needs->min_cpus > cpus_[part.partition]) {
      reason = Reason::BadConstraints;  // even of who would wait for a limit (s17r2)
      return "More processors requested than permitted";
    }
    // sbatch is refused by the upper end of --nodes=1-3 too: seen in s17.
    if (part.needs->max_nodes > most_nodes(job, where)) {
      reason = Reason::PartitionNodeLimit;
      return "Node count specification invalid";
    }
  }
  if (is_tested && !exceeds_cpus(part) && !exceeds_nodes(part) && !lacks_nodes(job, part)) {
    if (!idle_choice(part, part.needs->candidates, choosing(job, part, false))) {
      reason = Reason::BadConstraints;
      return std::string(kNotAvailable);
    }
  }
  if (is_tested && !may_have_all_memory(part)) {
    reason = Reason::BadConstraints;
    return "CPU count per node can not be satisfied";
  }
  const Asked& asked = view_.asked(job.job);
  for (const auto& [name, count] : asked.licenses) {
    const auto found = std::find_if(cluster_.licenses.begin(), cluster_.licenses.end(),
                                    [&name = name](const License& l) { return l.name == name; });
    if (found == cluster_.licenses.end() || count > found->count) {
      reason = Reason::Licenses;
      return "Invalid license specification";
    }
  }
  return "";
}

Payer Controller::payer(const JobRecord& job, const PartRecord& part) const {
  return view_.payer(job.job, part.partition);
}

// The partition's MaxNodes, unless the job's QOS is exempt.
std::uint32_t Controller::most_nodes(const JobRecord& job, const Partition& where) const {
  const QosId qos = view_.job(job.job).qos;
  const bool exempt = qos != kNone<QosId> && cluster_.qos[qos].partition_max_nodes;
  return exempt ? 0xffffffffU : where.max_nodes.value_or(0xffffffffU);
}

// Why the partition's own limits keep the job waiting (job_limits_check).
Reason Controller::partition_reason(const JobRecord& job, const PartRecord& part,
                                    bool with_least) const {
  const Partition& where = partitions_[part.partition];
  const QosId qos_id = view_.job(job.job).qos;
  const Qos* const qos = qos_id == kNone<QosId> ? nullptr : &cluster_.qos[qos_id];
  const Seconds limit = with_least && job.least_limit != kNoTime ? job.least_limit : job.limit;
  if (part.needs->min_nodes > most_nodes(job, where)) return Reason::PartitionNodeLimit;
  if (!(qos && qos->partition_min_nodes) && part.needs->max_nodes > 0 &&
      part.needs->max_nodes < where.min_nodes) {
    return Reason::PartitionNodeLimit;
  }
  if (!(qos && qos->partition_time_limit) && limit != kNoTime && where.max_time != kUnlimited &&
      limit > minutes_of(where.max_time)) {
    return Reason::PartitionTimeLimit;
  }
  if (exceeds_cpus(part)) return Reason::PartitionConfig;
  if (exceeds_nodes(part)) return Reason::PartitionNodeLimit;
  if (where.state == PartitionState::Down) return Reason::PartitionDown;
  if (where.state == PartitionState::Inactive) return Reason::PartitionInactive;
  return Reason::None;
}

// More CPUs than the partition has: such a job is not refused but waits (semantics 9, 26; s14).
// 24.11 refuses it.
bool Controller::exceeds_cpus(const PartRecord& part) const {
  return params_.version < Version::V2411 && part.needs->min_cpus > cpus_[part.partition];
}

// More nodes than the partition has; waits likewise (m2).
bool Controller::exceeds_nodes(const PartRecord& part) const {
  return params_.version < Version::V2411 &&
         part.needs->min_nodes > partitions_[part.partition].nodes.count();
}

// Who may use the partition is asked at submission and at a start, not when queues are built: such
// a job gets its plans (s13).
Reason Controller::forbidden(const JobRecord& job, const PartRecord& part) const {
  return view_.forbidden(view_.job(job.job).assoc, view_.job(job.job).qos,
                         partitions_[part.partition]);
}

std::vector<PartitionId> Controller::partitions_named(JobId job) const {
  const std::string& text = view_.name(view_.submission(job).partition);
  std::vector<PartitionId> result;
  if (text.empty()) {
    if (const auto by_default = cluster_.default_partition()) result.push_back(*by_default);
    return result;
  }
  for (const std::string_view name : split(text, ',')) {
    if (const auto id = cluster_.find_partition(name)) result.push_back(*id);
  }
  return result;
}

}  // namespace rehearse::slurm
