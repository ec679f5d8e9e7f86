// Tries of node selection that are left out because there is no room: as if all had been made.
#include "models/slurm/room.hpp"

#include <fmt/format.h>

#include <random>

#include "models/slurm/forecast.hpp"
#include "models/slurm/selection.hpp"
#include "sim/workload/sbatch_options.hpp"
#include "tests/catch.hpp"

namespace rehearse::slurm {
namespace {

constexpr std::uint64_t kSeeds = 1000;

struct Draw {
  std::mt19937_64 engine;
  std::size_t below(std::size_t bound) { return engine() % bound; }
  std::string one_of(std::initializer_list<const char*> words) {
    return *(words.begin() + below(words.size()));
  }
};

/// Up to six nodes of up to eight GPUs, of two types that may be near one socket only.
Cluster drawn_cluster(Draw& draw) {
  Cluster cluster;
  cluster.tracks_memory = draw.below(4) > 0;
  for (const char* const type : {"a", "b"}) {
    GresKind kind;
    kind.name = "gpu";
    kind.type = type;
    cluster.gres.push_back(kind);
  }
  const bool bound = draw.below(3) == 0;
  const std::size_t nodes = 1 + draw.below(6);
  for (std::size_t i = 0; i < nodes; ++i) {
    Node node;
    node.name = fmt::format("n{}", i);
    node.sockets = 1 + static_cast<std::uint32_t>(draw.below(2));
    node.cores_per_socket = 2 << draw.below(3);
    node.threads_per_core = 1 + static_cast<std::uint32_t>(draw.below(2));
    node.cpus = node.sockets * node.cores_per_socket * node.threads_per_core;
    node.memory_mib = 4000;
    node.features = {i % 2 == 0 ? "even" : "odd"};
    node.gres = {static_cast<std::uint32_t>(draw.below(5)),
                 static_cast<std::uint32_t>(draw.below(3))};
    if (bound) node.devices.push_back({GresId{0}, node.gres[0], {0}});
    cluster.nodes.push_back(node);
  }
  Partition partition;
  partition.name = "p";
  partition.nodes = NodeSet::all(nodes);
  if (draw.below(4) == 0) {
    partition.over_subscribe = OverSubscribe::Force;
    partition.over_subscribe_jobs = 2;
  }
  if (draw.below(6) == 0) partition.max_cpus_per_node = 3;
  cluster.partitions.push_back(partition);
  return cluster;
}

std::optional<Needs> drawn_needs(Draw& draw, const Cluster& cluster) {
  std::string options = fmt::format("-n{} -c{} ", 1 + draw.below(4), 1 + draw.below(3));
  options += draw.one_of({"-N1 ", "-N1 ", "-N2 ", "-N1-3 ", ""});
  options += draw.one_of({"--mem=100 ", "--mem=1500 ", "--mem-per-cpu=300 ", "--mem-per-gpu=700 "});
  options += draw.one_of({"--gres=gpu:1 ", "--gres=gpu:2 ", "--gres=gpu:a:1 ", "--gpus=3 ",
                          "--gpus-per-task=1 ", "--gres=gpu:3 --cpus-per-gpu=2 ", "", ""});
  options +=
      draw.one_of({"--exclusive", "-C even", "-C [even|odd]", "--exclusive=user", "", "", ""});
  SbatchLine line;
  REQUIRE_FALSE(apply_options(options, line).has_value());
  Resolved resolved = needs_of(asked_of(line), cluster, PartitionId{0});
  if (!resolved.error.empty()) return std::nullopt;
  return std::move(resolved.needs);
}

/// A machine with the jobs that were put on it.
struct Busy {
  Busy(Draw& draw, const Cluster& cluster) : machine(cluster) {
    for (std::size_t tries = 5 + draw.below(40); tries > 0; --tries) {
      const auto needs = drawn_needs(draw, cluster);
      const Choosing how{.user = static_cast<UserId>(draw.below(2))};
      if (!needs) continue;
      auto its = choose_nodes(machine, *needs, NodeSet::all(cluster.nodes.size()), how);
      if (!its) continue;
      machine.add(*its);
      JobRecord record;
      record.allocation = std::move(*its);
      jobs.push_back(std::move(record));
    }
  }
  Machine machine;
  IdVector<JobId, JobRecord> jobs;
};

/// Jobs end one after the other until the one asked for fits: after how many, and how near GPUs
/// were to it then. `tries(n)`: whether it is tried when n have ended.
template <class Tries>
std::pair<std::size_t, std::vector<std::uint8_t>> first_fit(const Busy& busy, const Needs& needs,
                                                            Choosing how, Tries&& tries) {
  NearGpus near(needs.candidates.universe());
  how.near_gpus = &near;
  Machine machine = busy.machine;
  const NodeSet nodes = NodeSet::all(needs.candidates.universe());
  std::size_t ended = 0;
  for (; ended <= busy.jobs.size(); ++ended) {
    if (ended > 0) machine.remove(busy.jobs[static_cast<JobId>(ended - 1)].allocation);
    if (tries(machine, ended) && choose_nodes(machine, needs, nodes, how)) break;
  }
  return {ended, near.bytes()};
}

TEST_CASE("Tries that are left out would have failed, and leave nothing", "[slurm][selection]") {
  std::size_t spared = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed " << seed);
    Draw draw{std::mt19937_64(seed)};
    const Cluster cluster = drawn_cluster(draw);
    const Busy busy(draw, cluster);
    const auto needs = drawn_needs(draw, cluster);
    if (!needs) continue;
    const Choosing how{.user = static_cast<UserId>(draw.below(2)), .will_run = true};
    const NodeSet nodes = NodeSet::all(cluster.nodes.size());
    const auto all = first_fit(busy, *needs, how, [](const Machine&, std::size_t) { return true; });

    std::vector<Ending> endings;
    for (std::size_t i = 0; i < busy.jobs.size(); ++i) {
      const auto id = static_cast<JobId>(i);
      Ending ending{
          .job = id, .end = 60, .guessed = 60, .list_order = static_cast<std::uint32_t>(i)};
      for (const Held& held : busy.jobs[id].allocation.nodes) ending.nodes.push_back(held.node);
      endings.push_back(ending);
    }
    Forecast forecast(busy.machine, std::make_shared<const EndingOrder>(endings), {});
    const std::size_t least = forecast.least_ended(*needs, nodes, busy.jobs);
    if (all.first <= busy.jobs.size()) CHECK(least <= all.first);
    const bool replaces = is_replaced_by_next(*needs, busy.machine) || needs->gres.empty();
    const auto is_last = [&](std::size_t ended) { return ended == busy.jobs.size(); };
    const auto by_forecast = first_fit(busy, *needs, how, [&](const Machine&, std::size_t ended) {
      const bool tries = !replaces || ended >= least || is_last(ended);
      spared += tries ? 0 : 1;
      return tries;
    });
    CHECK(by_forecast == all);
    const auto by_fit =
        first_fit(busy, *needs, how, [&](const Machine& machine, std::size_t ended) {
          return !replaces || Fit(machine, *needs, nodes).is_possible() || is_last(ended);
        });
    CHECK(by_fit == all);
    first_fit(busy, *needs, how, [&](const Machine& machine, std::size_t) {
      const bool fits = choose_nodes(machine, *needs, nodes, how).has_value();
      if (fits) CHECK(Fit(machine, *needs, nodes).is_possible());
      return false;
    });
  }
  CHECK(spared > 100);
}

}  // namespace
}  // namespace rehearse::slurm
