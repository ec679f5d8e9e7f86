// What happens: the queue of events and the loop. Submissions are a cursor over the sorted trace,
// never pushed into the heap; ends are a heap ordered by (time, job). Single-threaded and without
// globals (D10): a run is a pure function of its arguments (D13).
#pragma once

#include <cstdint>

#include "sim/policy/scheduler.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// A machine that needs no file: `338x1` is 338 nodes of one CPU.
struct FlatCluster {
  std::uint32_t nodes = 0;
  std::uint32_t cpus_per_node = 1;
};

/// When the scheduler is asked (`scheduler.pass`). Programs that call themselves EASY differ by it.
enum class PassMode {
  Instant,  ///< all ends of an instant, then all its submissions, then one pass
  Event,    ///< a pass after each single event, submissions before ends; a job whose expected end
            ///< is now counts as free
};

/// Replays `workload` on `cluster`. Jobs are created in order of (submit, number, row); a job
/// larger than the machine is Rejected at once. A job that reaches its time limit ends as Timeout.
/// O(jobs log jobs) and what the scheduler costs.
Journal simulate(const FlatCluster& cluster, const Workload& workload, Scheduler& scheduler,
                 PassMode mode);

}  // namespace rehearse
