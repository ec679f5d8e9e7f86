// SkyNet's rules and what they imply, as replays. The tables are arithmetic on the node mix: a node
// of C CPUs and G GPUs runs min(G, C / c) jobs of one GPU and c CPUs.
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/unit/clusters/replay.hpp"

namespace rehearse::test {
namespace {

constexpr const char* kHeader =
    "id,submit,user,account,partition,nodes,cpus_per_task,gres,timelimit,duration,extra\n";

// Jobs of one GPU and `cpus` CPUs in overcap, which has no limits.
std::string overcap_rows(int count, int cpus, const char* id, const char* extra = "") {
  return rows(count, id,
              fmt::format("0,cvmlp1,overcap,overcap,1,{},gpu:1,1:00:00,3600,{}", cpus, extra));
}

ClusterFile without_a40() {
  return overlay_of(R"(
name: skynet-b
extends: skynet.yaml
nodes:
  - {names: "consu,robby,xaea-12", remove: true}
  - {names: "claptrap,glados,olivaw,oppy,sophon,zima", remove: true}
  - names: "alexa,conroy,ig-88,bmo,cortana,asimo,kipp,bb8,gideon,ash,eva,ava,johnny5,jill,spot"
    remove: true
  - {names: clippy, remove: true}
  - {names: "hal,t1000,c3po,calculon,neo,tars,walle", remove: true}
  - {names: "vicki,ripl-s1,jarvis,smith", remove: true}
  - {names: "b[01-35]", cpus: 56, memory: 384G, gpus: {2080_ti: 8}}
  - {names: b36, cpus: 56, memory: 384G, gpus: {2080_ti: 4}}
  - {names: b37, cpus: 40, memory: 256G}
)");
}

// One node of four GPUs is left, so that a handful of jobs fills the machine.
ClusterFile only_clippy(const char* policies = "") {
  return overlay_of(std::string(R"(
name: clippy
extends: skynet.yaml
nodes:
  - {names: "consu,robby,xaea-12", remove: true}
  - {names: "claptrap,glados,olivaw,oppy,sophon,zima", remove: true}
  - names: "alexa,conroy,ig-88,bmo,cortana,asimo,kipp,bb8,gideon,ash,eva,ava,johnny5,jill,spot"
    remove: true
  - {names: "hal,t1000,c3po,calculon,neo,tars,walle", remove: true}
  - {names: "vicki,ripl-s1,jarvis,smith", remove: true}
)") + policies);
}

}  // namespace

TEST_CASE("SkyNet: GPUs that can be used when all jobs ask c CPUs for each", "[clusters][skynet]") {
  const std::vector<std::pair<int, int>> usable = {{5, 284},  {6, 262},  {7, 251},
                                                   {8, 230},  {10, 177}, {12, 145},
                                                   {14, 134}, {15, 112}, {16, 112}};
  for (const auto& [cpus, gpus] : usable) {
    INFO(cpus << " CPUs for each GPU");
    CHECK(Replay(shipped("skynet"), kHeader + overcap_rows(300, cpus, "J")).running(10) == gpus);
  }
}

TEST_CASE("SkyNet: 15 CPUs on A40 and 7 elsewhere strand 33 GPUs, with 5 on Titans none",
          "[clusters][skynet]") {
  const auto used = [](int on_titan) {
    return Replay(shipped("skynet"), kHeader + overcap_rows(30, 15, "A", "-C a40") +
                                         overcap_rows(200, 7, "R", "-C '2080_ti|rtx_6000'") +
                                         overcap_rows(100, on_titan, "T", "-C titan_x"))
        .running(10);
  };
  CHECK(used(7) == 251);
  CHECK(used(5) == 284);
}

TEST_CASE("SkyNet without A40: the same table for 56-CPU nodes", "[clusters][skynet]") {
  const TresCounts totals = without_a40().cluster.totals();
  CHECK(totals[kTresCpu] == 2056);
  CHECK(totals[kTresGpu] == 284);
  const std::vector<std::pair<int, int>> usable = {{5, 284},  {6, 284},  {7, 284}, {8, 249},
                                                   {10, 179}, {12, 144}, {15, 108}};
  for (const auto& [cpus, gpus] : usable) {
    INFO(cpus << " CPUs for each GPU");
    CHECK(Replay(without_a40(), kHeader + overcap_rows(300, cpus, "J")).running(10) == gpus);
  }
}

TEST_CASE("SkyNet: a CVMLP user has 16 GPUs and 112 CPUs in short", "[clusters][skynet]") {
  const std::vector<std::pair<int, int>> jobs = {{5, 16}, {6, 16}, {7, 16}, {8, 14}, {10, 11},
                                                 {12, 9}, {14, 8}, {15, 7}, {16, 7}};
  for (const auto& [cpus, running] : jobs) {
    INFO(cpus << " CPUs for each GPU");
    const Replay replay(shipped("skynet"),
                        kHeader + rows(20, "J",
                                       fmt::format("0,cvmlp1,cvmlp-lab,short,1,{},gpu:1,1:00:00,"
                                                   "3600,",
                                                   cpus)));
    CHECK(replay.running(10) == running);
    CHECK(replay.reason_at("J20", 10) ==
          (cpus < 7 ? "QOSMaxGRESPerUser" : "QOSMaxCpuPerUserLimit"));
  }
}

TEST_CASE("SkyNet: short,user-overcap fills short and spills the rest", "[clusters][skynet]") {
  const Replay replay(
      shipped("skynet"),
      kHeader + rows(20, "J", "0,cvmlp1,cvmlp-lab,\"short,user-overcap\",1,6,gpu:1,1:00:00,3600,"));
  CHECK(replay.running(10, "short") == 16);
  CHECK(replay.running(10, "user-overcap") == 4);
}

TEST_CASE("SkyNet: a sixth GPU in debug waits on an empty cluster", "[clusters][skynet]") {
  const Replay replay(shipped("skynet"),
                      kHeader + rows(6, "J", "0,kira1,kira-lab,debug,1,6,gpu:1,1:00:00,3600,"));
  CHECK(replay.running(10) == 5);
  CHECK(replay.reason_at("J6", 10) == "QOSMaxGRESPerUser");
}

TEST_CASE("SkyNet: overcap takes both the partition and the account", "[clusters][skynet]") {
  const Replay replay(shipped("skynet"),
                      std::string(kHeader) +
                          "both,0,kira1,overcap,overcap,1,6,gpu:1,1:00:00,60,\n"
                          "partition,0,kira1,kira-lab,overcap,1,6,gpu:1,1:00:00,60,\n"
                          "account,0,kira1,overcap,short,1,6,gpu:1,1:00:00,60,\n");
  CHECK(replay.state("both") == "COMPLETED");
  CHECK(replay.state("partition") == "REJECTED");
  CHECK(replay.state("account") == "REJECTED");
  CHECK(replay.reason("partition") == "AccountNotAllowed");
}

TEST_CASE("SkyNet: a lab's jobs run at once up to its cap", "[clusters][skynet]") {
  const Replay replay(shipped("skynet"),
                      kHeader + rows(10, "J", "0,wu1,wu-lab,short,1,5,gpu:1,1:00:00,3600,"));
  CHECK(replay.running(10) == 4);
  CHECK(replay.reason_at("J5", 10) == "AssocGrpGRES");
}

TEST_CASE("SkyNet: overcap makes way for a lab under its cap, within its grace time",
          "[clusters][skynet]") {
  const char* const full = "0,cvmlp1,overcap,overcap,1,6,gpu:1,2-0,100000";
  const std::string owner = "K1,100,kira1,kira-lab,short,1,6,gpu:2,1:00:00,3600,\n";
  const Replay heeds(only_clippy(), kHeader + rows(4, "O", std::string(full) + ",") + owner);
  CHECK(heeds.start("K1") == 100);
  CHECK(heeds.journal().evictions.size() == 2);
  CHECK(heeds.state("O1") == "COMPLETED");  // requeued, and run to its end
  const Replay ignores(only_clippy(), kHeader + rows(4, "O", std::string(full) + ":0:i,") + owner);
  CHECK(ignores.start("K1") == 400);
}

TEST_CASE("SkyNet: user-overcap makes way for labmates only", "[clusters][skynet]") {
  const std::string full = rows(4, "U", "0,cvmlp1,cvmlp-lab,user-overcap,1,6,gpu:1,1-0,50000,");
  const Replay other(only_clippy(),
                     kHeader + full + "K1,100,kira1,kira-lab,short,1,6,gpu:1,1:00:00,3600,\n");
  CHECK(other.start("K1") == 50'000);
  const Replay mate(only_clippy(),
                    kHeader + full + "C1,100,cvmlp2,cvmlp-lab,long,1,6,gpu:1,1:00:00,3600,\n");
  CHECK(mate.start("C1") == 100);
  const Replay overcap(only_clippy(),
                       kHeader + rows(4, "O", "0,kira1,overcap,overcap,1,6,gpu:1,1-0,50000,") +
                           "U1,100,cvmlp1,cvmlp-lab,user-overcap,1,6,gpu:1,1:00:00,3600,\n");
  CHECK(overcap.start("U1") == 100);
}

TEST_CASE("SkyNet: debug, short and long do not preempt each other", "[clusters][skynet]") {
  const Replay replay(only_clippy(),
                      kHeader + rows(4, "L", "0,kira1,kira-lab,long,1,6,gpu:1,1-0,50000,") +
                          "D1,100,kira2,kira-lab,debug,1,6,gpu:1,1:00:00,3600,\n");
  CHECK(replay.start("D1") == 50'000);
  CHECK(replay.journal().evictions.empty());
}

TEST_CASE("SkyNet: whether a labmate at the lab's cap preempts is a switch", "[clusters][skynet]") {
  const std::string csv = kHeader + rows(4, "U", "0,wu1,wu-lab,user-overcap,1,5,gpu:1,1-0,50000,") +
                          "S1,100,wu1,wu-lab,short,1,5,gpu:1,1:00:00,3600,\n";
  CHECK(Replay(shipped("skynet"), csv).start("S1") == 100);
  const Replay stock(overlay_of(R"(
name: skynet
extends: skynet.yaml
policies: {preemption: {relieves_account_cap: false}}
)"),
                     csv);
  CHECK(stock.start("S1") == 50'000);
  CHECK(stock.reason_at("S1", 200) == "AssocGrpGRES");
}

TEST_CASE("SkyNet by QOS: debug has 5 GPUs a user, CVMLP users 16 and 112 CPUs",
          "[clusters][skynet]") {
  const std::string header =
      "id,submit,user,account,partition,qos,nodes,cpus_per_task,gres,timelimit,duration\n";
  const Replay debug(shipped("skynet-qos"),
                     header + rows(6, "J", "0,kira1,kira-lab,kira-lab,debug,1,6,gpu:1,30,600"));
  CHECK(debug.running(10) == 5);
  const Replay cvmlp(
      shipped("skynet-qos"),
      header + rows(20, "J", "0,cvmlp1,cvmlp-lab,cvmlp-lab,short,1,8,gpu:1,1:00:00,3600"));
  CHECK(cvmlp.running(10) == 14);
  const Replay wall(shipped("skynet-qos"),
                    header + "J1,0,kira1,kira-lab,kira-lab,debug,1,6,gpu:1,5:00:00,600\n");
  CHECK(wall.reason("J1") == "QOSMaxWallDurationPerJobLimit");
}

}  // namespace rehearse::test
