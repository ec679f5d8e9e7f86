// A cluster from Slurm's own configuration: a folder that holds slurm.conf, or such a file.
#pragma once

#include <string>
#include <vector>

#include "sim/config/load.hpp"
#include "sim/config/slurm/slurm_accounting.hpp"

namespace rehearse {

/// Whether `path` is a folder, or a file whose name ends in .conf.
bool is_slurm_config(const std::string& path);

/// Reads slurm.conf and what stands beside it: gres.conf, topology.conf, and for accounts and QOS
/// files of sacctmgr commands (accounts.txt, *.sacctmgr.script), dumps (*.cfg, dump*) and tables of
/// QOS (qos.txt, qos.psv). Throws InputError.
ClusterFile load_slurm(const std::string& path);

/// Accounts and QOS alone.
struct SlurmAccounts {
  Cluster cluster{};                         ///< no nodes; the kinds of GRES that limits name
  IdVector<AssocId, AccountLabel> labels{};  ///< of each association
  Diagnostics warnings{};
};

/// Whether `path` holds what sacctmgr reads or prints: a dump, commands or a table of QOS, told by
/// the first line that is no comment; or is a folder of such files without a slurm.conf.
bool is_sacctmgr_file(const std::string& path);

/// Reads such files together, tables of QOS first, as if all were enforced. Throws InputError.
SlurmAccounts load_sacctmgr(const std::vector<std::string>& paths);

}  // namespace rehearse
