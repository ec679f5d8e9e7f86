// Nodes: NodeName lines of slurm.conf and the devices of gres.conf.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/cluster/gres.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"
#include "sim/config/slurm/slurm_gres.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kMaxCpus = 1'000'000;

struct NamedNode {
  Node node;
  std::vector<NodeGres> gres;  ///< of the record, before kinds are numbered
  const SlurmRecord* record;
};

/// Board, socket, core and thread counts as Slurm completes them.
class Layout {
 public:
  Layout(const SlurmRecord& record, Diagnostics& diagnostics)
      : record_(record), diagnostics_(diagnostics) {}

  void read(Node& node) {
    const auto cpus = count("cpus") ? count("cpus") : count("procs");
    const auto boards = count("boards").value_or(1);
    auto sockets = count("sockets");
    if (const auto per_board = count("socketsperboard")) sockets = *per_board * boards;
    const std::int64_t cores = count("corespersocket").value_or(1);
    const std::int64_t threads = count("threadspercore").value_or(1);
    if (!sockets) {
      sockets = cpus ? std::max<std::int64_t>(*cpus / (cores * threads), 1) : boards;
    }
    const std::int64_t total = *sockets * cores * threads;
    if (total > kMaxCpus) {
      report(record_.name, fmt::format("{} CPUs in one node", total), "at most 1000000",
             diagnostics_);
      return;
    }
    node.sockets = static_cast<std::uint32_t>(*sockets);
    node.cores_per_socket = static_cast<std::uint32_t>(cores);
    node.threads_per_core = static_cast<std::uint32_t>(threads);
    if (cpus && *cpus != total) fewer_cpus(*cpus, node);
    reserve(node);
  }

 private:
  std::optional<std::int64_t> count(std::string_view key) {
    const SlurmWord* const word = record_.find(key);
    if (word == nullptr) return std::nullopt;
    const auto found = read_.find(key);
    if (found != read_.end()) return found->second;
    const bool is_total = key == "cpus" || key == "procs";
    const std::int64_t max = is_total ? kMaxCpus : 10'000;  // so that products do not overflow
    return read_[std::string(key)] = slurm_integer(*word, 1, max, diagnostics_);
  }

  /// CPUs may count cores or sockets instead of threads: then each is one CPU.
  void fewer_cpus(std::int64_t cpus, Node& node) {
    const std::int64_t cores = std::int64_t{node.sockets} * node.cores_per_socket;
    const bool layout_is_given =
        record_.find("corespersocket") != nullptr || record_.find("threadspercore") != nullptr;
    if (cpus == cores || cpus == node.sockets) {
      if (cpus != cores) node.cores_per_socket = 1;
      node.threads_per_core = 1;
    } else if (!layout_is_given) {
      node.sockets = static_cast<std::uint32_t>(cpus);
    } else {
      const SlurmWord* const word =
          record_.find("cpus") != nullptr ? record_.find("cpus") : record_.find("procs");
      warn(*word,
           fmt::format("{} CPUs, but {} x {} x {} = {}", cpus, node.sockets, node.cores_per_socket,
                       node.threads_per_core, cores * node.threads_per_core),
           "sockets x cores x threads counts, as for Slurm", diagnostics_);
    }
  }

  void reserve(Node& node) {
    const std::uint32_t cores = node.sockets * node.cores_per_socket;
    std::int64_t reserved = 0;
    if (const SlurmWord* const word = record_.find("corespeccount")) {
      reserved = slurm_integer(*word, 0, kMaxCpus, diagnostics_).value_or(0);
      if (reserved >= cores) {
        report(*word, fmt::format("{} of {} cores reserved", reserved, cores),
               "jobs need at least one", diagnostics_);
        reserved = 0;
      }
    } else if (const SlurmWord* const list = record_.find("cpuspeclist")) {
      const auto numbers = index_list(*list, diagnostics_);
      std::set<std::uint32_t> specified;
      for (const std::uint32_t cpu : numbers) specified.insert(cpu / node.threads_per_core);
      reserved = std::min<std::int64_t>(static_cast<std::int64_t>(specified.size()), cores - 1);
    }
    node.reserved_cores = static_cast<std::uint32_t>(reserved);
    node.cpus = (cores - node.reserved_cores) * node.threads_per_core;
  }

  const SlurmRecord& record_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::optional<std::int64_t>, std::less<>> read_;
};

class NodesReader {
 public:
  NodesReader(SlurmConf& conf, const std::string& gres_file, Cluster& cluster,
              Diagnostics& diagnostics)
      : conf_(conf), cluster_(cluster), diagnostics_(diagnostics) {
    if (const SlurmWord* const types = conf.find("grestypes")) gres_types_ = slurm_list(*types);
    if (!gres_file.empty()) gres_conf_ = read_gres_conf(gres_file, conf, diagnostics);
  }

  void read() {
    for (const SlurmRecord& record : conf_.nodes) read_record(record);
    if (without_memory_ != nullptr) {
      warn(without_memory_->name,
           fmt::format("{} NodeName lines without RealMemory", lines_without_memory_),
           "Slurm takes 1 MiB then", diagnostics_);
    }
    if (nodes_.empty() && diagnostics_.error_count() == 0) {
      diagnostics_.add({.file = conf_.files.front(),
                        .message = "a cluster without nodes",
                        .help = "write lines such as NodeName=n[1-4] CPUs=64 RealMemory=256000"});
    }
    std::stable_sort(nodes_.begin(), nodes_.end(), [](const NamedNode& a, const NamedNode& b) {
      return natural_less(a.node.name, b.node.name);
    });
    report_overlaps();
    for (NamedNode& each : nodes_) add_devices(each);
    for (NamedNode& each : nodes_) {
      each.node.gres.resize(cluster_.gres.size(), 0);
      cluster_.nodes.push_back(std::move(each.node));
    }
    read_down_nodes();
    say_states();
  }

 private:
  void read_record(const SlurmRecord& record) {
    const auto hosts = slurm_hosts(record.name, diagnostics_);
    Node node;
    Layout(record, diagnostics_).read(node);
    read_memory(record, node);
    for (const char* const key : {"feature", "features"}) {
      if (const SlurmWord* const word = record.find(key)) {
        for (SlurmWord& feature : slurm_list(*word)) node.features.push_back(feature.text);
      }
    }
    std::sort(node.features.begin(), node.features.end());
    node.features.erase(std::unique(node.features.begin(), node.features.end()),
                        node.features.end());
    if (const SlurmWord* const word = record.find("weight")) {
      constexpr std::int64_t kMaxWeight = std::numeric_limits<std::int32_t>::max();
      node.weight =
          static_cast<std::int32_t>(slurm_integer(*word, 0, kMaxWeight, diagnostics_).value_or(1));
    }
    std::vector<NodeGres> gres;
    if (const SlurmWord* const word = record.find("gres")) {
      gres = read_node_gres(*word, gres_types_, diagnostics_);
    }
    if (!hosts) return;
    if (nodes_.size() + hosts->size() > kMaxHosts) {
      report(record.name, fmt::format("more than {} nodes", kMaxHosts), "", diagnostics_);
      return;
    }
    if (const SlurmWord* const word = record.find("state")) note_state(*word, *hosts);
    for (const std::string& host : *hosts) {
      node.name = host;
      nodes_.push_back({node, gres, &record});
    }
  }

  void read_memory(const SlurmRecord& record, Node& node) {
    const SlurmWord* const memory = record.find("realmemory");
    node.memory_mib = memory == nullptr ? 1 : slurm_memory(*memory, diagnostics_).value_or(1);
    if (memory == nullptr && cluster_.tracks_memory) {
      if (without_memory_ == nullptr) without_memory_ = &record;
      ++lines_without_memory_;
    }
    const SlurmWord* const reserved = record.find("memspeclimit");
    if (reserved == nullptr) return;
    const auto mib = slurm_memory(*reserved, diagnostics_);
    if (mib && *mib >= node.memory_mib) {
      report(*reserved, fmt::format("{} of {} MiB reserved", *mib, node.memory_mib),
             "jobs need some", diagnostics_);
    } else {
      node.memory_mib -= mib.value_or(0);
    }
  }

  /// One error for each pair of lines that have a name in common.
  void report_overlaps() {
    std::set<std::pair<const SlurmRecord*, const SlurmRecord*>> reported;
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      const SlurmRecord* const first = nodes_[i - 1].record;
      const SlurmRecord* const second = nodes_[i].record;
      if (nodes_[i - 1].node.name != nodes_[i].node.name) continue;
      if (!reported.emplace(first, second).second) continue;
      report(second->name, fmt::format("node \"{}\" is there already", nodes_[i].node.name),
             "each node has one NodeName", diagnostics_);
      note(first->name, "the first one is here", diagnostics_);
    }
  }

  /// Numbers the kinds of GRES in the order of the nodes, and places the devices of gres.conf.
  void add_devices(NamedNode& each) {
    const std::vector<const GresLine*> lines = gres_conf_.of(each.node.name);
    complete_types(each.gres, lines);
    for (const NodeGres& item : each.gres) {
      const GresId kind = gres_kind(cluster_, item.name, item.type);
      each.node.gres.resize(cluster_.gres.size(), 0);
      each.node.gres[index(kind)] += static_cast<std::uint32_t>(item.count);
      if (item.name == "shard") {
        say_not_simulated(cluster_,
                          "shards are counted apart from the GPUs that they are parts of");
      }
    }
    place_devices(each.node, each.gres, lines, cluster_);
  }

  void note_state(const SlurmWord& word, const std::vector<std::string>& hosts) {
    std::string state = lower(word.text.substr(0, word.text.find('*')));
    for (const char* const usual : {"unknown", "idle", "allocated", "mixed", "up", "resume"}) {
      if (state == usual) return;
    }
    if (state == "cloud") return;  // slurm_power.cpp
    static constexpr std::string_view kKnown[] = {"down",   "drain",   "drained", "draining",
                                                  "fail",   "failing", "future",  "cloud",
                                                  "noresp", "maint",   "external"};
    if (std::find(std::begin(kKnown), std::end(kKnown), state) == std::end(kKnown)) {
      warn(word, fmt::format("unknown state \"{}\"", word.text),
           near_help(word.text, kKnown, diagnostics_), diagnostics_);
      return;
    }
    for (char& c : state) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    std::vector<std::string>& all = states_[state];
    all.insert(all.end(), hosts.begin(), hosts.end());
  }

  void read_down_nodes() {
    for (const SlurmRecord& record : conf_.down_nodes) {
      const auto hosts = slurm_hosts(record.name, diagnostics_);
      if (!hosts) continue;
      const SlurmWord* const state = record.find("state");
      note_state(state != nullptr ? *state : SlurmWord{"DOWN"}, *hosts);
    }
  }

  void say_states() {
    for (auto& [state, hosts] : states_) {
      std::sort(hosts.begin(), hosts.end(), natural_less);
      hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
      say_not_simulated(cluster_, fmt::format("all nodes are up from the start: {} (State={})",
                                              compress_hostlist(hosts), state));
    }
  }

  SlurmConf& conf_;
  Cluster& cluster_;
  Diagnostics& diagnostics_;
  std::vector<SlurmWord> gres_types_;
  GresConf gres_conf_;
  std::vector<NamedNode> nodes_;
  const SlurmRecord* without_memory_ = nullptr;  ///< the first such line
  std::size_t lines_without_memory_ = 0;
  std::map<std::string, std::vector<std::string>> states_;
};

}  // namespace

void read_slurm_nodes(SlurmConf& conf, const std::string& gres_file, Cluster& cluster,
                      Diagnostics& diagnostics) {
  NodesReader(conf, gres_file, cluster, diagnostics).read();
}

}  // namespace rehearse
