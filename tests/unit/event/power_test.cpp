// Power saving under the event scheduler: who gets which node when, and what it comes to.
#include <boost/random/exponential_distribution.hpp>
#include <cmath>
#include <string>

#include "sim/audit/audit.hpp"
#include "sim/base/random.hpp"
#include "sim/config/load.hpp"
#include "sim/report/files.hpp"
#include "sim/workload/read_csv.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse {
namespace {

struct Run {
  Cluster cluster;
  Workload workload;
  Journal journal;

  Run(const std::string& yaml, const std::string& rows, const std::string& scheduler = "event")
      : cluster(parse_cluster(yaml, "c.yaml").cluster),
        workload(read_csv("id,submit,user,nodes,ntasks,timelimit,duration\n" + rows, "t.csv")),
        journal(testing::replay(cluster, workload, {{"scheduler", scheduler}})) {}

  std::string power() const { return text(write_power_csv); }
  AuditResult audited(const std::string& power_csv) const {
    AuditRules rules;
    return audit(cluster, workload, text(write_jobs_csv), text(write_shares_csv), rules, power_csv);
  }
  // "0 100-160": submission, start and end of each attempt in order of jobs.
  std::string times() const {
    std::string result;
    for (const Attempt& each : journal.attempts) {
      result += (result.empty() ? "" : " ") + std::to_string(whole_seconds(each.start)) + "-" +
                std::to_string(whole_seconds(each.end));
      if (each.state == JobState::NodeFail) result += "!";
    }
    return result;
  }

 private:
  template <class Write>
  std::string text(Write write) const {
    std::string result;
    write(cluster, workload, journal, [&](std::string_view piece) { result += piece; });
    return result;
  }
};

std::string cluster_of(const std::string& nodes, const std::string& power,
                       const std::string& partition = "") {
  return "nodes:\n" + nodes + "\npartitions: [{name: p, nodes: ALL, default: true" + partition +
         "}]\npower: {" + power + "}\n";
}

const std::string kOneCloud = "  - {names: n1, cpus: 4, cloud: true}";

TEST_CASE("a job runs once its node has booted, and one that is up is used at once", "[power]") {
  const Run run(cluster_of("  - {names: \"n[1-2]\", cpus: 4, cloud: true}",
                           "suspend_time: 300, suspend_timeout: 50, boot_time: 100, "
                           "resume_timeout: 200"),
                "1,0,u,1,1,1:00,60\n2,50,u,1,1,1:00,60\n3,200,u,1,4,1:00,60\n"
                "4,210,u,1,4,1:00,60\n");
  // 2 shares the node that boots. 3 has it, and 4 the other one.
  CHECK(run.times() == "100-160 100-160 200-260 310-370");
  CHECK(run.power() ==
        "node,resume,booted,failed,suspend,down\n"
        "n1,0,100,,560,610\n"
        "n2,210,310,,670,720\n");
  CHECK(run.audited(run.power()).ok());
}

TEST_CASE("time limits count from the boot on", "[power]") {
  const Run run(cluster_of(kOneCloud, "boot_time: 90, resume_timeout: 200"),
                "1,0,u,1,1,1,300\n2,1,u,1,4,5,30\n");
  CHECK(run.times() == "90-150 150-180");
  CHECK(run.journal.attempts[AttemptId{0}].state == JobState::Timeout);
}

TEST_CASE("a node that is powering down is given to nobody, and planned on", "[power]") {
  const Run run(cluster_of(kOneCloud,
                           "suspend_time: 300, suspend_timeout: 50, boot_time: 100, "
                           "resume_timeout: 200"),
                "1,0,u,1,1,10,60\n2,470,u,1,4,10,60\n3,471,u,1,1,10,60\n");
  CHECK(run.times() == "100-160 610-670 670-730");
}

TEST_CASE("boots that fail requeue the job, and the node is tried again", "[power]") {
  const std::string cluster = cluster_of(
      kOneCloud, "boot_time: 100, resume_timeout: 200, stock_out: {probability: 0.7, retry: 300}");
  for (const char* const scheduler : {"event", "slurm"}) {
    const Run run(cluster, "1,0,u,1,1,10,60\n", scheduler);
    const auto& attempts = run.journal.attempts;
    REQUIRE(attempts.size() > 1);
    for (std::size_t i = 0; i + 1 < attempts.size(); ++i) {
      const Attempt& each = attempts[static_cast<AttemptId>(i)];
      CHECK(each.state == JobState::NodeFail);
      CHECK(each.start == each.end);
      // 300 s down, then 200 s of trying (the first time without the former).
      const Time given = i == 0 ? Time{} : each.submit + std::chrono::seconds{300};
      CHECK(each.end >= given + std::chrono::seconds{200});
      CHECK(each.end <= given + std::chrono::seconds{200 + 62});  // slurmctld's next full pass
    }
    CHECK(run.journal.attempts[static_cast<AttemptId>(attempts.size() - 1)].state ==
          JobState::Completed);
    if (scheduler == std::string("event")) CHECK(run.audited(run.power()).ok());
  }
  const Run never(cluster_of(kOneCloud,
                             "boot_time: 100, resume_timeout: 200, "
                             "stock_out: {probability: 0.99}"),
                  "1,0,u,1,1,10,60\n");
  CHECK(never.journal.attempts[AttemptId{1}].state == JobState::Pending);
}

TEST_CASE("rates bound how many nodes come and go in a minute", "[power]") {
  const Run run(cluster_of("  - {names: \"n[1-3]\", cpus: 4, cloud: true}",
                           "suspend_time: 100, suspend_timeout: 10, boot_time: 100, "
                           "resume_timeout: 200, resume_rate: 1, suspend_rate: 2"),
                "1,0,u,3,12,10,60\n");
  CHECK(run.times() == "220-280");
  CHECK(run.power() ==
        "node,resume,booted,failed,suspend,down\n"
        "n1,0,100,,380,390\n"
        "n2,0,160,,380,390\n"
        "n3,0,220,,440,450\n");
}

TEST_CASE("some nodes of a set stay on, the first idle ones", "[power]") {
  const Run run(cluster_of("  - {names: \"n[1-4]\", cpus: 4}",
                           "suspend_time: 100, suspend_timeout: 10, boot_time: 10, "
                           "suspend_exc_nodes: [n4, \"n[1-3]:1\"]"),
                "1,0,u,1,4,10,200\n2,0,u,1,1,10,10\n");
  // While n1 is busy n2 stays; when it is idle, n2 has been so for long.
  CHECK(run.power() ==
        "node,resume,booted,failed,suspend,down\n"
        "n1,,,,,\n"
        "n2,,,,200,210\n"
        "n3,,,,100,110\n"
        "n4,,,,,\n");
}

TEST_CASE("a partition's nodes may go after each job, or have times of their own", "[power]") {
  const std::string node = "  - {names: n1, cpus: 4}";
  const Run idle(
      cluster_of(node, "suspend_timeout: 10, boot_time: 20", ", power_down_on_idle: true"),
      "1,0,u,1,4,10,50\n2,55,u,1,4,10,50\n");
  CHECK(idle.times() == "0-50 80-130");
  const Run own(cluster_of(node, "suspend_time: 10, boot_time: 20", ", suspend_time: 1000"),
                "1,0,u,1,4,10,50\n2,255,u,1,4,10,50\n");
  CHECK(own.times() == "0-50 255-305");
}

TEST_CASE("the audit objects to jobs on nodes that are not up", "[power][audit]") {
  const Run run(cluster_of(kOneCloud, "suspend_time: 300, boot_time: 100, resume_timeout: 200"),
                "1,0,u,1,1,10,60\n");
  const std::string head = "node,resume,booted,failed,suspend,down\n";
  for (const char* const damaged :
       {"n1,0,101,,460,490\n", "n1,0,100,,159,490\n", "n1,0,,200,,\n", "n1,200,300,,,\n"}) {
    const AuditResult result = run.audited(head + damaged);
    INFO(damaged);
    REQUIRE(result.violations.size() == 1);
    CHECK(result.violations.front().rule == "power");
  }
}

// One node and exponential gaps of mean m between an end and the next submission: it is cold for
// e^(-T/m) of the jobs, and idle and on for m (1 - e^(-T/m)) seconds before each.
TEST_CASE("cold starts and idle time are those of the closed form", "[power]") {
  constexpr double mean = 600, suspend_time = 300;
  constexpr int jobs = 20'000;
  RandomStream random{1};
  boost::random::exponential_distribution<double> gap(1 / mean);
  std::string rows;
  std::int64_t submit = 0, busy = 0;
  for (int i = 0; i < jobs; ++i) {
    rows += std::to_string(i) + "," + std::to_string(submit) + ",u,1,1,10,60\n";
    busy += 60;
    submit += 60 + std::llround(gap(random));
  }
  const Run run(cluster_of(kOneCloud, "suspend_time: 300, suspend_timeout: 0, boot_time: 0"), rows);
  const Metrics metrics = measure(run.cluster, run.workload, run.journal);
  const double cold = std::exp(-suspend_time / mean);
  const double deviation = std::sqrt(cold * (1 - cold) / jobs);
  CHECK(std::abs(static_cast<double>(metrics.power.boots) / jobs - cold) < 3 * deviation);
  const double idle = (metrics.power.on_seconds - static_cast<double>(busy)) / jobs;
  CHECK(std::abs(idle / (mean * (1 - cold)) - 1) < 0.02);
}

}  // namespace
}  // namespace rehearse
