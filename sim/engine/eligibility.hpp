// When a waiting job may compete for resources: not held, its begin time past, its dependencies
// satisfied, its array's throttle open (sbatch(1) --dependency, --begin, --array; shared/semantics
// 7.1, 7.2). Keeps for each submission the jobs that it became.
//
// Rules beyond Slurm's text: a reference to a submission that comes later in the trace waits for it
// (Slurm would not know the id); a refused submission counts as ended without success.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/policy/view.hpp"
#include "sim/workload/dependencies.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

class Eligibility {
 public:
  struct Answer {
    Reason reason = Reason::None;  ///< None: eligible now
    Time ask_again = kNever;       ///< when time alone changes the answer
  };

  Eligibility(const State& state, const Workload& workload);

  /// `submission` became `count` jobs from `first` on; 0 if it was refused.
  void add(SubmissionId submission, JobId first, std::uint32_t count);
  Answer of(JobId job) const;
  /// The parts of it: what its dependencies say, and whether its array has no task to spare.
  Answer dependencies_of(JobId job) const;
  bool is_throttled(JobId job) const;
  /// The job counts against its array's throttle from now on, or no longer.
  void released(JobId job) { change_released(job, 1); }
  void ended(JobId job) { change_released(job, -1); }
  /// Since `at` nothing is known of the job: what is submitted later does not wait for it.
  void forget(JobId job, Time at);
  /// Whether it depends on a job that was rejected; with `ended` or on how a forgotten one ended.
  bool names_unknown(JobId job, bool ended) const;

  /// Whether any submission waits for another, or for its array's throttle.
  bool has_waiting() const { return !dependencies_.empty() || !released_.empty(); }
  /// Jobs that may have to be asked again when `job` starts or ends, appended to `jobs`.
  void affected(JobId job, std::vector<JobId>& jobs) const;

 private:
  enum class Status : std::uint8_t { Satisfied, Waiting, Never };
  struct Jobs {
    JobId first = kNone<JobId>;
    std::uint32_t count = 0;
  };

  Status singleton(SubmissionId submission) const;
  void change_released(JobId job, std::int64_t by);
  Status status(const Dependency& dependency, JobId job, Time& ask_again) const;
  Status whole(const Dependency& dependency, std::span<const JobId> targets, Time& ask_again) const;
  bool is_forgotten(JobId target, JobId by) const;
  std::vector<JobId> targets(const Dependency& dependency, JobId job) const;

  const State& state_;
  const Workload& workload_;
  IdVector<SubmissionId, Jobs> jobs_;
  Dependencies dependencies_;
  std::map<SubmissionId, std::int64_t> released_;  // of throttled arrays
  std::map<JobId, Time> forgotten_;                // of those that others depend on
};

}  // namespace rehearse
