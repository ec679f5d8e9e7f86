// rehearse audit DIR: proves a finished run from its files.
#include "sim/audit/audit.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/cli/commands.hpp"
#include "sim/config/load.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse::cli {
namespace {

/// What manifest.json says of the inputs.
struct Inputs {
  std::string cluster, trace;
  TraceRules rules;
};

Inputs read_manifest(const std::string& path) {
  Inputs inputs;
  try {
    const nlohmann::json manifest = nlohmann::json::parse(read_text(path));
    inputs.cluster = manifest.at("cluster").at(0).at("path").get<std::string>();
    inputs.trace = manifest.at("trace").at("path").get<std::string>();
    for (const TraceRule& rule : trace_rules()) {
      if (rule.flag == nullptr) continue;
      inputs.rules.*rule.flag = false;
      for (const nlohmann::json& name : manifest.at("repairs")) {
        if (name == rule.name) inputs.rules.*rule.flag = true;
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
  if (!std::filesystem::exists(shares)) {
    fail({.file = shares,
          .message = "the audit needs what each job held on each node",
          .help = "run again with --shares"});
  }
  const Inputs inputs = read_manifest(directory + "/manifest.json");
  const AuditResult result =
      audit(load_cluster(inputs.cluster).cluster, load_trace(inputs.trace, inputs.rules),
            read_text(directory + "/jobs.csv"), read_text(shares));
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
