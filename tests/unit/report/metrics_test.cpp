#include "sim/report/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "sim/workload/read_csv.hpp"
#include "tests/catch.hpp"
#include "tests/unit/report/hand_made.hpp"

namespace rehearse {
namespace {

constexpr double kHour = 3600;

Metrics measure(HandMade& made, const MetricOptions& options = {}) {
  return measure(made.cluster, made.workload(), made.journal, options);
}

const Group& named(const std::vector<Group>& groups, std::string_view name) {
  for (const Group& group : groups) {
    if (group.name == name) return group;
  }
  FAIL("no group " << name);
  return groups.front();
}

const Utilization& use_of(const Metrics& metrics, std::string_view resource) {
  for (const Utilization& use : metrics.utilization) {
    if (use.resource == resource) return use;
  }
  FAIL("no resource " << resource);
  return metrics.utilization.front();
}

std::int64_t seconds_of(const Group& group, Reason reason) {
  return group.reasons[static_cast<std::size_t>(reason)];
}

}  // namespace

TEST_CASE("options of the trace that have no effect are named and counted") {
  HandMade made;
  made.cluster.not_simulated = {"booting nodes are not simulated (power)"};
  const Workload workload = read_csv(
      "id,submit,duration,extra\nA,0,1,-L matlab:1\nB,0,1,--licenses=x --switches=1\nC,0,1,\n",
      "options.csv");
  const Metrics metrics = measure(made.cluster, workload, made.journal, {});
  CHECK(metrics.not_simulated ==
        std::vector<std::string>{"booting nodes are not simulated (power)",
                                 "the option --licenses has no effect: 2 submissions",
                                 "the option --switches has no effect: 1 submissions"});
}

TEST_CASE("percentiles are nearest rank") {
  std::vector<double> ten(10);
  std::iota(ten.begin(), ten.end(), 1);
  std::reverse(ten.begin(), ten.end());
  const Distribution of_ten = distribution(ten);
  CHECK(of_ten.count == 10);
  CHECK(of_ten.mean == 5.5);
  CHECK(of_ten.median == 5);  // 5 of 10 do not exceed it
  CHECK(of_ten.p90 == 9);
  CHECK(of_ten.p99 == 10);
  CHECK(of_ten.max == 10);

  std::vector<double> hundred(100);
  std::iota(hundred.begin(), hundred.end(), 1);
  CHECK(distribution(hundred).p99 == 99);

  std::vector<double> one = {7};
  CHECK(distribution(one).median == 7);
  CHECK(distribution(one).p99 == 7);
  CHECK(distribution({}).count == 0);
}

TEST_CASE("percentiles equal those of a sorted list") {
  std::mt19937 random(1);
  for (std::size_t size = 1; size < 300; ++size) {
    std::vector<double> values(size);
    for (double& value : values) value = static_cast<double>(random() % 50);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const auto at_least = [&](double share) {
      const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(size)));
      return sorted[rank - 1];
    };
    const Distribution result = distribution(values);
    CHECK(result.median == at_least(0.5));
    CHECK(result.p90 == at_least(0.9));
    CHECK(result.p99 == at_least(0.99));
  }
}

TEST_CASE("a wait is counted from eligible, a response from submit, both in floored seconds") {
  HandMade made;
  made.job({.id = "a", .submit = 10.25, .eligible = 40.9, .start = 100.1, .end = 200.1});
  const Metrics metrics = measure(made);
  CHECK(metrics.all.wait.mean == 60);      // floor(100.1) - floor(40.9)
  CHECK(metrics.all.response.mean == 90);  // floor(100.1) - floor(10.25)
  CHECK(metrics.makespan() == 190);
}

TEST_CASE("a slowdown is bounded by ten seconds below and is at least one") {
  HandMade made;
  made.job({.id = "short", .start = 4, .end = 5});
  CHECK(measure(made).all.slowdown.mean == 1);  // (4 + 1) / 10
  made.job({.id = "long", .start = 100, .end = 200});
  CHECK(measure(made).all.slowdown.max == 2);  // (100 + 100) / 100
  CHECK(measure(made).all.slowdown.mean == 1.5);
}

TEST_CASE("a requeued job waits the sum of its attempts, and the first one's work is lost") {
  HandMade made;
  const AttemptId first =
      made.job({.start = 100, .end = 3700, .a40 = 2, .state = JobState::Preempted});
  made.requeue(first, {.submit = 3700, .eligible = 3700, .start = 4000, .end = 4100, .a40 = 2});
  made.journal.evictions.push_back(
      {at_seconds(3700), first, JobId{0}, PreemptMode::Requeue, Duration::zero()});
  const Metrics metrics = measure(made);
  CHECK(metrics.all.wait.count == 1);
  CHECK(metrics.all.wait.mean == 400);
  CHECK(metrics.all.slowdown.mean == 41);  // (400 + 3600 + 100) / 100
  CHECK(metrics.all.preemptions == 1);
  CHECK(metrics.requeued_by_preemption == 1);
  CHECK(metrics.cancelled_by_preemption == 0);
  CHECK(metrics.all.lost_gpu_seconds == 2 * 3600);
  CHECK(metrics.all.gpu_seconds == 2 * 3700);
  CHECK(metrics.all.lost_cpu_seconds == 3600);
}

TEST_CASE("jobs are grouped by partition, account, QOS and the GPUs that they held") {
  HandMade made;
  made.job({.id = "a", .start = 10, .end = 20, .a40 = 2});
  made.job({.id = "b", .account = "speech", .start = 30, .end = 50, .node = 0, .cpus = 3});
  made.job({.id = "c", .start = 50, .end = 60, .node = 1, .nodes = 2, .a40 = 1, .h100 = 1});
  made.job({.id = "waits", .state = JobState::Pending});
  const Metrics metrics = measure(made);
  CHECK(metrics.all.wait.count == 3);
  REQUIRE(metrics.by_account.size() == 2);
  CHECK(named(metrics.by_account, "vision").wait.mean == 30);
  CHECK(named(metrics.by_account, "vision").wait.median == 10);
  CHECK(named(metrics.by_account, "speech").wait.mean == 30);
  CHECK(named(metrics.by_account, "speech").cpu_seconds == 60);
  REQUIRE(metrics.by_gpus.size() == 3);
  CHECK(metrics.by_gpus[0].name == "0");
  CHECK(metrics.by_gpus[1].name == "2");
  CHECK(metrics.by_gpus[2].name == "4");
  CHECK(metrics.by_gpus[2].gpu_seconds == 40);
  CHECK(named(metrics.by_partition, "all").wait.count == 3);
  CHECK(named(metrics.by_qos, "normal").wait.p99 == 50);
}

TEST_CASE("utilization is what was held of what there was from first submit to last end") {
  HandMade made;
  made.cluster.tracks_memory = true;
  made.job({.id = "a",
            .submit = 100,
            .eligible = 100,
            .start = 100,
            .end = 200,
            .nodes = 2,
            .cpus = 3,
            .memory_mib = 1000,
            .a40 = 1});
  made.job(
      {.id = "b", .submit = 100, .eligible = 100, .start = 100, .end = 150, .node = 0, .cpus = 4});
  const Metrics metrics = measure(made);
  CHECK(metrics.makespan() == 100);
  CHECK(use_of(metrics, "cpu").fraction == Approx((2 * 3 * 100 + 4 * 50) / (12.0 * 100)));
  CHECK(use_of(metrics, "memory").fraction == Approx(2 * 1000 * 100 / (12000.0 * 100)));
  CHECK(use_of(metrics, "gpu").capacity == 6);
  CHECK(use_of(metrics, "gpu").fraction == Approx(2 / 6.0));
  CHECK(use_of(metrics, "gpu:a40").fraction == Approx(2 / 4.0));
  CHECK(use_of(metrics, "gpu:h100").fraction == 0);
}

TEST_CASE("a GPU is stranded while its node has no CPU left for it") {
  HandMade made;
  // 3 free GPUs on gpu1. Two CPUs free for an hour: one is stranded; none free: all three.
  made.job({.id = "a", .start = 0, .end = 2 * kHour, .cpus = 2});
  made.job({.id = "b", .start = kHour, .end = 2 * kHour, .cpus = 2});
  CHECK(measure(made).stranded_gpu_seconds == 4 * kHour);
  // Served in the order of the cluster file: the h100 is the one that is short of a CPU.
  CHECK(use_of(measure(made), "gpu:a40").stranded_seconds == 2 * kHour);
  CHECK(use_of(measure(made), "gpu:h100").stranded_seconds == 2 * kHour);
  // With two CPUs a GPU, also the idle gpu2 strands one of its three, for both hours.
  CHECK(measure(made, {.stranded_cpus_per_gpu = 2}).stranded_gpu_seconds == (2 + 3 + 2) * kHour);
}

TEST_CASE("a GPU in use is not stranded") {
  HandMade made;
  made.job({.start = 0, .end = kHour, .cpus = 4, .a40 = 2, .h100 = 1});
  CHECK(measure(made).stranded_gpu_seconds == 0);
}

TEST_CASE("a GPU is stranded while its node lacks a partition's default memory for it") {
  HandMade made;
  made.cluster.tracks_memory = true;
  made.cluster.partitions[PartitionId{0}].default_memory = {MemoryPer::Gpu, 1000};
  made.job({.start = 0, .end = kHour, .cpus = 1, .memory_mib = 2500});  // 1500 MiB free: one GPU
  CHECK(measure(made).stranded_gpu_seconds == 2 * kHour);
  Partition lean = made.cluster.partitions[PartitionId{0}];
  lean.default_memory = {MemoryPer::Cpu, 500};  // the less demanding partition counts
  made.cluster.partitions.push_back(lean);
  CHECK(measure(made).stranded_gpu_seconds == 0);
}

TEST_CASE("accounts are promised their share as far as they have work for it") {
  HandMade made;
  made.cluster.declares_accounts = true;
  // Shares 3 : 1 of 6 GPUs: vision 4.5, speech 1.5. Vision runs 2 GPUs for an hour; speech asks for
  // 3 from second 0 on, and gets them in the second hour.
  made.job({.id = "v", .account = "vision", .start = 0, .end = kHour, .a40 = 2});
  made.job({.id = "s",
            .account = "speech",
            .start = kHour,
            .end = 2 * kHour,
            .node = 2,
            .a40 = 2,
            .h100 = 1});
  Metrics metrics = measure(made);
  REQUIRE(metrics.deliveries.size() == 2);
  const Delivery& vision = metrics.deliveries[0];
  CHECK(vision.account == "vision");
  CHECK_FALSE(vision.is_cap);
  CHECK(vision.guarantee == 4.5);
  CHECK(vision.promised_seconds == 2 * kHour);
  CHECK(vision.delivered_seconds == 2 * kHour);
  const Delivery& speech = metrics.deliveries[1];
  CHECK(speech.promised_seconds == 1.5 * 2 * kHour);
  CHECK(speech.delivered_seconds == 3 * kHour);

  made.cluster.assocs[AssocId{2}].limits.grp_tres.assign(5, kNoLimit);
  made.cluster.assocs[AssocId{2}].limits.grp_tres[kTresGpu] = 1;
  metrics = measure(made);
  CHECK(metrics.deliveries[1].is_cap);
  CHECK(metrics.deliveries[1].promised_seconds == 1 * 2 * kHour);
}

TEST_CASE("a job that never starts demands what it asked for") {
  HandMade made;
  made.cluster.declares_accounts = true;
  made.job({.id = "v", .account = "vision", .start = 0, .end = kHour, .a40 = 1});
  made.job({.id = "s", .account = "speech", .a40 = 1, .state = JobState::Pending});
  CHECK(measure(made).deliveries[1].promised_seconds == kHour);
  CHECK(measure(made).deliveries[1].delivered_seconds == 0);
}

TEST_CASE("a response is split by the reasons for waiting") {
  HandMade made;
  const AttemptId a = made.job({.id = "a", .submit = 5, .eligible = 5, .start = 100, .end = 110});
  made.reason(7, a, Reason::Dependency);  // the first counts from the submission on
  const AttemptId b = made.job({.id = "b", .account = "speech", .start = 50, .end = 60});
  made.reason(0, b, Reason::Resources);
  made.reason(20, a, Reason::Priority);
  made.reason(60, a, Reason::Resources);
  const Metrics metrics = measure(made);
  CHECK(seconds_of(metrics.all, Reason::Dependency) == 15);
  CHECK(seconds_of(metrics.all, Reason::Priority) == 40);
  CHECK(seconds_of(metrics.all, Reason::Resources) == 40 + 50);
  CHECK(seconds_of(named(metrics.by_account, "vision"), Reason::Resources) == 40);
}

TEST_CASE("every state has its place in the counts") {
  HandMade made;
  for (std::size_t state = 0; state < kJobStates; ++state) {
    for (std::size_t i = 0; i <= state; ++i) {
      made.job({.id = std::to_string(state) + "." + std::to_string(i),
                .state = static_cast<JobState>(state)});
    }
  }
  const Metrics metrics = measure(made);
  REQUIRE(state_name(static_cast<JobState>(kJobStates - 1)) == "DEADLINE");
  for (std::size_t state = 0; state < kJobStates; ++state) {
    CHECK(metrics.states[state] == static_cast<std::int64_t>(state) + 1);
    CHECK(!state_name(static_cast<JobState>(state)).empty());
  }
}

TEST_CASE("jobs that did not run are counted by state and reason, and named") {
  HandMade made;
  made.job({.id = "no", .state = JobState::Rejected, .reason = Reason::BadConstraints});
  for (int i = 0; i < 30; ++i) {
    made.job({.id = "w" + std::to_string(i),
              .state = JobState::Pending,
              .reason = Reason::DependencyNeverSatisfied});
  }
  made.job({.id = "ok", .start = 0, .end = 1});
  const Metrics metrics = measure(made);
  CHECK(metrics.jobs == 32);
  CHECK(metrics.states[static_cast<std::size_t>(JobState::Completed)] == 1);
  CHECK(metrics.states[static_cast<std::size_t>(JobState::Pending)] == 30);
  REQUIRE(metrics.rejected.size() == 1);
  CHECK(metrics.rejected[0].reason == Reason::BadConstraints);
  CHECK(metrics.rejected[0].first == std::vector<std::string>{"no"});
  REQUIRE(metrics.left_over.size() == 1);
  CHECK(metrics.left_over[0].jobs == 30);
  CHECK(metrics.left_over[0].first.size() == NotRun::kNamed);
  CHECK(metrics.left_over[0].first[1] == "w1");
}

TEST_CASE("a run in which nothing starts has no figures") {
  HandMade made;
  made.job({.state = JobState::Rejected});
  const Metrics metrics = measure(made);
  CHECK(metrics.makespan() == 0);
  CHECK(metrics.all.wait.count == 0);
  CHECK(use_of(metrics, "cpu").fraction == 0);
  HandMade empty;
  CHECK(measure(empty).jobs == 0);
}

TEST_CASE("the timeline has a row at every change") {
  HandMade made;
  made.job({.id = "a", .start = 0, .end = 10, .cpus = 4, .a40 = 1});
  made.job({.id = "b", .submit = 2, .eligible = 2, .start = 10, .end = 12, .cpus = 1});
  const Timeline timeline = measure(made).timeline;
  CHECK(timeline.step == 0);
  CHECK(timeline.gpu_types == std::vector<std::string>{"gpu:a40", "gpu:h100"});
  CHECK(timeline.time == std::vector<std::int64_t>{0, 2, 10, 12});
  CHECK(timeline.cpus_used == std::vector<std::int64_t>{4, 4, 1, 0});
  CHECK(timeline.gpus_used[0] == std::vector<std::int64_t>{1, 1, 0, 0});
  CHECK(timeline.gpus_stranded == std::vector<std::int64_t>{2, 2, 0, 0});
  CHECK(timeline.queue == std::vector<std::int64_t>{0, 1, 0, 0});
}

TEST_CASE("a timeline of too many changes is read off at a round step") {
  HandMade made;
  for (int i = 0; i < 100; ++i) {
    made.job({.id = std::to_string(i),
              .submit = i * 7.0,
              .eligible = i * 7.0,
              .start = i * 7.0,
              .end = i * 7.0 + 3});
  }
  const Timeline timeline = measure(made, {.timeline_rows = 30}).timeline;
  CHECK(timeline.step == 30);  // 696 s in at most 30 pieces
  CHECK(timeline.time.size() <= 30);
  CHECK(timeline.time.front() == 0);
  CHECK(timeline.time.back() >= 696);
  for (std::size_t row = 0; row + 1 < timeline.time.size(); ++row) {
    CHECK(timeline.cpus_used[row] == (timeline.time[row] % 7 < 3 ? 1 : 0));
  }
}

TEST_CASE("the queue summed over time is the sum of all waits (Little's law)") {
  std::mt19937 random(2);
  HandMade made;
  double waits = 0;
  for (int i = 0; i < 500; ++i) {
    const double eligible = random() % 10'000;
    const double wait = random() % 300;
    waits += wait;
    made.job({.id = std::to_string(i),
              .submit = eligible,
              .eligible = eligible,
              .start = eligible + wait,
              .end = eligible + wait + random() % 100});
  }
  const Metrics metrics = measure(made);
  double area = 0;
  const Timeline& timeline = metrics.timeline;
  for (std::size_t i = 0; i + 1 < timeline.time.size(); ++i) {
    area += static_cast<double>(timeline.queue[i] * (timeline.time[i + 1] - timeline.time[i]));
  }
  CHECK(area == waits);
  CHECK(metrics.all.wait.mean * 500 == Approx(waits));
}

TEST_CASE("stranded GPUs over time equal a count second by second") {
  std::mt19937 random(3);
  HandMade made;
  constexpr int kSeconds = 400;
  std::vector<std::vector<int>> cpus(3, std::vector<int>(kSeconds, 4));
  std::vector<std::vector<int>> gpus(3, std::vector<int>(kSeconds, 3));
  for (auto& each : gpus[0]) each = 0;
  for (int i = 0; i < 60; ++i) {
    const auto from = static_cast<int>(random() % 300);
    const int to = from + 1 + static_cast<int>(random() % 99);
    const auto node = 1 + static_cast<std::uint32_t>(random() % 2);
    const auto wanted = 1 + static_cast<std::uint32_t>(random() % 3);
    const auto a40 = static_cast<std::uint32_t>(random() % 3);
    bool fits = true;
    for (int t = from; t < to; ++t) {
      // gpus counts all three; the two a40 are used before the h100 is missed
      fits = fits && cpus[node][t] >= static_cast<int>(wanted) &&
             gpus[node][t] - 1 >= static_cast<int>(a40);
    }
    if (!fits) continue;
    for (int t = from; t < to; ++t) {
      cpus[node][t] -= static_cast<int>(wanted);
      gpus[node][t] -= static_cast<int>(a40);
    }
    made.job({.id = std::to_string(i),
              .start = static_cast<double>(from),
              .end = static_cast<double>(to),
              .node = node,
              .cpus = wanted,
              .a40 = a40});
  }
  double expected = 0;
  const Metrics metrics = measure(made);
  for (int t = 0; t < metrics.last_end; ++t) {
    for (int node = 1; node <= 2; ++node) expected += std::max(0, gpus[node][t] - cpus[node][t]);
  }
  REQUIRE(expected > 0);
  CHECK(metrics.stranded_gpu_seconds == expected);
}

}  // namespace rehearse
