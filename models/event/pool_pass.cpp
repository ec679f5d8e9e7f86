#include "models/event/pool_pass.hpp"

#include <limits>

namespace rehearse::event {

bool PoolPass::start(const Candidate& candidate) {
  const bool room = candidate.cpus <= view_.resources().free_cpus();
  const bool harmless =
      room &&
      (reserved_.empty() || profile_.fits_now(candidate.cpus, view_.job(candidate.job).time_limit));
  if (!harmless) {
    if (!blocked_) reasons_.note(control_, candidate.job, Reason::Resources);
    blocked_ = true;
    return false;
  }
  control_.start_pool(candidate, blocked_ ? StartedBy::Backfill : StartedBy::Main);
  started_.push_back(candidate.job);
  if (!reserved_.empty()) {
    profile_.take(view_.now(), view_.job(candidate.job).time_limit, candidate.cpus);
  }
  return true;
}

bool PoolPass::reserve(const Candidate& candidate) {
  // One reservation needs the profile only up to its start: from there on free CPUs only grow, and
  // what counts is the lowest step. The second one needs all of it.
  if (reserved_.empty()) build_profile(candidate.cpus);
  if (reserved_.size() == 1) build_profile(std::numeric_limits<std::int64_t>::max());
  const Duration length = view_.job(candidate.job).time_limit;
  const Time at = profile_.earliest(candidate.cpus, length);
  profile_.take(at, length, candidate.cpus);
  reserved_.push_back({at, length, candidate.cpus});
  return at != kNever;
}

void PoolPass::build_profile(std::int64_t enough) {
  std::int64_t free = view_.resources().free_cpus();
  profile_.reset(view_.now(), free);
  Time last = view_.now();
  for (const RunningJob& job : view_.running()) {
    if (free >= enough && job.expected_end != last) break;
    profile_.add_release(job.expected_end, job.cpus);
    free += job.cpus;
    last = job.expected_end;
  }
  for (const Promise& promise : reserved_) {
    profile_.take(promise.at, promise.length, promise.cpus);
  }
}

}  // namespace rehearse::event
