// In which order nodes are offered, on four nodes drawn with their free amounts.
#include <algorithm>
#include <numeric>

#include "sim/policy/slots.hpp"
#include "tests/unit/models/scene.hpp"

namespace rehearse {
namespace {

/// g1 to g4: 8 GPUs and 32 CPUs each, the first three of kind a40, g4 of kind v100; c1: 32 CPUs.
Cluster gpu_site() {
  Cluster cluster = flat_cluster(5, 32);
  cluster.gres.push_back({"gpu", "a40"});
  cluster.gres.push_back({"gpu", "v100"});
  const char* names[] = {"c1", "g1", "g2", "g3", "g4"};
  for (std::size_t i = 0; i < 5; ++i) {
    Node& node = cluster.nodes[static_cast<NodeId>(i)];
    node.name = names[i];
    node.gres = i == 0  ? std::vector<std::uint32_t>{0, 0}
                : i < 4 ? std::vector<std::uint32_t>{8, 0}
                        : std::vector<std::uint32_t>{0, 8};
  }
  return cluster;
}

Asked gpu_job(std::int64_t gpus, const char* type = "a40") {
  Asked asked;
  asked.min_nodes = asked.max_nodes = 1;
  asked.gres_per_node = {{"gpu", type, gpus}};
  return asked;
}

/// Names of the nodes on which the job could run, in the policy's order.
std::string order(const Scene& scene, PlacementPolicy& policy, const Candidate& candidate) {
  const Request& request = scene.view().request(candidate);
  std::vector<NodeId> nodes;
  request.eligible.for_each([&](NodeId node) {
    nodes.push_back(node);
    return true;
  });
  std::vector<double> keys(nodes.size());
  policy.keys(scene.view(), scene.view().resources(), request, nodes, keys);
  std::vector<std::size_t> sorted(nodes.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::string result;
  for (const std::size_t at : sorted) {
    result += (result.empty() ? "" : " ") + scene.cluster().nodes[nodes[at]].name;
  }
  return result;
}

constexpr PartitionId kAll{0};

TEST_CASE("First fit takes nodes in the order of their names", "[placement]") {
  Scene scene(gpu_site());
  scene.run(kAll, "c1", 1, 30);
  const auto policy = make_policy<PlacementPolicy>("first-fit");
  REQUIRE(policy->is_node_order());
  REQUIRE(order(scene, *policy, scene.wait({})) == "c1 g1 g2 g3 g4");
}

TEST_CASE("Best fit takes the node with the least free", "[placement]") {
  Scene scene(gpu_site());
  scene.run(kAll, "c1", 1, 8);           // 24 CPUs free
  scene.run(kAll, "g1", 1, 4, {1, 0});   // 28 CPUs, 7 GPUs
  scene.run(kAll, "g2", 1, 16, {1, 0});  // 16 CPUs, 7 GPUs
  scene.run(kAll, "g3", 1, 4, {4, 0});   // 28 CPUs, 4 GPUs
  const auto policy = make_policy<PlacementPolicy>("best-fit");
  REQUIRE(!policy->is_node_order());
  REQUIRE(order(scene, *policy, scene.wait({})) == "g2 c1 g1 g3 g4");
  REQUIRE(order(scene, *policy, scene.wait(gpu_job(1))) == "g3 g2 g1");
  REQUIRE(order(scene, *policy, scene.wait(gpu_job(1, ""))) == "g3 g2 g1 g4");
}

TEST_CASE("GPU packing fills used nodes first and leaves idle ones whole", "[placement]") {
  Scene scene(gpu_site());
  scene.run(kAll, "g2", 1, 4, {2, 0});  // 6 GPUs free
  scene.run(kAll, "g3", 1, 4, {5, 0});  // 3 GPUs free
  const auto policy = make_policy<PlacementPolicy>("gpu-packing");
  REQUIRE(order(scene, *policy, scene.wait(gpu_job(2))) == "g3 g2 g1");
  REQUIRE(order(scene, *policy, scene.wait(gpu_job(4))) == "g2 g1 g3");  // g3 has not enough
  REQUIRE(order(scene, *policy, scene.wait(gpu_job(8))) == "g1 g2 g3");
  Asked two_nodes = gpu_job(8);
  two_nodes.min_nodes = two_nodes.max_nodes = 2;
  REQUIRE(order(scene, *policy, scene.wait(two_nodes)) == "g1 g2 g3");
}

TEST_CASE("GPU packing keeps CPU-only jobs away from free GPUs", "[placement]") {
  Scene scene(gpu_site());
  scene.run(kAll, "g1", 1, 4, {8, 0});   // no GPU free
  scene.run(kAll, "g2", 1, 20, {6, 0});  // 2 GPUs free, 12 CPUs
  scene.run(kAll, "g3", 1, 4, {6, 0});   // 2 GPUs free, 28 CPUs
  const Candidate job = scene.wait({});
  REQUIRE(order(scene, *make_policy<PlacementPolicy>("gpu-packing"), job) == "g1 c1 g3 g2 g4");
  const auto heedless = make_policy<PlacementPolicy>("gpu-packing", {{"spare_gpus", "no"}});
  REQUIRE(order(scene, *heedless, job) == "g2 g1 g3 c1 g4");
}

}  // namespace
}  // namespace rehearse
