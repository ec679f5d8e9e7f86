// Which reason each waiting job shows. Most wait for Priority, so only the others are kept: who was
// noted in the last pass and is not noted in this one goes back to Priority.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "sim/policy/witness.hpp"

namespace rehearse::event {

class Reasons {
 public:
  void note(Control& control, JobId job, Reason reason, const LimitHit* limit = nullptr) {
    if (Witness* const witness = limit ? witness_of(control) : nullptr) {
      witness->held(job, *limit);
    }
    control.set_reason(job, reason);
    noted_.push_back(job);
  }
  bool is_empty() const { return noted_.empty(); }
  /// Ends a pass: `arrived` are the candidates that are new in it.
  void settle(Control& control, std::span<const Candidate> arrived) {
    std::sort(noted_.begin(), noted_.end());
    for (const JobId job : before_) default_to_priority(control, job);
    for (const Candidate& candidate : arrived) default_to_priority(control, candidate.job);
    before_.swap(noted_);
    noted_.clear();
  }

 private:
  void default_to_priority(Control& control, JobId job) const {
    const Job& its = control.view().job(job);
    if (its.state != JobState::Pending || its.eligible == kNever) return;
    if (std::binary_search(noted_.begin(), noted_.end(), job)) return;
    control.set_reason(job, Reason::Priority);
  }

  std::vector<JobId> before_, noted_;
};

}  // namespace rehearse::event
