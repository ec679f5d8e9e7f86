// GRES of nodes: Gres= of slurm.conf counts them, gres.conf tells which device is near which cores.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/config/slurm/conf_text.hpp"

namespace rehearse {

struct SlurmConf;

/// `name[:type][:count][(S:0-1)]` of a NodeName line.
struct NodeGres {
  std::string name;
  std::string type;
  std::int64_t count = 1;
  std::vector<std::uint32_t> sockets;  ///< that it is near; empty: all
};

/// A line of gres.conf.
struct GresLine {
  std::string name;
  std::string type;
  std::int64_t count = 1;
  std::vector<std::uint32_t> cores;  ///< as written; empty: all
};

struct GresConf {
  std::vector<GresLine> lines;
  std::vector<std::size_t> everywhere;                      ///< lines without NodeName
  std::map<std::string, std::vector<std::size_t>> by_node;  ///< positions in `lines`, in order

  /// The lines that a node's own gres.conf would have.
  std::vector<const GresLine*> of(const std::string& node) const;
};

GresConf read_gres_conf(const std::string& file, SlurmConf& conf, Diagnostics& diagnostics);

/// What a Gres= says. A name that is not in GresTypes is an error, as for Slurm.
std::vector<NodeGres> read_node_gres(const SlurmWord& word, const std::vector<SlurmWord>& types,
                                     Diagnostics& diagnostics);

/// Gives GRES without a type those of gres.conf, if it tells the types of all of them.
void complete_types(std::vector<NodeGres>& gres, const std::vector<const GresLine*>& lines);

/// Fills node.devices if any of the node's GRES is near some cores only.
void place_devices(Node& node, const std::vector<NodeGres>& gres,
                   const std::vector<const GresLine*>& lines, Cluster& cluster);

/// Numbers and ranges: "0-3,8".
std::vector<std::uint32_t> index_list(const SlurmWord& word, Diagnostics& diagnostics);

}  // namespace rehearse
