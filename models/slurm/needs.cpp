#include "models/slurm/needs.hpp"

#include <algorithm>

#include "sim/base/slurm_text.hpp"

namespace rehearse::slurm {
namespace {

constexpr const char* kNotAvailable = "Requested node configuration is not available";

std::uint32_t ceil_div(std::int64_t amount, std::int64_t by) {
  return static_cast<std::uint32_t>((amount + by - 1) / by);
}

/// What sbatch makes of -N, -n, -c and --ntasks-per-node before it submits (semantics 1.1.3).
void set_sizes(const Asked& asked, Needs& needs) {
  needs.cpus_per_task = std::max(asked.cpus_per_task, 1U);
  needs.has_cpus_per_task = asked.cpus_per_task > 0;
  needs.tasks_per_node = asked.tasks_per_node;
  needs.tasks_per_socket = asked.tasks_per_socket;
  needs.tasks_per_core = asked.tasks_per_core;
  needs.tasks_per_gpu = asked.tasks_per_gpu;
  needs.threads_per_core = asked.threads_per_core;
  needs.sockets_per_node = asked.sockets_per_node;
  needs.cores_per_socket = asked.cores_per_socket;
  needs.tasks = asked.tasks;
  needs.min_nodes = std::max(asked.min_nodes, 1U);
  needs.max_nodes = asked.min_nodes == 0 ? 0 : std::max(asked.max_nodes, asked.min_nodes);
  needs.has_tasks = asked.tasks > 0;
  if (asked.tasks == 0 && asked.min_nodes == 0 && !asked.gres_per_job.empty()) {
    // As many nodes as the GPUs take, and as many tasks (micro 183).
  } else if (asked.tasks == 0 && asked.min_nodes == 0) {
    needs.tasks = asked.tasks_per_node > 0 ? asked.tasks_per_node : 1;
    needs.max_nodes = 1;
  } else if (asked.tasks == 0 && asked.tasks_per_node > 0) {
    needs.tasks = needs.min_nodes * asked.tasks_per_node;
  } else if (asked.tasks > 0 && asked.min_nodes == 0 && asked.tasks_per_node > 0) {
    needs.min_nodes = ceil_div(asked.tasks, asked.tasks_per_node);
  }
  if (asked.tasks > 0 && asked.tasks < needs.min_nodes) {  // "can't run 1 processes on 2 nodes"
    needs.min_nodes = asked.tasks;
    if (needs.max_nodes > 0) needs.max_nodes = std::max(needs.min_nodes, asked.tasks);
  }
  needs.counted_nodes = asked.min_nodes == 0 ? 1 : needs.min_nodes;  // s17
}

/// The amounts of each GRES name that is asked for in any way.
void set_gres(const Asked& asked, const Cluster& cluster, Needs& needs) {
  const auto add = [&](const std::vector<GresCount>& counts, std::int64_t GresAsked::* field) {
    for (const GresCount& count : counts) {
      std::vector<GresId> kinds;
      for (std::size_t i = 0; i < cluster.gres.size(); ++i) {
        const GresKind& kind = cluster.gres[static_cast<GresId>(i)];
        const bool same =
            kind.name == count.name && (count.type.empty() || kind.type == count.type);
        if (same) kinds.push_back(static_cast<GresId>(i));
      }
      const auto known = std::find_if(
          needs.gres.begin(), needs.gres.end(),
          [&](const GresAsked& other) { return other.name == count.name && other.kinds == kinds; });
      if (known != needs.gres.end()) {
        (*known).*field += count.count;
        continue;
      }
      GresAsked fresh{.name = count.name, .kinds = kinds};
      fresh.*field = count.count;
      fresh.is_gpu = count.name == "gpu";
      fresh.is_shard = count.name == "shard";
      needs.gres.push_back(fresh);
    }
  };
  add(asked.gres_per_node, &GresAsked::per_node);
  add(asked.gres_per_job, &GresAsked::per_job);
  add(asked.gres_per_task, &GresAsked::per_task);
  add(asked.gres_per_socket, &GresAsked::per_socket);
  for (GresAsked& one : needs.gres) {
    one.per_node = std::max(one.per_node, one.per_socket * std::max(needs.sockets_per_node, 1U));
  }
  std::erase_if(needs.gres, [](const GresAsked& one) {
    return one.per_node + one.per_job + one.per_task + one.per_socket == 0;
  });
}

/// --ntasks-per-gpu gives the tasks where GPUs are given, and the GPUs where tasks are.
void set_tasks_per_gpu(const Asked& asked, const Cluster& cluster, Needs& needs) {
  if (needs.tasks_per_gpu == 0) return;
  std::int64_t gpus = 0;
  for (const GresAsked& one : needs.gres) {
    if (one.is_gpu) gpus += one.per_job + one.per_node * needs.min_nodes;
  }
  if (gpus > 0 && asked.tasks == 0) {
    needs.tasks = static_cast<std::uint32_t>(gpus) * needs.tasks_per_gpu;
  } else if (gpus == 0) {
    Asked more;
    more.gres_per_job.push_back({"gpu", "", ceil_div(needs.tasks, needs.tasks_per_gpu)});
    set_gres(more, cluster, needs);
  }
}

bool asks_gpus(const Needs& needs) {
  return std::any_of(needs.gres.begin(), needs.gres.end(),
                     [](const GresAsked& one) { return one.is_gpu; });
}

/// Defaults and maxima of the partition (semantics 4.6, 5.7).
std::string set_memory(const Asked& asked, const Cluster& cluster, const Partition& partition,
                       Needs& needs) {
  const bool gpus = asks_gpus(needs);
  needs.cpus_per_gpu = asked.cpus_per_gpu;
  if (gpus && needs.cpus_per_gpu == 0 && !needs.has_cpus_per_task) {
    needs.cpus_per_gpu = partition.default_cpus_per_gpu.value_or(0);
  }
  needs.memory = asked.memory;
  needs.whole_memory = asked.whole_memory;
  if (!cluster.tracks_memory) {
    needs.memory = {};
    needs.whole_memory = false;
    return "";
  }
  if (needs.memory.per == MemoryPer::None && !needs.whole_memory) {
    needs.memory = partition.default_memory;
    if (needs.memory.per == MemoryPer::Gpu && !gpus) needs.memory = {};
    needs.whole_memory = needs.memory.per == MemoryPer::None || needs.memory.mib == 0;
  }
  if (needs.whole_memory) needs.memory = {};
  if (asked.cpus_per_gpu > 0 && needs.has_cpus_per_task) {
    return "--cpus-per-gpu is mutually exclusive with --cpus-per-task";
  }
  if (partition.max_memory_per_cpu_mib) {
    const std::int64_t most = *partition.max_memory_per_cpu_mib;
    if (needs.memory.per == MemoryPer::Cpu && needs.memory.mib > most) {
      const std::uint32_t times = ceil_div(needs.memory.mib, most);
      needs.cpus_per_task *= times;
      needs.memory.mib = ceil_div(needs.memory.mib, times);
    } else if (needs.memory.per == MemoryPer::Node) {
      needs.min_cpus_per_node = std::max(needs.min_cpus_per_node, ceil_div(needs.memory.mib, most));
    }
  }
  if (partition.max_memory_per_node_mib) {
    const std::int64_t most = *partition.max_memory_per_node_mib;
    std::int64_t least = needs.memory.mib;
    if (needs.memory.per == MemoryPer::Cpu) least *= needs.cpus_per_task;
    if (needs.memory.per != MemoryPer::Gpu && least > most) {
      return "Memory required by task is not available";
    }
  }
  return "";
}

/// Nodes of a --nodelist or --exclude; `all`: whether each of them is there.
NodeSet named(const std::string& hosts, const Cluster& cluster, bool& all) {
  NodeSet nodes(cluster.nodes.size());
  if (hosts.empty()) return nodes;
  for (const std::string& host : expand_hostlist(hosts).hosts) {
    const auto node = cluster.find_node(host);
    all = all && node.has_value();
    if (node) nodes.insert(*node);
  }
  return nodes;
}

/// Whether the node is big enough when it is idle, for what each node must give.
bool is_big_enough(const Node& node, const Needs& needs) {
  const std::uint32_t cpus = std::max(
      {needs.min_cpus_per_node, needs.cpus_per_task, needs.tasks_per_node * needs.cpus_per_task});
  if (node.cpus < cpus) return false;
  if (node.sockets < needs.sockets_per_node) return false;
  if (node.cores_per_socket < needs.cores_per_socket) return false;
  if (node.threads_per_core < needs.threads_per_core) return false;
  if (needs.memory.per == MemoryPer::Node && needs.memory.mib > node.memory_mib) return false;
  if (needs.memory.per == MemoryPer::Cpu &&
      needs.memory.mib * needs.min_cpus_per_node > node.memory_mib) {
    return false;
  }
  return true;
}

bool has_gres(const Node& node, const Needs& needs) {
  for (const GresAsked& one : needs.gres) {
    std::int64_t count = 0;
    for (const GresId kind : one.kinds) {
      if (index(kind) < node.gres.size()) count += node.gres[index(kind)];
    }
    const bool any = one.per_job > 0 && count == 0;
    if (any || count < std::max({one.per_node, one.per_task, one.per_socket})) return false;
  }
  return true;
}

std::string set_places(const Asked& asked, const Cluster& cluster, Needs& needs) {
  bool all_known = true;
  needs.candidates = cluster.partitions[needs.partition].nodes;
  needs.excluded = named(asked.exclude, cluster, all_known);
  needs.candidates -= needs.excluded;
  if (!asked.constraint.empty()) {
    FeatureRequest features = parse_features(asked.constraint, cluster);
    if (!features.ok()) return "Invalid feature specification";
    needs.candidates &= features.nodes;
    needs.alternatives = std::move(features.alternatives);
    needs.counted = std::move(features.counts);
  }
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    if (!is_big_enough(cluster.nodes[node], needs)) needs.candidates.erase(node);
  }
  needs.configured = needs.candidates;
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    if (!has_gres(cluster.nodes[node], needs)) needs.candidates.erase(node);
  }
  needs.required = named(asked.nodelist, cluster, all_known);
  if (!all_known) return "Invalid node name specified";
  NodeSet missing = needs.required;
  missing -= needs.candidates;
  if (!missing.empty() || needs.candidates.count() < needs.min_nodes) return kNotAvailable;
  const auto required = static_cast<std::uint32_t>(needs.required.count());
  if (required > needs.min_nodes) {
    if (needs.max_nodes > 0 && asked.min_nodes > 0 && needs.max_nodes < required) {
      return "Node count specification invalid";
    }
    needs.min_nodes = needs.counted_nodes = required;
    if (needs.max_nodes > 0) needs.max_nodes = std::max(needs.max_nodes, required);
  }
  return "";
}

}  // namespace

Resolved needs_of(const Asked& given, const Cluster& cluster, PartitionId partition) {
  Asked asked = given;
  Resolved result;
  const std::string contradiction = reconcile_gres(asked);
  Needs& needs = result.needs;
  needs.partition = partition;
  const Partition& place = cluster.partitions[partition];
  set_sizes(asked, needs);
  if (cluster.select.one_task_per_core && needs.tasks_per_core == 0) needs.tasks_per_core = 1;
  set_gres(asked, cluster, needs);
  set_tasks_per_gpu(asked, cluster, needs);
  // sbatch raises --mincpus to the CPUs of a task; slurmctld to those of all tasks of a node, were
  // there so many (micro 174).
  needs.min_cpus_per_node =
      std::max({asked.min_cpus_per_node, needs.cpus_per_task,
                needs.tasks != 1 ? needs.tasks_per_node * needs.cpus_per_task : 0U});
  result.error = set_memory(asked, cluster, place, needs);
  needs.min_cpus_per_node = std::max(needs.min_cpus_per_node, needs.cpus_per_task);
  const std::uint32_t tasks = needs.tasks > 0 ? needs.tasks : needs.min_nodes;
  needs.min_cpus = tasks * needs.cpus_per_task;
  for (const GresAsked& one : needs.gres) {
    if (!one.is_gpu) continue;
    const std::int64_t gpus = std::max(one.per_job, one.per_task * tasks);
    needs.min_cpus =
        std::max(needs.min_cpus, static_cast<std::uint32_t>(gpus) * needs.cpus_per_gpu);
  }
  needs.exclusive = asked.exclusive || place.exclusive ||
                    place.over_subscribe == OverSubscribe::Exclusive || cluster.select.whole_nodes;
  needs.over_subscribe = asked.over_subscribe;
  needs.exclusive_user = asked.exclusive_user || place.exclusive_user;
  needs.contiguous = asked.contiguous;
  needs.spread = asked.spread;
  needs.use_min_nodes = asked.use_min_nodes;
  needs.enforce_binding = asked.enforce_binding;
  needs.switches = asked.switches;
  if (asked.switches_wait != kUnset) needs.switches_wait = asked.switches_wait;
  needs.distribution = asked.distribution;
  const std::string misplaced = set_places(asked, cluster, needs);
  if (!contradiction.empty()) {
    result.error = contradiction;
  } else if (result.error.empty()) {
    result.error = misplaced;
  }
  return result;
}

}  // namespace rehearse::slurm
