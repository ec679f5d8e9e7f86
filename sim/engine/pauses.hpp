// Jobs that are suspended for a while: they end by themselves so much later.
#pragma once

#include <map>

#include "sim/base/check.hpp"
#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

class Pauses {
 public:
  /// From `now` on; the attempt would have ended by itself at `due`, unless an earlier pause moved
  /// that already.
  void begin(AttemptId attempt, Time now, Time due) {
    Pause& pause = pauses_.try_emplace(attempt, Pause{.due = due}).first->second;
    SIM_CHECK(pause.since == kNever, "attempt {} is suspended twice", index(attempt));
    pause.since = now;
  }
  /// Until `now`. When the attempt ends by itself.
  Time end(AttemptId attempt, Time now) {
    Pause& pause = pauses_.at(attempt);
    const Duration length = now - pause.since;
    pause.since = kNever;
    pause.total += length;
    return pause.due = end_of(pause.due, length);
  }
  bool is_paused(AttemptId attempt) const {
    const auto found = pauses_.find(attempt);
    return found != pauses_.end() && found->second.since != kNever;
  }
  /// Whether an end by itself at `at` was put off.
  bool is_put_off(AttemptId attempt, Time at) const {
    const auto found = pauses_.find(attempt);
    return found != pauses_.end() && (found->second.since != kNever || found->second.due != at);
  }
  /// Of all pauses that are over.
  Duration total(AttemptId attempt) const {
    const auto found = pauses_.find(attempt);
    return found == pauses_.end() ? Duration::zero() : found->second.total;
  }

 private:
  struct Pause {
    Time due;
    Time since = kNever;  // kNever: it runs
    Duration total = Duration::zero();
  };
  std::map<AttemptId, Pause> pauses_;
};

}  // namespace rehearse
