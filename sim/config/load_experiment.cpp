// Experiments and policy files.
#include <filesystem>

#include "sim/base/paths.hpp"
#include "sim/config/experiment_section.hpp"
#include "sim/config/policies.hpp"
#include "sim/workload/read_text.hpp"
#include "sim/workload/trace_rules.hpp"

namespace rehearse {
namespace {

namespace fs = std::filesystem;

/// `path` as it is meant in `file`: beside it, unless it is absolute.
std::string beside(const std::string& file, const std::string& path) {
  return (fs::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace

Section<Experiment> experiment_section() {
  const Section<Experiment> stranded(
      "rule for stranded GPUs",
      {{"cpus_per_gpu", integer(&Experiment::stranded_cpus_per_gpu, 0),
        "A free GPU is stranded if its node has fewer free CPUs than this for it"}});
  Field<Experiment> policies = anything<Experiment>();
  policies.read = [](const Yaml& yaml, Experiment& experiment, Diagnostics& diagnostics) {
    experiment.policies = read_policies(yaml, diagnostics);
  };
  const auto repair = [](const Yaml& yaml, Experiment& experiment, Diagnostics& diagnostics) {
    auto name = read_name(yaml, diagnostics);
    if (!name) return;
    parse_trace_rules(std::vector{placed_text(yaml)}, diagnostics);
    experiment.repairs.push_back(std::move(*name));
  };
  const auto text = [](std::string Experiment::* member) {
    return stored({Shape::Kind::Text}, member, read_string);
  };
  return Section<Experiment>(
      "experiment",
      {
          {"name", anything<Experiment>(), "For readers"},
          {"description", anything<Experiment>(), "For readers"},
          {"cluster", text(&Experiment::cluster),
           "A cluster file, relative to this one, or a flat machine: 338x1", true},
          {"trace", text(&Experiment::trace),
           "A trace, relative to this file, or a folder with jobs.csv and perhaps events.csv",
           true},
          {"events", text(&Experiment::events), "What operators did, relative to this file"},
          {"policies", std::move(policies), "On top of the cluster's, slot by slot"},
          {"repairs", list_of<Experiment>({Shape::Kind::Text}, repair),
           "Rules for dirty rows of the trace, by name"},
          {"seed", integer(&Experiment::seed, 0, std::numeric_limits<std::int64_t>::max()),
           "Of everything random"},
          {"stranded",
           {stranded.shape(),
            [stranded](const Yaml& yaml, Experiment& experiment, Diagnostics& diagnostics) {
              stranded.read(yaml, experiment, diagnostics);
            }},
           "What the report counts as stranded"},
      });
}

Experiment parse_experiment(std::string_view yaml_text, const std::string& file) {
  Diagnostics diagnostics;
  const Yaml yaml = parse_yaml(yaml_text, file, diagnostics);
  Experiment experiment;
  if (diagnostics.error_count() == 0 || yaml.kind == Yaml::Kind::Map) {
    experiment_section().read(yaml, experiment, diagnostics);
  }
  diagnostics.throw_if_errors();
  resolve_paths(file, experiment);
  return experiment;
}

void resolve_paths(const std::string& file, Experiment& experiment) {
  if (!is_flat_machine(experiment.cluster)) experiment.cluster = beside(file, experiment.cluster);
  experiment.trace = beside(file, experiment.trace);
  if (!experiment.events.empty()) experiment.events = beside(file, experiment.events);
  resolve_folders(experiment);
}

void resolve_folders(Experiment& experiment) {
  const std::string folder = experiment.trace.empty() ? experiment.cluster : experiment.trace;
  const fs::path jobs = fs::path(folder) / "jobs.csv";
  if (!is_folder(folder) || !is_file(jobs)) return;
  experiment.trace = jobs.string();
  const fs::path events = fs::path(folder) / "events.csv";
  if (experiment.events.empty() && is_file(events)) experiment.events = events.string();
}

Experiment load_experiment(const std::string& path) {
  return parse_experiment(read_text(path), path);
}

PolicySettings parse_policies(std::string_view yaml_text, const std::string& file) {
  Diagnostics diagnostics;
  const Yaml yaml = parse_yaml(yaml_text, file, diagnostics);
  PolicySettings settings;
  if (diagnostics.error_count() == 0) settings = read_policies(yaml, diagnostics);
  diagnostics.throw_if_errors();
  return settings;
}

PolicySettings load_policies(const std::string& path) {
  return parse_policies(read_text(path), path);
}

}  // namespace rehearse
