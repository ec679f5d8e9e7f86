// rehearse audit DIR: proves a finished run from its files.
#include "sim/audit/audit.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/base/paths.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/commands.hpp"
#include "sim/config/load.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/read_events.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse::cli {
namespace {

/// What manifest.json says of the inputs.
struct Inputs {
  std::string cluster, trace;
  std::string events;  ///< "": none
  TraceRules repairs;
  AuditRules rules;
};

/// Parameters of the scheduler, by which a run of `slurm` is judged.
AuditRules rules_of(const nlohmann::json& scheduler) {
  AuditRules rules;
  rules.is_slurm = scheduler.at("use") == "slurm";
  if (!rules.is_slurm) return rules;
  const auto number = [&](const char* name) {
    return parse_int64(scheduler.at(name).get<std::string>()).value_or(0);
  };
  const auto length = [&](const char* name) {
    return parse_slurm_seconds(scheduler.at(name).get<std::string>()).value_or(0);
  };
  rules.time_limit_interval = number("time_limit_interval");
  rules.started_before = number("started_before");
  rules.over_time_limit = length("over_time_limit");
  rules.returns_to_service = number("return_to_service") == 2;
  rules.tasks_bring_cpus = scheduler.at("version") == "24.11";
  rules.min_job_age = length("min_job_age");
  return rules;
}

Inputs read_manifest(const std::string& path) {
  Inputs inputs;
  try {
    const nlohmann::json manifest = nlohmann::json::parse(read_text(path));
    inputs.cluster = manifest.at("cluster").at(0).at("path").get<std::string>();
    inputs.trace = manifest.at("trace").at("path").get<std::string>();
    if (manifest.contains("events")) inputs.events = manifest["events"].at("path");
    inputs.rules = rules_of(manifest.at("policies").at("scheduler"));
    for (const TraceRule& rule : trace_rules()) {
      if (rule.flag == nullptr) continue;
      inputs.repairs.*rule.flag = false;
      for (const nlohmann::json& name : manifest.at("repairs")) {
        if (name == rule.name) inputs.repairs.*rule.flag = true;
      }
    }
  } catch (const nlohmann::json::exception& error) {
    fail({.file = path,
          .message = fmt::format("not a run's manifest: {}", error.what()),
          .help = "give the directory that `rehearse run --output` wrote"});
  }
  return inputs;
}

int audit_run(const std::string& directory) {
  const std::string shares = directory + "/shares.csv";
  if (!is_file(shares)) {
    fail({.file = shares,
          .message = "the audit needs what each job held on each node",
          .help = "run again with --shares"});
  }
  const Inputs inputs = read_manifest(directory + "/manifest.json");
  Workload workload = load_trace(inputs.trace, inputs.repairs);
  if (!inputs.events.empty()) workload.operations = load_events(inputs.events, workload);
  const Cluster cluster = load_cluster(inputs.cluster).cluster;
  const std::string power = cluster.power ? read_text(directory + "/power.csv") : "";
  const AuditResult result = audit(cluster, workload, read_text(directory + "/jobs.csv"),
                                   read_text(shares), inputs.rules, power);
  for (const Violation& violation : result.violations) fmt::print("{}\n", render(violation));
  fmt::print("{} jobs, {} attempts, {} shares checked: {} violations\n", result.jobs,
             result.attempts, result.shares, result.violations.size());
  return result.ok() ? 0 : 1;
}

}  // namespace

void add_audit(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("audit", "Prove a run's schedule from its files, without the engine");
  const auto directory = std::make_shared<std::string>();
  command->add_option("DIR", *directory, "What `rehearse run --shares --output DIR` wrote")
      ->required();
  command->callback([directory, &exit_code] { exit_code = audit_run(*directory); });
}

}  // namespace rehearse::cli
