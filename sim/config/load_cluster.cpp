// From the text of a cluster file to a Cluster: what it extends is merged below it, then the
// sections are read in an order in which what they name is there already: nodes, QOS, accounts,
// partitions.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "sim/base/paths.hpp"
#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/load.hpp"
#include "sim/config/policies.hpp"
#include "sim/config/slurm/load_slurm.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

namespace fs = std::filesystem;

/// A file with all that it extends merged below it. Policies merge slot by slot, not key by key.
struct Merged {
  Yaml yaml;
  PolicySettings policies{};
  std::vector<std::string> files{};  ///< this one, then what it extends
  bool is_whole = true;              ///< nothing is missing of the latter
};

Merged merge_files(std::string_view text, const std::string& file, std::vector<fs::path> chain,
                   Diagnostics& diagnostics) {
  Merged result{.yaml = parse_yaml(text, file, diagnostics), .files = {file}};
  if (result.yaml.kind != Yaml::Kind::Map) {
    if (diagnostics.error_count() == 0) {
      report_kind(result.yaml, "a mapping: a cluster", diagnostics);
    }
    result.is_whole = false;
    return result;
  }
  if (const Yaml* const policies = result.yaml.find("policies")) {
    result.policies = read_policies(*policies, diagnostics);
  }
  const Yaml* const extends = result.yaml.find("extends");
  if (extends == nullptr) return result;
  result.is_whole = false;
  const fs::path path = fs::path(file).parent_path() / extends->text;
  chain.push_back(canonical_path(file));
  const auto seen = std::find(chain.begin(), chain.end(), canonical_path(path));
  if (seen != chain.end()) {
    std::vector<std::string> names;
    for (auto at = seen; at != chain.end(); ++at) names.push_back(at->filename().string());
    names.push_back(seen->filename().string());
    report(*extends, fmt::format("files in a circle: {}", fmt::join(names, " -> ")), "",
           diagnostics);
    return result;
  }
  if (!is_file(path)) {
    report(*extends, fmt::format("no file \"{}\"", path.string()),
           "it is looked for beside this one", diagnostics);
    return result;
  }
  Merged base = merge_files(read_text(path.string()), path.string(), chain, diagnostics);
  if (!base.is_whole) return result;
  base.files.insert(base.files.begin(), file);
  base.yaml = merge_yaml(std::move(base.yaml), result.yaml, diagnostics);
  overlay(base.policies, result.policies);
  return base;
}

/// Names must be given once: reports the second one with the place of the first.
class Once {
 public:
  Once(std::string what, Diagnostics& diagnostics)
      : what_(std::move(what)), diagnostics_(diagnostics) {}
  /// Whether the item's name is new.
  bool add(const Yaml& item) {
    const Yaml* const name = item.find("name");
    if (name == nullptr) return true;
    const auto [first, is_new] = first_.emplace(name->text, name);
    if (is_new) return true;
    report(*name, fmt::format("a second {} \"{}\"", what_, name->text), "", diagnostics_);
    note(*first->second, "the first one is here", diagnostics_);
    return false;
  }

 private:
  std::string what_;
  Diagnostics& diagnostics_;
  std::map<std::string, const Yaml*> first_;
};

class Reader {
 public:
  Reader(const Yaml& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  Cluster read(const std::string& default_name) {
    cluster_section(cluster_).read(file_, top_, diagnostics_);
    cluster_.name = top_.name.empty() ? default_name : top_.name;
    cluster_.enforce_part_limits = top_.enforce_part_limits;
    cluster_.limits_are_safe = top_.limits_are_safe;
    cluster_.select = top_.select;
    cluster_.licenses = top_.licenses;
    for (const std::string& each : top_.not_simulated) say_not_simulated(cluster_, each);
    if (top_.nodes != nullptr) read_nodes(*top_.nodes);
    if (top_.qos != nullptr) read_qos(*top_.qos);
    if (top_.switches != nullptr) read_switches(*top_.switches, cluster_, diagnostics_);
    cluster_.declares_accounts = top_.requires_accounts.value_or(top_.accounts != nullptr);
    read_accounts(top_.accounts, top_.users, cluster_, diagnostics_);
    if (top_.partitions != nullptr) read_partitions(*top_.partitions);
    if (top_.power != nullptr) {
      PowerSaving& power = cluster_.power.emplace();
      power_section(cluster_).read(*top_.power, power, diagnostics_);
      check_boots(power, *top_.power);
    }
    return std::move(cluster_);
  }

 private:
  struct NamedNode {
    Node node;
    const Yaml* group;
  };

  void read_nodes(const Yaml& yaml) {
    const Section<NodeGroup> section = node_section(cluster_);
    std::vector<NamedNode> nodes;
    std::vector<std::pair<NodeGroup, const Yaml*>> groups;
    for_each_mapping(yaml, "nodes", diagnostics_, [&](const Yaml& item) {
      NodeGroup group;
      section.read(item, group, diagnostics_);
      groups.emplace_back(std::move(group), &item);
    });
    bool any_memory = false;
    for (const auto& [group, item] : groups) {
      any_memory = any_memory || group.memory_mib.has_value();
      Node node = make_node(group, *item);
      for (const std::string& name : group.names) {
        node.name = name;
        nodes.push_back({node, item});
      }
    }
    if (nodes.empty() && diagnostics_.error_count() == 0) {
      report(yaml, "a cluster without nodes", "", diagnostics_);
    }
    cluster_.tracks_memory = top_.tracks_memory.value_or(any_memory);
    std::stable_sort(nodes.begin(), nodes.end(), [](const NamedNode& a, const NamedNode& b) {
      return natural_less(a.node.name, b.node.name);
    });
    report_overlaps(nodes);
    for (NamedNode& each : nodes) cluster_.nodes.push_back(std::move(each.node));
  }

  /// One error for each pair of groups that have a name in common.
  void report_overlaps(const std::vector<NamedNode>& nodes) {
    std::map<std::pair<const Yaml*, const Yaml*>, bool> reported;
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const Yaml* const first = nodes[i - 1].group;
      const Yaml* const second = nodes[i].group;
      if (nodes[i - 1].node.name != nodes[i].node.name || reported[{first, second}]) continue;
      reported[{first, second}] = true;
      report(*second->find("names"),
             fmt::format("node \"{}\" is there already", nodes[i].node.name),
             "each node belongs to one group", diagnostics_);
      note(*first->find("names"), "the first one is here", diagnostics_);
    }
  }

  Node make_node(const NodeGroup& group, const Yaml& yaml) {
    Node node;
    node.sockets = group.sockets.value_or(1);
    node.threads_per_core = group.threads_per_core.value_or(1);
    const bool has_layout = group.sockets || group.cores_per_socket || group.threads_per_core;
    node.cores_per_socket =
        group.cores_per_socket.value_or(has_layout ? 1 : group.cpus.value_or(1));
    const std::uint64_t total =
        std::uint64_t{node.sockets} * node.cores_per_socket * node.threads_per_core;
    const Yaml* const cpus = yaml.find("cpus");
    if (cpus == nullptr && !has_layout) {
      report(yaml, "nodes without CPUs",
             "give cpus, or sockets, cores_per_socket and threads_per_core", diagnostics_);
    }
    if (cpus != nullptr && group.cpus && total != *group.cpus) {
      report(*cpus,
             fmt::format("{} CPUs, but {} x {} x {} = {}", *group.cpus, node.sockets,
                         node.cores_per_socket, node.threads_per_core, total),
             "cpus = sockets x cores_per_socket x threads_per_core", diagnostics_);
    }
    const std::uint64_t reserved =
        group.reserved_cpus + std::uint64_t{group.reserved_cores} * node.threads_per_core;
    if (reserved >= total) {
      const char* const key = group.reserved_cpus > 0 ? "reserved_cpus" : "reserved_cores";
      report(*yaml.find(key), fmt::format("{} of {} CPUs reserved", reserved, total),
             "jobs need at least one", diagnostics_);
    } else if (total > 1'000'000) {
      report(yaml, fmt::format("{} CPUs in one node", total), "at most 1000000", diagnostics_);
    } else {
      node.cpus = static_cast<std::uint32_t>(total - reserved);
    }
    node.reserved_cores = group.reserved_cores;
    node.devices = group.devices;
    node.memory_mib = group.memory_mib.value_or(0);
    if (group.reserved_memory_mib > 0 && group.reserved_memory_mib >= node.memory_mib) {
      report(*yaml.find("reserved_memory"),
             fmt::format("{} of {} MiB reserved", group.reserved_memory_mib, node.memory_mib),
             group.memory_mib ? "jobs need some" : "state the node's memory", diagnostics_);
    }
    node.memory_mib -= group.reserved_memory_mib;
    node.gres.assign(cluster_.gres.size(), 0);
    for (const auto& [kind, count] : group.gres) node.gres[index(kind)] = count;
    node.features = group.features;
    std::sort(node.features.begin(), node.features.end());
    node.features.erase(std::unique(node.features.begin(), node.features.end()),
                        node.features.end());
    node.weight = group.weight;
    node.is_cloud = group.is_cloud;
    if (node.is_cloud && top_.power == nullptr) {
      report(*yaml.find("cloud"), "nodes of a cloud, and no power saving",
             "a section `power` says when they go and how long they boot", diagnostics_);
    }
    return node;
  }

  void read_qos(const Yaml& yaml) {
    Once once("QOS", diagnostics_);
    std::vector<const Yaml*> items;
    for_each_mapping(yaml, "QOS", diagnostics_, [&](const Yaml& item) {
      if (!once.add(item)) return;
      items.push_back(&item);
      Qos qos;
      if (const Yaml* const name = item.find("name")) qos.name = name->text;
      cluster_.qos.push_back(std::move(qos));
    });
    const Section<Qos> section = qos_section(cluster_);
    for (std::size_t i = 0; i < items.size(); ++i) {
      section.read(*items[i], cluster_.qos[static_cast<QosId>(i)], diagnostics_);
    }
  }

  void read_partitions(const Yaml& yaml) {
    const Section<Partition> section = partition_section(cluster_);
    Once once("partition", diagnostics_);
    const Yaml* first_default = nullptr;
    for_each_mapping(yaml, "partitions", diagnostics_, [&](const Yaml& item) {
      if (!once.add(item)) return;
      Partition partition;
      partition.nodes = NodeSet(cluster_.nodes.size());
      section.read(item, partition, diagnostics_);
      check_partition(partition, item);
      if (partition.over_subscribe == OverSubscribe::Exclusive) partition.exclusive = true;
      if (partition.exclusive) partition.over_subscribe = OverSubscribe::Exclusive;
      const Yaml* const limits = item.find("limits");
      if (limits != nullptr && item.find("qos") != nullptr) {
        report(*limits, "`limits` beside `qos`", "put them into the QOS, or leave `qos` out",
               diagnostics_);
      } else if (limits != nullptr && partition.qos != kNone<QosId>) {
        cluster_.qos[partition.qos].name = "partition:" + partition.name;
      }
      if (partition.is_default && first_default != nullptr) {
        report(*item.find("default"), "a second default partition", "", diagnostics_);
        note(*first_default, "the first one is here", diagnostics_);
      } else if (partition.is_default) {
        first_default = item.find("default");
      }
      cluster_.partitions.push_back(std::move(partition));
    });
    if (cluster_.partitions.empty() && diagnostics_.error_count() == 0) {
      report(yaml, "a cluster without partitions", "", diagnostics_);
    }
  }

  void check_partition(const Partition& partition, const Yaml& yaml) {
    if (partition.default_time != kUnset && partition.default_time > partition.max_time) {
      report(*yaml.find("default_time"), "default_time is longer than max_time", "", diagnostics_);
      note(*yaml.find("max_time"), "max_time is here", diagnostics_);
    }
    if (partition.max_nodes && *partition.max_nodes < partition.min_nodes) {
      report(*yaml.find("max_nodes"), "max_nodes is less than min_nodes", "", diagnostics_);
      note(*yaml.find("min_nodes"), "min_nodes is here", diagnostics_);
    }
    for (const auto& [allow, deny] :
         {std::pair{"allow_accounts", "deny_accounts"}, std::pair{"allow_qos", "deny_qos"}}) {
      if (yaml.find(allow) == nullptr || yaml.find(deny) == nullptr) continue;
      report(*yaml.find(deny), fmt::format("`{}` beside `{}`", deny, allow),
             "Slurm ignores the second then: give one of them", diagnostics_);
    }
  }

  void check_boots(const PowerSaving& power, const Yaml& yaml) {
    Duration least = power.resume_timeout;
    for (const Partition& each : cluster_.partitions) {
      least = std::min(least, each.resume_timeout.value_or(least));
    }
    if (power.boot_median == kUnset || power.boot_median <= least) return;
    report(*yaml.find("boot_time"), "boot_time is longer than resume_timeout",
           "every second boot would fail, or all", diagnostics_);
  }

  const Yaml& file_;
  Diagnostics& diagnostics_;
  ClusterTop top_;
  Cluster cluster_;
};

/// "338x1" as numbers, or nothing if it is not of this form.
std::optional<std::pair<std::int64_t, std::int64_t>> flat_size(std::string_view text) {
  const std::size_t x = text.find('x');
  if (x == std::string_view::npos) return std::nullopt;
  const auto nodes = parse_int64(text.substr(0, x));
  const auto cpus = parse_int64(text.substr(x + 1));
  if (!nodes || !cpus) return std::nullopt;
  return std::pair{*nodes, *cpus};
}

}  // namespace

bool is_flat_machine(std::string_view text) { return flat_size(text).has_value(); }

ClusterFile parse_cluster(std::string_view yaml_text, const std::string& file) {
  Diagnostics diagnostics;
  Merged merged = merge_files(yaml_text, file, {}, diagnostics);
  if (!merged.is_whole) diagnostics.throw_if_errors();
  Cluster cluster = Reader(merged.yaml, diagnostics).read(fs::path(file).stem().string());
  diagnostics.throw_if_errors();
  return {std::move(cluster), std::move(merged.policies), std::move(merged.files)};
}

ClusterFile load_cluster(const std::string& path_or_flat) {
  const auto flat = flat_size(path_or_flat);
  if (!flat && is_slurm_config(path_or_flat)) return load_slurm(path_or_flat);
  if (!flat) return parse_cluster(read_text(path_or_flat), path_or_flat);
  const auto [nodes, cpus] = *flat;
  if (nodes < 1 || nodes > kMaxFlatNodes || cpus < 1 || cpus > kMaxFlatCpus) {
    fail({.message = fmt::format("a flat machine of {} nodes of {} CPUs", nodes, cpus),
          .help = fmt::format("1 to {} nodes of 1 to {} CPUs", kMaxFlatNodes, kMaxFlatCpus)});
  }
  return {flat_cluster(static_cast<std::uint32_t>(nodes), static_cast<std::uint32_t>(cpus))};
}

}  // namespace rehearse
