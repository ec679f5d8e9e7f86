// Who may compete, and in which order (semantics 1.4).
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "models/slurm/controller.hpp"

namespace rehearse::slurm {
namespace {

bool has_corresponding(const Special* special) {
  return special != nullptr &&
         std::any_of(special->dependencies.begin(), special->dependencies.end(),
                     [](const Dependency& each) { return each.kind == DependencyKind::AfterCorr; });
}

/// Reasons that partition_reason() gives, and that go when it has none.
bool is_of_partition(Reason reason) {
  return reason == Reason::PartitionDown || reason == Reason::PartitionInactive ||
         reason == Reason::PartitionNodeLimit || reason == Reason::PartitionTimeLimit;
}

}  // namespace

// What is left of an array waits for all tasks that correspond to its own (s7).
Reason Controller::dependency(const JobRecord& job) const {
  Reason result = judges_.dependency(job.job);
  if (job.array == kNone<std::uint32_t> || job.is_split) return result;
  if (!has_corresponding(view_.special(job.job))) return result;
  for (const JobId task : arrays_[job.array].unstarted) {
    if (result == Reason::Dependency) break;  // whatever of its own may have failed (s7r1)
    if (const Reason its = judges_.dependency(task); its != Reason::None) result = its;
  }
  return result;
}

// Whether nothing but the schedulers keeps the job back (job_independent); if so it is eligible
// from now on.
bool Controller::is_independent(JobRecord& job, bool by_backfill) {
  if (job.is_cleaning) {
    set_reason(job, Reason::Cleaning);
    return false;
  }
  if (job.is_held) {
    set_reason(job, job.is_held_by_admin ? Reason::JobHeldAdmin : Reason::JobHeldUser);
    return false;
  }
  if (!job.is_past_dependencies) {
    if (const Reason reason = dependency(job); reason != Reason::None) {
      set_reason(job, reason);
      if (job.is_eligible) {
        job.is_eligible = false;
        judges_.set_eligible(job.job, kNever);
        set_accruing(job, kNoTime);
      }
      return false;
    }
    job.is_past_dependencies = !has_corresponding(view_.special(job.job));
  }
  const std::string& wanted = wanted_reservation(job);
  if (!wanted.empty()) {
    const Reservation* const reservation = reservations_.find(wanted);
    if (reservation == nullptr || (reservation->start > now() && !reservation->flexible)) {
      set_reason(job, Reason::Reservation);
      return false;
    }
  }
  if (job.begin > now()) {
    set_reason(job, Reason::BeginTime);
    return false;
  }
  if (judges_.is_throttled(job.job)) {
    set_reason(job, Reason::JobArrayTaskLimit);
    job.is_eligible = false;
    job.begin = kNoTime;
    judges_.set_eligible(job.job, kNever);
    return false;
  }
  if (!job.is_eligible) {
    job.is_eligible = true;
    if (job.begin == kNoTime) job.begin = now();
    judges_.set_eligible(job.job, at_seconds(job.begin));
    note_change();
  }
  if (job.reason == Reason::Dependency || job.reason == Reason::BeginTime ||
      job.reason == Reason::JobHeldUser || job.reason == Reason::JobHeldAdmin ||
      job.reason == Reason::Reservation || job.reason == Reason::Cleaning) {
    // What backfill itself finds out is no change to it (s12r1), what the main scheduler does is
    // (micro 130).
    if (by_backfill) {
      take_reason(job, Reason::None);
    } else {
      set_reason(job, Reason::None);
    }
  }
  return true;
}

// Tasks of an array that waits for the tasks of another with aftercorr become records of their own
// before they start, so many at a time as wait.
void Controller::split_corresponding() {
  constexpr int kMostWaiting = 10;  // slurmctld's bb_array_stage_cnt
  const std::vector<JobId> pending = pending_;
  for (const JobId id : pending) {
    if (records_[id].array == kNone<std::uint32_t> || records_[id].is_split) continue;
    if (!has_corresponding(view_.special(id))) continue;
    const std::uint32_t array = records_[id].array;
    auto waiting = std::count_if(pending.begin(), pending.end(), [&](JobId other) {
      return records_[other].array == array && records_[other].is_split;
    });
    while (waiting++ < kMostWaiting && arrays_[array].unstarted.size() > 1) {
      next_task(records_[arrays_[array].unstarted.back()]);
    }
  }
}

// slurmctld keeps reasons for its data base: a new one counts as a change when the next queue is
// built, not only when it is set (seen by a watch on its last_job_update).
void Controller::note_reason(JobRecord& job) {
  if (job.reason == Reason::None || job.reason == Reason::Priority ||
      job.reason == Reason::Resources || job.reason == job.noted_reason) {
    return;
  }
  job.noted_reason = job.reason;
  note_change();
}

std::vector<QueueRecord> Controller::build_queue(bool for_backfill) {
  preempted_in_queue_.clear();
  for (const JobId id : pending_) note_reason(records_[id]);
  split_corresponding();
  std::vector<QueueRecord> queue;
  const std::vector<JobId> pending = pending_;
  for (const JobId id : pending) {
    if (view_.job(id).state != JobState::Pending) continue;  // cancelled with another
    JobRecord& job = records_[id];
    if (!is_independent(job, for_backfill)) {
      if (job.reason == Reason::DependencyNeverSatisfied && params_.kill_invalid_depend) {
        cancel_pending(job, JobState::Cancelled);
      }
      continue;
    }
    if (job.accrues == kNoTime) set_accruing(job, job.begin);
    for (std::uint32_t at = 0; at < job.parts.size(); ++at) {
      const PartRecord& part = job.parts[at];
      const Reason reason = partition_reason(job, part, for_backfill);
      if (reason != Reason::None) {
        if (job.parts.size() == 1 || at == 0) set_reason(job, reason);
        continue;
      }
      job.looked_at = at;
      if (is_of_partition(job.reason)) set_reason(job, Reason::None);  // no longer (s9)
      QueueRecord record{id,
                         at,
                         !wanted_reservation(job).empty(),
                         partitions_[part.partition].priority_tier,
                         part.priority,
                         job.submit,
                         static_cast<std::uint32_t>(index(
                             job.array == kNone<std::uint32_t> ? id : arrays_[job.array].first)),
                         std::numeric_limits<std::uint32_t>::max()};
      if (job.is_split) record.array_task = view_.entry(id).array_task;
      queue.push_back(record);
    }
  }
  preemption_matters_ = any_could_preempt(queue);
  std::stable_sort(queue.begin(), queue.end(),
                   [this](const QueueRecord& a, const QueueRecord& b) { return before(a, b); });
  tell_queue(queue);
  return queue;
}

void Controller::tell_queue(const std::vector<QueueRecord>& queue) const {
  if (witness_ == nullptr) return;
  std::vector<Place> places;
  for (const QueueRecord& entry : queue) {
    const JobRecord& job = records_[entry.job];
    const Candidate& candidate = job.parts[entry.part].candidate;
    Place place{entry.job, candidate.partition, candidate.request, entry.priority};
    for_tasks(job, [&](JobId task) {
      place.job = task;
      places.push_back(place);
    });
  }
  witness_->queue(places);
}

// Whether a job of the queue could preempt another; policies go by no more than their kinds.
bool Controller::any_could_preempt(const std::vector<QueueRecord>& queue) const {
  if (slots_.preemption->is_never()) return false;
  using Kind = std::tuple<PartitionId, QosId, std::int64_t, std::int32_t>;
  std::map<Kind, const Candidate*> kinds;
  for (const QueueRecord& entry : queue) {
    const Candidate& candidate = records_[entry.job].parts[entry.part].candidate;
    const Job& job = view_.job(entry.job);
    const Kind kind{candidate.partition, job.qos, job.admin_priority, job.nice};
    kinds.try_emplace(kind, &candidate);
  }
  for (const auto& [kind, claimant] : kinds) {
    for (const auto& [its, other] : kinds) {
      if (slots_.preemption->could_preempt(view_, *claimant, *other)) return true;
    }
  }
  return false;
}

bool Controller::before(const QueueRecord& a, const QueueRecord& b) const {
  if (preemption_matters_ && a.job != b.job) {
    const Candidate& mine = records_[a.job].parts[a.part].candidate;
    const Candidate& its = records_[b.job].parts[b.part].candidate;
    if (slots_.preemption->could_preempt(view_, mine, its)) return true;
    if (slots_.preemption->could_preempt(view_, its, mine)) return false;
  }
  if (a.has_reservation != b.has_reservation) return a.has_reservation;
  if (a.tier != b.tier) return a.tier > b.tier;
  if (a.priority != b.priority) return a.priority > b.priority;
  if (a.submit != b.submit) return a.submit < b.submit;
  if (a.array_job != b.array_job) return a.array_job < b.array_job;
  return a.array_task < b.array_task;
}

}  // namespace rehearse::slurm
