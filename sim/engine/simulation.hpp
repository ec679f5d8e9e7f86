// What happens: the loop. Submissions are a cursor over the sorted trace, never pushed into the
// heap; ends are a heap ordered by (time, attempt). Single-threaded and without globals (D10): a
// run is a pure function of its arguments (D13).
//
//   while something is still to come:
//     go to its instant: ends, then timers, then submissions    (pass: instant), or
//                        one of them, submissions before ends   (pass: event)
//     ask the scheduler
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/policy/scheduler.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

struct SimulationOptions {
  /// Called now and then with the simulated time and how many of all submissions have been made.
  std::function<void(Time now, std::size_t submitted, std::size_t all)> progress{};
  /// What the run is to follow; nullptr: nothing. Only a scheduler that judges can.
  const Decisions* follow = nullptr;
  /// `take_snapshot` is called at each of these times, which rise, with all that happened by then.
  std::vector<Time> snapshots{};
  std::function<void(const View&)> take_snapshot{};
};

/// Replays `workload` on `cluster`. Jobs are created in order of (submit, number, row). A job that
/// reaches its time limit ends as TIMEOUT; one that can never run is REJECTED at once. The run ends
/// when nothing can happen any more: what then still waits stays PENDING with its reason.
/// O(jobs log jobs) and what the scheduler costs.
Journal simulate(const Cluster& cluster, const Workload& workload, Scheduler& scheduler,
                 const SimulationOptions& options = {});

}  // namespace rehearse
