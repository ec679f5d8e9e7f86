// What `rehearse check` does with one file: finds out what it is, reads it as a run would, and
// keeps what is wrong with it or what is in it. The kind is told by content: `cluster` and `trace`
// make an experiment, `experiments` a suite, `nodes` or `extends` a cluster, `lublin` or `gpu_lab`
// a workload model, slots policies; a dump, commands or a table of QOS of sacctmgr are accounts;
// what else is no mapping of YAML is a trace.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/config/load.hpp"
#include "sim/config/slurm/load_slurm.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

struct CheckedFile {
  enum class Kind : std::uint8_t {
    Unknown,
    Cluster,
    Experiment,
    Suite,
    Policies,
    WorkloadModel,
    Accounts,
    Trace
  };
  std::string file;
  Kind kind = Kind::Unknown;
  Diagnostics diagnostics{};
  std::optional<ClusterFile> cluster{};     ///< of a cluster, and of an experiment
  std::optional<SlurmAccounts> accounts{};  ///< of files of sacctmgr
  std::optional<Workload> workload{};       ///< of a trace, and of an experiment
  PolicySettings policies{};                ///< as a run would start with them
  std::vector<std::string> experiments{};   ///< of a suite

  bool ok() const { return diagnostics.error_count() == 0; }
};

/// "cluster", "experiment", ...
std::string_view kind_name(CheckedFile::Kind kind);

/// Checks `path`, and what an experiment, or each of a suite's, names. Never throws on a bad file.
CheckedFile check_file(const std::string& path);
/// Checks each of `paths`, but files of sacctmgr together, at the place of the first.
std::vector<CheckedFile> check_files(const std::vector<std::string>& paths);

}  // namespace rehearse
