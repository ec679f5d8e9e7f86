// The inner loops by themselves: where does the next job fit, in time and on nodes; how fast is a
// trace read. Whole runs are benchmarks/run.py's.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/profile.hpp"
#include "sim/state/resources.hpp"
#include "sim/workload/read_swf.hpp"

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

}  // namespace

BENCHMARK_MAIN();
