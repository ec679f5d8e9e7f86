// The parts of a cluster that come from Slurm's own files, each with the file it is read from.
// load_slurm.cpp reads them in an order in which what they name is there already.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/config/slurm/conf_text.hpp"
#include "sim/policy/registry.hpp"

namespace rehearse {

/// slurm.conf by kind of line. Records have what DEFAULT lines before them say.
struct SlurmConf {
  SlurmRecord options;  ///< all that stands in no record; its name is nothing
  std::vector<SlurmRecord> nodes;
  std::vector<SlurmRecord> node_sets;
  std::vector<SlurmRecord> down_nodes;
  std::vector<SlurmRecord> partitions;
  std::vector<std::string> files;

  const SlurmWord* find(std::string_view lower_key) const { return options.find(lower_key); }
};

/// Reads slurm.conf. Keys that Slurm does not have are warned of; what matters to a schedule and is
/// not simulated is said in `cluster`.
SlurmConf read_slurm_conf(const std::string& path, Cluster& cluster, Diagnostics& diagnostics);

/// Collects `lines` of a file whose records begin with one of `names` (in lower case), by that
/// name. Values of DEFAULT records go into those that follow.
std::vector<SlurmRecord> slurm_records(const std::vector<SlurmPairs>& lines, std::string_view name,
                                       Diagnostics& diagnostics);

/// NodeName lines and gres.conf: cluster.nodes and cluster.gres. `gres_file` may be empty.
void read_slurm_nodes(SlurmConf& conf, const std::string& gres_file, Cluster& cluster,
                      Diagnostics& diagnostics);

/// topology.conf: cluster.switches.
void read_slurm_topology(SlurmConf& conf, const std::string& file, Cluster& cluster,
                         Diagnostics& diagnostics);

/// PartitionName lines. QOS and accounts must be there, unless there is no file that tells them.
void read_slurm_partitions(const SlurmConf& conf, bool knows_accounts, Cluster& cluster,
                           Diagnostics& diagnostics);

/// SuspendTime and what belongs to it, of the cluster and its partitions, and State=CLOUD.
void read_slurm_power(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics);

/// Select*, Licenses, EnforcePartLimits, AccountingStorageEnforce and the like.
void read_slurm_options(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics);

/// The scheduler, priority, fair share and preemption of the site.
PolicySettings read_slurm_policies(const SlurmConf& conf, Cluster& cluster,
                                   Diagnostics& diagnostics);

/// What AccountingStorageEnforce says.
struct SlurmEnforce {
  bool associations = false;
  bool limits = false;
  bool qos = false;
  bool safe = false;
};
SlurmEnforce slurm_enforce(const SlurmConf& conf, Diagnostics& diagnostics);

/// PreemptMode of a partition, QOS or cluster. SUSPEND and GANG are not simulated: Off.
std::optional<PreemptMode> slurm_preempt_mode(const SlurmWord& word, Cluster& cluster,
                                              Diagnostics& diagnostics);

/// A list such as `cpu=4,gres/gpu=2`, as TRES positions and amounts. What Slurm counts and the
/// simulator does not (licenses, burst buffers, energy) is said, an unknown GRES warned of.
std::vector<std::pair<std::size_t, std::int64_t>> slurm_tres(const SlurmWord& word,
                                                             Cluster& cluster,
                                                             Diagnostics& diagnostics);
/// Warns of what AccountingStorageTRES names and Slurm does not have.
void check_tracked_tres(const SlurmConf& conf, Diagnostics& diagnostics);
/// TRESBillingWeights and the like: a weight per TRES position.
std::vector<double> slurm_weights(const SlurmWord& word, Cluster& cluster,
                                  Diagnostics& diagnostics);

}  // namespace rehearse
