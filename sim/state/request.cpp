#include "sim/state/request.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/slurm_text.hpp"
#include "sim/cluster/features.hpp"
#include "sim/state/resources.hpp"

namespace rehearse {
namespace {

constexpr std::uint32_t divide_up(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint32_t>((a + b - 1) / b);
}

// One resolution: fills `request_`, or leaves the reason why it cannot.
class Resolver {
 public:
  Resolver(const Cluster& cluster, const Asked& asked, PartitionId partition)
      : cluster_(cluster), asked_(asked), partition_(cluster.partitions[partition]) {
    request_.partition = partition;
  }

  bool resolve() {
    return shape() && gres() && cpus() && memory() && places() && partition_limits() &&
           can_ever_run();
  }

  Request& request() { return request_; }
  Resolution& failure() { return failure_; }

 private:
  bool fail(Reason reason, std::string detail) {
    failure_.reason = reason;
    failure_.detail = std::move(detail);
    return false;
  }

  // sbatch(1): neither -N nor -n is one task; -N alone one task a node; -n1 -N2 is one node.
  bool shape() {
    const std::uint32_t per_node = asked_.tasks_per_node;
    request_.max_tasks_per_node = per_node;
    if (asked_.min_nodes > 0) {
      request_.min_nodes = asked_.min_nodes;
      request_.max_nodes = std::max(asked_.min_nodes, asked_.max_nodes);
      request_.tasks = asked_.tasks;
      if (asked_.tasks == 0) {
        request_.tasks = request_.min_nodes * std::max(per_node, 1U);
        request_.task_per_node = request_.max_nodes > request_.min_nodes && per_node <= 1;
      }
      request_.min_nodes = std::min(request_.min_nodes, request_.tasks);
      if (!request_.task_per_node) {
        request_.max_nodes = std::min(request_.max_nodes, request_.tasks);
      }
      return true;
    }
    request_.tasks = std::max(asked_.tasks, 1U);
    request_.min_nodes = per_node > 0 ? divide_up(request_.tasks, per_node) : 1;
    const bool may_spread = request_.tasks > 1 || !asked_.gres_per_job.empty();
    request_.max_nodes = may_spread ? Request::kAnyNodes : 1;
    return true;
  }

  bool gres() {
    if (!needs(asked_.gres_per_node, request_.node_gres) ||
        !needs(asked_.gres_per_task, request_.task_gres)) {
      return false;
    }
    std::vector<GresCount> whole;
    for (GresCount item : asked_.gres_per_job) {
      if (asked_.tasks > 0 && item.count % asked_.tasks == 0) {  // as many for each task
        item.count /= asked_.tasks;
        if (!needs({item}, request_.task_gres)) return false;
      } else {
        whole.push_back(item);
      }
    }
    if (whole.size() > 1) {
      return fail(Reason::BadConstraints, "--gpus with several types and fewer tasks than GPUs");
    }
    return needs(whole, request_.job_gres);
  }

  bool needs(const std::vector<GresCount>& items, std::vector<GresNeed>& out) {
    for (const GresCount& item : items) {
      if (item.count == 0) continue;
      GresNeed need{{}, static_cast<std::uint32_t>(item.count)};
      for (std::size_t i = 0; i < cluster_.gres.size(); ++i) {
        const GresKind& kind = cluster_.gres[static_cast<GresId>(i)];
        if (kind.name != item.name || (!item.type.empty() && kind.type != item.type)) continue;
        need.kinds.push_back(static_cast<GresId>(i));
      }
      if (need.kinds.empty()) {
        return fail(Reason::BadConstraints,
                    "no node has " + item.name + (item.type.empty() ? "" : ":" + item.type));
      }
      out.push_back(std::move(need));
    }
    return true;
  }

  std::int64_t gpus(const std::vector<GresNeed>& list) const {
    std::int64_t count = 0;
    for (const GresNeed& need : list) {
      if (cluster_.gres[need.kinds.front()].is_gpu()) count += need.count;
    }
    return count;
  }

  std::int64_t gpus_of_job() const {
    return gpus(request_.node_gres) * request_.min_nodes + gpus(request_.job_gres) +
           gpus(request_.task_gres) * request_.tasks;
  }

  bool cpus() {
    std::uint32_t per_gpu = asked_.cpus_per_gpu;
    if (per_gpu == 0 && asked_.cpus_per_task == 0) {
      per_gpu = partition_.default_cpus_per_gpu.value_or(0);
    }
    request_.cpus_per_task = std::max(asked_.cpus_per_task, 1U);
    if (per_gpu > 0 && asked_.cpus_per_task == 0) {
      request_.cpus_per_job_gpu = request_.job_gres.empty() ? 0 : per_gpu;
      const std::int64_t by_task = gpus(request_.task_gres) * per_gpu;
      const std::int64_t on_node = gpus(request_.node_gres) * per_gpu;
      const std::uint32_t tasks_a_node = divide_up(request_.tasks, request_.min_nodes);
      const std::int64_t cpus = std::max<std::int64_t>(by_task, divide_up(on_node, tasks_a_node));
      request_.cpus_per_task = static_cast<std::uint32_t>(std::max<std::int64_t>(cpus, 1));
    }
    return cpus_per_gpu_rule();
  }

  // The loosest ratio among the types that the job could get rules it.
  std::optional<std::uint32_t> most_cpus_per_gpu() const {
    const MaxCpusPerGpu& rule = *partition_.max_cpus_per_gpu;
    std::optional<std::uint32_t> most;
    for (const auto* list : {&request_.node_gres, &request_.task_gres, &request_.job_gres}) {
      for (const GresNeed& need : *list) {
        for (const GresId kind : need.kinds) {
          if (!cluster_.gres[kind].is_gpu()) continue;
          const auto typed = rule.by_type.find(kind);
          const auto ratio = typed == rule.by_type.end() ? rule.any : typed->second;
          if (!ratio) return std::nullopt;
          most = std::max(most.value_or(0), *ratio);
        }
      }
    }
    return most;
  }

  bool cpus_per_gpu_rule() {
    const std::int64_t gpus = gpus_of_job();
    if (!partition_.max_cpus_per_gpu || gpus == 0) return true;
    const auto most = most_cpus_per_gpu();
    if (!most || request_.cpus() <= *most * gpus) return true;
    switch (partition_.max_cpus_per_gpu->on_violation) {
      case OnViolation::Reject:
        return fail(Reason::MaxCpusPerGpu, std::to_string(request_.cpus()) + " CPUs with " +
                                               std::to_string(gpus) + " GPUs, at most " +
                                               std::to_string(*most) + " for each");
      case OnViolation::Trim:
        request_.cpus_per_task =
            static_cast<std::uint32_t>(std::max<std::int64_t>(*most * gpus / request_.tasks, 1));
        break;
      case OnViolation::Warn:
        break;
    }
    failure_.over_ratio = true;
    return true;
  }

  bool memory() {
    if (!cluster_.tracks_memory) return true;
    Memory& memory = request_.memory;
    memory = asked_.memory.per == MemoryPer::None ? partition_.default_memory : asked_.memory;
    if (memory.per == MemoryPer::Gpu && gpus_of_job() == 0) memory = {};
    const auto& most_per_cpu = partition_.max_memory_per_cpu_mib;
    if (most_per_cpu && memory.per == MemoryPer::Cpu && memory.mib > *most_per_cpu) {
      // More memory per CPU than allowed buys more CPUs (slurm.conf(5) MaxMemPerCPU).
      const std::uint32_t factor = divide_up(memory.mib, *most_per_cpu);
      request_.cpus_per_task *= factor;
      memory.mib = divide_up(memory.mib, factor);
    }
    if (const auto& most = partition_.max_memory_per_node_mib) {
      const std::int64_t on_node = memory_on_fullest_node();
      if (on_node > *most) {
        return fail(Reason::MaxMemPerLimit,
                    std::to_string(on_node) + " MiB a node, at most " + std::to_string(*most));
      }
    }
    return true;
  }

  // With as many nodes as the job may use, the memory of the node with most of its tasks.
  std::int64_t memory_on_fullest_node() const {
    const Memory& memory = request_.memory;
    const std::int64_t nodes =
        request_.max_nodes == Request::kAnyNodes ? request_.tasks : request_.max_nodes;
    const std::int64_t tasks = divide_up(request_.tasks, std::max<std::int64_t>(nodes, 1));
    switch (memory.per) {
      case MemoryPer::None:
        return 0;
      case MemoryPer::Node:
        return memory.mib;
      case MemoryPer::Cpu:
        return memory.mib * tasks * request_.cpus_per_task;
      case MemoryPer::Gpu:
        return memory.mib * (gpus(request_.node_gres) + gpus(request_.task_gres) * tasks);
    }
    return 0;
  }

  bool places() {
    request_.eligible = partition_.nodes;
    request_.exclusive = asked_.exclusive || partition_.exclusive;
    if (!asked_.constraint.empty()) {
      const FeatureMatch match = match_features(asked_.constraint, cluster_);
      if (!match.ok()) return fail(Reason::BadConstraints, match.error);
      request_.eligible &= match.nodes;
    }
    if (!asked_.exclude.empty()) {
      NodeSet excluded(cluster_.nodes.size());
      if (!named_nodes(asked_.exclude, excluded)) return false;
      request_.eligible -= excluded;
    }
    if (asked_.nodelist.empty()) return true;
    NodeSet wanted(cluster_.nodes.size());
    if (!named_nodes(asked_.nodelist, wanted)) return false;
    const auto count = static_cast<std::uint32_t>(wanted.count());
    if (asked_.min_nodes == 0) {  // the list says how many nodes
      request_.min_nodes = std::max(request_.min_nodes, count);
      request_.tasks = std::max(request_.tasks, request_.min_nodes);
      if (request_.max_nodes != Request::kAnyNodes) request_.max_nodes = request_.min_nodes;
    }
    if (count > request_.max_nodes) {
      return fail(Reason::BadConstraints, "--nodelist names more nodes than the job asks for");
    }
    if (request_.max_nodes == 1) {
      request_.eligible &= wanted;
      return true;
    }
    wanted.for_each([&](NodeId node) {
      request_.required.push_back(node);
      return true;
    });
    return true;
  }

  bool named_nodes(const std::string& text, NodeSet& out) {
    const Hostlist list = expand_hostlist(text);
    if (!list.ok()) return fail(Reason::BadConstraints, list.error + " in \"" + text + "\"");
    for (const std::string& host : list.hosts) {
      const auto node = cluster_.find_node(host);
      if (!node) return fail(Reason::BadConstraints, "there is no node " + host);
      out.insert(*node);
    }
    return true;
  }

  bool partition_limits() {
    std::uint32_t most = partition_.max_nodes.value_or(Request::kAnyNodes);
    const std::uint32_t least = std::max(request_.min_nodes, partition_.min_nodes);
    if (request_.min_nodes > most ||
        (request_.max_nodes != Request::kAnyNodes && request_.max_nodes < least)) {
      return fail(Reason::PartitionNodeLimit, "node count outside the partition's limits");
    }
    request_.min_nodes = least;
    request_.max_nodes = std::min(request_.max_nodes, most);
    return true;
  }

  bool can_ever_run() {
    const bool only_cpus = request_.memory.per == MemoryPer::None && request_.task_gres.empty() &&
                           request_.node_gres.empty() && request_.job_gres.empty() &&
                           !request_.exclusive;
    request_.is_pool = only_cpus && request_.cpus_per_task == 1 && request_.required.empty() &&
                       request_.max_tasks_per_node == 0 && request_.min_nodes == 1 &&
                       (request_.max_nodes == Request::kAnyNodes ||
                        (request_.tasks == 1 && request_.max_nodes == 1)) &&
                       request_.eligible.count() == cluster_.nodes.size();
    if (request_.is_pool) {
      std::int64_t cpus = 0;
      for (const Node& node : cluster_.nodes) cpus += node.cpus;
      return request_.tasks <= cpus || too_large();
    }
    const Resources idle(cluster_);
    GresArena arena(cluster_.gres.size());
    std::vector<Share> shares;
    keep_nodes_that_fit(idle);
    return select(idle, cluster_, request_, {}, shares, arena) || too_large();
  }

  bool too_large() { return fail(Reason::BadConstraints, "larger than all nodes it may use"); }

  // Nodes on which not even one task fits, however idle they are, are no candidates.
  void keep_nodes_that_fit(const Resources& idle) {
    Request one = request_;
    one.tasks = one.min_nodes = one.max_nodes = 1;
    one.required.clear();
    one.job_gres.clear();
    NodeSet fitting(cluster_.nodes.size());
    one.eligible.for_each([&](NodeId node) {
      if (fits_on(idle, cluster_, one, node)) fitting.insert(node);
      return true;
    });
    request_.eligible = std::move(fitting);
  }

  const Cluster& cluster_;
  const Asked& asked_;
  const Partition& partition_;
  Request request_;
  Resolution failure_;
};

void add_needs(const std::vector<GresNeed>& needs, std::int64_t times, const Cluster& cluster,
               TresCounts& tres) {
  for (const GresNeed& need : needs) {
    const std::int64_t count = need.count * times;
    if (cluster.gres[need.kinds.front()].is_gpu()) tres[kTresGpu] += count;
    if (need.kinds.size() == 1) tres[tres_of(need.kinds.front())] += count;
  }
}

// What limits see before nodes are known.
TresCounts asked_tres(const Cluster& cluster, const Request& request) {
  TresCounts tres(cluster.tres_count(), 0);
  tres[kTresCpu] = request.cpus();
  tres[kTresNode] = request.min_nodes;
  add_needs(request.node_gres, request.min_nodes, cluster, tres);
  add_needs(request.task_gres, request.tasks, cluster, tres);
  add_needs(request.job_gres, 1, cluster, tres);
  tres[kTresCpu] =
      std::max(tres[kTresCpu],
               request.cpus_per_job_gpu *
                   (request.job_gres.empty() ? std::int64_t{0} : request.job_gres.front().count));
  const std::int64_t mib = request.memory.mib;
  tres[kTresMem] = request.memory.per == MemoryPer::Node  ? mib * request.min_nodes
                   : request.memory.per == MemoryPer::Cpu ? mib * tres[kTresCpu]
                   : request.memory.per == MemoryPer::Gpu ? mib * tres[kTresGpu]
                                                          : 0;
  tres[kTresBilling] = billing(cluster.partitions[request.partition], tres);
  return tres;
}

}  // namespace

double exact_billing(const Partition& partition, const TresCounts& tres) {
  if (partition.billing_weights.empty()) return static_cast<double>(tres[kTresCpu]);
  double sum = 0;
  for (std::size_t i = 0; i < partition.billing_weights.size() && i < tres.size(); ++i) {
    sum += partition.billing_weights[i] * static_cast<double>(tres[i]);
  }
  return sum;
}

std::int64_t billing(const Partition& partition, const TresCounts& tres) {
  return static_cast<std::int64_t>(std::floor(exact_billing(partition, tres)));
}

const Resolution& Requests::resolve(const Workload& workload, AskedId asked,
                                    PartitionId partition) {
  const auto [found, inserted] = known_.try_emplace({asked, partition});
  Resolution& resolution = found->second;
  if (!inserted) return resolution;
  Resolver resolver(cluster_, workload.asked[asked], partition);
  const bool resolved = resolver.resolve();
  resolution = std::move(resolver.failure());
  if (resolved) {
    Request& request = resolver.request();
    request.tres = asked_tres(cluster_, request);
    only_pools_ = only_pools_ && request.is_pool;
    resolution.request = requests_.push_back(std::move(request));
  }
  return resolution;
}

}  // namespace rehearse
