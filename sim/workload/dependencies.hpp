// Who waits for whom, the other way round: from a submission to those that name it in --dependency,
// so that an engine looks again at exactly these when it starts or ends. Compressed sparse rows,
// built once from a whole trace; nothing at all for a trace without dependencies.
#pragma once

#include <span>
#include <vector>

#include "sim/workload/workload.hpp"

namespace rehearse {

class Dependencies {
 public:
  /// O(submissions + dependencies), and a sort of the namesakes of singletons.
  explicit Dependencies(const Workload& workload);

  /// Nobody waits for anybody.
  bool empty() const { return starts_.empty() && group_of_.empty(); }

  /// The submissions that name `id`, or a task of it, in a dependency; each once, in order.
  std::span<const SubmissionId> dependents(SubmissionId id) const;

  /// All submissions of the user of `id` with its job name, itself among them, in order of
  /// submission, if one of them is a singleton; else nothing.
  std::span<const SubmissionId> namesakes(SubmissionId id) const;

 private:
  std::vector<std::uint32_t> starts_;  // of each submission's dependents; empty: there are none
  std::vector<SubmissionId> dependents_;
  std::vector<std::uint32_t> group_of_;  // of each submission; empty: there are no singletons
  std::vector<std::vector<SubmissionId>> groups_;  // the first is empty
};

/// Submissions that wait for each other in a ring and so for ever: each ring from the member that
/// comes first, every member once (A waits for the second, the last for A). O(V + E).
std::vector<std::vector<SubmissionId>> dependency_cycles(const Workload& workload);

}  // namespace rehearse
