// Where a request goes, against an exhaustive search over all ways to lay its tasks on the nodes.
#include <random>
#include <vector>

#include "sim/state/resources.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kKinds = 2;  // gpu:a and gpu:b

Cluster machine(std::size_t nodes) {
  Cluster cluster;
  cluster.tracks_memory = true;
  cluster.gres.push_back({"gpu", "a"});
  cluster.gres.push_back({"gpu", "b"});
  for (std::size_t i = 0; i < nodes; ++i) {
    Node node;
    node.name = "n" + std::to_string(i + 1);
    node.cpus = 6;
    node.memory_mib = 60;
    node.gres = {2, 2};
    cluster.nodes.push_back(node);
  }
  Partition all;
  all.nodes = NodeSet::all(nodes);
  cluster.partitions.push_back(all);
  return cluster;
}

// Something of each node is in use already.
void use_some(const Cluster& cluster, std::mt19937& random, Resources& resources) {
  GresArena arena(kKinds);
  for (std::uint32_t i = 0; i < cluster.nodes.size(); ++i) {
    const std::uint32_t row[kKinds] = {static_cast<std::uint32_t>(random() % 3),
                                       static_cast<std::uint32_t>(random() % 3)};
    const Share share{static_cast<NodeId>(i), 1, static_cast<std::uint32_t>(random() % 7),
                      arena.add(row), static_cast<std::int64_t>(random() % 61)};
    if (random() % 4 != 0) resources.take({&share, 1}, arena);
  }
}

GresNeed some_gpus(std::mt19937& random) {
  static const std::vector<GresId> kChoices[] = {{GresId{0}}, {GresId{1}}, {GresId{0}, GresId{1}}};
  return {kChoices[random() % 3], 1 + static_cast<std::uint32_t>(random() % 2)};
}

Request some_request(const Cluster& cluster, std::mt19937& random) {
  Request request;
  request.eligible = NodeSet::all(cluster.nodes.size());
  if (random() % 4 == 0) request.eligible.erase(NodeId{0});
  request.tasks = 1 + static_cast<std::uint32_t>(random() % 8);
  request.cpus_per_task = 1 + static_cast<std::uint32_t>(random() % 3);
  request.exclusive = random() % 8 == 0;
  const std::uint32_t nodes = 1 + static_cast<std::uint32_t>(random() % 3);
  request.min_nodes = std::min(nodes, request.tasks);
  request.max_nodes =
      random() % 3 == 0
          ? Request::kAnyNodes
          : std::min(request.min_nodes + static_cast<std::uint32_t>(random() % 2), request.tasks);
  if (random() % 3 == 0) request.max_tasks_per_node = 1 + static_cast<std::uint32_t>(random() % 3);
  if (random() % 3 == 0) request.node_gres.push_back(some_gpus(random));
  if (request.node_gres.empty() && random() % 3 == 0) {
    request.task_gres.push_back(some_gpus(random));
  }
  const MemoryPer per[] = {MemoryPer::None, MemoryPer::Node, MemoryPer::Cpu, MemoryPer::Gpu};
  request.memory = {per[random() % 4], 1 + static_cast<std::int64_t>(random() % 12)};
  return request;
}

std::uint32_t count_of(const std::vector<GresNeed>& needs) {
  return needs.empty() ? 0 : needs.front().count;
}

// Whether `tasks` tasks fit on the node, said without select's words.
bool holds(const Resources& resources, const Request& request, NodeId node, std::uint32_t tasks) {
  if (!request.eligible.contains(node)) return false;
  if (request.exclusive && resources.jobs(node) > 0) return false;
  if (request.max_tasks_per_node > 0 && tasks > request.max_tasks_per_node) return false;
  const std::uint32_t cpus = request.exclusive ? 6 : tasks * request.cpus_per_task;
  if (tasks * request.cpus_per_task > resources.free_cpus(node)) return false;
  const std::uint32_t gpus = count_of(request.node_gres) + tasks * count_of(request.task_gres);
  for (const auto* needs : {&request.node_gres, &request.task_gres}) {
    if (needs->empty()) continue;
    std::uint32_t free = 0;
    for (const GresId kind : needs->front().kinds) free += resources.free_gres(node, kind);
    if (free < gpus) return false;
  }
  const std::int64_t mib = request.memory.per == MemoryPer::Node  ? request.memory.mib
                           : request.memory.per == MemoryPer::Cpu ? request.memory.mib * cpus
                           : request.memory.per == MemoryPer::Gpu ? request.memory.mib * gpus
                                                                  : 0;
  return mib <= resources.free_memory_mib(node);
}

bool can_lay(const Resources& resources, const Request& request, std::size_t node,
             std::uint32_t tasks, std::uint32_t nodes) {
  if (node == resources.nodes()) {
    return tasks == 0 && nodes >= request.min_nodes && nodes <= request.max_nodes;
  }
  for (std::uint32_t here = 0; here <= tasks; ++here) {
    if (here > 0 && !holds(resources, request, static_cast<NodeId>(node), here)) continue;
    if (can_lay(resources, request, node + 1, tasks - here, nodes + (here > 0 ? 1 : 0))) {
      return true;
    }
  }
  return false;
}

TEST_CASE("a request fits where some way to lay its tasks exists, and is laid in such a way",
          "[select]") {
  std::mt19937 random(1);
  std::size_t fitted = 0;
  constexpr std::size_t kCases = 20'000;
  for (std::size_t i = 0; i < kCases; ++i) {
    const Cluster cluster = machine(1 + random() % 4);
    Resources resources(cluster);
    use_some(cluster, random, resources);
    const Request request = some_request(cluster, random);
    std::vector<Share> shares;
    GresArena arena(kKinds);
    const bool found = select(resources, cluster, request, {}, shares, arena);
    INFO("case " << i << ", " << request.tasks << " tasks on " << request.min_nodes << " to "
                 << request.max_nodes << " nodes");
    REQUIRE(found == can_lay(resources, request, 0, request.tasks, 0));
    if (!found) {
      REQUIRE(shares.empty());
      continue;
    }
    ++fitted;
    REQUIRE(resources.is_free(shares, arena));
    std::uint32_t nodes = 0, tasks = 0;
    for (const Share& share : shares) {
      nodes += share.nodes;
      tasks += share.nodes * (share.cpus / request.cpus_per_task);
      for (std::uint32_t n = 0; n < share.nodes; ++n) {
        REQUIRE(request.eligible.contains(static_cast<NodeId>(index(share.first) + n)));
      }
    }
    REQUIRE(nodes >= request.min_nodes);
    REQUIRE(nodes <= request.max_nodes);
    if (!request.exclusive) REQUIRE(tasks == request.tasks);
  }
  CHECK(fitted > kCases / 10);
  CHECK(fitted < kCases * 9 / 10);
}

TEST_CASE(
    "tasks are spread evenly as far as nodes have room, and fill nodes if none were asked for",
    "[select]") {
  const Cluster cluster = flat_cluster(3, 4);
  GresArena arena(0);
  const auto laid = [&](const Resources& resources, const Request& request) {
    std::vector<Share> shares;
    REQUIRE(select(resources, cluster, request, {}, shares, arena));
    std::vector<std::uint32_t> cpus(3, 0);
    for (const Share& share : shares) {
      for (std::uint32_t n = 0; n < share.nodes; ++n) cpus[index(share.first) + n] = share.cpus;
    }
    return cpus;
  };
  Resources resources(cluster);
  const Share used{NodeId{0}, 1, 3, 0, 0};
  resources.take({&used, 1}, arena);
  Request request;
  request.eligible = NodeSet::all(3);
  request.tasks = 5;
  request.min_nodes = request.max_nodes = 2;
  CHECK(laid(resources, request) == std::vector<std::uint32_t>{1, 4, 0});
  request.min_nodes = request.max_nodes = 3;
  CHECK(laid(resources, request) == std::vector<std::uint32_t>{1, 2, 2});
  request.min_nodes = 1;
  request.max_nodes = Request::kAnyNodes;
  CHECK(laid(resources, request) == std::vector<std::uint32_t>{1, 4, 0});
}

}  // namespace
}  // namespace rehearse
