// Partitions.
#include <fmt/format.h>

#include <algorithm>

#include "sim/cluster/gres.hpp"
#include "sim/config/section_fields.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kMaxFactor = 65'533;  // Slurm's uint16 factors and tiers

Field<Partition> partition_nodes(const Cluster& cluster) {
  return stored({Shape::Kind::Text}, &Partition::nodes,
                [&cluster](const Yaml& yaml, Diagnostics& diagnostics) {
                  return read_nodes(yaml, cluster, diagnostics);
                });
}

Field<Partition> partition_qos(const Cluster& cluster) {
  return {{Shape::Kind::Text},
          [&cluster, check = is_qos_of(cluster)](const Yaml& yaml, Partition& partition,
                                                 Diagnostics& diags) {
            const auto name = read_name(yaml, diags);
            if (!name) return;
            check(yaml, *name, diags);
            partition.qos = cluster.find_qos(*name).value_or(kNone<QosId>);
          }};
}

Field<Partition> partition_limits(Cluster& cluster) {
  Section<Limits> section = qos_limits(cluster);
  Shape shape = section.shape();
  return {std::move(shape), [&cluster, section = std::move(section)](
                                const Yaml& yaml, Partition& partition, Diagnostics& diagnostics) {
            Qos own;
            section.read(yaml, own.limits, diagnostics);
            partition.qos = cluster.qos.push_back(std::move(own));
          }};
}

Field<Partition> default_memory(MemoryPer per) {
  return {{Shape::Kind::Size},
          [per](const Yaml& yaml, Partition& partition, Diagnostics& diagnostics) {
            if (partition.default_memory.per != MemoryPer::None) {
              report(yaml, "a second default of memory", "per CPU, node or GPU: give one of them",
                     diagnostics);
            }
            const auto mib = read_memory(yaml, diagnostics);
            if (mib) partition.default_memory = {per, *mib};
          }};
}

Field<Partition> max_cpus_per_gpu(const Cluster& cluster) {
  Shape count{Shape::Kind::Integer};
  count.min = 1;
  Shape mapping{Shape::Kind::Mapping};
  mapping.of = {{Shape::Kind::Anything}};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {count, mapping};
  const auto read = [&cluster](const Yaml& yaml, Partition& partition, Diagnostics& diagnostics) {
    MaxCpusPerGpu rule;
    const auto number = [&](const Yaml& value) {
      const auto count_read = read_integer(value, 1, kMaxCpus, diagnostics);
      return static_cast<std::uint32_t>(count_read.value_or(1));
    };
    if (yaml.kind != Yaml::Kind::Map) rule.any = number(yaml);
    for (const auto& [key, value] : yaml.members) {
      if (key.text == "on_violation") {
        const auto at = read_choice(value, {"reject", "trim", "warn"}, diagnostics);
        if (at) rule.on_violation = static_cast<OnViolation>(*at);
        continue;
      }
      if (key.text == "default") {
        rule.any = number(value);
        continue;
      }
      std::vector<std::string_view> known{"default", "on_violation"};
      bool found = false;
      for (std::size_t i = 0; i < cluster.gres.size(); ++i) {
        const GresKind& kind = cluster.gres[static_cast<GresId>(i)];
        if (!kind.is_gpu() || kind.type.empty()) continue;
        known.push_back(kind.type);
        if (kind.type != key.text) continue;
        rule.by_type[static_cast<GresId>(i)] = number(value);
        found = true;
      }
      if (!found) report_unknown(key, "GPU type", key.text, known, diagnostics);
    }
    partition.max_cpus_per_gpu = std::move(rule);
  };
  return {std::move(shape), read};
}

Field<Partition> billing_weights(const Cluster& cluster) {
  return {{Shape::Kind::Text},
          [&cluster](const Yaml& yaml, Partition& partition, Diagnostics& diagnostics) {
            const auto text = read_string(yaml, diagnostics);
            if (!text) return;
            WeightParse parsed = parse_billing_weights(*text, cluster);
            if (!parsed.ok()) {
              report(yaml, parsed.error, "write such as CPU=1.0,Mem=0.25G,GRES/gpu=2.0",
                     diagnostics, parsed.offset);
            }
            partition.billing_weights = std::move(parsed.weights);
          }};
}

}  // namespace

Section<Partition> partition_section(Cluster& cluster) {
  const CheckName is_account = is_account_of(cluster);
  const CheckName is_qos = is_qos_of(cluster);
  Section<Partition> section(
      "partition",
      {
          {"name", field(&Partition::name), "Name", true},
          {"nodes", partition_nodes(cluster), "Its nodes as gpu[001-048], or ALL", true},
          {"default", field(&Partition::is_default), "Where jobs go that name no partition"},
          {"max_time", field(&Partition::max_time), "Longest time limit of a job"},
          {"default_time", field(&Partition::default_time), "Time limit of jobs that state none"},
          {"min_nodes", integer(&Partition::min_nodes, 0), "Least nodes of a job"},
          {"max_nodes", integer(&Partition::max_nodes, 0), "Most nodes of a job"},
          {"priority_tier", integer(&Partition::priority_tier, 0, kMaxFactor),
           "Jobs of a higher tier come first, and may preempt those of a lower one"},
          {"priority_job_factor", integer(&Partition::priority_job_factor, 0, kMaxFactor),
           "A factor of multifactor"},
          {"preempt_mode", choice(&Partition::preempt_mode, kPreemptModes),
           "What becomes of its jobs when they are preempted"},
          {"grace_time", grace(&Partition::grace_time),
           "Time that its jobs get when preempted; a bare number is seconds"},
          {"exclusive", field(&Partition::exclusive), "OverSubscribe=EXCLUSIVE: whole nodes"},
          {"qos", partition_qos(cluster), "Partition QOS, whose limits rule its jobs"},
          {"limits", partition_limits(cluster), "Instead of `qos`: a QOS of its own"},
          {"allow_accounts", names(&Partition::allow_accounts, is_account),
           "Only these accounts and those below them"},
          {"deny_accounts", names(&Partition::deny_accounts, is_account), "Not these accounts"},
          {"allow_qos", names(&Partition::allow_qos, is_qos), "Only these QOS"},
          {"deny_qos", names(&Partition::deny_qos, is_qos), "Not these QOS"},
          {"default_memory_per_cpu", default_memory(MemoryPer::Cpu), "DefMemPerCPU"},
          {"default_memory_per_node", default_memory(MemoryPer::Node), "DefMemPerNode"},
          {"default_memory_per_gpu", default_memory(MemoryPer::Gpu), "DefMemPerGPU"},
          {"max_memory_per_cpu", memory(&Partition::max_memory_per_cpu_mib), "MaxMemPerCPU"},
          {"max_memory_per_node", memory(&Partition::max_memory_per_node_mib), "MaxMemPerNode"},
          {"max_cpus_per_node", integer(&Partition::max_cpus_per_node, 1, kMaxCpus),
           "MaxCPUsPerNode: of all its jobs together on one node"},
          {"default_cpus_per_gpu", integer(&Partition::default_cpus_per_gpu, 1, kMaxCpus),
           "DefCpuPerGPU"},
          {"max_cpus_per_gpu", max_cpus_per_gpu(cluster),
           "Most CPUs for each GPU of a job, by GPU type; on_violation: reject, trim or warn"},
          {"tres_billing_weights", billing_weights(cluster), "TRESBillingWeights"},
          {"state", choice(&Partition::state, {"up", "down", "drain", "inactive"}),
           "State: whether jobs may be submitted, and started"},
          {"least_loaded", field(&Partition::least_loaded),
           "LLN: nodes with the largest part of idle CPUs first"},
          {"over_subscribe",
           choice(&Partition::over_subscribe, {"no", "exclusive", "yes", "force"}),
           "OverSubscribe: whether jobs may share CPUs"},
          {"over_subscribe_jobs", integer(&Partition::over_subscribe_jobs, 1, 1024),
           "Most jobs on one CPU where they may share it"},
          {"exclusive_user", field(&Partition::exclusive_user),
           "ExclusiveUser: a node has jobs of one user only"},
          {"root_only", field(&Partition::root_only), "RootOnly: only root may submit jobs"},
          {"requires_reservation", field(&Partition::requires_reservation), "ReqResv"},
          {"over_time_limit", field(&Partition::over_time_limit),
           "OverTimeLimit: jobs may run so much longer than their time limit"},
          {"suspend_time", grace(&Partition::suspend_time),
           "SuspendTime of its nodes, instead of that in `power`; the longest of several counts"},
          {"suspend_timeout", grace(&Partition::suspend_timeout), "SuspendTimeout, likewise"},
          {"resume_timeout", grace(&Partition::resume_timeout), "ResumeTimeout, likewise"},
          {"power_down_on_idle", field(&Partition::power_down_on_idle),
           "PowerDownOnIdle: its nodes are powered down after each job"},
      });
  section.add(keys_not_simulated<Partition>(cluster));
  return section;
}

}  // namespace rehearse
