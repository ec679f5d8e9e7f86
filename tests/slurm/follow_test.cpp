// Following decisions: a run that follows its own differs nowhere, and one that follows others
// takes them and names each difference once.
#include <fmt/format.h>

#include <map>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/study/load_decisions.hpp"
#include "sim/study/run.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/unit/report/folder.hpp"

namespace rehearse {
namespace {

using Catch::Contains;

// Four jobs on two nodes: B waits for A, backfill lets C pass, R comes back after P preempted it.
constexpr const char* kConf =
    "ClusterName=t\n"
    "SchedulerParameters=bf_interval=10,bf_resolution=1\n"
    "PreemptType=preempt/partition_prio\n"
    "PreemptMode=REQUEUE\n"
    "NodeName=n[1-2] CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=4000\n"
    "PartitionName=low Nodes=n[1-2] Default=YES PriorityTier=1 MaxTime=INFINITE State=UP\n"
    "PartitionName=high Nodes=n2 PriorityTier=9 PreemptMode=OFF MaxTime=INFINITE State=UP\n";
constexpr const char* kJobs =
    "id,submit,user,partition,nodes,ntasks,cpus_per_task,timelimit,duration,array\n"
    "A,0,u1,low,1,1,2,10,300,\n"
    "R,1,u1,low,1,1,4,10,200,\n"
    "B,2,u2,low,2,2,4,10,100,\n"
    "C,30,u2,low,1,1,1,2,60,\n"
    "P,100,u3,high,1,1,4,5,30,\n"
    "T,101,u2,low,1,1,1,1,5,0-1\n";

class Lab {
 public:
  Lab() {
    write_text(folder_ / "slurm.conf", kConf);
    write_text(folder_ / "jobs.csv", kJobs);
  }

  RunResult run(const std::string& follow = "") const {
    Experiment experiment;
    experiment.cluster = folder_ / "slurm.conf";
    experiment.trace = folder_ / "jobs.csv";
    experiment.follow = follow;
    return run_experiment(experiment);
  }
  std::string follow(const std::string& table) const {
    write_text(folder_ / "decisions.csv", table);
    return folder_ / "decisions.csv";
  }

 private:
  TemporaryFolder folder_;
};

std::string jobs_of(const RunResult& run) {
  std::string text;
  write_jobs_csv(run.cluster, run.workload, run.journal,
                 [&](std::string_view piece) { text += piece; });
  return text;
}

// The start of each attempt: "R 1" is the second of R.
std::map<std::string, std::int64_t> starts_of(const RunResult& run) {
  std::map<std::string, std::int64_t> starts;
  for (const Attempt& attempt : run.journal.attempts) {
    if (attempt.start == kNever) continue;
    const JobEntry& job = run.journal.jobs[attempt.job];
    starts[run.workload.task_text(job.submission, job.array_task) + " " +
           std::to_string(attempt.number)] = whole_seconds(attempt.start);
  }
  return starts;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string row_of(const std::string& table, const std::string& job) {
  const std::size_t at = table.find("\n" + job + ",") + 1;
  return table.substr(at, table.find('\n', at) + 1 - at);
}

TEST_CASE("A run that follows its own decisions is the same run", "[slurm][follow]") {
  const Lab lab;
  const std::string free = jobs_of(lab.run());
  CHECK(starts_of(lab.run()).contains("R 1"));  // it was preempted
  const RunResult followed = lab.run(lab.follow(free));
  CHECK(jobs_of(followed) == free);
  CHECK(followed.journal.divergences.empty());
}

TEST_CASE("A later start is followed, and the difference is named once", "[slurm][follow]") {
  const Lab lab;
  const std::string free = jobs_of(lab.run());
  const auto before = starts_of(lab.run());
  const std::int64_t start = before.at("C 0");
  const auto times = [&](std::int64_t later) {
    return fmt::format(",{},{},120,", start + later, start + later + 60);
  };
  const RunResult run = lab.run(lab.follow(replaced(free, times(0), times(7))));
  REQUIRE(run.journal.divergences.size() >= 1);
  const Divergence& first = run.journal.divergences.front();
  CHECK(first.kind == DivergenceKind::Early);
  CHECK(whole_seconds(first.at) == start);
  CHECK(starts_of(run).at("C 0") == start + 7);
  auto others = starts_of(run), expected = before;
  others.erase("C 0");
  expected.erase("C 0");
  CHECK(others == expected);
}

TEST_CASE("What never started there does not start, and its nodes stay free", "[slurm][follow]") {
  const Lab lab;
  const std::string free = jobs_of(lab.run());
  const RunResult run = lab.run(lab.follow(replaced(free, row_of(free, "A"), "")));
  CHECK_FALSE(starts_of(run).contains("A 0"));
  REQUIRE_FALSE(run.journal.divergences.empty());
  CHECK(run.journal.divergences.front().theirs == "never starts");
}

TEST_CASE("Decisions of jobs, nodes and states that are not there are errors", "[slurm][follow]") {
  const Lab lab;
  const std::string free = jobs_of(lab.run());
  const auto error = [&](const std::string& from, const std::string& to) -> std::string {
    try {
      lab.run(lab.follow(replaced(free, from, to)));
    } catch (const InputError& wrong) {
      return wrong.what();
    }
    return "no error";
  };
  CHECK_THAT(error("A,0,", "Z,0,"), Contains("no job \"Z\" in the trace"));
  CHECK_THAT(error(",low,", ",lo,"), Contains("no partition \"lo\""));
  CHECK_THAT(error(",n1,", ",n9,"), Contains("no node \"n9\""));
  CHECK_THAT(error("COMPLETED", "DONE"), Contains("\"DONE\" is no state of a job"));
  CHECK_THAT(error(row_of(free, "A"), row_of(free, "A") + row_of(free, "A")),
             Contains("attempt 0 of \"A\" is here twice"));
}

}  // namespace
}  // namespace rehearse
