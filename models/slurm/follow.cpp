// Following another scheduler's decisions (`rehearse run --follow`): where they and the
// controller's own differ it says so, and takes theirs. Every wrong rule then shows where it is
// wrong, not in all that comes after.
#include <fmt/format.h>

#include <algorithm>

#include "models/slurm/controller.hpp"

namespace rehearse::slurm {
namespace {

constexpr Seconds kLatest = 5;  // seconds after which what does not fit is given up

// Starts whose starter is not known are due when those of the main scheduler are.
StartedBy due_with(StartedBy theirs) {
  return theirs == StartedBy::Backfill ? StartedBy::Backfill : StartedBy::Main;
}

bool is_other(StartedBy ours, StartedBy theirs) {
  return theirs != StartedBy::None && theirs != ours;
}

}  // namespace

std::string Controller::text_of(const Decision* decision) const {
  if (decision == nullptr) return "never starts";
  return fmt::format(
      "{} {} {} on {}", whole_seconds(decision->start), started_by_name(decision->started_by),
      cluster_.partitions[decision->partition].name, cluster_.host_list(decision->nodes));
}

// Whether the job that fits `allocation` is to start now, where theirs puts it.
bool Controller::follow_start(const JobRecord& job, const PartRecord& part, StartedBy by,
                              Allocation& allocation) {
  if (!following_.knows(job.job)) return true;
  const Decision* const theirs = following_.decision(job.job);
  const NodeSet chosen = nodes_of(allocation, cluster_.nodes.size());
  const std::string ours =
      fmt::format("{} {} on {}", started_by_name(by), partitions_[part.partition].name,
                  cluster_.host_list(chosen));
  if (theirs == nullptr || whole_seconds(theirs->start) > now()) {
    following_.diverges(job.job, DivergenceKind::Early, ours, text_of(theirs));
    return false;
  }
  if (theirs->partition != part.partition) {
    following_.diverges(job.job, DivergenceKind::Partition, ours, text_of(theirs));
    return false;
  }
  if (is_other(by, theirs->started_by)) {
    following_.diverges(job.job, DivergenceKind::Starter, ours, text_of(theirs));
  }
  if (chosen == theirs->nodes) return true;
  following_.diverges(job.job, DivergenceKind::Nodes, ours, text_of(theirs));
  auto other = choose_nodes(machine_, *part.needs, theirs->nodes, choosing(job, part, false));
  if (other && nodes_of(*other, cluster_.nodes.size()) == theirs->nodes) {
    allocation = std::move(*other);
  }
  return true;
}

// Whether the victim is to go: it is gone there within its grace time, too.
bool Controller::follow_preemption(const JobRecord& victim, JobId preemptor) {
  if (!following_.knows(victim.job)) return true;
  const Decision* const theirs = following_.decision(victim.job);
  const Seconds latest = now() + victim.grace + params_.time_limit_interval + kLatest;
  if (theirs != nullptr && whole_seconds(theirs->end) <= latest) return true;
  following_.diverges(victim.job, DivergenceKind::Preempted,
                      fmt::format("for {}", view_.job_text(preemptor)), text_of(theirs));
  return false;
}

// Starts the job now where theirs did, if it fits there.
bool Controller::follow_late(JobId id, StartedBy by) {
  JobRecord& job = records_[id];
  const Decision* const theirs = following_.decision(id);
  if (theirs == nullptr || whole_seconds(theirs->start) > now()) return false;
  if (due_with(theirs->started_by) != by && whole_seconds(theirs->start) == now()) return false;
  const auto part = std::find_if(job.parts.begin(), job.parts.end(), [&](const PartRecord& each) {
    return each.partition == theirs->partition;
  });
  std::optional<Allocation> allocation;
  if (part != job.parts.end()) {
    allocation = choose_nodes(machine_, *part->needs, theirs->nodes, choosing(job, *part, false));
  }
  const std::string reason(reason_name(job.reason));
  if (!allocation) {
    if (whole_seconds(theirs->start) + kLatest <= now()) {
      following_.diverges(id, DivergenceKind::Lost, reason, text_of(theirs));
    }
    return false;
  }
  following_.diverges(id, DivergenceKind::Late, reason, text_of(theirs));
  if (!job.is_eligible) {
    job.is_eligible = true;
    if (job.begin == kNoTime || job.begin > now()) job.begin = now();
    judges_.set_eligible(id, view_.now());
  }
  const PartRecord chosen = *part;
  const Seconds minutes =
      theirs->time_limit == kUnset ? limit_at_start(job, chosen) : minutes_of(theirs->time_limit);
  start(job, chosen, std::move(*allocation), theirs->started_by, minutes);
  return true;
}

// Preempts those that theirs preempted by now.
void Controller::follow_preemptions_due() {
  const std::vector<JobId> running = running_;
  for (const JobId id : running) {
    const Decision* const theirs = following_.decision(id);
    if (theirs == nullptr || theirs->state != JobState::Preempted) continue;
    if (whole_seconds(theirs->end) > now()) continue;
    following_.diverges(id, DivergenceKind::Spared, "runs on",
                        fmt::format("preempted at {}", whole_seconds(theirs->end)));
    kill(records_[id], JobState::Preempted, following_.decision(id, 1) != nullptr);
  }
}

// What theirs did by now and ours did not: victims that are still there, then starts by `by`.
void Controller::follow_due(StartedBy by) {
  if (!following_.is_active()) return;
  if (by == StartedBy::Main) follow_preemptions_due();
  const std::vector<JobId> pending = pending_;
  for (JobId id : pending) {
    const std::uint32_t array = records_[id].is_split ? kNone<std::uint32_t> : records_[id].array;
    while (follow_late(id, by) && array != kNone<std::uint32_t>) {
      if (arrays_[array].unstarted.empty()) break;
      id = arrays_[array].unstarted.back();
    }
  }
}

// The first second, now or later, in which theirs starts a job that waits here or preempts one that
// runs here; kInfinite: none.
Seconds Controller::next_followed() const {
  Seconds next = kInfinite;
  if (!following_.is_active()) return next;
  const auto look = [&](JobId id) {
    const Decision* const theirs = following_.decision(id);
    if (theirs == nullptr) return;
    const Seconds start = whole_seconds(theirs->start);
    const bool waits = view_.job(id).state == JobState::Pending;
    const Seconds at = waits                                  ? start
                       : theirs->state == JobState::Preempted ? whole_seconds(theirs->end)
                                                              : kInfinite;
    if (at + kLatest >= now()) next = std::min(next, std::max(at, now()));
  };
  for (const JobId id : running_) look(id);
  for (const JobId id : pending_) look(id);
  return next;
}

}  // namespace rehearse::slurm
