// What is known of every job now: the hot table that decisions read. True run times are not in it
// (D14): an expected end is start + time limit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"

namespace rehearse {

/// A job in one of the partitions that it asked for.
struct Candidate {
  JobId job{};
  PartitionId partition{};
  RequestId request{};
  std::uint32_t cpus = 0;   ///< of the request: the first thing to compare
  std::uint32_t group = 0;  ///< the scheduler's own: candidates that fail for the same reasons
};

struct Job {
  SubmissionId submission{};
  AttemptId attempt{};
  Time submit;                   ///< of this attempt
  Time eligible = kNever;        ///< of this attempt; kNever while it is held or dependent
  std::uint32_t list_order = 0;  ///< place in the list of jobs, by which ties are broken
  Time accrues = kNever;         ///< since when its age counts (slurmctld's accrue_time)
  Duration time_limit = kUnlimited;
  AssocId assoc{};
  UserId user{};
  QosId qos = kNone<QosId>;
  std::int32_t nice = 0;
  std::int64_t admin_priority = -1;  ///< --priority; -1: the policy's
  JobState state = JobState::Pending;
  bool evicting = false;        ///< told to go, in its grace time
  bool is_configuring = false;  ///< it has nodes that still boot: it runs from then on
  RequestId request{};          ///< of the partition it runs in, or the first it asked for
  PartitionId partition{};
  Time start = kNever;         ///< while it is configuring: when it was given its nodes
  Time expected_end = kNever;  ///< start + time limit, or the end of its grace time
};

/// A running job, as plans need it.
struct RunningJob {
  Time expected_end;
  JobId job;
  std::uint32_t cpus;
  bool operator<(const RunningJob& other) const {
    return std::tie(expected_end, job) < std::tie(other.expected_end, other.job);
  }
};

/// Of a table in order of (expected end, job); O(jobs that run).
inline void insert_running(std::vector<RunningJob>& running, RunningJob job) {
  running.insert(std::lower_bound(running.begin(), running.end(), job), job);
}
/// Takes the job out of it, if it is there.
inline std::optional<RunningJob> take_running(std::vector<RunningJob>& running, JobId job,
                                              Time expected_end) {
  const auto found =
      std::lower_bound(running.begin(), running.end(), RunningJob{expected_end, job, 0});
  if (found == running.end() || found->job != job) return std::nullopt;
  const RunningJob taken = *found;
  running.erase(found);
  return taken;
}

}  // namespace rehearse
