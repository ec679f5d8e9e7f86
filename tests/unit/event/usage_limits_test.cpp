// Limits on use over time under the event scheduler: the engine tells the ledger what was used, and
// nothing decays. No cluster file sets them yet, so that they are set by hand.
#include <string>

#include "sim/config/load.hpp"
#include "sim/workload/read_csv.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse {
namespace {

constexpr const char* kCluster = R"(
name: one
nodes: [{names: n1, cpus: 8}]
partitions: [{name: all, nodes: ALL, default: true}]
accounts: [{name: lab}, {name: guests}]
)";

// Each of lab asks for 2 CPUs for 10 minutes and runs for 5.
constexpr const char* kTrace =
    "id,submit,user,account,ntasks,timelimit,duration\n"
    "A,0,u1,lab,2,10,300\n"
    "B,10,u2,lab,2,10,300\n"
    "C,20,u3,guests,2,10,300\n"
    "D,400,u1,lab,2,10,300\n";

/// "A=0 B=300 ...", or the reason of one that never starts.
std::string starts(void (*edit)(Limits&)) {
  Cluster cluster = parse_cluster(kCluster, "one.yaml").cluster;
  edit(cluster.assocs[*cluster.find_account("lab")].limits);
  const Workload workload = read_csv(kTrace, "trace.csv");
  const Journal journal = testing::replay(cluster, workload, {});
  std::string result;
  for (const Attempt& attempt : journal.attempts) {
    if (!result.empty()) result += ' ';
    result += workload.id_text(journal.jobs[attempt.job].submission) + '=';
    result += attempt.start == kNever ? std::string(reason_name(attempt.reason))
                                      : std::to_string(whole_seconds(attempt.start));
  }
  return result;
}

TEST_CASE("Limits on use over time hold under the event scheduler", "[event]") {
  CHECK(starts([](Limits&) {}) == "A=0 B=10 C=20 D=400");
  // A leaves 2 CPUs for 10 minutes less 10 s when B comes, which makes 39 minutes with B's own 20.
  CHECK(starts([](Limits& lab) { lab.grp_tres_run_minutes = {39}; }) == "A=0 B=10 C=20 D=400");
  CHECK(starts([](Limits& lab) { lab.grp_tres_run_minutes = {38}; }) == "A=0 B=300 C=20 D=400");
  CHECK(starts([](Limits& lab) { lab.grp_tres_minutes = {21}; }) == "A=0 B=10 C=20 D=400");
  CHECK(starts([](Limits& lab) { lab.grp_tres_minutes = {20}; }) ==
        "A=0 B=10 C=20 D=AssocGrpCPUMinutesLimit");
  CHECK(starts([](Limits& lab) { lab.grp_wall = std::chrono::minutes{10}; }) ==
        "A=0 B=10 C=20 D=AssocGrpWallLimit");
  CHECK(starts([](Limits& lab) { lab.grp_wall = std::chrono::minutes{11}; }) ==
        "A=0 B=10 C=20 D=400");
}

}  // namespace
}  // namespace rehearse
