#include "sim/config/cluster_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/cluster/gres.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kMaxCpus = 1'000'000;
constexpr std::int64_t kMaxFactor = 65'533;  // Slurm's uint16 factors and tiers

/// Keys that a file may have although a run does nothing with them yet; the report says so.
template <class T>
std::vector<Key<T>> keys_not_simulated(Cluster& cluster) {
  static constexpr std::pair<const char*, const char*> kKeys[] = {
      {"power", "nodes are always on: suspending and booting them is not simulated (power)"},
      {"storage", "file systems and their quotas are not simulated (storage)"},
      {"checkpoint", "jobs save nothing: a requeued job starts from its beginning (checkpoint)"},
      {"topology", "switches are not simulated: all nodes are equally near (topology)"},
      {"idle_kill", "idle sessions are not ended early (idle_kill)"},
      {"speeds", "a job runs equally long on every kind of GPU (speeds)"},
      {"prices", "costs are not computed (prices)"},
      {"data_locality", "data is everywhere: no job waits for a copy (data_locality)"},
      {"requeue_cycles", "jobs do not requeue themselves at their limit (requeue_cycles)"},
      {"mig", "GPUs are not cut into smaller ones (mig)"},
  };
  std::vector<Key<T>> keys;
  for (const auto& [name, sentence] : kKeys) {
    Field<T> field = anything<T>();
    field.read = [&cluster, text = std::string(sentence)](const Yaml&, T&, Diagnostics&) {
      say_not_simulated(cluster, text);
    };
    keys.push_back({name, std::move(field), fmt::format("Not simulated: {}", sentence), false});
  }
  return keys;
}

/// A field that keeps a section for later; its shape is a list of `section`.
Field<ClusterTop> later(const Yaml* ClusterTop::* member, Shape section) {
  Shape shape{Shape::Kind::List};
  shape.of.push_back(std::move(section));
  return {std::move(shape),
          [member](const Yaml& yaml, ClusterTop& top, Diagnostics&) { top.*member = &yaml; }};
}

/// The names in a list, or in one text with commas. `check` reports what is wrong with a name.
using CheckName = std::function<void(const Yaml&, const std::string&, Diagnostics&)>;
template <class T>
Field<T> names(std::vector<std::string> T::* member, CheckName check) {
  return list_of<T>(
      {Shape::Kind::Text}, [member, check](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
        const auto text = read_string(yaml, diagnostics);
        if (!text) return;
        for (const std::string_view piece : split(*text, ',')) {
          const std::string name(trim(piece));
          if (name.empty()) {
            report(yaml, fmt::format("an empty name in \"{}\"", *text), "", diagnostics);
            continue;
          }
          if (check) check(yaml, name, diagnostics);
          (target.*member).push_back(name);
        }
      });
}

CheckName is_qos_of(const Cluster& cluster) {
  return [&cluster](const Yaml& yaml, const std::string& name, Diagnostics& diagnostics) {
    if (cluster.find_qos(name)) return;
    std::vector<std::string_view> known;
    for (const Qos& each : cluster.qos) known.push_back(each.name);
    report_unknown(yaml, "QOS", name, known, diagnostics);
  };
}

/// Where a file declares no accounts, any may come up.
CheckName is_account_of(const Cluster& cluster) {
  return [&cluster](const Yaml& yaml, const std::string& name, Diagnostics& diagnostics) {
    if (!cluster.declares_accounts || cluster.find_account(name)) return;
    std::vector<std::string_view> known;
    for (const Assoc& each : cluster.assocs) {
      if (!each.is_user()) known.push_back(each.account);
    }
    report_unknown(yaml, "account", name, known, diagnostics);
  };
}

template <class T>
Field<T> qos_name(std::string T::* member, const Cluster& cluster) {
  return {{Shape::Kind::Text},
          [member, check = is_qos_of(cluster)](const Yaml& yaml, T& target, Diagnostics& diags) {
            const auto name = read_name(yaml, diags);
            if (!name) return;
            check(yaml, *name, diags);
            target.*member = *name;
          }};
}

std::optional<std::vector<std::string>> read_hosts(const Yaml& yaml, Diagnostics& diagnostics) {
  const auto text = read_string(yaml, diagnostics);
  if (!text) return std::nullopt;
  Hostlist list = expand_hostlist(*text);
  if (list.ok()) return std::move(list.hosts);
  report(yaml, fmt::format("\"{}\": {}", *text, list.error),
         "write names with ranges in brackets, such as gpu[001-048,050]", diagnostics, list.offset);
  return std::nullopt;
}

// Limits.

/// "cpu=112,mem=128G" or a mapping {cpu: 112, mem: 128G}.
Field<Limits> tres(TresCounts Limits::* member, const Cluster& cluster) {
  Shape mapping{Shape::Kind::Mapping};
  mapping.of = {{Shape::Kind::Text}};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {{Shape::Kind::Text}, mapping};
  return {std::move(shape),
          [member, &cluster](const Yaml& yaml, Limits& limits, Diagnostics& diagnostics) {
            (limits.*member).assign(cluster.tres_count(), kNoLimit);
            const auto apply = [&](const Yaml& at, const std::string& text, std::size_t offset) {
              const TresParse parsed = parse_tres(text, cluster);
              if (!parsed.ok()) {
                report(at, parsed.error, "write such as cpu=112,mem=128G,gres/gpu:a40=4",
                       diagnostics, parsed.offset - std::min(offset, parsed.offset));
              }
              for (std::size_t i = 0; i < parsed.counts.size(); ++i) {
                if (parsed.counts[i] != kNoLimit) (limits.*member)[i] = parsed.counts[i];
              }
            };
            if (yaml.kind != Yaml::Kind::Map) {
              if (const auto text = read_string(yaml, diagnostics)) apply(yaml, *text, 0);
              return;
            }
            for (const auto& [key, value] : yaml.members) {
              const auto text = read_string(value, diagnostics);
              if (!text) continue;
              const std::string item = key.text + "=" + *text;
              const bool is_key = !parse_tres(key.text + "=0", cluster).ok();
              apply(is_key ? key : value, item, is_key ? 0 : key.text.size() + 1);
            }
          }};
}

/// A count of jobs; -1 takes the limit away.
Field<Limits> jobs(std::optional<std::int64_t> Limits::* member) {
  Shape shape{Shape::Kind::Integer};
  shape.min = -1;
  return {std::move(shape), [member](const Yaml& yaml, Limits& limits, Diagnostics& diagnostics) {
            const auto count =
                read_integer(yaml, -1, std::numeric_limits<std::int32_t>::max(), diagnostics);
            if (count && *count >= 0) limits.*member = *count;
          }};
}

Field<Limits> wall(std::optional<Duration> Limits::* member) {
  return {{Shape::Kind::TimeSpan},
          [member](const Yaml& yaml, Limits& limits, Diagnostics& diagnostics) {
            const auto length = read_duration(yaml, diagnostics);
            if (length && *length != kUnlimited) limits.*member = *length;
          }};
}

/// What associations, QOS and partitions have.
std::vector<Key<Limits>> common_limits(const Cluster& cluster) {
  return {
      {"grp_tres", tres(&Limits::grp_tres, cluster), "GrpTRES: most of all running jobs together"},
      {"max_tres_per_job", tres(&Limits::max_tres_per_job, cluster), "MaxTRESPerJob"},
      {"max_tres_per_node", tres(&Limits::max_tres_per_node, cluster),
       "MaxTRESPerNode: most of one job on each of its nodes"},
      {"grp_jobs", jobs(&Limits::grp_jobs), "GrpJobs: most running jobs"},
      {"grp_submit_jobs", jobs(&Limits::grp_submit_jobs),
       "GrpSubmitJobs: most pending and running jobs"},
      {"max_wall", wall(&Limits::max_wall_per_job), "MaxWallDurationPerJob: longest time limit"},
  };
}

Section<Limits> assoc_limits(const Cluster& cluster) {
  Section<Limits> section("account's or user's limits", common_limits(cluster));
  section.add({
      {"max_jobs", jobs(&Limits::max_jobs), "MaxJobs: most running jobs of each user"},
      {"max_submit_jobs", jobs(&Limits::max_submit_jobs),
       "MaxSubmitJobs: most pending and running jobs of each user"},
  });
  return section;
}

Section<Limits> qos_limits(const Cluster& cluster) {
  Section<Limits> section("QOS's or partition's limits", common_limits(cluster));
  section.add({
      {"max_tres_per_user", tres(&Limits::max_tres_per_user, cluster), "MaxTRESPerUser"},
      {"max_tres_per_account", tres(&Limits::max_tres_per_account, cluster), "MaxTRESPerAccount"},
      {"min_tres_per_job", tres(&Limits::min_tres_per_job, cluster),
       "MinTRESPerJob: least that a job may ask for"},
      {"max_jobs_per_user", jobs(&Limits::max_jobs_per_user), "MaxJobsPerUser: running"},
      {"max_jobs_per_account", jobs(&Limits::max_jobs_per_account), "MaxJobsPerAccount: running"},
      {"max_submit_jobs_per_user", jobs(&Limits::max_submit_jobs_per_user),
       "MaxSubmitJobsPerUser: pending and running"},
      {"max_submit_jobs_per_account", jobs(&Limits::max_submit_jobs_per_account),
       "MaxSubmitJobsPerAccount: pending and running"},
  });
  return section;
}

// Nodes.

void add_gres(Cluster& cluster, const Yaml& yaml, const std::string& name, const std::string& type,
              std::int64_t count, NodeGroup& group, Diagnostics& diagnostics) {
  const bool is_new =
      group.gres.emplace(gres_kind(cluster, name, type), static_cast<std::uint32_t>(count)).second;
  if (!is_new) {
    report(yaml, fmt::format("{}{}{} is given twice", name, type.empty() ? "" : ":", type), "",
           diagnostics);
  }
  if (name == "shard") {
    say_not_simulated(cluster, "shards are counted apart from the GPUs that they are parts of");
  }
}

Field<NodeGroup> gpus(Cluster& cluster) {
  Shape count{Shape::Kind::Integer};
  count.min = 0;
  Shape mapping{Shape::Kind::Mapping};
  mapping.of = {count};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {count, mapping};
  return {std::move(shape),
          [&cluster](const Yaml& yaml, NodeGroup& group, Diagnostics& diagnostics) {
            const auto add = [&](const Yaml& at, const Yaml& value, const std::string& type) {
              const auto read = read_integer(value, 0, kMaxCpus, diagnostics);
              if (read) add_gres(cluster, at, "gpu", type, *read, group, diagnostics);
            };
            if (yaml.kind != Yaml::Kind::Map) return add(yaml, yaml, "");
            for (const Yaml::Member& each : yaml.members) {
              if (const auto type = read_name(each.key, diagnostics)) {
                add(each.key, each.value, *type);
              }
            }
          }};
}

Field<NodeGroup> gres(Cluster& cluster) {
  return {{Shape::Kind::Text},
          [&cluster](const Yaml& yaml, NodeGroup& group, Diagnostics& diagnostics) {
            const auto text = read_string(yaml, diagnostics);
            if (!text) return;
            const GresList list = parse_gres(*text);
            if (!list.ok()) {
              report(yaml, list.error, "write name:type:count, such as gpu:a40:8", diagnostics,
                     list.offset);
            }
            for (const GresCount& item : list.items) {
              add_gres(cluster, yaml, item.name, item.type, item.count, group, diagnostics);
            }
          }};
}

// Partitions.

Field<Partition> partition_nodes(const Cluster& cluster) {
  return {{Shape::Kind::Text},
          [&cluster](const Yaml& yaml, Partition& partition, Diagnostics& diagnostics) {
            partition.nodes = NodeSet(cluster.nodes.size());
            if (yaml.text == "ALL") {
              partition.nodes = NodeSet::all(cluster.nodes.size());
              return;
            }
            const auto hosts = read_hosts(yaml, diagnostics);
            if (!hosts) return;
            std::vector<std::string> unknown;
            for (const std::string& host : *hosts) {
              if (const auto node = cluster.find_node(host)) {
                partition.nodes.insert(*node);
              } else {
                unknown.push_back(host);
              }
            }
            if (unknown.empty()) return;
            std::vector<std::string_view> known;
            for (const Node& node : cluster.nodes) known.push_back(node.name);
            const std::size_t at = yaml.text.find(unknown.front());
            if (unknown.size() == 1) {
              report_unknown(yaml, "node", unknown.front(), known, diagnostics,
                             at == std::string::npos ? 0 : at);
              return;
            }
            report(yaml, fmt::format("unknown nodes \"{}\"", compress_hostlist(unknown)),
                   "every node must be in the list of nodes", diagnostics);
          }};
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

// QOS.

Field<Qos> qos_flags() {
  static const std::vector<std::string> kFlags{"DenyOnLimit", "OverPartQOS"};
  Shape item{Shape::Kind::Choice};
  item.choices = kFlags;
  return list_of<Qos>(item, [](const Yaml& yaml, Qos& qos, Diagnostics& diagnostics) {
    const auto at = read_choice(yaml, kFlags, diagnostics);
    if (!at) return;
    (*at == 0 ? qos.deny_on_limit : qos.over_part_qos) = true;
  });
}

Field<Qos> qos_preempt(const Cluster& cluster) {
  return list_of<Qos>({Shape::Kind::Text}, [&cluster, check = is_qos_of(cluster)](
                                               const Yaml& yaml, Qos& qos, Diagnostics& diags) {
    const auto name = read_name(yaml, diags);
    if (!name) return;
    check(yaml, *name, diags);
    if (const auto found = cluster.find_qos(*name)) qos.preempts.push_back(*found);
  });
}

template <class T, class Member>
Field<T> grace(Member T::* member) {
  return stored({Shape::Kind::TimeSpan}, member, read_grace_time);
}

const std::vector<std::string> kPreemptModes{"off", "cancel", "requeue"};

/// What users and accounts have in common.
template <class T>
std::vector<Key<T>> assoc_keys(const Cluster& cluster) {
  return {
      {"shares", integer(&T::shares, 0), "Raw shares of the fair share among its neighbours"},
      {"priority", integer(&T::priority, 0), "Association priority, a factor of multifactor"},
      {"qos", names(&T::qos, is_qos_of(cluster)), "QOS that may be used; without it all"},
      {"default_qos", qos_name(&T::default_qos, cluster), "QOS of jobs that name none"},
      {"limits", nested(&T::limits, assoc_limits(cluster)), "Limits, named as in sacctmgr"},
  };
}

Section<UserEntry> user_section(const Cluster& cluster) {
  Section<UserEntry> section("user",
                             {{"name", stored({Shape::Kind::Text}, &UserEntry::names, read_hosts),
                               "User name, or several as alice[1-3]", true}});
  section.add(assoc_keys<UserEntry>(cluster));
  return section;
}

Field<AccountEntry> users(const Cluster& cluster) {
  const Section<UserEntry> section = user_section(cluster);
  Shape item{Shape::Kind::AnyOf};
  item.of = {{Shape::Kind::Text}, section.shape()};
  return list_of<AccountEntry>(
      std::move(item), [section](const Yaml& yaml, AccountEntry& account, Diagnostics& diags) {
        UserEntry user;
        if (yaml.kind == Yaml::Kind::Map) {
          section.read(yaml, user, diags);
        } else if (auto hosts = read_hosts(yaml, diags)) {
          user.names = std::move(*hosts);
        }
        account.users.push_back(std::move(user));
      });
}

}  // namespace

void say_not_simulated(Cluster& cluster, const std::string& sentence) {
  std::vector<std::string>& said = cluster.not_simulated;
  if (std::find(said.begin(), said.end(), sentence) == said.end()) said.push_back(sentence);
}

GresId gres_kind(Cluster& cluster, const std::string& name, const std::string& type) {
  const GresKind kind{name, type};
  const auto found = std::find(cluster.gres.begin(), cluster.gres.end(), kind);
  if (found != cluster.gres.end()) return static_cast<GresId>(found - cluster.gres.begin());
  return cluster.gres.push_back(kind);
}

Section<ClusterTop> cluster_section(Cluster& cluster) {
  Section<ClusterTop> section(
      "cluster",
      {
          {"name", field(&ClusterTop::name), "Name of the cluster; without it the file's"},
          {"description", anything<ClusterTop>(), "For readers"},
          {"extends", anything<ClusterTop>(), "File that this one changes, beside it"},
          {"enforce_part_limits", choice(&ClusterTop::enforce_part_limits, {"no", "any", "all"}),
           "EnforcePartLimits: whether a job over a partition's limits is refused at once"},
          {"tracks_memory", field(&ClusterTop::tracks_memory),
           "Whether memory is a consumable resource; without it: if any node states its memory"},
          {"nodes", later(&ClusterTop::nodes, node_section(cluster).shape()), "The machine", true},
          {"partitions", later(&ClusterTop::partitions, partition_section(cluster).shape()),
           "Queues of jobs over sets of nodes", true},
          {"qos", later(&ClusterTop::qos, qos_section(cluster).shape()), "Qualities of service"},
          {"accounts", later(&ClusterTop::accounts, account_section(cluster).shape()),
           "Tree of accounts and their users; without it any name may be used"},
          {"policies", anything<ClusterTop>(), "How the site schedules today"},
      });
  section.add(keys_not_simulated<ClusterTop>(cluster));
  return section;
}

Section<NodeGroup> node_section(Cluster& cluster) {
  Section<NodeGroup> section(
      "node group",
      {
          {"names", stored({Shape::Kind::Text}, &NodeGroup::names, read_hosts),
           "Names with ranges: gpu[001-048]", true},
          {"cpus", integer(&NodeGroup::cpus, 1, kMaxCpus), "CPUs: sockets x cores x threads"},
          {"sockets", integer(&NodeGroup::sockets, 1, kMaxCpus), "Sockets"},
          {"cores_per_socket", integer(&NodeGroup::cores_per_socket, 1, kMaxCpus),
           "Cores of each socket"},
          {"threads_per_core", integer(&NodeGroup::threads_per_core, 1, 1024),
           "Hardware threads of each core; each is a CPU"},
          {"reserved_cpus", integer(&NodeGroup::reserved_cpus, 0, kMaxCpus),
           "CPUs that jobs cannot use"},
          {"memory", memory(&NodeGroup::memory_mib), "Memory with its unit: 384G"},
          {"reserved_memory", memory(&NodeGroup::reserved_memory_mib),
           "Memory that jobs cannot use"},
          {"gpus", gpus(cluster), "GPUs by type, {a40: 8}, or a number of untyped ones"},
          {"gres", gres(cluster), "Generic resources in Slurm's notation: gpu:a40:8,license:2"},
          {"features", names<NodeGroup>(&NodeGroup::features, nullptr), "Words for --constraint"},
          {"weight", integer(&NodeGroup::weight, 0), "Lower is used first"},
      });
  section.add(keys_not_simulated<NodeGroup>(cluster));
  return section;
}

Section<Qos> qos_section(Cluster& cluster) {
  Section<Qos> section(
      "QOS",
      {
          {"name", field(&Qos::name), "Name", true},
          {"priority", integer(&Qos::priority, 0), "A factor of multifactor"},
          {"flags", qos_flags(), "DenyOnLimit, OverPartQOS"},
          {"preempt", qos_preempt(cluster), "QOS whose jobs it may preempt"},
          {"preempt_mode", choice(&Qos::preempt_mode, kPreemptModes),
           "What becomes of its jobs when they are preempted"},
          {"grace_time", grace(&Qos::grace_time),
           "Time that its jobs get when preempted; a bare number is seconds"},
          {"preempt_exempt_time", field(&Qos::preempt_exempt_time),
           "Run time before which its jobs cannot be preempted"},
          {"usage_factor", number(&Qos::usage_factor, 0, 1e9), "Times the use that is charged"},
          {"limits", nested(&Qos::limits, qos_limits(cluster)), "Named as in sacctmgr"},
      });
  section.add(keys_not_simulated<Qos>(cluster));
  return section;
}

Section<AccountEntry> account_section(Cluster& cluster) {
  Section<AccountEntry> section(
      "account", {
                     {"name", field(&AccountEntry::name), "Name", true},
                     {"parent", field(&AccountEntry::parent), "The account above; else root"},
                     {"users", users(cluster), "Its users: names, or mappings with a name"},
                 });
  section.add(assoc_keys<AccountEntry>(cluster));
  section.add(keys_not_simulated<AccountEntry>(cluster));
  return section;
}

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
      });
  section.add(keys_not_simulated<Partition>(cluster));
  return section;
}

}  // namespace rehearse
