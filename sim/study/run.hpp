// One run from what is written down to what came out: load, simulate, keep what reports need.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/config/load.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/report/files.hpp"
#include "sim/report/snapshot.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

struct RunResult {
  Cluster cluster;
  Workload workload;
  Journal journal;
  RunManifest manifest;
  MetricOptions metrics;              ///< what the experiment says of measuring
  Diagnostics warnings{};             ///< of the cluster's files
  std::vector<Snapshot> snapshots{};  ///< at the times of SimulationOptions::snapshots
};

/// Puts a scheduler that watches in front of another.
using WrapScheduler = std::function<std::unique_ptr<Scheduler>(std::unique_ptr<Scheduler>)>;

/// Runs `experiment`, under `wrap(scheduler)` if there is a `wrap`. Policies are the built-in
/// defaults, the cluster file's, then the experiment's. Without a cluster the machine is that of
/// the trace's header, as nodes of one CPU. Throws InputError; std::system_error if an input cannot
/// be read.
RunResult run_experiment(const Experiment& experiment, const SimulationOptions& options = {},
                         const WrapScheduler& wrap = {});

}  // namespace rehearse
