#include "sim/study/run.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/base/diagnostics.hpp"
#include "sim/policy/registry.hpp"
#include "sim/study/load_decisions.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/read_events.hpp"

namespace rehearse {
namespace {

TraceRules rules_of(const Experiment& experiment) {
  std::vector<ParamText> names;
  for (const std::string& name : experiment.repairs) names.push_back({.text = name});
  Diagnostics diagnostics;
  const TraceRules rules = parse_trace_rules(names, diagnostics);
  diagnostics.throw_if_errors();
  return rules;
}

// The machine of the trace's header: as many one-CPU nodes as it has processors.
ClusterFile header_machine(const Workload& workload, const std::string& trace) {
  if (workload.max_procs < 1 || workload.max_procs > kMaxFlatNodes) {
    fail({.file = trace,
          .message = workload.max_procs == 0
                         ? "the trace's header has no MaxProcs"
                         : fmt::format("MaxProcs {} is no machine", workload.max_procs),
          .help = "give the machine: --cluster FILE, or nodes x CPUs such as --cluster 338x1"});
  }
  return load_cluster(fmt::format("{}x1", workload.max_procs));
}

}  // namespace

RunResult run_experiment(const Experiment& experiment, const SimulationOptions& options,
                         const WrapScheduler& wrap) {
  RunResult result;
  result.workload = load_trace(experiment.trace, rules_of(experiment));
  if (!experiment.events.empty()) {
    result.workload.operations = load_events(experiment.events, result.workload);
    result.manifest.events = {experiment.events, sha256_of_file(experiment.events)};
  }
  ClusterFile file = experiment.cluster.empty() ? header_machine(result.workload, experiment.trace)
                                                : load_cluster(experiment.cluster);
  result.cluster = std::move(file.cluster);
  result.warnings = std::move(file.warnings);
  RunManifest& manifest = result.manifest;
  for (const std::string& read : file.files) {
    manifest.cluster.push_back({read, sha256_of_file(read)});
  }
  if (file.files.empty()) manifest.cluster.push_back({result.cluster.name, ""});
  PolicySettings policies = std::move(file.policies);
  overlay(policies, experiment.policies);
  Diagnostics diagnostics;
  ReadyScheduler ready = make_scheduler(policies, diagnostics);
  diagnostics.throw_if_errors();
  SimulationOptions simulation = options;
  Decisions decisions;
  if (!experiment.follow.empty()) {
    if (!ready.scheduler->lifecycle().judges) {
      fail({.message = fmt::format("scheduler `{}` cannot follow decisions",
                                   ready.resolved.at("scheduler").at("use")),
            .help = "--follow is for scheduler: slurm"});
    }
    decisions = load_decisions(experiment.follow, result.cluster, result.workload);
    simulation.follow = &decisions;
    manifest.follow = {experiment.follow, sha256_of_file(experiment.follow)};
  }
  const Scheduler& decides = *ready.scheduler;
  simulation.take_snapshot = [&](const View& view) {
    Outlook outlook;
    decides.tell(view, outlook);
    result.snapshots.push_back(snapshot_of(view, outlook));
  };
  if (wrap) ready.scheduler = wrap(std::move(ready.scheduler));
  result.journal = simulate(result.cluster, result.workload, *ready.scheduler, simulation);
  result.metrics.scheduler = ready.resolved.at("scheduler").at("use");
  result.metrics.stranded_cpus_per_gpu = experiment.stranded_cpus_per_gpu;

  manifest.version = REHEARSE_VERSION;
  manifest.trace = {experiment.trace, sha256_of_file(experiment.trace)};
  manifest.policies = std::move(ready.resolved);
  manifest.repairs = experiment.repairs;
  manifest.seed = experiment.seed;
  return result;
}

}  // namespace rehearse
