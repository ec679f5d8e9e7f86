// Where jobs ran: as large as asked, on nodes that they may use, and no node given away twice.
// What a request means is read anew from sbatch(1) and slurm.conf(5).
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "sim/audit/operators.hpp"
#include "sim/audit/schedule.hpp"
#include "sim/cluster/features.hpp"

namespace rehearse::auditing {
namespace {

std::int64_t ceil_div(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

/// What one attempt was given against what it asked for.
class Size {
 public:
  Size(const Schedule& schedule, const Operators& operators, const Attempt& attempt,
       Findings& findings)
      : schedule_(schedule),
        operators_(operators),
        attempt_(attempt),
        asked_(schedule.asked(attempt)),
        partition_(schedule.partition(attempt)),
        findings_(findings) {
    for (const Held& held : attempt.held) {
      cpus_ += held.cpus;
      gpus_ += schedule.gres(held, "gpu", "");
    }
  }
  void check() {
    check_nodes();
    check_cpus();
    check_gres();
    if (schedule_.cluster.tracks_memory) check_memory();
    check_ratio();
  }

 private:
  void check_nodes();
  void check_cpus();
  void check_gres();
  void check_memory();
  void check_ratio();
  std::vector<GresCount> gres_of_nodes() const;
  std::int64_t sockets() const { return std::max<std::int64_t>(asked_.sockets_per_node, 1); }
  std::int64_t nodes() const { return static_cast<std::int64_t>(attempt_.held.size()); }
  std::int64_t tasks() const;
  std::int64_t listed_nodes() const;
  std::int64_t counted_nodes() const;
  std::int64_t cpus_per_task() const;
  std::optional<std::int64_t> most_cpus_for_gpus() const;
  void wrong(const char* rule, std::string text, std::string node = {}) {
    findings_.add(rule, schedule_, attempt_, attempt_.start, std::move(text), std::move(node));
  }
  const std::string& name(const Held& held) const {
    return schedule_.cluster.nodes[held.node].name;
  }

  const Schedule& schedule_;
  const Operators& operators_;
  const Attempt& attempt_;
  const Asked& asked_;
  const Partition& partition_;
  Findings& findings_;
  std::int64_t cpus_ = 0, gpus_ = 0;
};

void Size::check_nodes() {
  const std::int64_t tasks_wanted = asked_.tasks;
  std::int64_t least = std::max<std::int64_t>(asked_.min_nodes, 1);
  if (tasks_wanted > 0) {
    least = std::min(least, tasks_wanted);  // `-n1 -N2` is one node
    if (asked_.tasks_per_node > 0) {
      least = std::max(least, ceil_div(tasks_wanted, asked_.tasks_per_node));
    }
  }
  std::int64_t gres_wanted = 0;
  for (const GresCount& gres : asked_.gres_per_job) gres_wanted += gres.count;
  std::int64_t most = asked_.max_nodes > 0
                          ? std::max<std::int64_t>(asked_.max_nodes, least)
                          : std::max({least, tasks_wanted, gres_wanted, listed_nodes()});
  if (!asked_.constraint.empty()) most = std::max(most, counted_nodes());
  if (nodes() < least || nodes() > most) {
    wrong("request", fmt::format("got {} nodes, asked for {} to {}", nodes(), least, most));
  }
  const auto qos_id = schedule_.cluster.find_qos(attempt_.qos);
  const Qos qos = qos_id ? schedule_.cluster.qos[*qos_id] : Qos{};  // its flags lift limits
  const PartitionTerms terms = operators_.terms(attempt_.partition, attempt_.start);
  if ((nodes() < terms.min_nodes && !qos.partition_min_nodes) ||
      (nodes() > terms.max_nodes.value_or(nodes()) && !qos.partition_max_nodes)) {
    wrong("partition", fmt::format("{} nodes, partition {} has from {} to {}", nodes(),
                                   partition_.name, terms.min_nodes, terms.max_nodes.value_or(0)));
  }
  const std::int64_t limit = operators_.limit_at_start(attempt_);
  if (limit > 0 && terms.max_time != kUnlimited && !qos.partition_time_limit &&
      limit > whole_seconds(terms.max_time)) {
    wrong("partition", fmt::format("a limit of {} s, partition {} allows {}", limit,
                                   partition_.name, whole_seconds(terms.max_time)));
  }
}

// -N without -n is one task a node, or as many as --ntasks-per-node says: of `-N1-3` at least those
// of one node.
std::int64_t Size::tasks() const {
  if (asked_.tasks > 0) return asked_.tasks;
  const std::int64_t per_node = std::max<std::int64_t>(asked_.tasks_per_node, 1);
  return std::max(nodes(), std::max<std::int64_t>(asked_.min_nodes, 1) * per_node);
}

std::int64_t Size::listed_nodes() const {
  if (asked_.nodelist.empty()) return 0;
  return static_cast<std::int64_t>(expand_hostlist(asked_.nodelist).hosts.size());
}

// `-C a*1&b*1` is two nodes, whatever else it asks for.
std::int64_t Size::counted_nodes() const {
  std::int64_t sum = 0;
  for (const FeatureCount& each : parse_features(asked_.constraint, schedule_.cluster).counts) {
    sum += each.count;
  }
  return sum;
}

// Memory beyond MaxMemPerCPU buys CPUs (slurm.conf(5)).
std::int64_t Size::cpus_per_task() const {
  const std::int64_t given = std::max<std::int64_t>(asked_.cpus_per_task, 1);
  const auto most = partition_.max_memory_per_cpu_mib;
  if (!most || asked_.memory.per != MemoryPer::Cpu || !schedule_.cluster.tracks_memory) {
    return given;
  }
  return given * std::max<std::int64_t>(ceil_div(asked_.memory.mib, *most), 1);
}

void Size::check_cpus() {
  if (schedule_.exclusive(attempt_)) {
    for (const Held& held : attempt_.held) {
      const std::int64_t all = schedule_.cluster.nodes[held.node].cpus;
      if (held.cpus == all) continue;
      wrong("request", fmt::format("exclusive, and holds {} of {} CPUs", held.cpus, all),
            name(held));
    }
    return;
  }
  if (schedule_.rules.is_slurm) return check_slurm_cpus(schedule_, attempt_, findings_);
  std::int64_t per_gpu = asked_.cpus_per_gpu;
  if (per_gpu == 0 && asked_.cpus_per_task == 0) {
    per_gpu = partition_.default_cpus_per_gpu.value_or(0);
  }
  const std::int64_t for_tasks = tasks() * cpus_per_task();
  std::int64_t least = std::max(for_tasks, per_gpu * gpus_);
  const std::int64_t most_tasks =
      std::max(tasks(), nodes() * std::max<std::int64_t>(asked_.tasks_per_node, 1));
  std::int64_t most = most_tasks * cpus_per_task() + per_gpu * gpus_;
  if (partition_.max_memory_per_cpu_mib && asked_.memory.per != MemoryPer::Cpu) {
    std::int64_t memory = 0;  // of whatever it is counted per
    for (const Held& held : attempt_.held) memory += held.memory_mib;
    most += ceil_div(memory, *partition_.max_memory_per_cpu_mib);
  }
  const auto ratio = most_cpus_for_gpus();
  if (ratio && partition_.max_cpus_per_gpu->on_violation == OnViolation::Trim && *ratio < least) {
    least = std::max(tasks(), tasks() * (*ratio / tasks()));
  }
  if (cpus_ < least || cpus_ > most) {
    wrong("request", fmt::format("got {} CPUs, asked for {} tasks of {} CPUs", cpus_, tasks(),
                                 cpus_per_task()));
  }
}

// What each node must give: --gres, and --gpus-per-socket times its sockets, under slurmctld those
// that the job has cores of.
std::vector<GresCount> Size::gres_of_nodes() const {
  std::vector<GresCount> result = asked_.gres_per_node;
  for (GresCount gres : asked_.gres_per_socket) {
    if (!schedule_.rules.is_slurm) gres.count *= sockets();
    result.push_back(gres);
  }
  // Whole nodes give whole GPUs in place of their parts.
  if (schedule_.exclusive(attempt_) && gpus_ > 0) {
    std::erase_if(result, [](const GresCount& gres) { return gres.name == "shard"; });
  }
  return result;
}

void Size::check_gres() {
  const bool exclusive = schedule_.exclusive(attempt_);
  const auto whole_job = [&](std::string_view kind, std::string_view type) {
    std::int64_t sum = 0;
    for (const Held& held : attempt_.held) sum += schedule_.gres(held, kind, type);
    return sum;
  };
  // By name and type, the most that any way of asking comes to: they are ways to say one thing.
  std::map<std::pair<std::string, std::string>, std::int64_t> asked;
  const auto allow = [&](const GresCount& gres, std::int64_t count) {
    std::int64_t& most = asked[{gres.name, gres.type}];
    most = std::max(most, count);
  };
  const auto expect = [&](const GresCount& gres, std::int64_t count) {
    allow(gres, count);
    const std::int64_t got = whole_job(gres.name, gres.type);
    if (got < count) {
      wrong("request", fmt::format("got {} of the {} {}{}{} it asked for", got, count, gres.name,
                                   gres.type.empty() ? "" : ":", gres.type));
    }
  };
  for (const GresCount& gres : gres_of_nodes()) {
    expect(gres, gres.count * nodes());
    for (const Held& held : attempt_.held) {
      const std::int64_t got = schedule_.gres(held, gres.name, gres.type);
      if (got >= gres.count) continue;
      wrong("request",
            fmt::format("got {} {}, asked for {} on each node", got, gres.name, gres.count),
            name(held));
    }
  }
  for (const GresCount& gres : asked_.gres_per_socket) {
    allow(gres, gres.count * sockets() * nodes());
  }
  for (const GresCount& gres : asked_.gres_per_task) {
    expect(gres, gres.count * tasks());
    // slurmctld counts tasks by CPUs, of which --mincpus may bring more (seen in a mix, x34).
    const std::int64_t served = cpus_ / std::max<std::int64_t>(asked_.cpus_per_task, 1);
    if (schedule_.rules.is_slurm && asked_.min_cpus_per_node > 0 && served > tasks()) {
      allow(gres, gres.count * served);
    }
  }
  for (const GresCount& gres : asked_.gres_per_job) expect(gres, gres.count);
  const bool by_tasks = asked_.tasks_per_gpu > 0 && asked.empty();  // --ntasks-per-gpu alone
  if (by_tasks) expect({"gpu", "", 1}, ceil_div(tasks(), asked_.tasks_per_gpu));
  if (exclusive) return;
  std::map<std::string, std::int64_t> wanted;  // all types
  for (const auto& [kind, count] : asked) wanted[kind.first] += count;
  for (const GresKind& kind : schedule_.cluster.gres) {
    const std::int64_t got = whole_job(kind.name, "");
    if (got > wanted[kind.name]) {
      wrong("request", fmt::format("got {} {}, asked for {}", got, kind.name, wanted[kind.name]));
      wanted[kind.name] = got;  // once, not for each type
    }
  }
}

// --mem is per node, --mem-per-cpu and --mem-per-gpu of what is held there; the partition's default
// stands in for none of them.
void Size::check_memory() {
  const Memory& memory =
      asked_.memory.per == MemoryPer::None ? partition_.default_memory : asked_.memory;
  const std::int64_t most = partition_.max_memory_per_node_mib.value_or(kForever);
  std::int64_t sum = 0;
  for (const Held& held : attempt_.held) {
    sum += held.memory_mib;
    std::int64_t least = 0;
    if (memory.per == MemoryPer::Node) least = memory.mib;
    if (memory.per == MemoryPer::Gpu) least = memory.mib * schedule_.gres(held, "gpu", "");
    if (held.memory_mib < least) {
      wrong("request", fmt::format("got {} MiB, asked for {}", held.memory_mib, least), name(held));
    }
    if (held.memory_mib > most) {
      wrong("partition",
            fmt::format("{} MiB, partition {} allows {} a node", held.memory_mib, partition_.name,
                        most),
            name(held));
    }
  }
  if (memory.per != MemoryPer::Cpu) return;
  const std::int64_t asked_cpus = tasks() * std::max<std::int64_t>(asked_.cpus_per_task, 1);
  const std::int64_t slack = nodes() * cpus_;  // each CPU's part may be rounded down
  if (sum + slack < memory.mib * asked_cpus) {
    wrong("request",
          fmt::format("got {} MiB, asked for {} for each of {} CPUs", sum, memory.mib, asked_cpus));
  }
}

// CPUs that the partition grants for the GPUs held; nothing if it does not say. A job that leaves
// the type open has the loosest ratio.
std::optional<std::int64_t> Size::most_cpus_for_gpus() const {
  if (!partition_.max_cpus_per_gpu || gpus_ == 0) return std::nullopt;
  const MaxCpusPerGpu& rule = *partition_.max_cpus_per_gpu;
  std::int64_t loosest = rule.any.value_or(0);
  for (const auto& [kind, ratio] : rule.by_type) loosest = std::max<std::int64_t>(loosest, ratio);
  bool open = false;
  for (const auto* list : {&asked_.gres_per_node, &asked_.gres_per_job, &asked_.gres_per_task}) {
    for (const GresCount& gres : *list) open = open || (gres.name == "gpu" && gres.type.empty());
  }
  std::int64_t sum = 0;
  for (const Held& held : attempt_.held) {
    for (std::size_t i = 0; i < held.gres.size(); ++i) {
      const auto kind = static_cast<GresId>(i);
      if (held.gres[i] == 0 || !schedule_.cluster.gres[kind].is_gpu()) continue;
      const auto named = rule.by_type.find(kind);
      if (named == rule.by_type.end() && !rule.any) return std::nullopt;
      const std::int64_t ratio = named == rule.by_type.end() ? *rule.any : named->second;
      sum += held.gres[i] * (open ? loosest : ratio);
    }
  }
  return sum;
}

void Size::check_ratio() {
  const auto most = most_cpus_for_gpus();
  if (!most || schedule_.exclusive(attempt_)) return;
  const OnViolation then = partition_.max_cpus_per_gpu->on_violation;
  const bool one_cpu_tasks = cpus_ <= tasks();  // cannot be trimmed any further
  if (cpus_ <= *most || then == OnViolation::Warn || (then == OnViolation::Trim && one_cpu_tasks)) {
    return;
  }
  wrong("partition", fmt::format("{} CPUs for {} GPUs, partition {} allows {}", cpus_, gpus_,
                                 partition_.name, *most));
}

/// The row of jobs.csv says the same as the rows of shares.csv.
void check_rows_agree(const Schedule& schedule, const Attempt& attempt, Findings& findings) {
  std::int64_t cpus = 0, gpus = 0, memory = 0;
  std::vector<std::string> nodes;
  NodeSet seen(schedule.cluster.nodes.size());
  for (const Held& held : attempt.held) {
    cpus += held.cpus;
    gpus += schedule.gres(held, "gpu", "");
    memory += held.memory_mib;
    const std::string& node = schedule.cluster.nodes[held.node].name;
    if (seen.contains(held.node)) {
      findings.add("shares", schedule, attempt, attempt.start, "two rows of shares.csv", node);
    }
    if (held.cpus < 0 || held.memory_mib < 0) {
      findings.add("shares", schedule, attempt, attempt.start, "holds less than nothing", node);
    }
    seen.insert(held.node);
    nodes.push_back(node);
  }
  const auto agree = [&](const char* what, std::int64_t in_jobs, std::int64_t in_shares) {
    if (in_jobs == in_shares) return;
    findings.add("shares", schedule, attempt, attempt.start,
                 fmt::format("{} {} in jobs.csv, {} in shares.csv", in_jobs, what, in_shares));
  };
  agree("nodes", attempt.nodes, static_cast<std::int64_t>(attempt.held.size()));
  agree("CPUs", attempt.cpus, cpus);
  agree("GPUs", attempt.gpus, gpus);
  agree("MiB", attempt.memory_mib, memory);
  Hostlist listed = expand_hostlist(attempt.node_list);
  std::sort(listed.hosts.begin(), listed.hosts.end());
  std::sort(nodes.begin(), nodes.end());
  if (listed.hosts != nodes) {
    findings.add("shares", schedule, attempt, attempt.start,
                 fmt::format("node_list {} is not where shares.csv has it", attempt.node_list));
  }
}

/// All nodes from one of `[a|b]`, and as many of each as `a*2` says.
bool meets(const FeatureRequest& features, const NodeSet& nodes) {
  const auto all_in = [&](const NodeSet& some) {
    NodeSet others = nodes;
    others -= some;
    return others.empty();
  };
  const auto enough = [&](const FeatureCount& wanted) {
    NodeSet these = nodes;
    these &= wanted.nodes;
    return these.count() >= wanted.count;
  };
  const auto& choices = features.alternatives;
  return (choices.empty() || std::any_of(choices.begin(), choices.end(), all_in)) &&
         std::all_of(features.counts.begin(), features.counts.end(), enough);
}

/// Partition, features, --nodelist and --exclude.
void check_allowed_nodes(const Schedule& schedule, const Attempt& attempt, Findings& findings) {
  const Cluster& cluster = schedule.cluster;
  const Asked& asked = schedule.asked(attempt);
  const auto forbidden = [&](const Held& held, std::string text) {
    findings.add("forbidden-node", schedule, attempt, attempt.start, std::move(text),
                 cluster.nodes[held.node].name);
  };
  std::optional<FeatureRequest> featured;
  if (!asked.constraint.empty()) featured = parse_features(asked.constraint, cluster);
  if (featured && !featured->ok()) featured.reset();
  NodeSet excluded(cluster.nodes.size());
  if (!asked.exclude.empty()) {
    for (const std::string& host : expand_hostlist(asked.exclude).hosts) {
      if (const auto node = cluster.find_node(host)) excluded.insert(*node);
    }
  }
  NodeSet used(cluster.nodes.size());
  for (const Held& held : attempt.held) {
    used.insert(held.node);
    if (!schedule.partition(attempt).nodes.contains(held.node)) {
      forbidden(held, fmt::format("not of partition {}", schedule.partition(attempt).name));
    }
    if (featured && !featured->nodes.contains(held.node)) {
      forbidden(held, fmt::format("does not have {}", asked.constraint));
    }
    if (excluded.contains(held.node)) forbidden(held, "excluded by the job");
  }
  if (featured && !meets(*featured, used)) {
    findings.add("forbidden-node", schedule, attempt, attempt.start,
                 fmt::format("its nodes together are not {}", asked.constraint));
  }
  if (asked.nodelist.empty()) return;
  for (const std::string& host : expand_hostlist(asked.nodelist).hosts) {
    const auto node = cluster.find_node(host);
    if (!node || !used.contains(*node)) {
      findings.add("forbidden-node", schedule, attempt, attempt.start,
                   fmt::format("not on the node {} of its list", host));
    }
  }
}

/// What one node gives away over time.
class NodeSweep {
 public:
  NodeSweep(const Schedule& schedule, NodeId node, Findings& findings)
      : schedule_(schedule),
        node_(node),
        findings_(findings),
        jobs_on_cpu_(jobs_on_cpu()),
        gres_(schedule.cluster.gres.size(), 0) {}

  struct Use {
    const Attempt* attempt;
    const Held* held;
  };
  void check(std::vector<Use> uses);

 private:
  void apply(const Use& use, std::int64_t sign);
  void check_now(const Use& latest);
  std::int64_t jobs_on_cpu() const;
  std::int64_t counted_cpus(const Use& use) const;
  std::int64_t most_of_partition(std::int64_t max_cpus_per_node) const;
  bool is_alone(const Attempt& attempt) const;
  void over(const Use& latest, std::string_view what, std::int64_t used, std::int64_t has);

  const Schedule& schedule_;
  NodeId node_;
  Findings& findings_;
  const std::int64_t jobs_on_cpu_;
  std::int64_t cpus_ = 0, memory_ = 0, jobs_ = 0, exclusive_jobs_ = 0;
  std::vector<std::int64_t> gres_;
  std::map<PartitionId, std::int64_t> partition_cpus_;
};

void NodeSweep::check(std::vector<Use> uses) {
  std::vector<Use> ends = uses;
  std::sort(uses.begin(), uses.end(),
            [](const Use& a, const Use& b) { return a.attempt->start < b.attempt->start; });
  std::sort(ends.begin(), ends.end(), [](const Use& a, const Use& b) {
    return a.attempt->end_or_forever() < b.attempt->end_or_forever();
  });
  std::size_t ended = 0;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const std::int64_t now = uses[i].attempt->start;
    for (; ends[ended].attempt->end_or_forever() <= now; ++ended) apply(ends[ended], -1);
    apply(uses[i], 1);
    const bool more_now = i + 1 < uses.size() && uses[i + 1].attempt->start == now;
    if (!more_now) check_now(uses[i]);
  }
}

void NodeSweep::apply(const Use& use, std::int64_t sign) {
  cpus_ += sign * use.held->cpus;
  memory_ += sign * use.held->memory_mib;
  if (!schedule_.exclusive(*use.attempt)) {
    partition_cpus_[use.attempt->partition] += sign * counted_cpus(use);
  }
  for (std::size_t i = 0; i < use.held->gres.size(); ++i) gres_[i] += sign * use.held->gres[i];
  jobs_ += sign;
  if (is_alone(*use.attempt)) exclusive_jobs_ += sign;
}

void NodeSweep::over(const Use& latest, std::string_view what, std::int64_t used,
                     std::int64_t has) {
  if (used <= has) return;
  findings_.add("node-overused", schedule_, *latest.attempt, latest.attempt->start,
                fmt::format("{} {} in use, it has {}", used, what, has),
                schedule_.cluster.nodes[node_].name);
}

// With OverSubscribe a CPU may serve several jobs.
std::int64_t NodeSweep::jobs_on_cpu() const {
  std::int64_t most = 1;
  for (const Partition& partition : schedule_.cluster.partitions) {
    if (!partition.nodes.contains(node_)) continue;
    most = std::max<std::int64_t>(most, partition.jobs_on_cpu());
  }
  return most;
}

// Jobs of one thread a core: MaxCPUsPerNode is about the CPUs that they use.
std::int64_t NodeSweep::counted_cpus(const Use& use) const {
  const Asked& asked = schedule_.asked(*use.attempt);
  const bool one_thread = schedule_.cluster.select.one_task_per_core || asked.tasks_per_core == 1 ||
                          asked.threads_per_core == 1;
  if (!schedule_.rules.is_slurm || !one_thread) return use.held->cpus;
  return use.held->cpus / schedule_.cluster.nodes[node_].threads_per_core;
}

// The last job that fits may go beyond MaxCPUsPerNode by the CPUs that are given with its last one.
std::int64_t NodeSweep::most_of_partition(std::int64_t max_cpus_per_node) const {
  const Node& node = schedule_.cluster.nodes[node_];
  std::int64_t unit = 1;
  if (schedule_.rules.is_slurm) {
    const ConsumableUnit given = schedule_.cluster.select.unit;
    if (given != ConsumableUnit::Cpu) unit = node.threads_per_core;
    if (given == ConsumableUnit::Socket) unit = node.cpus;  // a core of each socket is possible
  }
  return ceil_div(max_cpus_per_node, unit) * unit * jobs_on_cpu_;
}

// OverSubscribe=FORCE leaves users no way to have a node alone (slurm.conf(5)).
bool NodeSweep::is_alone(const Attempt& attempt) const {
  const Partition& partition = schedule_.partition(attempt);
  return schedule_.exclusive(attempt) &&
         !(partition.over_subscribe == OverSubscribe::Force && partition.jobs_on_cpu() > 1);
}

void NodeSweep::check_now(const Use& latest) {
  const Cluster& cluster = schedule_.cluster;
  const Node& node = cluster.nodes[node_];
  over(latest, "CPUs", cpus_, node.cpus * jobs_on_cpu_);
  if (cluster.tracks_memory) over(latest, "MiB", memory_, node.memory_mib);
  for (std::size_t i = 0; i < gres_.size(); ++i) {
    over(latest, cluster.tres_name(tres_of(static_cast<GresId>(i))), gres_[i],
         i < node.gres.size() ? node.gres[i] : 0);
  }
  if (exclusive_jobs_ > 0 && jobs_ > 1) {
    findings_.add("not-exclusive", schedule_, *latest.attempt, latest.attempt->start,
                  fmt::format("{} jobs, one of them wants it alone", jobs_), node.name);
  }
  for (const auto& [partition, cpus] : partition_cpus_) {
    const auto most = cluster.partitions[partition].max_cpus_per_node;
    if (!most || cpus <= most_of_partition(*most)) continue;
    findings_.add("partition", schedule_, *latest.attempt, latest.attempt->start,
                  fmt::format("{} CPUs for partition {}, at most {}", cpus,
                              cluster.partitions[partition].name, *most),
                  node.name);
  }
}

}  // namespace

void check_places(const Schedule& schedule, Findings& findings) {
  IdVector<NodeId, std::vector<NodeSweep::Use>> uses;
  uses.resize(schedule.cluster.nodes.size());
  const Operators operators(schedule);
  std::deque<Held> suspended;  // what is held without CPUs: who goes on may have to share them
  for (const Attempt& attempt : schedule.attempts) {
    if (!attempt.started()) {
      if (!attempt.held.empty()) {
        findings.add("shares", schedule, attempt, attempt.submit, "holds nodes, and did not start");
      }
      continue;
    }
    Size(schedule, operators, attempt, findings).check();
    check_rows_agree(schedule, attempt, findings);
    check_allowed_nodes(schedule, attempt, findings);
    if (attempt.end_or_forever() <= attempt.start) continue;  // held for no time
    const bool was_suspended = operators.was_suspended(attempt);
    for (const Held& held : attempt.held) {
      uses[held.node].push_back({&attempt, &held});
      if (!was_suspended) continue;
      suspended.push_back(held);
      suspended.back().cpus = 0;
      uses[held.node].back().held = &suspended.back();
    }
  }
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    NodeSweep(schedule, node, findings).check(std::move(uses[node]));
  }
}

}  // namespace rehearse::auditing
