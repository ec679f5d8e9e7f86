// The tree of accounts: Boost.Graph in, parent array out.
#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <map>
#include <set>

#include "sim/config/cluster_sections.hpp"

namespace rehearse {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using Vertex = Graph::vertex_descriptor;

/// Vertex 0 is root, vertex i + 1 the i-th entry; edges lead from parents to children.
struct Tree {
  std::vector<AccountEntry> entries{};
  std::vector<const Yaml*> places{};  ///< null for a root that is not in the file
  std::vector<Vertex> parents{};
};

/// Notices cycles.
class Walk : public boost::default_dfs_visitor {
 public:
  explicit Walk(std::vector<Vertex>& in_cycles) : in_cycles_(in_cycles) {}
  void back_edge(Graph::edge_descriptor edge, const Graph& graph) {
    in_cycles_.push_back(target(edge, graph));
  }

 private:
  std::vector<Vertex>& in_cycles_;
};

Tree read_entries(const Yaml* accounts, Cluster& cluster, Diagnostics& diagnostics) {
  Tree tree{{AccountEntry{.name = "root", .parent = ""}}, {nullptr}, {0}};
  if (accounts == nullptr) return tree;
  std::map<std::string, std::size_t> by_name{{"root", 0}};
  const Section<AccountEntry> section = account_section(cluster);
  for_each_mapping(*accounts, "accounts", diagnostics, [&](const Yaml& yaml) {
    AccountEntry entry;
    section.read(yaml, entry, diagnostics);
    const Yaml* const name = yaml.find("name");
    if (entry.name.empty()) return;
    if (entry.name == "root" && tree.places[0] == nullptr) {
      if (const Yaml* const parent = yaml.find("parent")) {
        report(*parent, "root has no parent", "", diagnostics);
      }
      tree.entries[0] = std::move(entry);
      tree.places[0] = &yaml;
      return;
    }
    const auto [found, is_new] = by_name.emplace(entry.name, tree.entries.size());
    if (!is_new) {
      report(*name, fmt::format("a second account \"{}\"", entry.name), "", diagnostics);
      note(*tree.places[found->second]->find("name"), "the first one is here", diagnostics);
      return;
    }
    tree.entries.push_back(std::move(entry));
    tree.places.push_back(&yaml);
  });
  std::vector<std::string_view> known;
  for (const AccountEntry& entry : tree.entries) known.push_back(entry.name);
  tree.parents.assign(tree.entries.size(), 0);
  for (std::size_t i = 1; i < tree.entries.size(); ++i) {
    const auto parent = by_name.find(tree.entries[i].parent);
    if (parent != by_name.end()) {
      tree.parents[i] = parent->second;
    } else {
      report_unknown(*tree.places[i]->find("parent"), "account", tree.entries[i].parent, known,
                     diagnostics);
    }
  }
  return tree;
}

/// Each cycle is an error that names its accounts.
bool has_cycles(const Tree& tree, Diagnostics& diagnostics) {
  Graph graph(tree.entries.size());
  for (Vertex i = 1; i < tree.entries.size(); ++i) boost::add_edge(tree.parents[i], i, graph);
  std::vector<Vertex> in_cycles;
  boost::depth_first_search(graph, boost::visitor(Walk(in_cycles)).root_vertex(Vertex{0}));
  for (const Vertex start : in_cycles) {
    std::string path = tree.entries[start].name;
    Vertex at = start;
    do {
      at = tree.parents[at];
      path += " -> " + tree.entries[at].name;
    } while (at != start);
    report(*tree.places[start]->find("parent"), fmt::format("accounts in a circle: {}", path),
           "every account must lead up to root", diagnostics);
  }
  return !in_cycles.empty();
}

/// The accounts in the order of the file, but for parents, which come before their children.
std::vector<Vertex> parents_first(const Tree& tree, Diagnostics& diagnostics) {
  std::vector<Vertex> order;
  if (has_cycles(tree, diagnostics)) return order;
  std::vector<char> is_done(tree.entries.size(), 0);
  for (Vertex start = 0; start < tree.entries.size(); ++start) {
    std::vector<Vertex> chain;
    for (Vertex at = start; is_done[at] == 0; at = tree.parents[at]) {
      chain.push_back(at);
      is_done[at] = 1;
    }
    order.insert(order.end(), chain.rbegin(), chain.rend());
  }
  return order;
}

/// QOS lists and default QOS are handed down, as slurmdbd does.
template <class Entry>
Assoc make_assoc(const Entry& entry, const std::string& account, AssocId parent,
                 const Cluster& cluster) {
  Assoc assoc;
  assoc.account = account;
  assoc.parent = parent;
  assoc.shares = entry.shares;
  assoc.shares_as_parent = entry.shares_as_parent;
  assoc.priority = entry.priority;
  assoc.limits = entry.limits;
  assoc.allow_qos = entry.qos;
  assoc.default_qos = entry.default_qos;
  if (parent == kNone<AssocId>) return assoc;
  const Assoc& above = cluster.assocs[parent];
  if (assoc.allow_qos.empty()) assoc.allow_qos = above.allow_qos;
  if (assoc.default_qos.empty()) assoc.default_qos = above.default_qos;
  return assoc;
}

void check_default_qos(const Assoc& assoc, const Yaml& yaml, const Cluster& cluster,
                       Diagnostics& diagnostics) {
  const std::vector<std::string>& allowed = assoc.allow_qos;
  if (assoc.default_qos.empty() || allowed.empty() || !cluster.find_qos(assoc.default_qos) ||
      std::find(allowed.begin(), allowed.end(), assoc.default_qos) != allowed.end()) {
    return;
  }
  const Yaml* const at = yaml.find("default_qos");
  report(at != nullptr ? *at : yaml,
         fmt::format("the default QOS \"{}\" is not among those allowed", assoc.default_qos),
         fmt::format("allowed: {}", fmt::join(allowed, ", ")), diagnostics);
}

/// Adds the users that `entry` names below the account `parent`.
void add_users(const UserEntry& entry, AssocId parent, const Yaml& place, const Yaml& name,
               std::set<std::string>& seen, Cluster& cluster, Diagnostics& diagnostics) {
  const std::string account = cluster.assocs[parent].account;
  for (const std::string& user : entry.names) {
    if (!seen.insert(user + ' ' + entry.partition).second) {
      report(name, fmt::format("user \"{}\" is twice in account \"{}\"", user, account), "",
             diagnostics);
    }
    Assoc assoc = make_assoc(entry, account, parent, cluster);
    assoc.user = user;
    assoc.partition = entry.partition;
    assoc.is_default = entry.is_default;
    check_default_qos(assoc, place, cluster, diagnostics);
    cluster.assocs.push_back(std::move(assoc));
  }
}

/// The list of users at the top of the file.
void read_users(const Yaml& users, std::map<std::string, std::set<std::string>>& seen,
                Cluster& cluster, Diagnostics& diagnostics) {
  const Section<UserEntry> section = user_section(cluster, true);
  for_each_mapping(users, "users", diagnostics, [&](const Yaml& yaml) {
    UserEntry entry;
    section.read(yaml, entry, diagnostics);
    if (entry.account.empty()) return;
    const auto parent = cluster.find_account(entry.account);
    if (parent) {
      add_users(entry, *parent, yaml, *yaml.find("name"), seen[entry.account], cluster,
                diagnostics);
      return;
    }
    std::vector<std::string_view> known;
    for (const Assoc& each : cluster.assocs) {
      if (!each.is_user()) known.push_back(each.account);
    }
    report_unknown(*yaml.find("account"), "account", entry.account, known, diagnostics);
  });
}

}  // namespace

void read_accounts(const Yaml* accounts, const Yaml* users, Cluster& cluster,
                   Diagnostics& diagnostics) {
  const Tree tree = read_entries(accounts, cluster, diagnostics);
  std::vector<AssocId> ids(tree.entries.size(), kNone<AssocId>);
  std::map<std::string, std::set<std::string>> seen;
  for (const Vertex vertex : parents_first(tree, diagnostics)) {
    const AccountEntry& entry = tree.entries[vertex];
    const AssocId parent = vertex == 0 ? kNone<AssocId> : ids[tree.parents[vertex]];
    const AssocId id = cluster.assocs.push_back(make_assoc(entry, entry.name, parent, cluster));
    ids[vertex] = id;
    if (tree.places[vertex] == nullptr) continue;
    const Yaml& place = *tree.places[vertex];
    check_default_qos(cluster.assocs[id], place, cluster, diagnostics);
    for (const UserEntry& each : entry.users) {
      add_users(each, id, place, *place.find("users"), seen[entry.name], cluster, diagnostics);
    }
  }
  if (users != nullptr && !cluster.assocs.empty()) read_users(*users, seen, cluster, diagnostics);
}

}  // namespace rehearse
