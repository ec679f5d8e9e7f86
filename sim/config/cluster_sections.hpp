// The tables of keys of a cluster file, one per section. A section that names other things (a
// partition its nodes, a QOS those it preempts) takes the cluster read so far: what it names must
// be in there already. load_cluster.cpp reads the sections in an order in which it is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/config/fields.hpp"

namespace rehearse {

/// The top of the file. Sections are left for later; null if absent.
struct ClusterTop {
  std::string name{};
  EnforcePartLimits enforce_part_limits = EnforcePartLimits::No;
  std::optional<bool> tracks_memory{};
  bool limits_are_safe = false;
  std::optional<bool> requires_accounts{};
  SelectParameters select{};
  std::vector<License> licenses{};
  std::vector<std::string> not_simulated{};
  const Yaml* nodes = nullptr;
  const Yaml* partitions = nullptr;
  const Yaml* qos = nullptr;
  const Yaml* accounts = nullptr;
  const Yaml* users = nullptr;
  const Yaml* switches = nullptr;
  const Yaml* power = nullptr;
};

/// Nodes that are alike.
struct NodeGroup {
  std::vector<std::string> names{};
  std::optional<std::uint32_t> cpus{};
  std::optional<std::uint32_t> sockets{};
  std::optional<std::uint32_t> cores_per_socket{};
  std::optional<std::uint32_t> threads_per_core{};
  std::uint32_t reserved_cpus = 0;
  std::uint32_t reserved_cores = 0;
  std::optional<std::int64_t> memory_mib{};
  std::int64_t reserved_memory_mib = 0;
  std::map<GresId, std::uint32_t> gres{};
  std::vector<GresDevices> devices{};
  std::vector<std::string> features{};
  std::int32_t weight = 1;
  bool is_cloud = false;
};

/// Users that are alike, as a list of names under an account.
struct UserEntry {
  std::vector<std::string> names{};
  std::string account{};  ///< of an entry in the list of users of the file
  std::string partition{};
  bool is_default = false;
  std::int64_t shares = 1;
  bool shares_as_parent = false;
  std::int32_t priority = 0;
  std::vector<std::string> qos{};
  std::string default_qos{};
  Limits limits{};
};

struct AccountEntry {
  std::string name{};
  std::string parent = "root";
  std::int64_t shares = 1;
  bool shares_as_parent = false;
  std::int32_t priority = 0;
  std::vector<std::string> qos{};
  std::string default_qos{};
  Limits limits{};
  std::vector<UserEntry> users{};
};

Section<ClusterTop> cluster_section(Cluster& cluster);
/// Kinds of GRES are added to `cluster` as they come up.
Section<NodeGroup> node_section(Cluster& cluster);
Section<Qos> qos_section(Cluster& cluster);
Section<AccountEntry> account_section(Cluster& cluster);
/// Users that name their account.
Section<UserEntry> user_section(const Cluster& cluster, bool names_account);
/// Switches name those below them, or nodes.
struct SwitchEntry {
  std::string name{};
  std::optional<NodeSet> nodes{};
  std::vector<std::string> switches{};
};
Section<SwitchEntry> switch_section(const Cluster& cluster);
/// A partition's own limits become a QOS of `cluster` that has no name yet.
Section<Partition> partition_section(Cluster& cluster);

/// Names nodes and partitions of `cluster`.
Section<PowerSaving> power_section(const Cluster& cluster);

/// Adds to cluster.not_simulated what is not there yet.
void say_not_simulated(Cluster& cluster, const std::string& sentence);
/// The kind of that name and type, a new one if there is none.
GresId gres_kind(Cluster& cluster, const std::string& name, const std::string& type);

/// Makes cluster.assocs of the `accounts` of a file, a tree below root, in the order of the file
/// but for parents, which come before their children. An account's users follow it; those of the
/// list `users` come last. Either may be null. Names that are given twice, unknown parents and
/// cycles are errors.
void read_accounts(const Yaml* accounts, const Yaml* users, Cluster& cluster,
                   Diagnostics& diagnostics);

/// Fills cluster.switches from the `switches` of a file.
void read_switches(const Yaml& switches, Cluster& cluster, Diagnostics& diagnostics);
/// Sets levels, and gives every switch the nodes of those below. Yields the links (above, below)
/// that close a circle; then nothing is set.
std::vector<std::pair<std::size_t, std::size_t>> complete_switches(std::vector<Switch>& switches);

/// Calls visit(yaml of the item) for each mapping in the list `yaml`, which is of `what`s.
template <class Visit>
void for_each_mapping(const Yaml& yaml, std::string_view what, Diagnostics& diagnostics,
                      Visit&& visit) {
  if (yaml.kind != Yaml::Kind::List) {
    report_kind(yaml, std::string("a list of ") + std::string(what), diagnostics);
    return;
  }
  for (const Yaml& item : yaml.items) {
    if (item.kind == Yaml::Kind::Map) {
      visit(item);
    } else {
      report_kind(item, "a mapping in the list of " + std::string(what), diagnostics);
    }
  }
}

}  // namespace rehearse
