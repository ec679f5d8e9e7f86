#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/config/load.hpp"
#include "tests/catch.hpp"

using namespace rehearse;
using namespace std::chrono_literals;

namespace {

constexpr const char* kLab = R"(
name: lab
nodes:
  - {names: "gpu[1-2,10]", sockets: 2, cores_per_socket: 14, threads_per_core: 2, reserved_cpus: 4,
     memory: 384G, reserved_memory: 24G, gpus: {a40: 8}, features: [rack1, a40], weight: 5}
  - {names: cpu1, cpus: 64, memory: 1TiB, gres: "gpu:1080_ti:1,license:3"}
qos:
  - {name: normal}
  - {name: scavenger, preempt_mode: requeue, grace_time: 90, usage_factor: 0.5}
  - {name: long, priority: 100, flags: [DenyOnLimit, OverPartQOS], preempt: [scavenger, normal],
     preempt_exempt_time: 2:00:00,
     limits: {max_tres_per_user: "gres/gpu=5,mem=64G", max_wall: 7-00:00:00, grp_jobs: 3}}
accounts:
  - {name: vision, parent: lab, shares: 40, users: ["v[1-2]", {name: alice, shares: 2}]}
  - {name: lab, qos: [normal, long], default_qos: normal,
     limits: {grp_tres: {cpu: 112, gpu:a40: 4}}}
partitions:
  - {name: debug, nodes: "gpu[1-2]", default: true, max_time: 4:00:00, default_time: 60,
     max_nodes: 2, priority_tier: 3, limits: {max_tres_per_user: gpu=5}}
  - {name: all, nodes: ALL, max_time: UNLIMITED, qos: long, allow_accounts: [lab],
     default_memory_per_cpu: 4G, max_cpus_per_gpu: {a40: 15, default: 6, on_violation: trim},
     tres_billing_weights: "CPU=1.0,Mem=0.25G,GRES/gpu=2.0", grace_time: 0:05:00}
policies: {priority: {use: fifo}}
)";

std::string errors_of(const std::string& yaml) {
  try {
    parse_cluster(yaml, "c.yaml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::filesystem::path write(const std::string& name, const std::string& text) {
  const auto folder = std::filesystem::temp_directory_path() / "rehearse_config_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name) << text;
  return folder / name;
}

}  // namespace

TEST_CASE("nodes end in natural order, with what jobs may use", "[config]") {
  const Cluster cluster = parse_cluster(kLab, "lab.yaml").cluster;
  REQUIRE(cluster.name == "lab");
  std::vector<std::string> names;
  for (const Node& node : cluster.nodes) names.push_back(node.name);
  CHECK(names == std::vector<std::string>{"cpu1", "gpu1", "gpu2", "gpu10"});
  const Node& gpu = cluster.nodes[*cluster.find_node("gpu10")];
  CHECK(gpu.cpus == 2 * 14 * 2 - 4);
  CHECK(gpu.memory_mib == 360 * 1024);
  CHECK(gpu.features == std::vector<std::string>{"a40", "rack1"});
  CHECK(gpu.weight == 5);
  const Node& cpu = cluster.nodes[*cluster.find_node("cpu1")];
  CHECK(cpu.sockets * cpu.cores_per_socket * cpu.threads_per_core == 64);
  CHECK(cpu.memory_mib == 1024 * 1024);
  CHECK(cluster.tracks_memory);
  const TresCounts totals = cluster.totals();
  CHECK(totals[kTresGpu] == 3 * 8 + 1);
  CHECK(totals[kTresNode] == 4);
  CHECK(totals[kTresCpu] == 3 * 52 + 64);
}

TEST_CASE("QOS may name each other whatever their order", "[config]") {
  const Cluster cluster = parse_cluster(kLab, "lab.yaml").cluster;
  const Qos& qos = cluster.qos[*cluster.find_qos("long")];
  CHECK(qos.deny_on_limit);
  CHECK(qos.over_part_qos);
  CHECK(qos.preempts ==
        std::vector<QosId>{*cluster.find_qos("scavenger"), *cluster.find_qos("normal")});
  CHECK(qos.limits.max_tres_per_user[kTresGpu] == 5);
  CHECK(qos.limits.max_tres_per_user[kTresMem] == 64 * 1024);
  CHECK(qos.limits.max_tres_per_user[kTresCpu] == kNoLimit);
  CHECK(qos.limits.max_wall_per_job == std::optional<Duration>(168h));
  CHECK(qos.limits.grp_jobs == 3);
  CHECK(qos.preempt_exempt_time == std::optional<Duration>(2h));
  const Qos& scavenger = cluster.qos[*cluster.find_qos("scavenger")];
  CHECK(scavenger.grace_time == std::optional<Duration>(90s));
  CHECK(scavenger.preempt_mode == PreemptMode::Requeue);
}

TEST_CASE("accounts become a tree with parents first, and hand down their QOS", "[config]") {
  const Cluster cluster = parse_cluster(kLab, "lab.yaml").cluster;
  CHECK(cluster.declares_accounts);
  for (std::size_t i = 1; i < cluster.assocs.size(); ++i) {
    CHECK(index(cluster.assocs[static_cast<AssocId>(i)].parent) < i);
  }
  CHECK(cluster.assocs[AssocId{0}].account == "root");
  const AssocId lab = *cluster.find_account("lab");
  CHECK(cluster.assocs[lab].limits.grp_tres[kTresCpu] == 112);
  const AssocId vision = *cluster.find_account("vision");
  CHECK(cluster.assocs[vision].parent == lab);
  CHECK(cluster.assocs[vision].shares == 40);
  const Assoc& alice = cluster.assocs[*cluster.find_user("vision", "alice")];
  CHECK(alice.shares == 2);
  CHECK(alice.allow_qos == std::vector<std::string>{"normal", "long"});
  CHECK(alice.default_qos == "normal");
  CHECK(cluster.find_user("vision", "v2").has_value());
}

TEST_CASE("partitions refer to nodes, QOS and accounts", "[config]") {
  const Cluster cluster = parse_cluster(kLab, "lab.yaml").cluster;
  const Partition& debug = cluster.partitions[*cluster.find_partition("debug")];
  CHECK(debug.nodes.count() == 2);
  CHECK(debug.nodes.contains(*cluster.find_node("gpu2")));
  CHECK(debug.max_time == 4h);
  CHECK(debug.default_time == 60min);
  CHECK(cluster.default_partition() == cluster.find_partition("debug"));
  CHECK(cluster.qos[debug.qos].name == "partition:debug");
  CHECK(cluster.qos[debug.qos].limits.max_tres_per_user[kTresGpu] == 5);
  const Partition& all = cluster.partitions[*cluster.find_partition("all")];
  CHECK(all.nodes.count() == 4);
  CHECK(all.max_time == kUnlimited);
  CHECK(all.qos == *cluster.find_qos("long"));
  CHECK(all.grace_time == 5min);
  CHECK(all.default_memory == Memory{MemoryPer::Cpu, 4096});
  REQUIRE(all.max_cpus_per_gpu);
  CHECK(all.max_cpus_per_gpu->any == 6U);
  CHECK(all.max_cpus_per_gpu->by_type.begin()->second == 15);
  CHECK(all.max_cpus_per_gpu->on_violation == OnViolation::Trim);
  CHECK(all.billing_weights[kTresCpu] == 1.0);
  CHECK(all.billing_weights[kTresMem] == 0.25 / 1024);
  CHECK(all.billing_weights[kTresGpu] == 2.0);
}

TEST_CASE("a cluster extends another: lists of named things merge by name", "[config]") {
  write("base.yaml", kLab);
  const auto path = write("over.yaml", R"(
extends: base.yaml
name: lab-2027
nodes:
  - {names: cpu1, cpus: 128}
  - {names: "new[1-2]", cpus: 16, memory: 64G}
qos:
  - {name: long, preempt: [scavenger]}
partitions:
  - {name: debug, remove: true}
  - {name: all, max_time: 1-0}
policies: {priority: {use: fifo}}
)");
  const ClusterFile file = load_cluster(path.string());
  CHECK(file.files == std::vector{path.string(), (path.parent_path() / "base.yaml").string()});
  const Cluster& cluster = file.cluster;
  CHECK(cluster.name == "lab-2027");
  CHECK(cluster.nodes.size() == 6);
  CHECK(cluster.nodes[*cluster.find_node("cpu1")].cpus == 128);
  CHECK(cluster.nodes[*cluster.find_node("cpu1")].memory_mib == 1024 * 1024);
  CHECK(cluster.qos[*cluster.find_qos("long")].preempts.size() == 1);
  CHECK_FALSE(cluster.find_partition("debug"));
  CHECK(cluster.partitions[*cluster.find_partition("all")].max_time == 24h);
}

TEST_CASE("what a file asks for and a run does not do is named", "[config]") {
  const Cluster cluster = parse_cluster(R"(
nodes: [{names: n1, cpus: 4, gres: "gpu:1,shard:8", prices: {hour: 1}}]
partitions: [{name: all, nodes: n1, idle_kill: 1:00:00}]
prices: {node_hour: 1}
)",
                                        "c.yaml")
                              .cluster;
  CHECK(cluster.not_simulated.size() == 3);
  CHECK_FALSE(cluster.tracks_memory);
  CHECK(cluster.name == "c");
}

TEST_CASE("anchors and merge keys are resolved", "[config]") {
  const Cluster cluster = parse_cluster(R"(
nodes:
  - &small {names: n1, cpus: 4, memory: 1G}
  - {<<: *small, names: n2, memory: 2G}
partitions: [{name: all, nodes: ALL}]
)",
                                        "c.yaml")
                              .cluster;
  CHECK(cluster.nodes[*cluster.find_node("n2")].cpus == 4);
  CHECK(cluster.nodes[*cluster.find_node("n2")].memory_mib == 2048);
}

TEST_CASE("all mistakes of a file are reported at once", "[config]") {
  const std::string errors = errors_of(R"(
nodes: [{names: "n[1-4]", cpus: 4, memory: 384}]
partitons: []
partitions: [{name: a, nodes: "n[3-6]", max_time: 7 days}]
)");
  CHECK(errors.find("memory \"384\" has no unit") != std::string::npos);
  CHECK(errors.find("did you mean \"partitions\"?") != std::string::npos);
  CHECK(errors.find("unknown nodes \"n[5-6]\"") != std::string::npos);
  CHECK(errors.find("c.yaml:4:51: error: \"7 days\" is not a duration") != std::string::npos);
}

TEST_CASE("an error in a base is shown in the base's file", "[config]") {
  write("bad.yaml", "nodes: [{names: n1, cpus: many}]\npartitions: [{name: a, nodes: n1}]\n");
  const auto path = write("good.yaml", "extends: bad.yaml\n");
  CHECK_THROWS_WITH(load_cluster(path.string()), Catch::Contains("bad.yaml:1:27: error: \"many\""));
}

TEST_CASE("flat machines need no file", "[config]") {
  const Cluster flat = load_cluster("338x2").cluster;
  CHECK(flat.nodes.size() == 338);
  CHECK(flat.totals()[kTresCpu] == 676);
  CHECK_THROWS_AS(load_cluster("0x1"), InputError);
  CHECK_THROWS_AS(load_cluster("10000001x1"), InputError);
  CHECK_THROWS_AS(load_cluster("1x1000001"), InputError);
  CHECK_THROWS_AS(load_cluster("/tmp"), InputError);
}
