// The inner loops by themselves: where does the next job fit, in time and on nodes; how fast is a
// trace read. Whole runs are benchmarks/run.py's.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/config/load.hpp"
#include "sim/state/profile.hpp"
#include "sim/state/request.hpp"
#include "sim/state/resources.hpp"
#include "sim/workload/read_csv.hpp"
#include "sim/workload/read_swf.hpp"
#include "sim/workload/workload.hpp"

namespace {

using namespace rehearse;
using namespace std::chrono_literals;

/// A profile of `steps` jobs that end one after the other and free one processor each.
Profile staircase(std::int64_t steps) {
  Profile profile;
  profile.reset(Time{}, 0);
  for (std::int64_t step = 1; step <= steps; ++step) profile.add_release(Time{step * 1min}, 1);
  return profile;
}

void profile_earliest(benchmark::State& state) {
  const Profile profile = staircase(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(profile.earliest(state.range(0) / 2, 1h));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(profile_earliest)->RangeMultiplier(10)->Range(100, 10000)->Complexity();

void resources_take_and_give_pool(benchmark::State& state) {
  const Cluster cluster = flat_cluster(static_cast<std::uint32_t>(state.range(0)), 16);
  Resources resources(cluster);
  const GresArena arena(cluster.gres.size());
  std::vector<Share> taken;
  for (auto _ : state) {
    taken.clear();
    resources.take_pool(256, taken);
    resources.give(taken, arena);
  }
}
BENCHMARK(resources_take_and_give_pool)->Arg(100)->Arg(5040);

/// A node of 8 GPUs, 64 CPUs and memory, `count` times; jobs ask for 2 GPUs, 8 CPUs and 32 GiB.
ClusterFile gpu_cluster(std::int64_t count) {
  return parse_cluster(fmt::format("name: gpus\n"
                                   "nodes:\n"
                                   "  - {{names: \"n[1-{}]\", cpus: 64, memory: 512G, "
                                   "gpus: {{a40: 8}}}}\n"
                                   "partitions:\n"
                                   "  - {{name: all, nodes: ALL, default: true}}\n",
                                   count),
                       "gpus.yaml");
}

/// Where a job of 2 GPUs goes on a cluster whose nodes are all full but the last.
void select_last_node(benchmark::State& state) {
  const Cluster cluster = gpu_cluster(state.range(0)).cluster;
  WorkloadBuilder builder;
  Asked asked;
  asked.gres_per_node = {{"gpu", "a40", 2}};
  asked.cpus_per_task = 8;
  asked.memory = {MemoryPer::Node, 32 * 1024};
  const AskedId id = builder.asked(asked);
  const Workload workload = builder.take();
  Requests requests(cluster);
  const Request& request = requests[requests.resolve(workload, id, PartitionId{0}).request.value()];
  Resources resources(cluster);
  GresArena arena(cluster.gres.size());
  std::vector<Share> chosen;
  for (std::int64_t job = 0; job < (state.range(0) - 1) * 4; ++job) {
    chosen.clear();
    if (!select(resources, cluster, request, {}, chosen, arena)) state.SkipWithError("no room");
    resources.take(chosen, arena);
  }
  for (auto _ : state) {
    chosen.clear();
    benchmark::DoNotOptimize(select(resources, cluster, request, {}, chosen, arena));
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(select_last_node)->RangeMultiplier(8)->Range(8, 4096)->Complexity();

std::string swf_rows(int rows) {
  std::string text = "; MaxProcs: 128\n";
  for (int row = 1; row <= rows; ++row) {
    text += fmt::format("{} {} -1 {} {} -1 -1 {} {} -1 1 {} 1 -1 1 -1 -1 -1\n", row, row * 37,
                        row % 5000 + 1, row % 64 + 1, row % 64 + 1, row % 5000 + 600, row % 90);
  }
  return text;
}

void read_swf_rows(benchmark::State& state) {
  const std::string text = swf_rows(10000);
  for (auto _ : state) benchmark::DoNotOptimize(read_swf(text, "rows.swf"));
  state.SetItemsProcessed(state.iterations() * 10000);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(read_swf_rows)->Unit(benchmark::kMillisecond);

std::string csv_rows(int rows) {
  std::string text =
      "id,submit,user,account,partition,nodes,ntasks,cpus_per_task,gres,mem,timelimit,duration\n";
  for (int row = 1; row <= rows; ++row) {
    text += fmt::format("{},{},user{},lab{},gpu,1,1,8,gpu:a40:{},32G,{},{}\n", row, row * 37,
                        row % 90, row % 7, row % 4 + 1, row % 600 + 10, row % 5000 + 1);
  }
  return text;
}

void read_csv_rows(benchmark::State& state) {
  const std::string text = csv_rows(10000);
  for (auto _ : state) benchmark::DoNotOptimize(read_csv(text, "rows.csv"));
  state.SetItemsProcessed(state.iterations() * 10000);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(read_csv_rows)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
