#include "sim/engine/metering.hpp"

namespace rehearse {
namespace {

Duration seconds_between(Time from, Time to) {
  return std::chrono::seconds(whole_seconds(to) - whole_seconds(from));
}

}  // namespace

void Metering::count(JobId id, double worth) {
  const Job& job = state_.jobs[id];
  if (!is_on() || job.is_configuring) return;
  Time& since = since_.at(job.attempt);
  const Duration length = seconds_between(since, state_.now);
  since = state_.now;
  const Payer payer = view_.payer(id, job.partition);
  const TresCounts tres = view_.allocated(job.attempt);
  const auto seconds = static_cast<double>(whole_seconds(length));
  state_.ledger.charge(payer, tres, seconds, seconds * worth);
  state_.ledger.ran(payer, tres, length);
}

void Metering::count_all() {
  for (const RunningJob& running : state_.running) count(running.job, 1);
}

Duration Metering::end(AttemptId attempt, Duration paused) {
  since_.erase(attempt);
  const Job& job = state_.jobs[state_.journal.attempts[attempt].job];
  return left_of_limit(job.time_limit, seconds_between(job.start, state_.now) - paused);
}

}  // namespace rehearse
