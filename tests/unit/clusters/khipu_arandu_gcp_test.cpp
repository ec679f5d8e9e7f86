// Rules of Khipu, Arandu and mlmini that their documents state, as replays.
#include "tests/catch.hpp"
#include "tests/unit/clusters/replay.hpp"

namespace rehearse::test {
namespace {

constexpr const char* kHeader =
    "id,submit,user,account,partition,nodes,ntasks,cpus_per_task,gres,mem,timelimit,duration,"
    "extra\n";

}  // namespace

TEST_CASE("Khipu: a limit beyond the account's stays pending", "[clusters][khipu]") {
  const Replay replay(shipped("khipu"),
                      std::string(kHeader) +
                          "over,0,pre01,pregrado,standard,1,1,4,,8G,1:00:00,600,\n"
                          "fits,0,pre01,pregrado,standard,1,1,4,,8G,30,600,\n"
                          "debug,0,tes01,tesis,debug,1,1,4,,8G,31,600,\n");
  CHECK(replay.state("over") == "PENDING");
  CHECK(replay.reason("over") == "QOSMaxWallDurationPerJobLimit");
  CHECK(replay.state("fits") == "COMPLETED");
  CHECK(replay.reason("debug") == "PartitionTimeLimit");
  const Replay later(
      shipped("khipu-2026"),
      std::string(kHeader) + "over,0,pre01,pregrado,standard,1,1,4,,8G,1:00:00,600,\n");
  CHECK(later.state("over") == "COMPLETED");
}

TEST_CASE("Khipu: limits of a user by type of account", "[clusters][khipu]") {
  const std::string csv = std::string(kHeader) +
                          rows(4, "P", "0,pre01,pregrado,standard,1,1,6,,6G,30,600,") +
                          rows(4, "T", "0,tes01,tesis,standard,1,1,8,,8G,1:00:00,600,") +
                          "S1,0,pre02,pregrado,gpu,1,1,2,shard:2,4G,30,600,\n"
                          "S2,0,pre02,pregrado,gpu,1,1,2,shard:1,4G,30,600,\n"
                          "B1,0,pre03,pregrado,big-mem,1,1,2,,4G,30,600,\n";
  const Replay replay(shipped("khipu"), csv);
  CHECK(replay.reason_at("P3", 10) == "QOSMaxCpuPerUserLimit");  // 12 CPUs
  CHECK(replay.start("P2") == 0);
  CHECK(replay.reason_at("T3", 10) == "QOSMaxJobsPerUserLimit");  // two running jobs
  CHECK(replay.reason("S1") == "QOSMaxGRESPerJob");               // one shard a job
  CHECK(replay.state("S2") == "COMPLETED");
  CHECK(replay.state("B1") == "PENDING");
  CHECK(replay.reason("B1") == "AccountNotAllowed");
  const Replay later(shipped("khipu-2026"), csv);
  CHECK(later.start("P4") == 0);  // 32 CPUs
  CHECK(later.start("T4") == 0);
  CHECK(later.state("S1") == "COMPLETED");
}

TEST_CASE("Khipu: debug and standard share n003, they do not double it", "[clusters][khipu]") {
  const Replay replay(shipped("khipu"),
                      std::string(kHeader) +
                          "T1,0,tes01,tesis,standard,1,1,48,,48G,1:00:00,3600,-w n003\n"
                          "T2,0,tes02,tesis,standard,1,1,16,,16G,1:00:00,3600,-w n003\n"
                          "D1,60,pre01,pregrado,debug,1,1,1,,1G,10,60,\n");
  CHECK(replay.reason_at("D1", 70) == "Resources");
  CHECK(replay.start("D1") == 3600);
}

TEST_CASE("Arandu: a job that asks for nothing runs on a workstation", "[clusters][arandu]") {
  const Replay replay(shipped("arandu"), std::string(kHeader) +
                                             "plain,0,u01,c4ai,,,,,,,,60,\n"
                                             "dgx,0,u02,c4ai,arandu,1,8,,gpu:8,,,600,\n"
                                             "queued,1,u03,c4ai,arandu,1,8,,gpu:1,,,60,\n");
  CHECK(replay.free("c4aiscw2", 10).cpus == 31);
  CHECK(replay.free("dgx01", 10).gpus == 0);
  CHECK(replay.start("queued") == 600);
}

TEST_CASE("Arandu: a job for two partitions takes the one with room", "[clusters][arandu]") {
  const Replay replay(shipped("arandu"),
                      kHeader + rows(6, "J", "0,u01,c4ai,\"devwork,arandu\",1,1,8,gpu:1,,,600,"));
  CHECK(replay.running(10, "devwork") == 4);
  CHECK(replay.running(10, "arandu") == 2);
}

TEST_CASE("mlmini: two nodes with a GPU each start together", "[clusters][gcp]") {
  ClusterFile site = shipped("gcp");
  site.cluster.power.reset();  // all are up, so that their boots do not tell them apart
  const Replay replay(std::move(site), kHeader +
                                           rows(9, "J", "0,u01,ucllm,g2,1,1,12,gpu:1,,,600,") +
                                           "two,0,u02,ucllm,g2,2,2,12,gpu:1,,,60,\n");
  CHECK(replay.start("two") == 600);
  CHECK(replay.job("two").share_count == 1);  // two equal neighbours
  CHECK(replay.journal().held(replay.job("two")).front().nodes == 2);
}

TEST_CASE("mlpre: limits at submission and of a partition", "[clusters][gcp]") {
  const Replay replay(shipped("gcp-mlpre"),
                      kHeader + rows(21, "J", "0,u01,ucllm,g2,1,1,12,gpu:1,,1:00:00,600,") +
                          "wide,0,u02,ucllm,g2,5,5,12,gpu:8,,1:00:00,60,\n"
                          "long,0,u02,ucllm,g2,1,1,12,gpu:8,,7:00:00,60,\n");
  CHECK(replay.state("J21") == "REJECTED");
  CHECK(replay.reason("J21") == "AssocGrpSubmitJobsLimit");
  CHECK(replay.reason("wide") == "PartitionNodeLimit");
  CHECK(replay.reason("long") == "AssocMaxWallDurationPerJobLimit");
}

}  // namespace rehearse::test
