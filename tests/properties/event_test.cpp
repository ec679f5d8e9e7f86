// The engine and a naive scheduler agree on random small inputs; and what must hold of any schedule
// holds. Every result is audited.
#include <fmt/format.h>
#include <rapidcheck.h>

#include <numeric>

#include "sim/audit/audit.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/policy/registry.hpp"
#include "sim/report/files.hpp"
#include "tests/catch.hpp"
#include "tests/properties/reference.hpp"

namespace rehearse {
namespace {

namespace ref = reference;
using Jobs = std::vector<ref::Job>;

struct Input {
  ref::Machine machine;
  Jobs jobs;
};

// Inputs are as large from the first case on: only crowded machines tell anything.
int between(int first, int last) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(first, last + 1));
}
int below(int bound) { return between(0, bound - 1); }

ref::Machine any_machine() {
  ref::Machine machine;
  machine.nodes.resize(static_cast<std::size_t>(between(2, 4)));
  for (ref::Amounts& node : machine.nodes) {
    node = {between(1, 3), {below(3), below(2)}};
  }
  const int partitions = between(1, 3);
  for (int i = 0; i < partitions; ++i) {
    ref::Partition partition;
    partition.tier = between(1, 2);
    partition.mode = static_cast<ref::Mode>(below(3));
    for (std::size_t node = 0; node < machine.nodes.size(); ++node) {
      partition.nodes.push_back(i == 0 || below(3) > 0);
    }
    partition.nodes[0] = true;  // not without nodes
    machine.partitions.push_back(partition);
  }
  return machine;
}

Jobs any_jobs(const ref::Machine& machine, bool exact_limits) {
  Jobs jobs(static_cast<std::size_t>(between(1, 24)));
  int submit = 0;
  for (ref::Job& job : jobs) {
    submit += below(3);
    job.submit = submit;
    job.run_time = between(1, 15);
    job.limit = exact_limits ? job.run_time : between(1, 15);
    job.partition = below(static_cast<int>(machine.partitions.size()));
    job.nodes = below(4);
    job.cpus = job.nodes == 0 ? between(1, 6) : between(1, 2);
    job.gpus = job.nodes > 0 && below(3) == 0 ? between(1, 2) : 0;
    job.type = between(-1, 1);
  }
  return jobs;
}

Cluster cluster_of(const ref::Machine& machine) {
  Cluster cluster = flat_cluster(static_cast<std::uint32_t>(machine.nodes.size()), 1);
  cluster.gres.push_back({"gpu", "a"});
  cluster.gres.push_back({"gpu", "b"});
  for (std::size_t i = 0; i < machine.nodes.size(); ++i) {
    Node& node = cluster.nodes[static_cast<NodeId>(i)];
    node.cpus = node.cores_per_socket = static_cast<std::uint32_t>(machine.nodes[i].cpus);
    for (const int count : machine.nodes[i].gpus) {
      node.gres.push_back(static_cast<std::uint32_t>(count));
    }
  }
  cluster.partitions = {};
  for (const ref::Partition& from : machine.partitions) {
    Partition partition;
    partition.name = fmt::format("p{}", cluster.partitions.size());
    partition.nodes = NodeSet(machine.nodes.size());
    for (std::size_t i = 0; i < from.nodes.size(); ++i) {
      if (from.nodes[i]) partition.nodes.insert(static_cast<NodeId>(i));
    }
    partition.is_default = cluster.partitions.empty();
    partition.priority_tier = from.tier;
    partition.preempt_mode = static_cast<PreemptMode>(from.mode);
    cluster.partitions.push_back(std::move(partition));
  }
  return cluster;
}

/// `order` is the order of the rows, `user` the beginning of users' names.
Workload workload_of(const Jobs& jobs, const std::vector<std::size_t>& order,
                     const std::string& user = "u") {
  WorkloadBuilder builder;
  for (const std::size_t at : order) {
    const ref::Job& job = jobs[at];
    Asked asked;
    asked.min_nodes = asked.max_nodes = static_cast<std::uint32_t>(job.nodes);
    if (job.nodes == 0) {
      asked.tasks = static_cast<std::uint32_t>(job.cpus);
    } else {
      asked.cpus_per_task = static_cast<std::uint32_t>(job.cpus);
      const char* const types[] = {"", "a", "b"};
      if (job.gpus > 0) asked.gres_per_node = {{"gpu", types[job.type + 1], job.gpus}};
    }
    Submission row;
    row.submit = at_seconds(job.submit);
    row.time_limit = std::chrono::seconds{job.limit};
    row.number = at + 1;
    row.user = builder.name(fmt::format("{}{}", user, at % 3));
    row.account = row.qos = builder.name("");
    row.partition = builder.name(fmt::format("p{}", job.partition));
    row.asked = builder.asked(asked);
    builder.workload().submissions.push_back(row);
    builder.workload().truth.run_time.push_back(std::chrono::seconds{job.run_time});
  }
  return builder.take();
}

std::vector<std::size_t> in_order(const Jobs& jobs) {
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

struct Outcome {
  std::vector<std::vector<ref::Run>> runs;  // by job
  std::string jobs_csv;
};

Outcome simulate_and_audit(const Cluster& cluster, const Workload& workload,
                           const std::string& backfill, bool preempts) {
  PolicySettings settings;
  settings["backfill"].use.text = backfill;
  settings["priority"].use.text = "fifo";
  settings["preemption"].use.text = preempts ? "by-partition" : "never";
  Diagnostics diagnostics;
  const ReadyScheduler ready = make_scheduler(settings, diagnostics);
  diagnostics.throw_if_errors();
  const Journal journal = simulate(cluster, workload, *ready.scheduler);
  Outcome outcome;
  std::string shares, problems;
  write_jobs_csv(cluster, workload, journal,
                 [&](std::string_view text) { outcome.jobs_csv += text; });
  write_shares_csv(cluster, workload, journal, [&](std::string_view text) { shares += text; });
  const AuditResult result = audit(cluster, workload, outcome.jobs_csv, shares);
  for (const Violation& each : result.violations) problems += render(each) + "\n";
  RC_ASSERT(problems == "");
  outcome.runs.resize(workload.submissions.size());
  for (const Attempt& attempt : journal.attempts) {
    if (attempt.start == kNever) continue;
    const Submission& row = workload.submissions[journal.jobs[attempt.job].submission];
    outcome.runs[row.number - 1].push_back({static_cast<int>(whole_seconds(attempt.start)),
                                            static_cast<int>(whole_seconds(attempt.end))});
  }
  return outcome;
}

std::string shown(const Input& input, const std::vector<std::vector<ref::Run>>& runs) {
  std::string text;
  for (const ref::Amounts& node : input.machine.nodes) {
    text += fmt::format("node: {} CPUs, {} a, {} b\n", node.cpus, node.gpus[0], node.gpus[1]);
  }
  for (const ref::Partition& each : input.machine.partitions) {
    text +=
        fmt::format("partition: tier {}, mode {}, nodes", each.tier, static_cast<int>(each.mode));
    for (const bool node : each.nodes) text += node ? " 1" : " 0";
    text += "\n";
  }
  for (std::size_t i = 0; i < input.jobs.size(); ++i) {
    const ref::Job& job = input.jobs[i];
    text += fmt::format("job {}: submit {} limit {} runs {} p{} nodes {} cpus {} gpus {}:{} ->",
                        i + 1, job.submit, job.limit, job.run_time, job.partition, job.nodes,
                        job.cpus, job.gpus, job.type);
    for (const ref::Run& run : runs[i]) text += fmt::format(" {}-{}", run.start, run.end);
    text += "\n";
  }
  return text;
}

/// The backfill policies and how many promises they give.
const std::vector<std::pair<std::string, int>> kBackfills = {
    {"none", ref::kNone}, {"greedy", 0}, {"easy", 1}, {"conservative", 1000}};

void agree(bool preempts) {
  const auto [backfill, reservations] =
      kBackfills[static_cast<std::size_t>(below(static_cast<int>(kBackfills.size())))];
  Input input;
  input.machine = any_machine();
  input.jobs = any_jobs(input.machine, false);
  ref::Scheduler naive(input.machine, input.jobs, reservations, preempts);
  naive.run();
  const Outcome outcome = simulate_and_audit(
      cluster_of(input.machine), workload_of(input.jobs, in_order(input.jobs)), backfill, preempts);
  RC_LOG() << backfill << "\nnaive:\n"
           << shown(input, naive.runs()) << "engine:\n"
           << shown(input, outcome.runs);
  RC_ASSERT(outcome.runs == naive.runs());
}

TEST_CASE("The engine agrees with a naive scheduler", "[properties]") {
  CHECK(rc::check("without preemption", [] { agree(false); }));
}

TEST_CASE("The engine agrees with a naive scheduler that preempts", "[properties]") {
  CHECK(rc::check("with preemption by partition", [] { agree(true); }));
}

/// Whole one-CPU nodes of one partition, with limits that are the run times.
Input flat_input() {
  Input input;
  input.machine.nodes.resize(static_cast<std::size_t>(between(2, 6)), {1, {0, 0}});
  input.machine.partitions.push_back({std::vector<bool>(input.machine.nodes.size(), true), 1, {}});
  input.jobs = any_jobs(input.machine, true);
  for (ref::Job& job : input.jobs)
    job = {job.submit, job.limit, job.run_time, 0, 0, job.cpus, 0, 0};
  return input;
}

TEST_CASE("EASY keeps its promises if limits are exact", "[properties]") {
  CHECK(rc::check("no job starts after the first start that it was promised", [] {
    Input input;
    input.machine = any_machine();
    for (ref::Partition& each : input.machine.partitions) each.tier = 1;
    input.machine.partitions.resize(1);
    input.jobs = any_jobs(input.machine, true);
    ref::Scheduler naive(input.machine, input.jobs, 1, false);
    naive.run();
    const Outcome outcome = simulate_and_audit(
        cluster_of(input.machine), workload_of(input.jobs, in_order(input.jobs)), "easy", false);
    RC_LOG() << shown(input, outcome.runs);
    for (std::size_t i = 0; i < input.jobs.size(); ++i) {
      if (naive.promised()[i] >= 0) RC_ASSERT(outcome.runs[i].front().start <= naive.promised()[i]);
    }
  }));
}

TEST_CASE("Conservative backfilling is never later than FCFS if limits are exact", "[properties]") {
  CHECK(rc::check("job by job, on a machine of equal processors", [] {
    const Input input = flat_input();
    const Cluster cluster = cluster_of(input.machine);
    const Workload workload = workload_of(input.jobs, in_order(input.jobs));
    const Outcome fcfs = simulate_and_audit(cluster, workload, "none", false);
    const Outcome conservative = simulate_and_audit(cluster, workload, "conservative", false);
    RC_LOG() << shown(input, fcfs.runs) << shown(input, conservative.runs);
    for (std::size_t i = 0; i < input.jobs.size(); ++i) {
      if (fcfs.runs[i].empty()) continue;
      RC_ASSERT(conservative.runs[i].front().start <= fcfs.runs[i].front().start);
    }
  }));
}

TEST_CASE("Names, the order of rows and repetition change nothing", "[properties]") {
  CHECK(rc::check("the same schedule, and the same bytes", [] {
    Input input;
    input.machine = any_machine();
    input.jobs = any_jobs(input.machine, false);
    const Cluster cluster = cluster_of(input.machine);
    const auto run = [&](const Workload& workload) {
      return simulate_and_audit(cluster, workload, "easy", true);
    };
    std::vector<std::size_t> order = in_order(input.jobs);
    const Outcome first = run(workload_of(input.jobs, order));
    RC_ASSERT(run(workload_of(input.jobs, order)).jobs_csv == first.jobs_csv);
    RC_ASSERT(run(workload_of(input.jobs, order, "someone")).runs == first.runs);
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[static_cast<std::size_t>(below(static_cast<int>(i)))]);
    }
    RC_ASSERT(run(workload_of(input.jobs, order)).runs == first.runs);
  }));
}

}  // namespace
}  // namespace rehearse
