// The decisions that a run follows, by the engine's jobs, and where the scheduler differs from
// them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "sim/policy/view.hpp"
#include "sim/state/decisions.hpp"

namespace rehearse {

class Following {
 public:
  /// Follows `decisions`; nullptr: nothing.
  Following(State& state, const Decisions* decisions) : state_(state), decisions_(decisions) {
    if (decisions == nullptr) return;
    std::map<std::string, SubmissionId> first;
    for (std::size_t row = 0; row < state.workload.submissions.size(); ++row) {
      const auto id = static_cast<SubmissionId>(row);
      const auto [at, is_new] = first.try_emplace(state.workload.id_text(id), id);
      if (!is_new) namesakes_.insert({at->second, id});
    }
  }

  bool is_active() const { return decisions_ != nullptr; }
  /// Whether the job's decisions are known: none are of jobs that share a name.
  bool knows(JobId id) const {
    return is_active() && !namesakes_.contains(state_.journal.jobs[id].submission);
  }
  /// Of the attempt so many after the job's present one; nullptr: it did not start there.
  const Decision* decision(JobId id, int later = 0) const {
    if (!knows(id)) return nullptr;
    const JobEntry& job = state_.journal.jobs[id];
    const int number = state_.journal.attempts[state_.jobs[id].attempt].number + later;
    const auto found =
        decisions_->find({state_.workload.task_text(job.submission, job.array_task), number});
    return found == decisions_->end() ? nullptr : &found->second;
  }
  /// The job's present attempt differs. Of each kind the first time is kept.
  void diverges(JobId id, DivergenceKind kind, std::string ours, std::string theirs) {
    const AttemptId attempt = state_.jobs[id].attempt;
    if (!told_.insert({attempt, kind}).second) return;
    state_.journal.divergences.push_back(
        {state_.now, attempt, kind, std::move(ours), std::move(theirs)});
  }

 private:
  State& state_;
  const Decisions* decisions_;
  std::set<SubmissionId> namesakes_;  // submissions that share their names
  std::set<std::pair<AttemptId, DivergenceKind>> told_;
};

}  // namespace rehearse
