// Reads what a person writes: clusters, experiments and policy settings in YAML. Whatever is wrong
// with a file is reported with its place, all of a file at once; a load function throws one
// InputError or returns a value in which every name is resolved.
//
// Precedence of policies: built-in defaults < the cluster file's `policies` < an experiment's, or
// --policies FILE < --set slot.param=value. The grammar is in configs/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/policy/registry.hpp"

namespace rehearse {

/// A cluster and the way its site schedules today.
struct ClusterFile {
  Cluster cluster;
  PolicySettings policies{};
  std::vector<std::string> files{};  ///< that were read: this one, then what it extends
  Diagnostics warnings{};            ///< what Slurm would take otherwise, or refuse
};

/// Reads a cluster: "338x1" is a flat machine of 338 nodes of one CPU (at most kMaxFlatNodes and
/// kMaxFlatCpus), anything else the path of a YAML file, of a slurm.conf or of a folder that holds
/// one (slurm/load_slurm.hpp). Throws InputError.
ClusterFile load_cluster(const std::string& path_or_flat);
inline constexpr std::uint32_t kMaxFlatNodes = 10'000'000;
inline constexpr std::uint32_t kMaxFlatCpus = 1'000'000;
/// Whether `text` has the form of a flat machine: "338x1".
bool is_flat_machine(std::string_view text);

/// The cluster that `yaml_text` describes. `file` is its name in messages, and what it extends is
/// looked for beside it. Throws InputError.
ClusterFile parse_cluster(std::string_view yaml_text, const std::string& file);

/// What `rehearse run EXPERIMENT.yaml` does.
struct Experiment {
  std::string cluster{};  ///< as load_cluster() takes it
  std::string trace{};    ///< a path
  std::string events{};   ///< a path of what operators did, as load_events() takes it; "": nothing
  std::string follow{};   ///< a path of decisions that are followed; "": none
  PolicySettings policies{};
  std::vector<std::string> repairs{};  ///< as parse_trace_rules() takes them
  std::uint64_t seed = 1;
  std::int64_t stranded_cpus_per_gpu = 1;  ///< a free GPU with fewer free CPUs is stranded
};

/// A folder stands for the files in it. As a trace for its jobs.csv, and its events.csv if there is
/// one and no events are named; as a cluster for these too, if no trace is named.
void resolve_folders(Experiment& experiment);

/// Reads an experiment; its paths are relative to the file's folder. Throws InputError.
Experiment load_experiment(const std::string& path);
Experiment parse_experiment(std::string_view yaml_text, const std::string& file);

/// Reads a file that holds nothing but slots, for --policies. Throws InputError.
PolicySettings load_policies(const std::string& path);
PolicySettings parse_policies(std::string_view yaml_text, const std::string& file);

/// Applies --set: "backfill=easy", "backfill.use=easy" or "backfill.max_jobs=100".
void apply_set(PolicySettings& settings, const std::string& assignment, Diagnostics& diagnostics);

/// Puts `over` on top of `base`, slot by slot. A slot whose `use` changes loses base's parameters,
/// which belong to another policy.
void overlay(PolicySettings& base, const PolicySettings& over);

}  // namespace rehearse
