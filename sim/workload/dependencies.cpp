#include "sim/workload/dependencies.hpp"

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <map>
#include <tuple>
#include <utility>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

struct Edge {
  SubmissionId from;  // waits for `to`
  SubmissionId to;
  auto operator<=>(const Edge&) const = default;
};

/// Every pair once, in order.
std::vector<Edge> edges_of(const Workload& workload) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto from = static_cast<SubmissionId>(i);
    const Special* const special = workload.special(from);
    if (special == nullptr) continue;
    for (const Dependency& dependency : special->dependencies) {
      if (dependency.on != kNone<SubmissionId>) edges.push_back({from, dependency.on});
    }
  }
  std::ranges::sort(edges);
  const auto repeated = std::ranges::unique(edges);
  edges.erase(repeated.begin(), repeated.end());
  return edges;
}

bool is_singleton(const Special* special) {
  return special != nullptr && std::ranges::count(special->dependencies, DependencyKind::Singleton,
                                                  &Dependency::kind) > 0;
}

/// (user, job name): the name given, else the id, which is a name or a number.
std::tuple<NameId, NameId, std::uint64_t> name_key(const Workload& workload, SubmissionId id) {
  const Submission& row = workload.submissions[id];
  const Special* const special = workload.special(id);
  if (special == nullptr || special->job_name == kNone<NameId>) {
    return {row.user, row.name, row.number};
  }
  const std::string& given = workload.names[special->job_name];
  const auto number = parse_int64(given);  // may be another row's id, where ids are numbers
  if (row.name == kNone<NameId> && number && std::to_string(*number) == given) {
    return {row.user, kNone<NameId>, static_cast<std::uint64_t>(*number)};
  }
  return {row.user, special->job_name, 0};
}

auto submit_order(const Workload& workload) {
  return [&workload](SubmissionId id) {
    const Submission& row = workload.submissions[id];
    return std::tuple(row.submit, row.number, id);
  };
}

/// Collects the ring that each back edge closes: the path of open vertices between its ends.
class CycleFinder : public boost::default_dfs_visitor {
 public:
  CycleFinder(std::vector<std::uint32_t>& parents, std::vector<std::vector<SubmissionId>>& cycles)
      : parents_(parents), cycles_(cycles) {}

  template <class E, class Graph>
  void tree_edge(const E& edge, const Graph& graph) {
    parents_[target(edge, graph)] = static_cast<std::uint32_t>(source(edge, graph));
  }
  template <class E, class Graph>
  void back_edge(const E& edge, const Graph& graph) {
    const auto last = static_cast<std::uint32_t>(target(edge, graph));
    std::vector<SubmissionId> cycle;
    for (auto at = static_cast<std::uint32_t>(source(edge, graph)); at != last; at = parents_[at]) {
      cycle.push_back(static_cast<SubmissionId>(at));
    }
    cycle.push_back(static_cast<SubmissionId>(last));
    std::ranges::reverse(cycle);
    std::ranges::rotate(cycle, std::ranges::min_element(cycle));
    cycles_.push_back(std::move(cycle));
  }

 private:
  std::vector<std::uint32_t>& parents_;
  std::vector<std::vector<SubmissionId>>& cycles_;
};

}  // namespace

Dependencies::Dependencies(const Workload& workload) : groups_(1) {
  const std::size_t count = workload.submissions.size();
  const std::vector<Edge> edges = edges_of(workload);
  if (!edges.empty()) starts_.resize(count + 1);
  for (const Edge& edge : edges) ++starts_[index(edge.to) + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  dependents_.resize(edges.size());
  std::vector<std::uint32_t> next = starts_;
  for (const Edge& edge : edges) dependents_[next[index(edge.to)]++] = edge.from;

  std::map<std::tuple<NameId, NameId, std::uint64_t>, std::uint32_t> groups;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<SubmissionId>(i);
    if (!is_singleton(workload.special(id))) continue;
    const auto group = static_cast<std::uint32_t>(groups_.size());
    if (groups.emplace(name_key(workload, id), group).second) groups_.emplace_back();
  }
  if (groups.empty()) return;
  group_of_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<SubmissionId>(i);
    const auto found = groups.find(name_key(workload, id));
    if (found == groups.end()) continue;
    group_of_[i] = found->second;
    groups_[found->second].push_back(id);
  }
  for (std::vector<SubmissionId>& group : groups_) {
    std::ranges::sort(group, {}, submit_order(workload));
  }
}

std::span<const SubmissionId> Dependencies::dependents(SubmissionId id) const {
  if (starts_.empty()) return {};
  const std::uint32_t first = starts_[index(id)];
  return std::span(dependents_).subspan(first, starts_[index(id) + 1] - first);
}

std::span<const SubmissionId> Dependencies::namesakes(SubmissionId id) const {
  if (group_of_.empty()) return {};
  return groups_[group_of_[index(id)]];
}

std::vector<std::vector<SubmissionId>> dependency_cycles(const Workload& workload) {
  using Graph =
      boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                         boost::no_property, std::uint32_t, std::uint32_t>;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const Edge& edge : edges_of(workload)) {
    pairs.emplace_back(static_cast<std::uint32_t>(edge.from), static_cast<std::uint32_t>(edge.to));
  }
  std::vector<std::vector<SubmissionId>> cycles;
  if (pairs.empty()) return cycles;
  const auto count = static_cast<std::uint32_t>(workload.submissions.size());
  const Graph graph(boost::edges_are_sorted, pairs.begin(), pairs.end(), count);
  std::vector<std::uint32_t> parents(count);
  boost::depth_first_search(graph, boost::visitor(CycleFinder(parents, cycles)));
  return cycles;
}

}  // namespace rehearse
