#include "sim/config/slurm/load_slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/paths.hpp"
#include "sim/base/text.hpp"
#include "sim/config/slurm/sacctmgr_lines.hpp"
#include "sim/config/slurm/slurm_conf.hpp"
#include "sim/workload/read_text.hpp"

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

bool has_slurm_conf(const fs::path& folder) { return is_file(folder / "slurm.conf"); }

/// All of a folder, or the file by its content.
AccountingFiles sort_accounting(const std::vector<std::string>& paths) {
  AccountingFiles found;
  for (const std::string& path : paths) {
    if (is_folder(path)) {
      const AccountingFiles more = find_accounting(path);
      found.qos.insert(found.qos.end(), more.qos.begin(), more.qos.end());
      found.dumps.insert(found.dumps.end(), more.dumps.begin(), more.dumps.end());
      found.scripts.insert(found.scripts.end(), more.scripts.begin(), more.scripts.end());
      continue;
    }
    const SacctmgrKind kind = sacctmgr_kind(read_text(path));
    if (kind == SacctmgrKind::QosTable) found.qos.push_back(path);
    if (kind == SacctmgrKind::Dump) found.dumps.push_back(path);
    if (kind == SacctmgrKind::Commands) found.scripts.push_back(path);
  }
  return found;
}

void read_all(const AccountingFiles& found, std::vector<std::string>& files,
              SlurmAccounting& accounting) {
  accounting.knows_all_qos = !found.qos.empty() || !found.scripts.empty();
  for (const std::string& file : found.qos) read_sacctmgr_qos(file, files, accounting);
  for (const std::string& file : found.dumps) read_sacctmgr_dump(file, files, accounting);
  for (const std::string& file : found.scripts) read_sacctmgr_script(file, files, accounting);
}

/// Makes the kinds of GRES that limits in `text` name: nobody else tells them without slurm.conf.
void add_named_gres(const std::string& text, Cluster& cluster) {
  constexpr std::string_view kMark = "gres/";
  const std::string all = lower(text);
  for (std::size_t at = all.find(kMark); at != std::string::npos; at = all.find(kMark, at)) {
    at += kMark.size();
    const std::size_t end = all.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-:", at);
    const std::string name = all.substr(at, end - at);
    const std::size_t colon = std::min(name.find(':'), name.size());
    GresKind kind{name.substr(0, colon), name.substr(std::min(colon + 1, name.size()))};
    const bool is_any_gpu = kind.is_gpu() && kind.type.empty();
    const bool is_known =
        std::find(cluster.gres.begin(), cluster.gres.end(), kind) != cluster.gres.end();
    if (!kind.name.empty() && !is_any_gpu && !is_known) cluster.gres.push_back(std::move(kind));
  }
}

/// The file if it is there, else "".
std::string if_there(const fs::path& path) { return is_file(path) ? path.string() : std::string(); }

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
  read_all(found, files, accounting);
  accounting.finish(enforce);
}

}  // namespace

bool is_sacctmgr_file(const std::string& path) {
  if (is_folder(path)) return !has_slurm_conf(path) && find_accounting(path).any();
  return sacctmgr_kind(read_text(path)) != SacctmgrKind::None;
}

SlurmAccounts load_sacctmgr(const std::vector<std::string>& paths) {
  SlurmAccounts result;
  const AccountingFiles found = sort_accounting(paths);
  for (const auto* const list : {&found.qos, &found.dumps, &found.scripts}) {
    for (const std::string& file : *list) add_named_gres(read_text(file), result.cluster);
  }
  SlurmAccounting accounting(result.cluster, result.warnings);
  std::vector<std::string> files;
  read_all(found, files, accounting);
  accounting.finish({.associations = true, .limits = true, .qos = true, .safe = false});
  result.warnings.throw_if_errors();
  result.labels = accounting.labels();
  return result;
}

bool is_slurm_config(const std::string& path) { return is_folder(path) || path.ends_with(".conf"); }

ClusterFile load_slurm(const std::string& path) {
  if (is_folder(path) && !has_slurm_conf(path)) {
    fail({.file = path,
          .message = "no slurm.conf in this folder",
          .help = "a cluster is a YAML file, a slurm.conf or a folder that holds one"});
  }
  const fs::path file = is_folder(path) ? fs::path(path) / "slurm.conf" : fs::path(path);
  const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  const fs::path beside = file.parent_path();
  Diagnostics diagnostics;
  ClusterFile result;
  Cluster& cluster = result.cluster;
  SlurmConf conf = read_slurm_conf(file.string(), cluster, diagnostics);
  if (conf.files.empty()) diagnostics.throw_if_errors();
  read_slurm_options(conf, cluster, diagnostics);
  if (cluster.name.empty()) cluster.name = canonical_path(folder).filename().string();
  check_tracked_tres(conf, diagnostics);
  read_slurm_nodes(conf, if_there(beside / "gres.conf"), cluster, diagnostics);
  read_slurm_topology(conf, if_there(beside / "topology.conf"), cluster, diagnostics);
  const AccountingFiles found = find_accounting(folder);
  std::vector<std::string> accounting_files;
  read_accounts(conf, found, accounting_files, cluster, diagnostics);
  read_slurm_partitions(conf, found.any(), cluster, diagnostics);
  read_slurm_power(conf, cluster, diagnostics);
  result.policies = read_slurm_policies(conf, cluster, diagnostics);
  diagnostics.throw_if_errors();
  result.files = std::move(conf.files);
  result.files.insert(result.files.end(), accounting_files.begin(), accounting_files.end());
  result.warnings = std::move(diagnostics);
  return result;
}

}  // namespace rehearse
