// The tree of switches: Boost.Graph in, levels and node sets out.
#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <map>

#include "sim/config/cluster_sections.hpp"

namespace rehearse {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using Vertex = Graph::vertex_descriptor;
using Links = std::vector<std::pair<std::size_t, std::size_t>>;

/// Collects switches with those below before those above, and the links that close a circle.
class Walk : public boost::default_dfs_visitor {
 public:
  Walk(std::vector<Vertex>& order, Links& circles) : order_(order), circles_(circles) {}
  void finish_vertex(Vertex vertex, const Graph&) { order_.push_back(vertex); }
  void back_edge(Graph::edge_descriptor edge, const Graph& graph) {
    circles_.emplace_back(source(edge, graph), target(edge, graph));
  }

 private:
  std::vector<Vertex>& order_;
  Links& circles_;
};

}  // namespace

Links complete_switches(std::vector<Switch>& switches) {
  Graph graph(switches.size());
  for (std::size_t above = 0; above < switches.size(); ++above) {
    for (const std::uint32_t below : switches[above].below) boost::add_edge(above, below, graph);
  }
  std::vector<Vertex> order;
  Links circles;
  boost::depth_first_search(graph, boost::visitor(Walk(order, circles)));
  if (!circles.empty()) return circles;
  for (const Vertex vertex : order) {
    Switch& each = switches[vertex];
    for (const std::uint32_t below : each.below) {
      each.level = std::max(each.level, switches[below].level + 1);
      each.nodes |= switches[below].nodes;
    }
  }
  return circles;
}

void read_switches(const Yaml& switches, Cluster& cluster, Diagnostics& diagnostics) {
  const Section<SwitchEntry> section = switch_section(cluster);
  std::map<std::string, std::uint32_t> by_name;
  std::vector<std::pair<SwitchEntry, const Yaml*>> entries;
  for_each_mapping(switches, "switches", diagnostics, [&](const Yaml& yaml) {
    SwitchEntry entry;
    section.read(yaml, entry, diagnostics);
    if (entry.name.empty()) return;
    const auto [first, is_new] =
        by_name.emplace(entry.name, static_cast<std::uint32_t>(entries.size()));
    if (!is_new) {
      report(*yaml.find("name"), fmt::format("a second switch \"{}\"", entry.name), "",
             diagnostics);
      note(*entries[first->second].second->find("name"), "the first one is here", diagnostics);
      return;
    }
    entries.emplace_back(std::move(entry), &yaml);
  });
  std::vector<Switch> result;
  for (const auto& [entry, yaml] : entries) {
    Switch made{entry.name, entry.nodes.value_or(NodeSet(cluster.nodes.size())), 0, {}};
    const bool has_below = yaml->find("switches") != nullptr;
    if (has_below == (yaml->find("nodes") != nullptr)) {
      report(*yaml, fmt::format("switch \"{}\" needs `nodes` or `switches`", entry.name),
             "give one of them", diagnostics);
    }
    for (const std::string& name : entry.switches) {
      const auto found = by_name.find(name);
      if (found != by_name.end()) {
        made.below.push_back(found->second);
        continue;
      }
      std::vector<std::string_view> known;
      for (const auto& each : by_name) known.push_back(each.first);
      report_unknown(*yaml->find("switches"), "switch", name, known, diagnostics);
    }
    result.push_back(std::move(made));
  }
  for (const auto& [above, below] : complete_switches(result)) {
    report(*entries[above].second->find("switches"),
           fmt::format("switches in a circle: \"{}\" is above \"{}\", and below it",
                       result[above].name, result[below].name),
           "", diagnostics);
  }
  cluster.switches = std::move(result);
}

}  // namespace rehearse
