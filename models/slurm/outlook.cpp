// What slurmctld would say of the moment to sprio, sshare and squeue (semantics 2.4, 3.2-3.4).
#include <algorithm>

#include "models/slurm/controller.hpp"

namespace rehearse::slurm {
namespace {

// A job in several partitions shows its priority in the one that was looked at last: in a queue's
// making, or by backfill, but not by the main pass (s12).
double own_priority(const JobRecord& job) { return job.parts[job.looked_at].priority; }

}  // namespace

void Controller::tell(Outlook& outlook) const {
  for (const JobId id : pending_) {
    const JobRecord& job = records_[id];
    // Priorities are those of the last tick, or of when the job came.
    const Time scored = std::max(usage_.last_tick(), at_seconds(job.submit));
    for (const PartRecord& part : job.parts) {
      Ranked waiting{.job = id, .partition = part.partition};
      waiting.priority = part.priority;
      waiting.job_priority = job.is_held ? 0 : own_priority(job);
      waiting.competes = job.is_eligible && !job.is_held && job.begin <= now();
      Candidate candidate = part.candidate;
      candidate.cpus = part.scored_cpus;
      waiting.factors = slots_.priority->factors(view_, candidate, scored);
      if (job.planned != 0) {
        waiting.planned = at_seconds(std::max(job.planned, now()));
      } else if (job.begin > now()) {
        waiting.planned = at_seconds(job.begin);
      }
      for_tasks(job, [&](JobId task) {
        waiting.job = task;
        outlook.jobs.push_back(waiting);
      });
    }
  }
  for (const JobId id : running_) {
    const JobRecord& job = records_[id];
    outlook.jobs.push_back({.job = id,
                            .partition = job.partition,
                            .priority = own_priority(job),
                            .job_priority = job.is_suspended() ? 0 : own_priority(job),
                            .competes = false});
  }
  const auto count = view_.assocs().size();
  for (std::size_t i = 0; i < count; ++i) {
    outlook.raw_usage.push_back(usage_.raw(static_cast<AssocId>(i)));
  }
  outlook.standing = params_.fair_tree ? standing_ : usage_.standings();
}

}  // namespace rehearse::slurm
