#include "sim/cluster/cluster.hpp"

#include <algorithm>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {
namespace {

template <class Id, class T, class Matches>
std::optional<Id> find_first(const IdVector<Id, T>& table, Matches&& matches) {
  const auto found = std::find_if(table.begin(), table.end(), matches);
  if (found == table.end()) return std::nullopt;
  return static_cast<Id>(found - table.begin());
}

}  // namespace

std::string Cluster::tres_name(std::size_t tres) const {
  static constexpr const char* kFixed[] = {"cpu", "mem", "node", "billing", "gres/gpu"};
  if (tres < kTresFirstGres) return kFixed[tres];
  const GresKind& kind = gres[static_cast<GresId>(tres - kTresFirstGres)];
  return "gres/" + kind.name + (kind.type.empty() ? "" : ":" + kind.type);
}

std::optional<NodeId> Cluster::find_node(std::string_view node_name) const {
  const auto found = std::lower_bound(
      nodes.begin(), nodes.end(), node_name,
      [](const Node& node, std::string_view wanted) { return natural_less(node.name, wanted); });
  if (found == nodes.end() || found->name != node_name) return std::nullopt;
  return static_cast<NodeId>(found - nodes.begin());
}

std::string Cluster::host_list(const NodeSet& some) const {
  std::vector<std::string> names;
  some.for_each([&](NodeId node) {
    names.push_back(nodes[node].name);
    return true;
  });
  return compress_hostlist(names);
}

std::optional<PartitionId> Cluster::find_partition(std::string_view partition_name) const {
  return find_first(partitions, [&](const Partition& each) { return each.name == partition_name; });
}

std::optional<QosId> Cluster::find_qos(std::string_view qos_name) const {
  return find_first(qos, [&](const Qos& each) { return same_name(each.name, qos_name); });
}

std::optional<AssocId> Cluster::find_account(std::string_view account) const {
  return find_first(assocs,
                    [&](const Assoc& each) { return !each.is_user() && each.account == account; });
}

std::optional<AssocId> Cluster::find_user(std::string_view account, std::string_view user,
                                          std::string_view partition) const {
  const auto find = [&](std::string_view where) {
    return find_first(assocs, [&](const Assoc& each) {
      return each.user == user && each.account == account && same_name(each.partition, where);
    });
  };
  const auto own = partition.empty() ? std::nullopt : find(partition);
  return own ? own : find("");
}

std::optional<PartitionId> Cluster::default_partition() const {
  return find_first(partitions, [](const Partition& each) { return each.is_default; });
}

TresCounts Cluster::totals(const NodeSet& some) const {
  TresCounts result(tres_count(), 0);
  some.for_each([&](NodeId id) {
    const Node& node = nodes[id];
    result[kTresCpu] += node.cpus;
    result[kTresMem] += node.memory_mib;
    ++result[kTresNode];
    for (std::size_t i = 0; i < node.gres.size(); ++i) {
      const auto kind = static_cast<GresId>(i);
      result[tres_of(kind)] += node.gres[i];
      if (gres[kind].is_gpu()) result[kTresGpu] += node.gres[i];
    }
    return true;
  });
  return result;
}

Cluster flat_cluster(std::uint32_t nodes, std::uint32_t cpus_per_node) {
  Cluster cluster;
  cluster.name = std::to_string(nodes) + "x" + std::to_string(cpus_per_node);
  cluster.nodes.reserve(nodes);
  for (std::uint32_t i = 1; i <= nodes; ++i) {
    Node node;
    node.name = "n" + std::to_string(i);
    node.cores_per_socket = node.cpus = cpus_per_node;
    cluster.nodes.push_back(std::move(node));
  }
  Partition all;
  all.name = "all";
  all.nodes = NodeSet::all(nodes);
  all.is_default = true;
  cluster.partitions.push_back(std::move(all));
  Assoc root;
  root.account = "root";
  cluster.assocs.push_back(std::move(root));
  return cluster;
}

}  // namespace rehearse
