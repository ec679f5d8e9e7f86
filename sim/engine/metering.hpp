// Use over time, where it is limited: what running jobs have used goes to the ledger.
#pragma once

#include <map>

#include "sim/policy/view.hpp"

namespace rehearse {

class Metering {
 public:
  Metering(State& state, const View& view) : state_(state), view_(view) {}

  bool is_on() const { return state_.limiter.limits_usage(); }
  /// The attempt runs from now on.
  void begin(AttemptId attempt) { since_[attempt] = state_.now; }
  /// Counts what the job used since the last count, whose seconds are worth `worth` each.
  void count(JobId id, double worth);
  void fade(double factor) {
    if (is_on()) state_.ledger.decay(factor);
  }
  void forget() {
    if (is_on()) state_.ledger.reset_usage();
  }
  /// The same of all running jobs, at their full worth.
  void count_all();
  /// The attempt ends, having stood still for `paused`. What is left of its time limit.
  Duration end(AttemptId attempt, Duration paused);

 private:
  State& state_;
  const View& view_;
  std::map<AttemptId, Time> since_;  // running attempts whose use is in the ledger up to then
};

}  // namespace rehearse
