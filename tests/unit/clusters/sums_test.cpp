// The shipped clusters add up to what their documents count.
#include <map>
#include <string>

#include "sim/config/load.hpp"
#include "tests/catch.hpp"
#include "tests/unit/clusters/replay.hpp"

namespace rehearse::test {
namespace {

struct Sums {
  std::int64_t nodes, cpus, gpus;
  bool operator==(const Sums&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Sums& sums) {
  return out << sums.nodes << " nodes, " << sums.cpus << " CPUs, " << sums.gpus << " GPUs";
}

Sums sums(const Cluster& cluster) {
  const TresCounts totals = cluster.totals();
  return {totals[kTresNode], totals[kTresCpu], totals[kTresGpu]};
}

std::int64_t hardware_cpus(const Cluster& cluster) {
  std::int64_t result = 0;
  for (const Node& node : cluster.nodes) {
    result += std::int64_t{node.sockets} * node.cores_per_socket * node.threads_per_core;
  }
  return result;
}

std::map<std::string, std::int64_t> gpus_by_type(const Cluster& cluster) {
  std::map<std::string, std::int64_t> result;
  for (const Node& node : cluster.nodes) {
    for (std::size_t kind = 0; kind < node.gres.size(); ++kind) {
      const GresKind& gres = cluster.gres[static_cast<GresId>(kind)];
      if (gres.is_gpu() && node.gres[kind] > 0) result[gres.type] += node.gres[kind];
    }
  }
  return result;
}

int users_of(const Cluster& cluster, std::string_view account) {
  int result = 0;
  for (const Assoc& assoc : cluster.assocs) result += assoc.is_user() && assoc.account == account;
  return result;
}

}  // namespace

TEST_CASE("kraken: 5 nodes, 208 CPUs of which jobs may use 188, 35 GPUs", "[clusters]") {
  for (const char* const name : {"kraken", "kraken-2026-06", "kraken-2026-08"}) {
    const Cluster cluster = shipped(name).cluster;
    CHECK(cluster.name == name);
    CHECK(sums(cluster) == Sums{5, 188, 35});
    CHECK(hardware_cpus(cluster) == 208);
    CHECK(
        gpus_by_type(cluster) ==
        std::map<std::string, std::int64_t>{
            {"titan_x", 3}, {"1080_ti", 13}, {"titan_rtx", 8}, {"2080_ti", 3}, {"2080_super", 8}});
    CHECK_FALSE(cluster.find_node("kraken"));  // the login node takes no jobs
    CHECK(users_of(cluster, "default-account") == 40);
  }
}

TEST_CASE("SkyNet: 36 nodes, 2056 CPUs, 284 GPUs, and caps that add up to them", "[clusters]") {
  for (const char* const name : {"skynet", "skynet-qos"}) {
    const Cluster cluster = shipped(name).cluster;
    CHECK(sums(cluster) == Sums{36, 2056, 284});
    CHECK(gpus_by_type(cluster) ==
          std::map<std::string, std::int64_t>{
              {"a40", 24}, {"rtx_6000", 48}, {"2080_ti", 124}, {"titan_xp", 56}, {"titan_x", 32}});
    std::int64_t labs = 0, gpu_caps = 0, cpu_caps = 0, users = 0;
    for (const Assoc& assoc : cluster.assocs) {
      if (assoc.is_user() || !assoc.account.ends_with("-lab")) continue;
      ++labs;
      gpu_caps += assoc.limits.grp_tres[kTresGpu];
      cpu_caps += assoc.limits.grp_tres[kTresCpu];
      users += users_of(cluster, assoc.account);
    }
    CHECK(labs == 14);
    CHECK(gpu_caps == 284);
    CHECK(cpu_caps == 1988);
    CHECK(users == users_of(cluster, "overcap"));
    CHECK(cluster.assocs[*cluster.find_account("overcap")].limits.grp_tres.empty());
    CHECK_FALSE(cluster.find_node("sky1"));
    CHECK(cluster.find_node("vicki"));  // backup controller, and a compute node
  }
  CHECK(shipped("skynet").cluster.partitions.size() == 5);
  CHECK(shipped("skynet-qos").cluster.partitions.size() == 15);
}

TEST_CASE("Khipu: 672 CPUs, and 5 GPUs of which one is split in 2026", "[clusters]") {
  const Cluster cluster = shipped("khipu").cluster;
  CHECK(sums(cluster) == Sums{8, 672, 5});
  CHECK(shipped("khipu-2026").cluster.nodes.size() == 8);
  CHECK(sums(shipped("khipu-2026").cluster) == Sums{8, 672, 8});
  std::int64_t shards = 0;
  const PartitionId gpu = *cluster.find_partition("gpu");
  for (std::size_t kind = 0; kind < cluster.gres.size(); ++kind) {
    if (cluster.gres[static_cast<GresId>(kind)].name != "shard") continue;
    cluster.partitions[gpu].nodes.for_each([&](NodeId node) {
      shards += cluster.nodes[node].gres[kind];
      return true;
    });
  }
  CHECK(shards == 208);  // of the partition gpu, as its page says
  CHECK(users_of(cluster, "pregrado") == 60);
}

TEST_CASE("Arandu, mlmini and mlpre", "[clusters]") {
  CHECK(sums(shipped("arandu").cluster) == Sums{5, 256 + 4 * 32, 8 + 4});
  CHECK(sums(shipped("gcp").cluster) == Sums{10, 120, 10});
  CHECK(sums(shipped("gcp-mlpre").cluster) == Sums{20, 1920, 160});
}

TEST_CASE("What a run does not simulate, the cluster says", "[clusters]") {
  CHECK(shipped("gcp").cluster.not_simulated.size() == 1);     // prices
  CHECK(shipped("khipu").cluster.not_simulated.size() == 3);   // shards, idle_kill, cycles
  CHECK(shipped("kraken").cluster.not_simulated.size() == 3);  // storage, locality, speeds
}

}  // namespace rehearse::test
