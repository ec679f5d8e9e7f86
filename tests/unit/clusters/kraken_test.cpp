// kraken: a published snapshot of its queue (2026-05-22), its limits of 2026, and which number of
// CPUs for each GPU strands none.
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/unit/clusters/replay.hpp"

namespace rehearse::test {
namespace {

constexpr const char* kHeader =
    "id,submit,user,account,partition,nodes,cpus_per_task,gres,mem,timelimit,duration,extra\n";

// With the A40 node that the snapshot shows.
ClusterFile with_llaima() {
  return overlay_of(R"(
name: kraken-cenia
extends: kraken.yaml
nodes:
  - {names: llaima, cpus: 128, reserved_cpus: 4, memory: 962G, reserved_memory: 24G, gpus: {a40: 8}}
)");
}

std::string on(const char* node, const char* id, int cpus, int gib, int gpus) {
  const std::string gres = gpus > 0 ? fmt::format("gpu:{}", gpus) : "";
  return fmt::format("{},0,u01,default-account,ialab,1,{},{},{}G,1-0,80000,-w {}\n", id, cpus, gres,
                     gib, node);
}

}  // namespace

TEST_CASE("kraken: the snapshot's jobs leave what it shows as free", "[clusters][kraken]") {
  const std::string running = on("ventress", "v1", 2, 32, 1) + on("ventress", "v2", 4, 32, 0) +
                              on("ventress", "v3", 4, 32, 0) + on("ventress", "v4", 8, 32, 1) +
                              on("ventress", "v5", 8, 32, 1) + on("hydra", "h1", 2, 16, 1) +
                              on("hydra", "h2", 4, 24, 0) + on("hydra", "h3", 24, 128, 4) +
                              on("llaima", "l1", 8, 64, 1) + on("llaima", "l2", 8, 64, 1) +
                              on("llaima", "l3", 8, 32, 2);
  const Replay replay(
      with_llaima(),
      kHeader + running +
          "waits,60,u02,default-account,ialab,1,24,gpu:titan_rtx:4,128G,1-0,3600,\n");
  CHECK(replay.free("ventress", 30) == Replay::Free{10, 67 * 1024 + 768, 5});
  CHECK(replay.free("hydra", 30) == Replay::Free{6, 59 * 1024 + 768, 3});
  CHECK(replay.free("llaima", 30).cpus == 100);
  CHECK(replay.free("llaima", 30).gpus == 4);
  CHECK(replay.reason_at("waits", 70) == "Resources");
  CHECK(replay.start("waits") == 80'000);
}

TEST_CASE("kraken 2026-06: 128 GB a node are 32 CPUs at the default of 4 GB each",
          "[clusters][kraken]") {
  const Replay replay(shipped("kraken-2026-06"),
                      std::string(kHeader) +
                          "fits,0,u01,default-account,ialab,1,32,,,1:00:00,60,\n"
                          "cpus,0,u01,default-account,ialab,1,33,,,1:00:00,60,\n"
                          "memory,0,u01,default-account,ialab,1,8,gpu:1,233G,1:00:00,60,\n"
                          "long,0,u01,default-account,ialab,1,8,gpu:1,32G,2-0,60,\n");
  CHECK(replay.state("fits") == "COMPLETED");
  CHECK(replay.state("cpus") != "COMPLETED");
  CHECK(replay.reason("cpus") == "MaxMemPerLimit");
  CHECK(replay.state("memory") != "COMPLETED");
  CHECK(replay.reason("memory") == "MaxMemPerLimit");
  CHECK(replay.reason("long") == "PartitionTimeLimit");
}

TEST_CASE("kraken: four is the largest number of CPUs for each GPU that strands none",
          "[clusters][kraken]") {
  const std::vector<std::pair<int, int>> usable = {{4, 35}, {5, 32},  {6, 28},
                                                   {8, 20}, {10, 16}, {12, 15}};
  for (const auto& [cpus, gpus] : usable) {
    INFO(cpus << " CPUs for each GPU");
    const Replay replay(
        shipped("kraken"),
        kHeader + rows(40, "J",
                       fmt::format("0,u01,default-account,ialab,1,{},gpu:1,1G,1-0,3600,", cpus)));
    CHECK(replay.running(10) == gpus);
  }
}

TEST_CASE("kraken 2026-08: QOS limit jobs, and long makes way after two hours",
          "[clusters][kraken]") {
  const std::string header =
      "id,submit,user,account,partition,qos,nodes,cpus_per_task,gres,mem,timelimit,duration\n";
  const Replay limits(
      shipped("kraken-2026-08"),
      header + rows(5, "D", "0,u01,default-account,ialab,debug,1,4,gpu:1,8G,30,600") +
          rows(5, "R", "0,u02,default-account,ialab,regular,1,4,gpu:1,8G,8:00:00,600") +
          "big,0,u03,default-account,ialab,regular,1,4,gpu:5,8G,8:00:00,600\n"
          "over,0,u03,default-account,ialab,debug,1,4,gpu:1,8G,2:00:00,600\n");
  CHECK(limits.start("D2") == 600);  // one at a time
  CHECK(limits.state("D5") == "REJECTED");
  CHECK(limits.reason("D5") == "QOSMaxSubmitJobPerUserLimit");
  CHECK(limits.running(10) == 1 + 4);
  CHECK(limits.state("big") == "REJECTED");
  CHECK(limits.state("over") == "REJECTED");

  // Two users' long jobs fill hydra; a regular job may take one of them when it has run for 2 h.
  std::string full;
  for (const char* const user : {"u01", "u02"}) {
    for (int i = 1; i <= 4; ++i) {
      full +=
          fmt::format("{}-{},0,{},default-account,ialab,long,1,4,gpu:titan_rtx:1,16G,3-0,200000\n",
                      user, i, user);
    }
  }
  const Replay preempts(
      shipped("kraken-2026-08"),
      header + full +
          "R1,3600,u03,default-account,ialab,regular,1,4,gpu:titan_rtx:1,16G,8:00:00,600\n"
          "R2,7300,u04,default-account,ialab,regular,1,4,gpu:titan_rtx:1,16G,8:00:00,600\n");
  CHECK(preempts.start("R1") >= 7200);
  CHECK(preempts.start("R1") <= 7300);
  CHECK(preempts.start("R2") == 7300);
}

TEST_CASE("kraken 2026-08: more than four CPUs for a GPU are trimmed", "[clusters][kraken]") {
  const Replay replay(shipped("kraken-2026-08"),
                      std::string(kHeader) +
                          "J1,0,u01,default-account,ialab,1,8,gpu:2,8G,1:00:00,600,-w hydra\n"
                          "J2,0,u01,default-account,ialab,1,8,gpu:1,8G,1:00:00,600,-w yodaxico\n");
  CHECK(replay.free("hydra", 10).cpus == 36 - 8);
  CHECK(replay.free("yodaxico", 10).cpus == 36 - 4);
}

TEST_CASE("kraken's login node takes no jobs", "[clusters][kraken]") {
  const Replay replay(
      shipped("kraken"),
      std::string(kHeader) + "J1,0,u01,default-account,ialab,1,1,,1G,1:00:00,60,-w kraken\n");
  CHECK(replay.state("J1") == "REJECTED");
}

}  // namespace rehearse::test
