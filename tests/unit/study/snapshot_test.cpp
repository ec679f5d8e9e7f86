// `rehearse run --snapshot`: what sprio, sshare and squeue would show, on a machine so small that
// it can be worked out by hand. How far it is what a real slurmctld showed: scripts/validate.
#include "sim/report/snapshot.hpp"

#include <string>

#include "sim/study/run.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"
#include "tests/slurm/micro.hpp"
#include "tests/unit/report/folder.hpp"

namespace rehearse {
namespace {

using std::chrono::seconds;

// Each of the two users has half of account a; one job takes the whole machine, for 5 minutes.
constexpr const char* kTwoJobs = R"(# A, and B which waits for it

config
  PriorityType=priority/multifactor
  PriorityWeightAge=1000
  PriorityMaxAge=16
  PriorityWeightFairshare=500
  PriorityDecayHalfLife=0
  PriorityCalcPeriod=1
accounts
  add account a
  add user u1 account=a
  add user u2 account=a

jobs
  A 0 -N4 -n16 -A a -t10 -- 300
  B 5 -N4 -n16 -A a -t10 user=u2 -- 60
expect
  A 0 -
)";

RunResult run_with_snapshots(const std::string& scheduler) {
  const TemporaryFolder folder;
  const micro::Micro micro = micro::parse(kTwoJobs);
  CHECK(micro::run(micro, folder / "in") == "");
  write_text(folder / "in/jobs.csv", micro.jobs_csv);
  Experiment experiment{.cluster = folder / "in"};
  resolve_folders(experiment);
  experiment.policies = testing::settings({{"scheduler", scheduler}});
  SimulationOptions options;
  options.snapshots = {Time{seconds{125}}, Time{seconds{100'000}}};
  return run_experiment(experiment, options);
}

bool has_line(const std::string& table, const std::string& line) {
  return ("\n" + table).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("Snapshots show what Slurm's commands would", "[snapshot]") {
  const RunResult run = run_with_snapshots("slurm");
  REQUIRE(run.snapshots.size() == 2);
  const auto& [at, sprio, sshare, squeue] = run.snapshots.front();
  INFO(sprio << sshare << squeue);
  CHECK(at == Time{seconds{125}});
  // The tick at 120 found B 115 s old, of 960: 119.79. Of three users root's own comes first, then
  // u2 with 2/3 (333.33), then u1, who has used all that was used.
  CHECK(has_line(sprio, "B,u2,p,453,120,0,333,0,0,0,,0"));
  CHECK(!has_line(sprio, "A,u1,p,500,0,0,500,0,0,0,,0"));
  CHECK(has_line(sshare, "root,,,,0.000000,1920,,1.000000,,"));  // 16 CPUs for 120 s
  CHECK(has_line(sshare, "a,u1,,1,0.500000,1920,1.000000,1.000000,0.333333,0.500000"));
  CHECK(has_line(sshare, "a,u2,,1,0.500000,0,0.000000,0.000000,0.666667,inf"));
  CHECK(squeue.find("\nA,u1,a,p,") != std::string::npos);
  CHECK(squeue.find("RUNNING,None,") != std::string::npos);
  CHECK(squeue.find("PENDING,Resources,") != std::string::npos);
  CHECK(run.snapshots.back().squeue.find('\n') + 1 == run.snapshots.back().squeue.size());
}

TEST_CASE("Snapshots of the event scheduler", "[snapshot]") {
  const RunResult run = run_with_snapshots("event");
  const std::string& squeue = run.snapshots.front().squeue;
  INFO(squeue);
  CHECK(squeue.find("RUNNING,None,") != std::string::npos);
  CHECK(squeue.find("PENDING,Resources,") != std::string::npos);
  CHECK(run.snapshots.front().sshare.find("a,u2,,1,,,,,") != std::string::npos);
}

}  // namespace
}  // namespace rehearse
