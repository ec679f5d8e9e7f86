// The journal is the truth (D4): every report is a pure function of the workload and of this.
// One entry a job, in order of creation; what a job held on which nodes is a slice of one arena.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/state/resources.hpp"

namespace rehearse {

enum class JobState : std::uint8_t { Pending, Running, Completed, Timeout, Rejected };
enum class StartedBy : std::uint8_t { None, Main, Backfill };

struct JobEntry {
  SubmissionId submission;
  JobState state = JobState::Pending;
  StartedBy started_by = StartedBy::None;
  Time start = kNever;
  Time end = kNever;
  std::uint32_t first_share = 0;
  std::uint32_t share_count = 0;
};

struct Journal {
  IdVector<JobId, JobEntry> jobs;
  std::vector<Share> shares;

  std::span<const Share> held(JobId job) const {
    return {shares.data() + jobs[job].first_share, jobs[job].share_count};
  }
};

}  // namespace rehearse
