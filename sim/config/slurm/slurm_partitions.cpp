// PartitionName lines, and the cluster-wide values that partitions without their own have.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/cluster/gres.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kMaxInt = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxFactor = 65'533;

class PartitionsReader {
 public:
  PartitionsReader(const SlurmConf& conf, bool knows_accounts, Cluster& cluster,
                   Diagnostics& diagnostics)
      : conf_(conf),
        knows_accounts_(knows_accounts),
        cluster_(cluster),
        diagnostics_(diagnostics) {}

  void read() {
    read_node_sets();
    std::map<std::string, const SlurmRecord*> first;
    const SlurmRecord* default_record = nullptr;
    for (const SlurmRecord& record : conf_.partitions) {
      const auto [found, is_new] = first.emplace(record.name.text, &record);
      if (!is_new) {
        report(record.name, fmt::format("a second partition \"{}\"", record.name.text), "",
               diagnostics_);
        note(found->second->name, "the first one is here", diagnostics_);
        continue;
      }
      Partition partition = read_partition(record);
      if (partition.is_default) {
        if (default_record != nullptr) {
          warn(record.name, "a second default partition", "the last one counts, as for Slurm",
               diagnostics_);
          for (Partition& each : cluster_.partitions) each.is_default = false;
        }
        default_record = &record;
      }
      cluster_.partitions.push_back(std::move(partition));
    }
    if (cluster_.partitions.empty() && diagnostics_.error_count() == 0) {
      diagnostics_.add({.file = conf_.files.front(),
                        .message = "a cluster without partitions",
                        .help = "write a line such as PartitionName=main Nodes=ALL Default=YES"});
    }
  }

 private:
  // Nodes.

  NodeSet read_hosts(const SlurmWord& word) {
    NodeSet result(cluster_.nodes.size());
    std::vector<std::string> unknown;
    const SlurmWord* place = nullptr;
    const std::vector<SlurmWord> pieces = slurm_pieces(word, '[', ']');
    for (const SlurmWord& piece : pieces) {
      if (same_name(piece.text, "all")) {
        result |= NodeSet::all(cluster_.nodes.size());
      } else if (const auto set = node_sets_.find(piece.text); set != node_sets_.end()) {
        result |= set->second;
      } else if (const auto hosts = slurm_hosts(piece, diagnostics_)) {
        for (const std::string& host : *hosts) {
          if (const auto node = cluster_.find_node(host)) {
            result.insert(*node);
          } else {
            unknown.push_back(host);
            if (place == nullptr) place = &piece;
          }
        }
      }
    }
    if (unknown.empty()) return result;
    std::string help = "every node needs a NodeName";
    if (unknown.size() == 1) {
      std::vector<std::string_view> known;
      for (const Node& node : cluster_.nodes) known.push_back(node.name);
      for (const auto& [name, nodes] : node_sets_) known.push_back(name);
      if (std::string near = near_help(unknown[0], known, diagnostics_); !near.empty())
        help = std::move(near);
    }
    report(*place,
           fmt::format("unknown {} \"{:.200}\"", unknown.size() == 1 ? "node" : "nodes",
                       compress_hostlist(unknown)),
           std::move(help), diagnostics_);
    return result;
  }

  void read_node_sets() {
    for (const SlurmRecord& record : conf_.node_sets) {
      NodeSet set(cluster_.nodes.size());
      if (const SlurmWord* const nodes = record.find("nodes")) set |= read_hosts(*nodes);
      if (const SlurmWord* const feature = record.find("feature")) {
        for (std::size_t i = 0; i < cluster_.nodes.size(); ++i) {
          const auto id = static_cast<NodeId>(i);
          const std::vector<std::string>& has = cluster_.nodes[id].features;
          if (std::find(has.begin(), has.end(), feature->text) != has.end()) set.insert(id);
        }
      }
      node_sets_.insert_or_assign(record.name.text, std::move(set));
    }
  }

  // Values. `find` also looks at the cluster-wide default.

  void integer(const SlurmRecord& record, std::string_view key, std::int64_t max,
               const std::function<void(std::int64_t)>& set) {
    const SlurmWord* const word = record.find(key);
    if (word == nullptr || is_unlimited(word->text)) return;
    if (const auto number = slurm_integer(*word, 0, max, diagnostics_)) set(*number);
  }

  void flag(const SlurmRecord& record, std::string_view key, bool& target) {
    const SlurmWord* const word = record.find(key);
    if (word != nullptr) target = slurm_bool(*word, diagnostics_).value_or(target);
  }

  void read_times(const SlurmRecord& record, Partition& partition) {
    if (const SlurmWord* const word = record.find("maxtime")) {
      partition.max_time = slurm_minutes(*word, diagnostics_).value_or(kUnlimited);
    }
    const SlurmWord* const time = record.find("defaulttime");
    if (time != nullptr && !same_name(time->text, "none")) {
      partition.default_time = slurm_minutes(*time, diagnostics_).value_or(kUnset);
      if (partition.default_time > partition.max_time) {
        warn(*time, "DefaultTime is longer than MaxTime", "MaxTime counts then", diagnostics_);
        partition.default_time = partition.max_time;
      }
    }
    if (const SlurmWord* const word = record.find("gracetime")) {
      partition.grace_time = slurm_seconds(*word, diagnostics_).value_or(Duration::zero());
    }
    if (const SlurmWord* const word = record.find("overtimelimit")) {
      partition.over_time_limit = slurm_minutes(*word, diagnostics_);
    }
  }

  void read_sharing(const SlurmRecord& record, Partition& partition) {
    const SlurmWord* word = record.find("oversubscribe");
    if (word == nullptr) word = record.find("shared");
    if (word == nullptr) return;
    const std::size_t colon = word->text.find(':');
    const std::string_view how = std::string_view(word->text).substr(0, colon);
    if (same_name(how, "exclusive")) {
      partition.exclusive = true;
      partition.over_subscribe = OverSubscribe::Exclusive;
    } else if (same_name(how, "force")) {
      partition.over_subscribe = OverSubscribe::Force;
    } else if (same_name(how, "yes")) {
      partition.over_subscribe = OverSubscribe::Yes;
    } else if (!same_name(how, "no")) {
      static constexpr std::string_view kKnown[] = {"NO", "EXCLUSIVE", "YES", "FORCE"};
      report(*word, fmt::format("unknown OverSubscribe \"{}\"", word->text),
             near_help(word->text, kKnown, diagnostics_), diagnostics_);
    }
    if (colon == std::string::npos) return;
    const SlurmWord count{word->text.substr(colon + 1), word->line, word->at + colon + 1};
    partition.over_subscribe_jobs =
        static_cast<std::uint32_t>(slurm_integer(count, 1, 1024, diagnostics_).value_or(4));
  }

  void read_state(const SlurmRecord& record, Partition& partition) {
    static constexpr std::string_view kStates[] = {"UP", "DOWN", "DRAIN", "INACTIVE"};
    const SlurmWord* const word = record.find("state");
    if (word == nullptr) return;
    for (std::size_t i = 0; i < std::size(kStates); ++i) {
      if (same_name(word->text, kStates[i])) {
        partition.state = static_cast<PartitionState>(i);
        return;
      }
    }
    report(*word, fmt::format("unknown State \"{}\"", word->text),
           near_help(word->text, kStates, diagnostics_), diagnostics_);
  }

  void read_factors(const SlurmRecord& record, Partition& partition) {
    integer(record, "priority", kMaxFactor, [&](std::int64_t number) {
      partition.priority_tier = partition.priority_job_factor = static_cast<std::int32_t>(number);
    });
    integer(record, "prioritytier", kMaxFactor, [&](std::int64_t number) {
      partition.priority_tier = static_cast<std::int32_t>(number);
    });
    integer(record, "priorityjobfactor", kMaxFactor, [&](std::int64_t number) {
      partition.priority_job_factor = static_cast<std::int32_t>(number);
    });
    integer(record, "minnodes", kMaxInt,
            [&](std::int64_t number) { partition.min_nodes = static_cast<std::uint32_t>(number); });
    integer(record, "maxnodes", kMaxInt,
            [&](std::int64_t number) { partition.max_nodes = static_cast<std::uint32_t>(number); });
    if (partition.max_nodes && *partition.max_nodes < partition.min_nodes) {
      report(*record.find("maxnodes"), "MaxNodes is less than MinNodes", "", diagnostics_);
      note(*record.find("minnodes"), "MinNodes is here", diagnostics_);
    }
    integer(record, "maxcpuspernode", kMaxInt, [&](std::int64_t number) {
      partition.max_cpus_per_node = static_cast<std::uint32_t>(number);
    });
    const SlurmWord* const mode = record.find("preemptmode");
    if (mode != nullptr) {
      partition.preempt_mode = slurm_preempt_mode(*mode, cluster_, diagnostics_);
    }
  }

  // Memory and CPUs by default.

  std::optional<std::int64_t> memory(const SlurmRecord& record, std::string_view key) {
    const SlurmWord* const word = record.find(key);
    if (word == nullptr || is_unlimited(word->text)) return std::nullopt;
    const auto mib = slurm_memory(*word, diagnostics_);
    return mib && *mib > 0 ? mib : std::nullopt;
  }

  void read_memory(const SlurmRecord& own, Partition& partition) {
    for (const SlurmRecord* const record : {&conf_.options, &own}) {
      const auto default_memory = [&](std::string_view key, MemoryPer per) {
        if (const auto mib = memory(*record, key)) partition.default_memory = {per, *mib};
      };
      default_memory("defmempergpu", MemoryPer::Gpu);
      default_memory("defmempercpu", MemoryPer::Cpu);
      default_memory("defmempernode", MemoryPer::Node);
      const auto per_cpu = memory(*record, "maxmempercpu");
      const auto per_node = memory(*record, "maxmempernode");
      if (per_cpu || per_node) {
        partition.max_memory_per_cpu_mib = per_cpu;
        partition.max_memory_per_node_mib = per_cpu ? std::nullopt : per_node;
      }
      integer(*record, "defcpupergpu", kMaxInt, [&](std::int64_t number) {
        partition.default_cpus_per_gpu = static_cast<std::uint32_t>(number);
      });
      if (const SlurmWord* const word = record->find("jobdefaults")) {
        read_job_defaults(*word, partition);
      }
    }
  }

  void read_job_defaults(const SlurmWord& word, Partition& partition) {
    SlurmRecord record;
    for (const SlurmWord& item : slurm_list(word)) {
      const std::size_t equals = std::min(item.text.find('='), item.text.size() - 1);
      record.values[lower(item.text.substr(0, equals))] = {item.text.substr(equals + 1), item.line,
                                                           item.at + equals + 1};
    }
    integer(record, "defcpupergpu", kMaxInt, [&](std::int64_t number) {
      partition.default_cpus_per_gpu = static_cast<std::uint32_t>(number);
    });
    if (const auto mib = memory(record, "defmempergpu")) {
      partition.default_memory = {MemoryPer::Gpu, *mib};
    }
  }

  // Who may use it.

  QosId find_or_make_qos(const SlurmWord& word) {
    const std::string name = lower(word.text);
    if (const auto found = cluster_.find_qos(name)) return *found;
    if (!knows_accounts_) {
      Qos qos;
      qos.name = name;
      return cluster_.qos.push_back(std::move(qos));
    }
    return kNone<QosId>;
  }

  void read_qos(const SlurmRecord& record, Partition& partition) {
    const SlurmWord* const word = record.find("qos");
    if (word == nullptr || same_name(word->text, "n/a") || is_unlimited(word->text)) return;
    const bool is_new = !cluster_.find_qos(lower(word->text));
    partition.qos = find_or_make_qos(*word);
    if (partition.qos == kNone<QosId>) {
      report(*word, fmt::format("unknown QOS \"{}\"", word->text),
             near_help(lower(word->text), qos_names(), diagnostics_), diagnostics_);
    } else if (is_new) {
      warn(*word, fmt::format("no file tells the limits of QOS \"{}\"", word->text),
           "put `sacctmgr -P show qos` into qos.txt beside slurm.conf", diagnostics_);
    }
  }

  std::vector<std::string_view> qos_names() const {
    std::vector<std::string_view> known;
    for (const Qos& each : cluster_.qos) known.push_back(each.name);
    return known;
  }

  std::vector<std::string> names(const SlurmRecord& record, std::string_view key, bool are_qos) {
    std::vector<std::string> result;
    const SlurmWord* const word = record.find(key);
    if (word == nullptr || same_name(word->text, "all")) return result;
    std::vector<std::string_view> accounts;
    for (const Assoc& each : cluster_.assocs) {
      if (!each.is_user()) accounts.push_back(each.account);
    }
    for (const SlurmWord& item : slurm_list(*word)) {
      std::string name = lower(item.text);
      const bool is_known =
          are_qos ? find_or_make_qos(item) != kNone<QosId>
                  : !cluster_.declares_accounts || cluster_.find_account(name).has_value();
      if (is_known) {
        result.push_back(std::move(name));
        continue;
      }
      warn(item, fmt::format("unknown {} \"{}\"", are_qos ? "QOS" : "account", item.text),
           near_help(name, are_qos ? qos_names() : accounts, diagnostics_), diagnostics_);
    }
    if (result.empty() && key.starts_with("allow")) {
      report(*word, fmt::format("nothing in \"{}\" exists", word->text),
             "leave the key out, or name at least one", diagnostics_);
    }
    return result;
  }

  void read_access(const SlurmRecord& record, Partition& partition) {
    partition.allow_accounts = names(record, "allowaccounts", false);
    if (partition.allow_accounts.empty()) {
      partition.deny_accounts = names(record, "denyaccounts", false);
    }
    partition.allow_qos = names(record, "allowqos", true);
    if (partition.allow_qos.empty()) partition.deny_qos = names(record, "denyqos", true);
    flag(record, "exclusiveuser", partition.exclusive_user);
    flag(record, "rootonly", partition.root_only);
    flag(record, "reqresv", partition.requires_reservation);
  }

  Partition read_partition(const SlurmRecord& record) {
    Partition partition;
    partition.name = record.name.text;
    const SlurmWord* const nodes = record.find("nodes");
    partition.nodes = nodes == nullptr || nodes->text.empty() || same_name(nodes->text, "none")
                          ? NodeSet(cluster_.nodes.size())
                          : read_hosts(*nodes);
    flag(record, "default", partition.is_default);
    flag(record, "lln", partition.least_loaded);
    read_times(record, partition);
    read_factors(record, partition);
    read_sharing(record, partition);
    read_state(record, partition);
    read_memory(record, partition);
    read_qos(record, partition);
    read_access(record, partition);
    if (const SlurmWord* const word = record.find("tresbillingweights")) {
      partition.billing_weights = slurm_weights(*word, cluster_, diagnostics_);
    }
    return partition;
  }

  const SlurmConf& conf_;
  bool knows_accounts_;
  Cluster& cluster_;
  Diagnostics& diagnostics_;
  std::map<std::string, NodeSet> node_sets_;
};

}  // namespace

void read_slurm_partitions(const SlurmConf& conf, bool knows_accounts, Cluster& cluster,
                           Diagnostics& diagnostics) {
  PartitionsReader(conf, knows_accounts, cluster, diagnostics).read();
}

}  // namespace rehearse
