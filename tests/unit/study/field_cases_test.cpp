// Cases from the field, written anew: what a whole run says of them, beside the starts that the
// micro-scenarios of tests/slurm hold.
#include <fmt/format.h>

#include <map>
#include <string>

#include "sim/report/files.hpp"
#include "sim/report/metrics.hpp"
#include "sim/study/run.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/unit/report/folder.hpp"

namespace rehearse {
namespace {

using Catch::Contains;

constexpr const char* kColumns =
    "id,submit,user,nodes,ntasks,cpus_per_task,gres,mem,timelimit,duration,dependency,array,"
    "extra\n";
constexpr const char* kCommon =
    "ClusterName=field\nSelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n"
    "PriorityType=priority/basic\n";
constexpr const char* kCycle =
    "SchedulerParameters=bf_interval=30,bf_window=2880,bf_resolution=60,bf_continue\n";

/// A cluster and its jobs in a folder.
class Site {
 public:
  Site(const std::string& conf, const std::string& jobs) {
    write("slurm.conf", kCommon + conf);
    write("jobs.csv", kColumns + jobs);
  }
  void write(const std::string& name, const std::string& text) const {
    write_text(folder_ / name, text);
  }

  /// `backfill`: with first come, first served by `event`; "": by `slurm`.
  RunResult run(const std::string& backfill = "") const {
    Experiment experiment;
    experiment.cluster = folder_ / "slurm.conf";
    experiment.trace = folder_ / "";
    resolve_folders(experiment);
    Diagnostics diagnostics;
    apply_set(experiment.policies, backfill.empty() ? "scheduler=slurm" : "scheduler=event",
              diagnostics);
    if (!backfill.empty()) {
      apply_set(experiment.policies, "priority=fifo", diagnostics);
      apply_set(experiment.policies, "backfill=" + backfill, diagnostics);
    }
    REQUIRE(diagnostics.error_count() == 0);
    return run_experiment(experiment);
  }

 private:
  TemporaryFolder folder_;
};

/// By the name of the job: its only attempt.
std::map<std::string, Attempt> attempts_of(const RunResult& run) {
  std::map<std::string, Attempt> attempts;
  for (const Attempt& attempt : run.journal.attempts) {
    const JobEntry& job = run.journal.jobs[attempt.job];
    attempts.emplace(run.workload.task_text(job.submission, job.array_task), attempt);
  }
  return attempts;
}

/// When `job` started, in seconds; -1: never.
std::int64_t start_of(const RunResult& run, const std::string& job) {
  const Time start = attempts_of(run).at(job).start;
  return start == kNever ? -1 : whole_seconds(start);
}

Metrics measured(const RunResult& run) {
  return measure(run.cluster, run.workload, run.journal, run.metrics);
}

/// Seconds that `job` waited, by reason.
std::string reasons_of(const RunResult& run, const std::string& job) {
  std::string csv;
  write_jobs_csv(run.cluster, run.workload, run.journal,
                 [&](std::string_view piece) { csv += piece; });
  const std::size_t at = csv.find("\n" + job + ",") + 1;
  const std::string row = csv.substr(at, csv.find('\n', at) - at);
  return row.substr(row.rfind(',') + 1);
}

TEST_CASE("Field case 03: GPUs whose node has no CPU left are stranded", "[study][field]") {
  std::string jobs = "X,5,u1,1,1,9,gpu:1,1G,70,3603,,,\n";
  for (int i = 1; i <= 11; ++i) {
    jobs += fmt::format("Y{},{},u2,1,1,1,gpu:1,1G,70,3603,,,\n", i, 10 + 5 * i);
  }
  const Site site(std::string(kCycle) +
                      "GresTypes=gpu\nNodeName=n1 CPUs=12 CoresPerSocket=12 RealMemory=90000 "
                      "Gres=gpu:6\nNodeName=n2 CPUs=24 CoresPerSocket=24 RealMemory=90000 "
                      "Gres=gpu:6\nPartitionName=p Nodes=ALL Default=YES DefMemPerCPU=1000\n",
                  jobs);
  const Metrics metrics = measured(site.run());
  CHECK(metrics.stranded_gpu_seconds == 2 * 3603);  // from the start of X to its end, two GPUs
  const Timeline& timeline = metrics.timeline;
  for (std::size_t i = 0; i < timeline.time.size(); ++i) {
    const bool beside_x = timeline.time[i] >= 5 && timeline.time[i] < 3608;
    CHECK(timeline.gpus_stranded[i] == (beside_x ? 2 : 0));
  }
}

TEST_CASE("Field case 04: use counts a maintenance, and says so", "[study][field]") {
  const Site site(
      "NodeName=n1 CPUs=4 CoresPerSocket=4 RealMemory=9000\n"
      "PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10\n",
      "A,0,u1,1,1,4,,1G,UNLIMITED,400,,,\nB,10,u1,1,1,4,,1G,,400,,,\n");
  site.write("events.csv",
             "offset,command\n0,scontrol create reservation ReservationName=m "
             "StartTime={T+1000} Duration=10 Nodes=n1 Users=root Flags=MAINT\n");
  const RunResult run = site.run();
  CHECK(start_of(run, "A") >= 1600);
  CHECK(start_of(run, "B") == 10);
  const Metrics metrics = measured(run);
  CHECK(metrics.utilization[0].fraction == Approx(800.0 / static_cast<double>(metrics.makespan())));
  CHECK_THAT(summary_text(metrics),
             Contains("nodes count while they are down, drained or reserved"));
}

TEST_CASE("Field case 07: refused submissions are counted and named", "[study][field]") {
  const Site site(std::string(kCycle) +
                      "AccountingStorageEnforce=associations,limits,qos\n"
                      "NodeName=n1 CPUs=8 CoresPerSocket=8 RealMemory=9000\n"
                      "PartitionName=p Nodes=ALL Default=YES\n",
                  "A,0,u1,,1,1,,1M,20,303,,1-5,\nB,5,u1,,1,1,,1M,20,303|603|603|603,,1-4,\n"
                  "C,15,u1,,1,1,,1M,20,63,,,\nO,15,u2,,1,1,,1M,20,63,,,\n"
                  "D,25,u3,,1,1,,1M,20,63,,1-10%1,\nE,315,u1,,1,1,,1M,20,903,,,\n"
                  "F,320,u1,,1,1,,1M,20,63,,,\nG,650,u1,,1,1,,1M,20,63,,1-3,\n"
                  "H,655,u1,,1,1,,1M,20,63,,,\n");
  site.write("accounts.txt",
             "modify qos normal set MaxSubmitJobsPerUser=4\nadd account lab\n"
             "add user u1,u2,u3 Account=lab\n");
  const RunResult run = site.run();
  const Metrics metrics = measured(run);
  CHECK(metrics.all.wait.count == 9);
  CHECK(metrics.all.wait.max == 0);
  REQUIRE(metrics.rejected.size() == 1);
  CHECK(metrics.rejected[0].jobs == 18);
  CHECK(metrics.rejected[0].reason == Reason::QOSMaxSubmitJobPerUserLimit);
  CHECK(metrics.left_over.empty());
  CHECK_THAT(summary_text(metrics),
             Contains("27: 9 started, 18 rejected, 0 left over") &&
                 Contains("Job violates accounting/QOS policy (job submit limit, user's size "
                          "and/or time limits): 5 submissions, first A\n"));
}

TEST_CASE("Field case 27: a run in which nothing can happen any more ends", "[study][field]") {
  std::string jobs;
  for (int i = 1; i <= 6; ++i) {
    jobs += fmt::format("B{},{},u1,1,1,1,,1G,10,63,,,-w n3\n", i, 5 + 5 * i);
  }
  const Site site(
      "SchedulerParameters=default_queue_depth=3,bf_interval=600,bf_max_job_test=4,bf_window=2880\n"
      "NodeName=n[1-3] CPUs=4 CoresPerSocket=4 RealMemory=16000\n"
      "PartitionName=p Nodes=ALL Default=YES\n",
      jobs + "R1,75,u2,1,1,1,,1G,20,603,,,\nR2,305,u3,1,1,1,,1G,20,603,,,\n");
  site.write("events.csv", "offset,command\n0,scontrol update NodeName=n3 State=DRAIN Reason=x\n");
  const RunResult run = site.run();
  CHECK(start_of(run, "R1") == 120);
  CHECK(start_of(run, "R2") == 360);
  CHECK(reasons_of(run, "B1") == "ReqNodeNotAvail=953");  // to the end of R2, at 963
  CHECK(run.journal.reasons.size() < 20);
  const Metrics metrics = measured(run);
  REQUIRE(metrics.left_over.size() == 1);
  CHECK(metrics.left_over[0].jobs == 6);
  CHECK(metrics.left_over[0].reason == Reason::ReqNodeNotAvail);
  CHECK(metrics.last_end == 963);
  CHECK_THAT(summary_text(metrics), Contains("p99 00:00:55 (2 of 8 jobs)") &&
                                        Contains("6 (ReqNodeNotAvail): B1, B2, B3, B4, B5"));
}

TEST_CASE("Field case 28: jobs without a limit follow each other", "[study][field]") {
  std::string jobs;
  for (int i = 1; i <= 40; ++i) jobs += fmt::format("U{0},{0},u1,1,1,1,,1G,UNLIMITED,103,,,\n", i);
  const Site site(std::string(kCycle) +
                      "NodeName=n1 CPUs=1 RealMemory=8000\n"
                      "PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE\n",
                  jobs + "F,60,u2,1,1,1,,1G,1,43,,,\n");
  for (const char* const backfill : {"easy", "conservative", ""}) {
    const RunResult run = site.run(backfill);
    const bool exact = *backfill != 0;
    std::int64_t before = 1;  // the end of the one before
    for (int i = 1; i <= 41; ++i) {
      const std::string job = i == 41 ? "F" : fmt::format("U{}", i);
      const std::int64_t start = start_of(run, job);
      INFO(backfill << " " << job);
      CHECK((start >= before && start <= before + (exact ? 0 : 1)));
      before = start + 103;
    }
    const Metrics metrics = measured(run);
    CHECK(metrics.states[static_cast<std::size_t>(JobState::Completed)] == 41);
    if (exact) CHECK((start_of(run, "F") == 4121 && metrics.last_end == 4164));
  }
}

TEST_CASE("Field case 28: nobody knows when a job without a limit ends", "[study][field]") {
  const Site site(std::string(kCycle) +
                      "NodeName=n[1-2] CPUs=1 RealMemory=8000\n"
                      "PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE\n",
                  "A,0,u1,1,1,1,,1G,UNLIMITED,1203,,,\nH,10,u2,2,2,1,,1G,UNLIMITED,303,,,\n"
                  "S,20,u3,1,1,1,,1G,1,43,,,\nS2,1190,u3,1,1,1,,1G,30,603,,,\n");
  for (const char* const backfill : {"easy", "conservative"}) {
    const RunResult run = site.run(backfill);
    CHECK(start_of(run, "A") == 0);
    CHECK(start_of(run, "S") == 20);
    CHECK(start_of(run, "S2") == 1190);
    CHECK(start_of(run, "H") == 1793);
  }
}

TEST_CASE("Field case 29: what depends on what fails does not stop the others", "[study][field]") {
  const Site site(std::string(kCycle) +
                      "NodeName=n[1-4] CPUs=1 RealMemory=8000\n"
                      "PartitionName=p Nodes=ALL Default=YES MaxTime=1-0\n",
                  "X,0,u1,1,1,1,,1G,10,60:1,,,\nY,1,u1,1,1,1,,1G,10,60,afterok:X,,\n"
                  "Z,2,u1,1,1,1,,1G,10,60,afterany:Y,,\nW,3,u1,1,1,1,,1G,10,60,afternotok:X,,\n"
                  "V,4,u1,1,1,1,,1G,10,60,afterok:X?afterany:X,,\n"
                  "T,5,u1,1,1,1,,1G,10,60,afterok:W:V,,\n");
  const RunResult run = site.run("easy");
  CHECK(attempts_of(run).at("X").state == JobState::Failed);
  CHECK(start_of(run, "W") == 60);
  CHECK(start_of(run, "V") == 60);
  CHECK(start_of(run, "T") == 120);
  CHECK(reasons_of(run, "Y") == "Dependency=59;DependencyNeverSatisfied=120");
  CHECK(reasons_of(run, "Z") == "Dependency=178");
  CHECK(reasons_of(run, "W") == "Dependency=57");
  CHECK(reasons_of(run, "V") == "Dependency=56");
  CHECK(reasons_of(run, "T") == "Dependency=115");
  const Metrics metrics = measured(run);
  CHECK(metrics.all.wait.max == 0);  // they are eligible from then on
  CHECK(metrics.all.response.count == 4);
  CHECK(metrics.last_end == 180);
  CHECK(metrics.left_over.size() == 2);
}

}  // namespace
}  // namespace rehearse
