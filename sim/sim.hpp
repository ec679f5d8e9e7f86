// The public API: load, simulate, measure, write. What is included here is covered by semantic
// versioning, and so are results (CHANGELOG.md, "Changed results").
//
//   rehearse::Experiment experiment;
//   experiment.cluster = "configs/clusters/skynet.yaml";
//   experiment.trace = "traces/skynet-month.csv.zst";
//   experiment.policies = rehearse::parse_policies("backfill: conservative", "what-if");
//   const rehearse::RunResult run = rehearse::run_experiment(experiment);
//   const rehearse::Metrics metrics = rehearse::measure(run.cluster, run.workload, run.journal);
//   fmt::print("{}", rehearse::summary_text(metrics));
//
// Whatever is wrong with an input is thrown as one InputError that names every place.
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/config/load.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"
#include "sim/report/files.hpp"
#include "sim/report/html.hpp"
#include "sim/report/metrics.hpp"
#include "sim/study/run.hpp"
#include "sim/workload/load_trace.hpp"
