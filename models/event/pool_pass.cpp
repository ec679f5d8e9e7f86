#include "models/event/pool_pass.hpp"

namespace rehearse::event {

bool PoolPass::start(const Candidate& candidate) {
  if (candidate.cpus > view_.resources().free_cpus() || !is_harmless(candidate)) {
    if (!blocked_) reasons_.note(control_, candidate.job, Reason::Resources);
    blocked_ = true;
    return false;
  }
  control_.start_pool(candidate, blocked_ ? StartedBy::Backfill : StartedBy::Main);
  started_.push_back(candidate.job);
  const Duration length = view_.job(candidate.job).time_limit;
  if (reserved_.size() == 1 && end_of(view_.now(), length) > reserved_.front().at) {
    spare_ -= candidate.cpus;
  } else if (reserved_.size() > 1) {
    profile_.take(view_.now(), length, candidate.cpus);
  }
  return true;
}

// Up to the first reservation free CPUs only grow, so a job that fits now either is gone by then or
// has to leave what was promised.
bool PoolPass::is_harmless(const Candidate& candidate) const {
  if (reserved_.empty()) return true;
  const Duration length = view_.job(candidate.job).time_limit;
  if (reserved_.size() > 1) return profile_.fits_now(candidate.cpus, length);
  return candidate.cpus <= spare_ || end_of(view_.now(), length) <= reserved_.front().at;
}

bool PoolPass::reserve(const Candidate& candidate) {
  Promise promise{kNever, view_.job(candidate.job).time_limit, candidate.cpus};
  if (reserved_.empty()) {
    reserve_first(promise);
    return tell(candidate);
  }
  if (reserved_.size() == 1) build_profile();
  promise.at = profile_.earliest(promise.cpus, promise.length);
  profile_.take(promise.at, promise.length, promise.cpus);
  reserved_.push_back(promise);
  return tell(candidate);
}

// Whether the last promise has a time; a witness hears of it.
bool PoolPass::tell(const Candidate& candidate) {
  const Time at = reserved_.back().at;
  if (at == kNever) return false;
  if (Witness* const witness = witness_of(control_)) witness->plan(candidate.job, at, {});
  return true;
}

// When enough of the running jobs have ended; all that end at that instant count.
void PoolPass::reserve_first(const Promise& promise) {
  std::int64_t free = view_.resources().free_cpus();
  Time at = view_.now();
  for (const RunningJob& job : view_.running()) {
    if (free >= promise.cpus && job.expected_end != at) break;
    at = job.expected_end;
    free += job.cpus;
  }
  spare_ = free - promise.cpus;
  reserved_.push_back({at, promise.length, promise.cpus});
}

void PoolPass::build_profile() {
  profile_.reset(view_.now(), view_.resources().free_cpus());
  for (const RunningJob& job : view_.running()) profile_.add_release(job.expected_end, job.cpus);
  for (const Promise& promise : reserved_) {
    profile_.take(promise.at, promise.length, promise.cpus);
  }
}

}  // namespace rehearse::event
