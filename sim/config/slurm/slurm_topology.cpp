// topology.conf: a tree of switches.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

class TopologyReader {
 public:
  TopologyReader(Cluster& cluster, Diagnostics& diagnostics)
      : cluster_(cluster), diagnostics_(diagnostics) {}

  void read(const std::vector<SlurmRecord>& records) {
    for (const SlurmRecord& record : records) {
      const auto [first, is_new] = by_name_.emplace(record.name.text, records_.size());
      if (!is_new) {
        report(record.name, fmt::format("a second switch \"{}\"", record.name.text), "",
               diagnostics_);
        note(records_[first->second]->name, "the first one is here", diagnostics_);
        continue;
      }
      records_.push_back(&record);
      switches_.push_back({record.name.text, NodeSet(cluster_.nodes.size()), 0, {}});
    }
    for (std::size_t i = 0; i < records_.size(); ++i) read_switch(i);
    if (diagnostics_.error_count() == 0) set_levels();
    if (diagnostics_.error_count() > 0 || switches_.empty()) return;
    check_reach(*records_.front());
    cluster_.switches = std::move(switches_);
  }

 private:
  void read_switch(std::size_t i) {
    const SlurmRecord& record = *records_[i];
    const SlurmWord* const nodes = record.find("nodes");
    const SlurmWord* const below = record.find("switches");
    if ((nodes == nullptr) == (below == nullptr)) {
      report(record.name,
             fmt::format("switch \"{}\" has {} Nodes and Switches", record.name.text,
                         nodes == nullptr ? "neither" : "both"),
             "give one of them", diagnostics_);
      return;
    }
    if (nodes != nullptr) {
      read_nodes(*nodes, switches_[i].nodes);
      return;
    }
    const auto names = slurm_hosts(*below, diagnostics_);
    if (!names) return;
    for (const std::string& name : *names) {
      const auto found = by_name_.find(name);
      if (found == by_name_.end()) {
        std::vector<std::string_view> known;
        for (const Switch& each : switches_) known.push_back(each.name);
        report(*below, fmt::format("unknown switch \"{}\"", name),
               near_help(name, known, diagnostics_), diagnostics_);
        continue;
      }
      switches_[i].below.push_back(static_cast<std::uint32_t>(found->second));
    }
  }

  void read_nodes(const SlurmWord& word, NodeSet& set) {
    const auto hosts = slurm_hosts(word, diagnostics_);
    if (!hosts) return;
    std::vector<std::string> unknown;
    for (const std::string& host : *hosts) {
      if (const auto node = cluster_.find_node(host)) {
        set.insert(*node);
      } else {
        unknown.push_back(host);
      }
    }
    if (unknown.empty()) return;
    warn(word, fmt::format("unknown nodes \"{:.200}\"", compress_hostlist(unknown)),
         "they are left out, as Slurm does", diagnostics_);
  }

  void set_levels() {
    for (const auto& [above, below] : complete_switches(switches_)) {
      report(*records_[above]->find("switches"),
             fmt::format("switches in a circle: \"{}\" is above \"{}\", and below it",
                         switches_[above].name, switches_[below].name),
             "", diagnostics_);
    }
  }

  /// Nodes without a switch, and parts that no switch connects, are as Slurm takes them.
  void check_reach(const SlurmRecord& first) {
    NodeSet reached(cluster_.nodes.size());
    bool is_connected = false;
    for (const Switch& each : switches_) {
      reached |= each.nodes;
      is_connected = is_connected || each.nodes.count() == cluster_.nodes.size();
    }
    NodeSet left_out = NodeSet::all(cluster_.nodes.size());
    left_out -= reached;
    if (!left_out.empty()) {
      std::vector<std::string> names;
      left_out.for_each([&](NodeId node) {
        names.push_back(cluster_.nodes[node].name);
        return true;
      });
      warn(first.name, fmt::format("no switch has \"{:.200}\"", compress_hostlist(names)), "",
           diagnostics_);
    } else if (!is_connected) {
      warn(first.name, "no switch is above all nodes", "no job can have nodes of two such parts",
           diagnostics_);
    }
  }

  Cluster& cluster_;
  Diagnostics& diagnostics_;
  std::vector<const SlurmRecord*> records_;
  std::vector<Switch> switches_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace

void read_slurm_topology(SlurmConf& conf, const std::string& file, Cluster& cluster,
                         Diagnostics& diagnostics) {
  const SlurmWord* const plugin = conf.find("topologyplugin");
  const std::string name = plugin == nullptr ? "" : lower(plugin->text);
  if (name.ends_with("/block") || name.ends_with("torus") || name.ends_with("hypercube")) {
    say_not_simulated(cluster,
                      fmt::format("all nodes are equally near (TopologyPlugin={})", plugin->text));
    return;
  }
  if (!name.ends_with("/tree")) return;
  if (const SlurmWord* const param = conf.find("topologyparam")) {
    for (const SlurmWord& each : slurm_list(*param)) {
      if (!same_name(each.text, "dragonfly")) continue;
      say_not_simulated(cluster,
                        fmt::format("switches are a plain tree (TopologyParam={})", each.text));
    }
  }
  if (file.empty()) {
    warn(*plugin, "no topology.conf beside slurm.conf", "all nodes are taken to be equally near",
         diagnostics);
    return;
  }
  const std::vector<SlurmPairs> lines = read_slurm_file(file, conf.files, diagnostics);
  for (const SlurmPairs& line : lines) {
    static constexpr std::string_view kKeys[] = {"SwitchName", "Nodes", "Switches", "LinkSpeed"};
    for (const SlurmPair& pair : line) {
      const bool is_known = std::any_of(std::begin(kKeys), std::end(kKeys),
                                        [&](auto key) { return same_name(key, pair.name); });
      if (is_known) continue;
      warn(pair.key, fmt::format("unknown key \"{}\" of topology.conf", pair.key.text),
           near_help(pair.key.text, kKeys, diagnostics), diagnostics);
    }
  }
  TopologyReader(cluster, diagnostics).read(slurm_records(lines, "switchname", diagnostics));
}

}  // namespace rehearse
