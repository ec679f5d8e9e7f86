#include "sim/config/slurm/load_slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/text.hpp"
#include "sim/config/slurm/slurm_accounting.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

namespace fs = std::filesystem;

/// The files of accounting beside slurm.conf, each kind in the order of the names.
struct AccountingFiles {
  std::vector<std::string> qos;
  std::vector<std::string> dumps;
  std::vector<std::string> scripts;
  bool any() const { return !qos.empty() || !dumps.empty() || !scripts.empty(); }
};

AccountingFiles find_accounting(const fs::path& folder) {
  AccountingFiles found;
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const std::string path = (folder / name).string();
    if (name == "qos.txt" || name == "qos.psv") {
      found.qos.push_back(path);
    } else if (name == "accounts.txt" || name.ends_with("sacctmgr.script")) {
      found.scripts.push_back(path);
    } else if (name.ends_with(".cfg") || name.starts_with("dump")) {
      found.dumps.push_back(path);
    }
  }
  return found;
}

/// The file if it is there, else "".
std::string if_there(const fs::path& path) {
  return fs::is_regular_file(path) ? path.string() : std::string();
}

void read_accounts(const SlurmConf& conf, const AccountingFiles& found,
                   std::vector<std::string>& files, Cluster& cluster, Diagnostics& diagnostics) {
  const SlurmEnforce enforce = slurm_enforce(conf, diagnostics);
  if (!found.any()) {
    Assoc root;
    root.account = "root";
    cluster.assocs.push_back(std::move(root));
    Qos normal;
    normal.name = "normal";
    cluster.qos.push_back(std::move(normal));
    if (!enforce.associations) return;
    warn(*conf.find("accountingstorageenforce"), "no file with accounts beside slurm.conf",
         "any account and user may come up; put what `sacctmgr dump CLUSTER` writes into dump.cfg",
         diagnostics);
    return;
  }
  SlurmAccounting accounting(cluster, diagnostics);
  accounting.knows_all_qos = !found.qos.empty() || !found.scripts.empty();
  for (const std::string& file : found.qos) read_sacctmgr_qos(file, files, accounting);
  for (const std::string& file : found.dumps) read_sacctmgr_dump(file, files, accounting);
  for (const std::string& file : found.scripts) read_sacctmgr_script(file, files, accounting);
  accounting.finish(enforce);
}

}  // namespace

bool is_slurm_config(const std::string& path) {
  return fs::is_directory(path) || path.ends_with(".conf");
}

ClusterFile load_slurm(const std::string& path) {
  if (fs::is_directory(path) && !fs::is_regular_file(fs::path(path) / "slurm.conf")) {
    fail({.file = path,
          .message = "no slurm.conf in this folder",
          .help = "a cluster is a YAML file, a slurm.conf or a folder that holds one"});
  }
  const fs::path file = fs::is_directory(path) ? fs::path(path) / "slurm.conf" : fs::path(path);
  const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  const fs::path beside = file.parent_path();
  Diagnostics diagnostics;
  ClusterFile result;
  Cluster& cluster = result.cluster;
  SlurmConf conf = read_slurm_conf(file.string(), cluster, diagnostics);
  if (conf.files.empty()) diagnostics.throw_if_errors();
  read_slurm_options(conf, cluster, diagnostics);
  if (cluster.name.empty()) cluster.name = fs::weakly_canonical(folder).filename().string();
  read_slurm_nodes(conf, if_there(beside / "gres.conf"), cluster, diagnostics);
  read_slurm_topology(conf, if_there(beside / "topology.conf"), cluster, diagnostics);
  const AccountingFiles found = find_accounting(folder);
  std::vector<std::string> accounting_files;
  read_accounts(conf, found, accounting_files, cluster, diagnostics);
  read_slurm_partitions(conf, found.any(), cluster, diagnostics);
  result.policies = read_slurm_policies(conf, cluster, diagnostics);
  diagnostics.throw_if_errors();
  result.files = std::move(conf.files);
  result.files.insert(result.files.end(), accounting_files.begin(), accounting_files.end());
  result.warnings = std::move(diagnostics);
  return result;
}

}  // namespace rehearse
