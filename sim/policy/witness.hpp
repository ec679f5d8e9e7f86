// Who watches jobs wait (`rehearse explain`): a Control that is also told what a scheduler has in
// mind and the journal does not keep, for one run in a thousand asks for it. Schedulers tell it and
// never ask: the run is the same without it.
#pragma once

#include <span>

#include "sim/policy/scheduler.hpp"

namespace rehearse {

/// A pending job where a pass found it in the queue.
struct Place {
  JobId job{};
  PartitionId partition{};
  RequestId request{};
  double priority = 0;  ///< its score, or what an operator gave it
};

class Witness : public Control {
 public:
  /// A pass is about to look at these jobs, in this order.
  virtual void queue(std::span<const Place>) = 0;
  /// The job has been promised a start at `at`, on these nodes; on any if there are none.
  virtual void plan(JobId, Time at, std::span<const NodeId> nodes) = 0;
  /// The job waits for this limit; set_reason() follows.
  virtual void held(JobId, const LimitHit&) = 0;
};

/// The witness that `control` is, or null.
inline Witness* witness_of(Control& control) { return dynamic_cast<Witness*>(&control); }

}  // namespace rehearse
