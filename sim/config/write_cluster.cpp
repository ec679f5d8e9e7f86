#include "sim/config/write_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/slurm_text.hpp"

namespace rehearse {
namespace {

/// `text` as a YAML scalar.
std::string scalar(const std::string& text) {
  const bool is_plain = !text.empty() && text.front() != '-' && text != "null" && text != "Null" &&
                        text != "NULL" && std::all_of(text.begin(), text.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
                                 c == '/';
                        });
  if (is_plain) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string list(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) items.push_back(scalar(text));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string numbers(const std::vector<std::uint32_t>& sorted) {
  std::string text;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t last = i;
    while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", sorted[i]);
    if (last > i) text += fmt::format("-{}", sorted[last]);
    i = last + 1;
  }
  return text;
}

/// `{key: value, ...}` of what is not as it would be without being said.
class Mapping {
 public:
  Mapping& add(std::string_view key, const std::string& yaml) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, yaml);
    return *this;
  }
  template <class T>
  Mapping& unless(const T& usual, std::string_view key, const T& value) {
    if (value != usual) add(key, yaml_of(value));
    return *this;
  }
  template <class T>
  Mapping& if_set(std::string_view key, const std::optional<T>& value) {
    if (value) add(key, yaml_of(*value));
    return *this;
  }
  Mapping& if_any(std::string_view key, const std::vector<std::string>& texts) {
    if (!texts.empty()) add(key, list(texts));
    return *this;
  }
  bool empty() const { return text_.empty(); }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  static std::string yaml_of(bool value) { return value ? "true" : "false"; }
  static std::string yaml_of(Duration value) { return scalar(param_text(value)); }
  static std::string yaml_of(const std::string& value) { return scalar(value); }
  template <class Number>
  static std::string yaml_of(Number value) {
    return fmt::format("{}", value);
  }

  std::string text_;
};

constexpr const char* kPreemptModes[] = {"off", "cancel", "requeue"};

template <class Enum, std::size_t kCount>
std::string name_of(Enum value, const char* const (&names)[kCount]) {
  return names[static_cast<std::size_t>(value)];
}

std::string megabytes(std::int64_t mib) { return fmt::format("{}M", mib); }

class Writer {
 public:
  Writer(const Cluster& cluster, const PolicySettings& policies)
      : cluster_(cluster), policies_(policies) {}

  std::string write(const std::string& origin) {
    line("# {}", origin);
    line("name: {}", scalar(cluster_.name));
    write_top();
    write_nodes();
    write_switches();
    write_qos();
    write_accounts();
    write_partitions();
    write_power();
    write_policies();
    return std::move(text_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void write_top() {
    static constexpr const char* kEnforce[] = {"no", "any", "all"};
    static constexpr const char* kUnits[] = {"cpu", "core", "socket"};
    line("tracks_memory: {}", cluster_.tracks_memory);
    if (cluster_.enforce_part_limits != EnforcePartLimits::No) {
      line("enforce_part_limits: {}  # EnforcePartLimits",
           name_of(cluster_.enforce_part_limits, kEnforce));
    }
    if (cluster_.limits_are_safe) line("limits_are_safe: true  # AccountingStorageEnforce=safe");
    const SelectParameters& select = cluster_.select;
    if (select != SelectParameters{}) {
      Mapping mapping;
      mapping.unless(false, "whole_nodes", select.whole_nodes)
          .unless(std::string("core"), "unit", name_of(select.unit, kUnits))
          .unless(false, "one_task_per_core", select.one_task_per_core)
          .unless(false, "least_loaded", select.least_loaded)
          .unless(false, "pack_nodes", select.pack_nodes)
          .unless(false, "blocks_by_default", select.blocks_by_default);
      line("select: {}  # SelectType, SelectTypeParameters", mapping.text());
    }
    if (!cluster_.licenses.empty()) {
      Mapping mapping;
      for (const License& each : cluster_.licenses) {
        mapping.add(scalar(each.name), std::to_string(each.count));
      }
      line("licenses: {}", mapping.text());
    }
    if (cluster_.not_simulated.empty()) return;
    line("not_simulated:");
    for (const std::string& each : cluster_.not_simulated) line("  - {}", scalar(each));
  }

  // Nodes and switches.

  std::string gres_name(GresId id) const {
    const GresKind& kind = cluster_.gres[id];
    return kind.name + (kind.type.empty() ? "" : ":" + kind.type);
  }

  std::string node_text(const Node& node) const {
    Mapping mapping;
    mapping.add("sockets", std::to_string(node.sockets))
        .add("cores_per_socket", std::to_string(node.cores_per_socket))
        .add("threads_per_core", std::to_string(node.threads_per_core))
        .unless(0U, "reserved_cores", node.reserved_cores);
    const std::uint32_t usable =
        (node.sockets * node.cores_per_socket - node.reserved_cores) * node.threads_per_core;
    mapping.unless(0U, "reserved_cpus", usable - node.cpus);
    mapping.add("memory", megabytes(node.memory_mib));
    std::vector<std::string> gres;
    for (std::size_t i = 0; i < node.gres.size(); ++i) {
      if (node.gres[i] == 0) continue;
      gres.push_back(fmt::format("{}:{}", gres_name(static_cast<GresId>(i)), node.gres[i]));
    }
    if (!gres.empty()) mapping.add("gres", scalar(fmt::format("{}", fmt::join(gres, ","))));
    std::vector<std::string> devices;
    for (const GresDevices& each : node.devices) {
      Mapping device;
      device.add("gres", scalar(fmt::format("{}:{}", gres_name(each.kind), each.count)));
      if (!each.cores.empty()) device.add("cores", scalar(numbers(each.cores)));
      devices.push_back(device.text());
    }
    if (!devices.empty()) mapping.add("devices", fmt::format("[{}]", fmt::join(devices, ", ")));
    mapping.if_any("features", node.features)
        .unless(1, "weight", node.weight)
        .unless(false, "cloud", node.is_cloud);
    return mapping.text();
  }

  /// Groups come in the order of their first nodes, so that kinds of GRES are numbered alike.
  void write_nodes() {
    std::vector<std::pair<std::string, std::vector<std::string>>> groups;
    std::map<std::string, std::size_t> by_text;
    for (const Node& node : cluster_.nodes) {
      std::string text = node_text(node);
      const auto [found, is_new] = by_text.emplace(text, groups.size());
      if (is_new) groups.emplace_back(std::move(text), std::vector<std::string>());
      groups[found->second].second.push_back(node.name);
    }
    line("");
    line("nodes:");
    for (const auto& [text, names] : groups) {
      line("  - {{names: {}, {}", scalar(compress_hostlist(names)), text.substr(1));
    }
  }

  std::string hosts(const NodeSet& nodes) const {
    if (nodes.empty()) return "NONE";
    if (nodes.count() == cluster_.nodes.size()) return "ALL";
    return scalar(cluster_.host_list(nodes));
  }

  void write_switches() {
    if (cluster_.switches.empty()) return;
    line("");
    line("switches:  # topology.conf");
    for (const Switch& each : cluster_.switches) {
      std::vector<std::string> below;
      for (const std::uint32_t position : each.below) {
        below.push_back(cluster_.switches[position].name);
      }
      const bool is_leaf = below.empty();
      line("  - {{name: {}, {}: {}}}", scalar(each.name), is_leaf ? "nodes" : "switches",
           is_leaf ? hosts(each.nodes) : scalar(compress_hostlist(below)));
    }
  }

  // Limits, QOS, accounts.

  void add_tres(Mapping& mapping, std::string_view key, const TresCounts& counts) const {
    std::string text;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == kNoLimit) continue;
      text += fmt::format("{}{}={}{}", text.empty() ? "" : ",", cluster_.tres_name(i), counts[i],
                          i == kTresMem ? "M" : "");
    }
    if (!text.empty()) mapping.add(key, scalar(text));
  }

  void add_limits(Mapping& mapping, const Limits& limits) const {
    if (limits == Limits{}) return;
    Mapping inner;
    add_tres(inner, "grp_tres", limits.grp_tres);
    add_tres(inner, "max_tres_per_job", limits.max_tres_per_job);
    add_tres(inner, "max_tres_per_node", limits.max_tres_per_node);
    add_tres(inner, "max_tres_per_user", limits.max_tres_per_user);
    add_tres(inner, "max_tres_per_account", limits.max_tres_per_account);
    add_tres(inner, "min_tres_per_job", limits.min_tres_per_job);
    add_tres(inner, "grp_tres_minutes", limits.grp_tres_minutes);
    add_tres(inner, "grp_tres_run_minutes", limits.grp_tres_run_minutes);
    add_tres(inner, "max_tres_minutes_per_job", limits.max_tres_minutes_per_job);
    inner.if_set("grp_jobs", limits.grp_jobs)
        .if_set("grp_submit_jobs", limits.grp_submit_jobs)
        .if_set("max_jobs", limits.max_jobs)
        .if_set("max_submit_jobs", limits.max_submit_jobs)
        .if_set("max_jobs_per_user", limits.max_jobs_per_user)
        .if_set("max_jobs_per_account", limits.max_jobs_per_account)
        .if_set("max_submit_jobs_per_user", limits.max_submit_jobs_per_user)
        .if_set("max_submit_jobs_per_account", limits.max_submit_jobs_per_account)
        .if_set("max_wall", limits.max_wall_per_job)
        .if_set("grp_wall", limits.grp_wall);
    mapping.add("limits", inner.text());
  }

  static std::vector<std::string> flags_of(const Qos& qos) {
    const std::pair<const char*, bool> all[] = {{"DenyOnLimit", qos.deny_on_limit},
                                                {"OverPartQOS", qos.over_part_qos},
                                                {"NoReserve", qos.no_reserve},
                                                {"NoDecay", qos.no_decay},
                                                {"UsageFactorSafe", qos.usage_factor_safe},
                                                {"PartitionMinNodes", qos.partition_min_nodes},
                                                {"PartitionMaxNodes", qos.partition_max_nodes},
                                                {"PartitionTimeLimit", qos.partition_time_limit},
                                                {"RequiresReservation", qos.requires_reservation}};
    std::vector<std::string> names;
    for (const auto& [name, is_set] : all) {
      if (is_set) names.emplace_back(name);
    }
    return names;
  }

  void write_qos() {
    if (cluster_.qos.empty()) return;
    line("");
    line("qos:");
    for (const Qos& qos : cluster_.qos) {
      Mapping mapping;
      mapping.add("name", scalar(qos.name)).unless(0, "priority", qos.priority);
      mapping.if_any("flags", flags_of(qos));
      std::vector<std::string> preempts;
      for (const QosId other : qos.preempts) preempts.push_back(cluster_.qos[other].name);
      mapping.if_any("preempt", preempts);
      if (qos.preempt_mode) mapping.add("preempt_mode", name_of(*qos.preempt_mode, kPreemptModes));
      mapping.if_set("grace_time", qos.grace_time)
          .if_set("preempt_exempt_time", qos.preempt_exempt_time)
          .unless(1.0, "usage_factor", qos.usage_factor)
          .if_set("limit_factor", qos.limit_factor)
          .if_set("usage_threshold", qos.usage_threshold)
          .if_set("min_priority", qos.min_priority);
      add_limits(mapping, qos.limits);
      line("  - {}", mapping.text());
    }
  }

  /// All but the name, which stands first: `, shares: 2, ...}`.
  std::string assoc_text(const Assoc& assoc) const {
    Mapping mapping;
    if (assoc.is_user()) {
      mapping.add("account", scalar(assoc.account));
      if (!assoc.partition.empty()) mapping.add("partition", scalar(assoc.partition));
      if (assoc.is_default) mapping.add("default", "true");
    } else if (assoc.parent != kNone<AssocId> && assoc.parent != AssocId{0}) {
      mapping.add("parent", scalar(cluster_.assocs[assoc.parent].account));
    }
    if (assoc.shares_as_parent) {
      mapping.add("shares", "parent");
    } else {
      mapping.unless(std::int64_t{1}, "shares", assoc.shares);
    }
    mapping.unless(0, "priority", assoc.priority);
    const Assoc none;
    const Assoc& above = assoc.parent == kNone<AssocId> ? none : cluster_.assocs[assoc.parent];
    if (assoc.allow_qos != above.allow_qos) mapping.if_any("qos", assoc.allow_qos);
    mapping.unless(above.default_qos, "default_qos", assoc.default_qos);
    add_limits(mapping, assoc.limits);
    return mapping.empty() ? "}" : ", " + mapping.text().substr(1);
  }

  void write_accounts() {
    bool any_user = false;
    line("");
    const bool only_root = cluster_.assocs.size() == 1;
    if (!only_root || cluster_.declares_accounts) {
      line("requires_accounts: {}  # whether AccountingStorageEnforce asks for them",
           cluster_.declares_accounts);
    }
    bool any_account = false;
    for (const Assoc& assoc : cluster_.assocs) {
      any_user = any_user || assoc.is_user();
      if (assoc.is_user()) continue;
      const std::string text = assoc_text(assoc);
      if (assoc.parent == kNone<AssocId> && text == "}") continue;
      if (!any_account) line("accounts:");
      any_account = true;
      line("  - {{name: {}{}", scalar(assoc.account), text);
    }
    if (!any_user) return;
    line("users:");
    std::vector<std::string> names;
    std::string text;
    const auto flush = [&] {
      if (!names.empty()) line("  - {{name: {}{}", scalar(compress_hostlist(names)), text);
      names.clear();
    };
    for (const Assoc& assoc : cluster_.assocs) {
      if (!assoc.is_user()) continue;
      std::string own = assoc_text(assoc);
      if (own != text) flush();
      text = std::move(own);
      names.push_back(assoc.user);
    }
    flush();
  }

  // Partitions.

  void add_memory(Mapping& mapping, const Partition& partition) const {
    static constexpr const char* kKeys[] = {"", "default_memory_per_node", "default_memory_per_cpu",
                                            "default_memory_per_gpu"};
    const Memory& memory = partition.default_memory;
    if (memory.per != MemoryPer::None) {
      mapping.add(name_of(memory.per, kKeys), megabytes(memory.mib));
    }
    if (const auto& mib = partition.max_memory_per_cpu_mib) {
      mapping.add("max_memory_per_cpu", megabytes(*mib));
    }
    if (const auto& mib = partition.max_memory_per_node_mib) {
      mapping.add("max_memory_per_node", megabytes(*mib));
    }
    mapping.if_set("max_cpus_per_node", partition.max_cpus_per_node)
        .if_set("default_cpus_per_gpu", partition.default_cpus_per_gpu);
    if (!partition.max_cpus_per_gpu) return;
    static constexpr const char* kViolations[] = {"reject", "trim", "warn"};
    const MaxCpusPerGpu& most = *partition.max_cpus_per_gpu;
    Mapping inner;
    inner.if_set("default", most.any);
    for (const auto& [kind, cpus] : most.by_type) {
      inner.add(scalar(cluster_.gres[kind].type), std::to_string(cpus));
    }
    inner.add("on_violation", name_of(most.on_violation, kViolations));
    mapping.add("max_cpus_per_gpu", inner.text());
  }

  void add_access(Mapping& mapping, const Partition& partition) const {
    if (partition.qos != kNone<QosId>) {
      mapping.add("qos", scalar(cluster_.qos[partition.qos].name));
    }
    mapping.if_any("allow_accounts", partition.allow_accounts)
        .if_any("deny_accounts", partition.deny_accounts)
        .if_any("allow_qos", partition.allow_qos)
        .if_any("deny_qos", partition.deny_qos)
        .unless(false, "exclusive_user", partition.exclusive_user)
        .unless(false, "root_only", partition.root_only)
        .unless(false, "requires_reservation", partition.requires_reservation);
  }

  void add_weights(Mapping& mapping, const std::vector<double>& weights) const {
    if (weights.empty()) return;
    std::string text;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] == 0) continue;
      text += fmt::format("{}{}={}", text.empty() ? "" : ",", cluster_.tres_name(i), weights[i]);
    }
    mapping.add("tres_billing_weights", scalar(text.empty() ? "cpu=0" : text));
  }

  void write_partitions() {
    static constexpr const char* kStates[] = {"up", "down", "drain", "inactive"};
    static constexpr const char* kSharing[] = {"no", "exclusive", "yes", "force"};
    line("");
    line("partitions:");
    const Partition usual;
    for (const Partition& each : cluster_.partitions) {
      Mapping mapping;
      mapping.add("name", scalar(each.name))
          .add("nodes", hosts(each.nodes))
          .unless(false, "default", each.is_default)
          .unless(usual.max_time, "max_time", each.max_time)
          .unless(usual.default_time, "default_time", each.default_time)
          .unless(usual.min_nodes, "min_nodes", each.min_nodes)
          .if_set("max_nodes", each.max_nodes)
          .unless(usual.priority_tier, "priority_tier", each.priority_tier)
          .unless(usual.priority_job_factor, "priority_job_factor", each.priority_job_factor);
      if (each.preempt_mode)
        mapping.add("preempt_mode", name_of(*each.preempt_mode, kPreemptModes));
      mapping.unless(usual.grace_time, "grace_time", each.grace_time)
          .unless(std::string("up"), "state", name_of(each.state, kStates))
          .unless(std::string("no"), "over_subscribe", name_of(each.over_subscribe, kSharing))
          .unless(usual.over_subscribe_jobs, "over_subscribe_jobs", each.over_subscribe_jobs)
          .unless(false, "least_loaded", each.least_loaded)
          .if_set("over_time_limit", each.over_time_limit)
          .if_set("suspend_time", each.suspend_time)
          .if_set("suspend_timeout", each.suspend_timeout)
          .if_set("resume_timeout", each.resume_timeout)
          .unless(false, "power_down_on_idle", each.power_down_on_idle);
      add_memory(mapping, each);
      add_access(mapping, each);
      add_weights(mapping, each.billing_weights);
      line("  - {}", mapping.text());
    }
  }

  void write_power() {
    if (!cluster_.power) return;
    const PowerSaving& power = *cluster_.power;
    const PowerSaving usual;
    Mapping mapping;
    mapping.add("suspend_time", scalar(param_text(power.suspend_time)))
        .unless(usual.suspend_timeout, "suspend_timeout", power.suspend_timeout)
        .unless(usual.resume_timeout, "resume_timeout", power.resume_timeout)
        .unless(usual.suspend_rate, "suspend_rate", power.suspend_rate)
        .unless(usual.resume_rate, "resume_rate", power.resume_rate);
    std::vector<std::string> kept_on;
    for (const KeptOn& each : power.kept_on) {
      if (each.nodes.empty()) continue;
      kept_on.push_back(cluster_.host_list(each.nodes));
      if (each.count) kept_on.back() += fmt::format(":{}", *each.count);
    }
    mapping.if_any("suspend_exc_nodes", kept_on);
    if (power.boot_median != kUnset) {
      Mapping boot;
      boot.add("median", scalar(param_text(power.boot_median)))
          .unless(0.0, "sigma", power.boot_sigma);
      mapping.add("boot_time", boot.text());
    }
    if (power.stock_out > 0 || power.retry != kUnlimited) {
      Mapping stock_out;
      stock_out.unless(0.0, "probability", power.stock_out)
          .unless(kUnlimited, "retry", power.retry);
      mapping.add("stock_out", stock_out.text());
    }
    line("");
    line("power: {}  # SuspendTime and what belongs to it", mapping.text());
  }

  void write_policies() {
    if (policies_.empty()) return;
    line("");
    line("policies:  # how the site schedules");
    for (const auto& [slot, setting] : policies_) {
      line("  {}:", slot);
      if (!setting.use.text.empty()) line("    use: {}", scalar(setting.use.text));
      for (const auto& [param, text] : setting.params) line("    {}: {}", param, scalar(text.text));
    }
  }

  const Cluster& cluster_;
  const PolicySettings& policies_;
  std::string text_;
};

}  // namespace

std::string write_cluster(const Cluster& cluster, const PolicySettings& policies,
                          const std::string& origin) {
  return Writer(cluster, policies).write(origin);
}

}  // namespace rehearse
