// The rules of node selection on one question each: micro-scenarios of
// ../shared/semantics/slurm.md chapter 9 by their numbers, [V] observed on a real slurmctld.
#include "models/slurm/selection.hpp"

#include <fmt/format.h>

#include "sim/workload/sbatch_options.hpp"
#include "tests/catch.hpp"

namespace rehearse::slurm {
namespace {

Node node(std::string name, std::uint32_t sockets, std::uint32_t cores, std::uint32_t threads) {
  Node result;
  result.name = std::move(name);
  result.sockets = sockets;
  result.cores_per_socket = cores;
  result.threads_per_core = threads;
  result.cpus = sockets * cores * threads;
  result.memory_mib = 4000;
  return result;
}

/// Nodes in one partition p, and a machine on which jobs are started one after the other.
struct Lab {
  explicit Lab(const std::vector<Node>& nodes) {
    cluster.tracks_memory = true;
    for (const Node& one : nodes) cluster.nodes.push_back(one);
    Partition partition;
    partition.name = "p";
    partition.nodes = NodeSet::all(nodes.size());
    cluster.partitions.push_back(partition);
    usable = partition.nodes;
  }
  static Lab plain(std::initializer_list<const char*> names) {
    std::vector<Node> nodes;
    for (const char* const name : names) nodes.push_back(node(name, 1, 4, 1));
    return Lab(nodes);
  }
  Partition& p() { return cluster.partitions[PartitionId{0}]; }

  /// The allocation, which is kept; none if it does not fit now.
  std::optional<Allocation> start(std::string_view options, UserId user = {}) {
    if (!machine) machine.emplace(cluster);
    SbatchLine line;
    REQUIRE_FALSE(apply_options(options, line).has_value());
    const Resolved resolved = needs_of(asked_of(line), cluster, PartitionId{0});
    if (!resolved.error.empty()) return std::nullopt;
    how.user = user;
    auto allocation = choose_nodes(*machine, resolved.needs, usable, how);
    if (allocation) machine->add(*allocation);
    return allocation;
  }

  /// "n1:3 n2:1", CPUs by node; "-" if it does not fit.
  std::string run(std::string_view options, UserId user = {}) {
    const auto allocation = start(options, user);
    if (!allocation) return "-";
    std::string text;
    for (const Held& held : allocation->nodes) {
      text +=
          fmt::format("{}{}:{}", text.empty() ? "" : " ", cluster.nodes[held.node].name, held.cpus);
    }
    return text;
  }

  Cluster cluster;
  std::optional<Machine> machine;
  NodeSet usable;
  Choosing how;
};

std::string numbers(const Bits& bits) {
  std::string text;
  for (std::size_t i = 0; i < 64 * bits.size(); ++i) {
    if ((bits[i / 64] >> (i % 64) & 1U) != 0)
      text += fmt::format("{}{}", text.empty() ? "" : ",", i);
  }
  return text;
}

/// "g1 cores 0 gpus 0" of a job on one node.
std::string places(const Lab& lab, const std::optional<Allocation>& allocation) {
  if (!allocation) return "-";
  const Held& held = allocation->nodes.front();
  std::string text = lab.cluster.nodes[held.node].name + " cores " + numbers(held.cores);
  for (const HeldGres& gres : held.gres) text += " gpus " + numbers(Bits(1, gres.devices));
  return text;
}

TEST_CASE("Jobs go to the tightest set of neighbouring nodes", "[slurm][selection]") {
  SECTION("1 [V]: and there to the node with the fewest free CPUs") {
    Lab lab = Lab::plain({"n1", "n2", "n3", "n10"});
    CHECK(lab.run("-n2 --mem=10") == "n1:2");
    CHECK(lab.run("-n2 --mem=10") == "n1:2");
    CHECK(lab.run("-n3 --mem=10") == "n2:3");
    CHECK(lab.run("-n1 --mem=10") == "n2:1");
    CHECK(lab.run("-N2 -n4 --mem=10") == "n3:3 n10:1");
  }
  SECTION("2 and 3 [V]: a busy node parts two sets") {
    Lab lab = Lab::plain({"n1", "n2", "n3", "n4", "n5", "n10"});
    CHECK(lab.run("-n4 -w n3 --mem=10") == "n3:4");
    CHECK(lab.run("-n1 --mem=10") == "n1:1");
    CHECK(lab.run("-N2 -n2 --mem=10") == "n1:1 n2:1");
  }
  SECTION("4 [V]") {
    Lab lab = Lab::plain({"n1", "n2", "n3", "n4", "n5", "n10"});
    CHECK(lab.run("-n12 -N3 -w n3,n5,n10 --mem=10") == "n3:4 n5:4 n10:4");
    CHECK(lab.run("-n1 --mem=10") == "n4:1");
  }
  SECTION("contiguous: one set or none") {
    Lab lab = Lab::plain({"n1", "n2", "n3", "n4"});
    CHECK(lab.run("-n4 -w n2 --mem=10") == "n2:4");
    CHECK(lab.run("-N3 --contiguous --mem=10") == "-");
    CHECK(lab.run("-N2 --contiguous --mem=10") == "n3:1 n4:1");
  }
}

TEST_CASE("5 [V]: nodes of a lower weight are used up first", "[slurm][selection]") {
  std::vector<Node> nodes = {node("n1", 1, 4, 1), node("n2", 1, 8, 1), node("n3", 1, 8, 1),
                             node("n4", 1, 8, 1)};
  nodes[0].weight = nodes[2].weight = 10;
  nodes[1].weight = nodes[3].weight = 5;
  Lab lab(nodes);
  CHECK(lab.run("-n2 --mem=10") == "n2:2");
  CHECK(lab.run("-n1 --mem=10") == "n2:1");
  CHECK(lab.run("-N1 -n8 --mem=10") == "n4:8");
  CHECK(lab.run("-n4 --mem=10") == "n2:4");
  CHECK(lab.run("-n12 --mem=10") == "n1:3 n2:1 n3:8");
  CHECK(lab.run("-n1 --mem=10") == "n1:1");
}

TEST_CASE("How many CPUs of which node", "[slurm][selection]") {
  Lab lab = Lab::plain({"n1", "n2", "n3", "n4"});
  CHECK(lab.run("-n6 --mem=10") == "n1:4 n2:2");  // 6 [V]
  lab.machine.reset();
  CHECK(lab.run("-N2 -n4 --mem=10") == "n1:3 n2:1");  // 7 [V]
  lab.machine.reset();
  CHECK(lab.run("-N2 -n5 --mem=10") == "n1:4 n2:1");  // 8 [V]
  lab.machine.reset();
  CHECK(lab.run("-n3 -c3 --mem=10") == "n1:3 n2:3 n3:3");  // 9 [V]
  lab.machine.reset();
  CHECK(lab.run("-N1-3 -n4 --mem=10") == "n1:2 n2:1 n3:1");  // 10 [V]: the most nodes
  lab.machine.reset();
  CHECK(lab.run("-n10 --exclusive --mem=10") == "n1:4 n2:4 n3:4");  // 11 [V]
  lab.machine.reset();
  CHECK(lab.run("-n8 --ntasks-per-node=4 --mem=10") == "n1:4 n2:4");  // 12 [V]
  lab.machine.reset();
  CHECK(lab.run("--mincpus=3 -n1 --mem=10") == "n1:3");  // 13 [V]
}

TEST_CASE("14 [V]: who asks for no memory gets all of a node's", "[slurm][selection]") {
  Lab lab = Lab::plain({"n1", "n2"});
  const auto first = lab.start("-n1");
  REQUIRE(first);
  CHECK(first->nodes.front().memory_mib == 4000);
  CHECK(lab.run("-n1") == "n2:1");
  CHECK(lab.run("-n1") == "-");
}

TEST_CASE("Cores with two threads", "[slurm][selection]") {
  Lab lab({node("h1", 2, 4, 2), node("h2", 2, 4, 2)});
  SECTION("15 [V]: memory per CPU is charged for the CPUs that are got") {
    const auto job = lab.start("-n1 --mem-per-cpu=100");
    REQUIRE(job);
    CHECK(job->nodes.front().cpus == 2);
    CHECK(job->nodes.front().memory_mib == 200);
  }
  SECTION("16 [V]") {
    CHECK(lab.run("-n3 --mem=10") == "h1:4");
    const auto job = lab.start("--hint=nomultithread -n3 --mem-per-cpu=100");
    REQUIRE(job);
    CHECK(job->nodes.front().cpus == 6);
    CHECK(job->nodes.front().memory_mib == 300);
  }
  SECTION("17 [V]: CR_CPU counts CPUs, but a core is one job's") {
    lab.cluster.select.unit = ConsumableUnit::Cpu;
    CHECK(lab.run("-n3 --mem=10") == "h1:3");
    CHECK(lab.machine->free_cores(NodeId{0}) == 6);
  }
  SECTION("18 [V]: CR_Socket") {
    lab.cluster.select.unit = ConsumableUnit::Socket;
    CHECK(lab.run("-n3 --mem=10") == "h1:16");
    CHECK(lab.run("-n4 -c2 --mem=10") == "h2:8");
  }
  SECTION("19 [V]: CR_ONE_TASK_PER_CORE") {
    lab.cluster.select.one_task_per_core = true;
    CHECK(lab.run("-n3 --mem=10") == "h1:6");
    CHECK(lab.run("-n20 --mem=10") == "-");
  }
}

TEST_CASE("85 to 87 [V]: the leaf with the fewest usable nodes that hold it",
          "[slurm][selection]") {
  std::vector<Node> nodes;
  for (int i = 1; i <= 8; ++i) nodes.push_back(node(fmt::format("n{}", i), 1, 4, 1));
  Lab lab(nodes);
  const auto add_switch = [&](const char* name, std::size_t from, std::size_t to) {
    Switch leaf;
    leaf.name = name;
    leaf.nodes = NodeSet(8);
    for (std::size_t i = from; i <= to; ++i) leaf.nodes.insert(static_cast<NodeId>(i - 1));
    lab.cluster.switches.push_back(leaf);
  };
  add_switch("s1", 1, 3);
  add_switch("s2", 4, 5);
  add_switch("s3", 6, 8);
  add_switch("top", 1, 8);
  lab.cluster.switches[3].level = 1;
  lab.cluster.switches[3].below = {0, 1, 2};
  SECTION("85, 86") {
    CHECK(lab.run("-n1 --mem=10") == "n4:1");
    CHECK(lab.run("-N2 --exclusive --mem=10") == "n1:4 n2:4");
    CHECK(lab.run("-N1 -n4 --mem=10") == "n3:4");
    CHECK(lab.run("-N2 -n2 --mem=10") == "n4:1 n5:1");
    CHECK(lab.run("-N2 -n8 --mem=10") == "n6:4 n7:4");
    CHECK(lab.run("-n1 --mem=10") == "n8:1");
  }
  SECTION("87") {
    CHECK(lab.run("-n4 -w n1 --mem=10") == "n1:4");
    CHECK(lab.run("-N3 --exclusive --mem=10") == "n6:4 n7:4 n8:4");
    CHECK(lab.run("-N2 --exclusive --mem=10") == "n2:4 n3:4");
  }
  SECTION("88: --switches") {
    CHECK(lab.run("-n8 -N2 -w n1,n6 --mem=10") == "n1:4 n6:4");
    CHECK(lab.run("-N3 -n12 --switches=1 --mem=10") == "-");
    lab.how.waited_for_switches = true;
    CHECK(lab.run("-N3 -n12 --switches=1 --mem=10") != "-");
  }
}

/// Three nodes of 16 cores and two GPUs a socket.
Lab gpu_lab() {
  std::vector<Node> nodes;
  for (const char* const name : {"g1", "g2", "g3"}) {
    Node one = node(name, 2, 8, 1);
    one.gres = {4};
    one.devices = {{GresId{0}, 2, {0, 1, 2, 3, 4, 5, 6, 7}},
                   {GresId{0}, 2, {8, 9, 10, 11, 12, 13, 14, 15}}};
    nodes.push_back(one);
  }
  Lab lab(nodes);
  lab.cluster.gres.push_back({"gpu", ""});
  return lab;
}

TEST_CASE("89 to 91 [V]: GPUs and the cores near them", "[slurm][selection]") {
  Lab lab = gpu_lab();
  const auto put = [&](const char* options) { return places(lab, lab.start(options)); };
  CHECK(put("-n1 --gres=gpu:1 --mem=10") == "g1 cores 0 gpus 0");
  CHECK(put("-n1 --gres=gpu:1 --mem=10") == "g1 cores 8 gpus 2");
  CHECK(put("-n1 --gres=gpu:1 --mem=10") == "g1 cores 1 gpus 1");
  CHECK(put("-n1 --gres=gpu:1 --mem=10") == "g1 cores 9 gpus 3");
  CHECK(put("-n1 -c4 --mem=10") == "g1 cores 2,3,4,5");
  CHECK(put("-n1 -c4 --mem=10") == "g1 cores 10,11,12,13");
  CHECK(put("-n1 -c2 --gres=gpu:2 --mem=10") == "g2 cores 0,1 gpus 0,1");
  CHECK(put("-n1 -c8 --mem=10") == "g2 cores 8,9,10,11,12,13,14,15");
  CHECK(put("--gpus=4 --mem=10") == "g3 cores 0 gpus 0,1,2,3");
  CHECK(put("--gpus=2 --mem=10") == "g2 cores 2 gpus 2,3");
  CHECK(put("--gpus=1 --mem=10") == "-");
}

TEST_CASE("Sharing of CPUs and nodes", "[slurm][selection]") {
  Lab lab = Lab::plain({"n1"});
  SECTION("92 [V]: FORCE:2") {
    lab.p().over_subscribe = OverSubscribe::Force;
    lab.p().over_subscribe_jobs = 2;
    const auto first = lab.start("-n4 --mem=10");
    REQUIRE(first);
    CHECK(lab.run("-n4 --mem=10") == "n1:4");
    CHECK(lab.run("-n4 --mem=10") == "-");
    lab.machine->remove(*first);
    CHECK(lab.run("-n4 --mem=10") == "n1:4");
  }
  SECTION("93 [V]: YES is for those who say so") {
    lab.p().over_subscribe = OverSubscribe::Yes;
    CHECK(lab.run("-n4 --mem=10") == "n1:4");
    CHECK(lab.run("-n4 --mem=10") == "-");
  }
  SECTION("94 [V]: EXCLUSIVE") {
    lab.p().exclusive = true;
    CHECK(lab.run("-n1 --mem=10") == "n1:4");
    CHECK(lab.run("-n1 --mem=10") == "-");
  }
  SECTION("--exclusive=user") {
    CHECK(lab.run("-n1 --exclusive=user --mem=10", UserId{3}) == "n1:1");
    CHECK(lab.run("-n1 --mem=10", UserId{4}) == "-");
    CHECK(lab.run("-n1 --mem=10", UserId{3}) == "n1:1");
  }
}

TEST_CASE("Features with counts and alternatives", "[slurm][selection]") {
  std::vector<Node> nodes;
  for (int i = 1; i <= 6; ++i) {
    Node one = node(fmt::format("n{}", i), 1, 4, 1);
    one.features = {i <= 3 ? "a" : "b"};
    nodes.push_back(one);
  }
  Lab lab(nodes);
  CHECK(lab.run("-N1 -w n1 -n4 --mem=10") == "n1:4");
  CHECK(lab.run("-N3 -n3 -C '[a|b]' --mem=10") == "n4:1 n5:1 n6:1");
  CHECK(lab.run("-N3 -n3 -C 'a*1&b*2' --mem=10") == "n2:1 n4:1 n5:1");
  CHECK(lab.run("-N4 -n4 -C '[a|b]' --mem=10") == "-");
}

TEST_CASE("22.05 keeps how near GPUs were to the last job that was tried", "[slurm][selection]") {
  Lab lab = gpu_lab();
  lab.machine.emplace(lab.cluster);
  NearGpus near(3);
  lab.how.near_gpus = &near;
  REQUIRE(lab.start("-n1 --gres=gpu:4 -w g3 --mem=10"));
  CHECK(near.bytes() == std::vector<std::uint8_t>{0xfb, 0xfb, 0xfb});
  lab.how.will_run = true;
  CHECK(lab.run("-n1 -c8 --gres=gpu:2 --mem=10") == "g1:8");
  CHECK(near.bytes() == std::vector<std::uint8_t>{0xfd, 0xfd, 0xfb});
  CHECK(lab.run("-n1 --mem=10") == "g3:1");  // a will-run test without GPUs goes by what was left
  lab.how.will_run = false;
  CHECK(lab.run("-n1 --mem=10") == "g1:1");
  CHECK(near.bytes() == std::vector<std::uint8_t>{0xff, 0xff, 0xff});
}

}  // namespace
}  // namespace rehearse::slurm
