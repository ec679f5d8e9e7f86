// A cluster from Slurm's own configuration: a folder that holds slurm.conf, or such a file.
#pragma once

#include <string>

#include "sim/config/load.hpp"

namespace rehearse {

/// Whether `path` is a folder, or a file whose name ends in .conf.
bool is_slurm_config(const std::string& path);

/// Reads slurm.conf and what stands beside it: gres.conf, topology.conf, and for accounts and QOS
/// files of sacctmgr commands (accounts.txt, *.sacctmgr.script), dumps (*.cfg, dump*) and tables of
/// QOS (qos.txt, qos.psv). Throws InputError.
ClusterFile load_slurm(const std::string& path);

}  // namespace rehearse
