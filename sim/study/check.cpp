#include "sim/study/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/paths.hpp"
#include "sim/base/text.hpp"
#include "sim/config/fields.hpp"
#include "sim/config/load_workload_model.hpp"
#include "sim/study/suite.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/read_events.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

using Kind = CheckedFile::Kind;

/// Does `work`; what it throws is added to `diagnostics`.
template <class Work>
void collect(Diagnostics& diagnostics, Work&& work) {
  try {
    work();
  } catch (const InputError& error) {
    diagnostics.add(error.diagnostics());
  }
}

bool is_yaml_name(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

/// Whether the name says that it is a trace, compressed or not.
bool is_trace_name(std::string_view path) {
  for (const std::string_view format : {".swf", ".csv"}) {
    for (const std::string_view compression : {"", ".gz", ".zst", ".xz", ".bz2"}) {
      if (path.ends_with(std::string(format) + std::string(compression))) return true;
    }
  }
  return false;
}

/// The kind of a mapping, by its keys; an error in `diagnostics` if it is none.
Kind kind_of(const Yaml& yaml, Diagnostics& diagnostics) {
  static constexpr std::pair<const char*, Kind> kTelling[] = {
      {"lublin", Kind::WorkloadModel}, {"gpu_lab", Kind::WorkloadModel},
      {"trace", Kind::Experiment},     {"cluster", Kind::Experiment},
      {"experiments", Kind::Suite},    {"nodes", Kind::Cluster},
      {"extends", Kind::Cluster},      {"partitions", Kind::Cluster}};
  for (const auto& [key, kind] : kTelling) {
    if (yaml.find(key) != nullptr) return kind;
  }
  for (const SlotInfo& slot : policy_slots()) {
    if (yaml.find(slot.slot) != nullptr) return Kind::Policies;
  }
  report(yaml, "no kind of file that is known",
         "a cluster has `nodes` or `extends`, an experiment `trace`, a suite `experiments`, a "
         "workload model `gpu_lab` or `lublin`, policies slots such as `backfill`",
         diagnostics);
  return Kind::Unknown;
}

Kind kind_of_text(const std::string& text, const std::string& path, Diagnostics& diagnostics) {
  Diagnostics of_yaml;
  const Yaml yaml = parse_yaml(text, path, of_yaml);
  if (yaml.kind == Yaml::Kind::Map) return kind_of(yaml, diagnostics);
  if (!is_yaml_name(path)) return Kind::Trace;
  if (of_yaml.error_count() == 0) report_kind(yaml, "a mapping", of_yaml);
  for (const Diagnostic& each : of_yaml.entries()) diagnostics.add(each);
  return Kind::Unknown;
}

void check_experiment(const Experiment& experiment, CheckedFile& checked) {
  collect(checked.diagnostics, [&] {
    checked.cluster = load_cluster(experiment.cluster);
    checked.diagnostics.add(checked.cluster->warnings);
  });
  collect(checked.diagnostics, [&] {
    std::vector<ParamText> names;
    for (const std::string& name : experiment.repairs) names.push_back({name});
    checked.workload = load_trace(experiment.trace, parse_trace_rules(names, checked.diagnostics));
    if (!experiment.events.empty()) {
      checked.workload->operations = load_events(experiment.events, *checked.workload);
    }
  });
  if (!checked.cluster) return;
  checked.policies = checked.cluster->policies;
  overlay(checked.policies, experiment.policies);
  make_scheduler(checked.policies, checked.diagnostics);
}

void check_suite(const std::string& path, CheckedFile& checked) {
  for (const SuiteEntry& entry : load_suite(path).entries) {
    CheckedFile part;
    check_experiment(entry.experiment, part);
    checked.diagnostics.add(part.diagnostics);
    checked.experiments.push_back(entry.name);
  }
}

/// By content; names that say what they are, and what cannot be read, are left to others.
bool is_accounts(const std::string& path) {
  if (is_yaml_name(path) || is_trace_name(path) || is_flat_machine(path)) return false;
  if (path.ends_with(".conf") || !(is_file(path) || is_folder(path))) return false;
  try {
    return is_sacctmgr_file(path);
  } catch (const InputError&) {
    return false;
  }
}

void check_accounts(const std::vector<std::string>& paths, CheckedFile& checked) {
  collect(checked.diagnostics, [&] {
    checked.accounts = load_sacctmgr(paths);
    checked.diagnostics.add(checked.accounts->warnings);
  });
}

}  // namespace

std::string_view kind_name(CheckedFile::Kind kind) {
  switch (kind) {
    case Kind::Unknown:
      return "unknown";
    case Kind::Cluster:
      return "cluster";
    case Kind::Experiment:
      return "experiment";
    case Kind::Suite:
      return "suite";
    case Kind::Policies:
      return "policies";
    case Kind::WorkloadModel:
      return "workload model";
    case Kind::Accounts:
      return "accounts";
    case Kind::Trace:
      return "trace";
  }
  return "unknown";
}

CheckedFile check_file(const std::string& path) {
  CheckedFile checked{path};
  Diagnostics& diagnostics = checked.diagnostics;
  collect(diagnostics, [&] {
    if (is_accounts(path)) {
      checked.kind = Kind::Accounts;
    } else if (is_flat_machine(path) || is_slurm_config(path)) {
      checked.kind = Kind::Cluster;
    } else if (is_trace_name(path)) {
      checked.kind = Kind::Trace;
    } else {
      checked.kind = kind_of_text(read_text(path), path, diagnostics);
    }
    switch (checked.kind) {
      case Kind::Unknown:
        break;
      case Kind::Cluster:
        checked.cluster = load_cluster(path);
        diagnostics.add(checked.cluster->warnings);
        checked.policies = checked.cluster->policies;
        make_scheduler(checked.policies, diagnostics);
        break;
      case Kind::Experiment:
        check_experiment(load_experiment(path), checked);
        break;
      case Kind::Suite:
        check_suite(path, checked);
        break;
      case Kind::Policies:
        checked.policies = load_policies(path);
        break;
      case Kind::WorkloadModel:
        if (const auto model = load_workload_model(path); !model.cluster.empty()) {
          checked.cluster = load_cluster(model.cluster);
        }
        break;
      case Kind::Accounts:
        check_accounts({path}, checked);
        break;
      case Kind::Trace:
        checked.workload = load_trace(path);
        break;
    }
  });
  return checked;
}

std::vector<CheckedFile> check_files(const std::vector<std::string>& paths) {
  std::vector<CheckedFile> result;
  std::vector<std::string> accounts;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(accounts), is_accounts);
  bool is_done = false;
  for (const std::string& path : paths) {
    if (std::find(accounts.begin(), accounts.end(), path) == accounts.end()) {
      result.push_back(check_file(path));
    } else if (!is_done) {
      is_done = true;
      CheckedFile& checked = result.emplace_back();
      checked.file = fmt::format("{}", fmt::join(accounts, " "));
      checked.kind = Kind::Accounts;
      check_accounts(accounts, checked);
    }
  }
  return result;
}

}  // namespace rehearse
