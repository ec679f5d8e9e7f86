// The GPU-lab model against closed forms of what it draws from.
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "models/workload/generate.hpp"
#include "sim/base/diagnostics.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

using namespace std::chrono_literals;

/// Ten nodes of 8 GPUs; account a may use 60 of them and has three users, b 20 and has one; c has a
/// user and no cap.
Cluster lab_cluster() {
  Cluster cluster = flat_cluster(10, 64);
  cluster.gres.push_back({"gpu", "a40"});
  for (Node& node : cluster.nodes) node.gres = {8};
  const auto account = [&](const char* name, std::int64_t cap, int users) {
    Assoc assoc;
    assoc.account = name;
    assoc.parent = AssocId{0};
    if (cap > 0) {
      assoc.limits.grp_tres.resize(cluster.tres_count(), kNoLimit);
      assoc.limits.grp_tres[kTresGpu] = cap;
    }
    assoc.parent = cluster.assocs.push_back(assoc);
    assoc.limits = {};
    for (int user = 1; user <= users; ++user) {
      assoc.user = name + std::to_string(user);
      cluster.assocs.push_back(assoc);
    }
  };
  account("a", 60, 3);
  account("b", 20, 1);
  account("c", 0, 1);
  return cluster;
}

JobClass one_gpu_jobs() {
  JobClass jobs;
  jobs.name = "train";
  jobs.partition = Mixture<std::string>("all");
  jobs.gpus = Mixture<std::int64_t>(1);
  jobs.cpus_per_gpu = Mixture<std::int64_t>(4);
  jobs.run_time = 1h;
  jobs.run_sigma = 1;
  return jobs;
}

WorkloadModel lab(std::vector<JobClass> classes, double load = 0.9, double days = 28) {
  WorkloadModel model;
  model.days = days;
  model.load = load;
  model.load_of = "gres/gpu";
  GpuLabModel gpu_lab;
  gpu_lab.classes = std::move(classes);
  model.kind = std::move(gpu_lab);
  return model;
}

template <class Visit>
void for_each_row(const Workload& workload, Visit&& visit) {
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    visit(id, workload.submissions[id], workload.asked[workload.submissions[id].asked]);
  }
}

using Row = std::tuple<std::int64_t, std::string, std::int64_t, std::int64_t>;
std::vector<Row> rows_of(const Workload& workload) {
  std::vector<Row> rows;
  for_each_row(workload, [&](SubmissionId id, const Submission& row, const Asked& asked) {
    rows.emplace_back(whole_seconds(row.submit), workload.names[row.user],
                      asked.gres_per_node.front().count,
                      whole_seconds(workload.truth.run_time[id]));
  });
  return rows;
}

}  // namespace

TEST_CASE("GPU lab: the load is met within one submission", "[models][workload]") {
  JobClass jobs = one_gpu_jobs();
  jobs.gpus.values = {1, 4, 8, 16};
  jobs.gpus.weights = {4, 2, 1, 1};
  const Cluster cluster = lab_cluster();
  const Generated made = generate(lab({jobs}), cluster, 1);
  double work = 0;
  std::int64_t last = 0;
  for_each_row(made.workload, [&](SubmissionId id, const Submission& row, const Asked& asked) {
    work += asked.min_nodes * static_cast<double>(asked.gres_per_node.front().count) *
            static_cast<double>(whole_seconds(made.workload.truth.run_time[id]));
    CHECK(whole_seconds(row.submit) >= last);
    last = whole_seconds(row.submit);
    CHECK(asked.cpus_per_task == 4 * asked.gres_per_node.front().count);
    CHECK(asked.tasks == asked.min_nodes);
  });
  CHECK(last < 28 * 86'400);
  CHECK(made.load == Approx(work / (80.0 * 28 * 86'400)));
  CHECK(made.load >= 0.9);
  CHECK(made.load < 0.91);
}

TEST_CASE("GPU lab: a larger load only adds submissions", "[models][workload]") {
  const Cluster cluster = lab_cluster();
  const std::vector<Row> few = rows_of(generate(lab({one_gpu_jobs()}, 0.5), cluster, 1).workload);
  const std::vector<Row> more = rows_of(generate(lab({one_gpu_jobs()}, 0.9), cluster, 1).workload);
  REQUIRE(few.size() < more.size());
  const std::multiset<Row> all(more.begin(), more.end());
  for (const Row& row : few) REQUIRE(all.contains(row));
  CHECK(few == rows_of(generate(lab({one_gpu_jobs()}, 0.5), cluster, 1).workload));
  CHECK(few != rows_of(generate(lab({one_gpu_jobs()}, 0.5), cluster, 2).workload));
}

TEST_CASE("GPU lab: run times are log-normal, sizes and users as weighted", "[models][workload]") {
  JobClass jobs = one_gpu_jobs();
  jobs.gpus.values = {1, 2, 4};
  jobs.gpus.weights = {5, 3, 2};
  const Workload made = generate(lab({jobs}, 2), lab_cluster(), 1).workload;
  const auto count = static_cast<double>(made.submissions.size());
  REQUIRE(count > 10'000);
  double mean = 0, square = 0;
  std::map<std::int64_t, double> gpus;
  std::map<std::string, double> users;
  for_each_row(made, [&](SubmissionId id, const Submission& row, const Asked& asked) {
    const double log = std::log(static_cast<double>(whole_seconds(made.truth.run_time[id])));
    mean += log / count;
    square += log * log / count;
    gpus[asked.gres_per_node.front().count] += 1 / count;
    users[made.names[row.user]] += 1 / count;
  });
  CHECK(mean == Approx(std::log(3600)).margin(0.03));
  CHECK(std::sqrt(square - mean * mean) == Approx(1).margin(0.03));
  CHECK(gpus[1] == Approx(0.5).margin(0.02));
  CHECK(gpus[4] == Approx(0.2).margin(0.02));
  // Accounts by their caps 60 : 20, none without; the users of one as 1 : 1/2 : 1/3.
  CHECK(users["b1"] == Approx(0.25).margin(0.02));
  CHECK(users["a1"] == Approx(0.75 * 6 / 11).margin(0.02));
  CHECK(users["a3"] == Approx(0.75 * 2 / 11).margin(0.02));
  CHECK(users.count("c1") == 0);
}

TEST_CASE("GPU lab: rhythms of the week", "[models][workload]") {
  JobClass office = one_gpu_jobs();
  office.rhythm = Rhythm::Office;
  for_each_row(generate(lab({office}), lab_cluster(), 1).workload,
               [](SubmissionId, const Submission& row, const Asked&) {
                 const std::int64_t hour = whole_seconds(row.submit) / 3600;
                 REQUIRE(hour / 24 % 7 < 5);
                 REQUIRE(hour % 24 >= 9);
                 REQUIRE(hour % 24 < 19);
               });
  double weekend = 0, afternoon = 0;
  const Workload daily = generate(lab({one_gpu_jobs()}, 2), lab_cluster(), 1).workload;
  for_each_row(daily, [&](SubmissionId, const Submission& row, const Asked&) {
    const std::int64_t hour = whole_seconds(row.submit) / 3600;
    const auto count = static_cast<double>(daily.submissions.size());
    weekend += hour / 24 % 7 >= 5 ? 1 / count : 0;
    afternoon += hour % 24 >= 9 && hour % 24 < 21 ? 1 / count : 0;
  });
  // Two days of half a weight to five of a whole one; the half of the day around the peak of 1 +
  // 0.8 cos has 1/2 + 0.8 / pi of it.
  CHECK(weekend == Approx(1 / 6.0).margin(0.02));
  CHECK(afternoon == Approx(0.5 + 0.8 / std::acos(-1)).margin(0.02));
}

TEST_CASE("GPU lab: submissions grow towards a deadline", "[models][workload]") {
  JobClass jobs = one_gpu_jobs();
  jobs.rhythm = Rhythm::Always;
  WorkloadModel model = lab({jobs}, 2);
  GpuLabModel& gpu_lab = std::get<GpuLabModel>(model.kind);
  gpu_lab.deadline_day = 20;
  gpu_lab.deadline_boost = 4;
  gpu_lab.deadline_days = 2;
  double eve = 0, after = 0;
  for_each_row(generate(model, lab_cluster(), 1).workload,
               [&](SubmissionId, const Submission& row, const Asked&) {
                 const std::int64_t day = whole_seconds(row.submit) / 86'400;
                 eve += day == 19;
                 after += day >= 21;
               });
  // On the last day 1 + 3 e^(-x / 2) for x from 1 to 0, afterwards 1.
  CHECK(eve / (after / 7) == Approx(1 + 3 * 2 * (1 - std::exp(-0.5))).epsilon(0.08));
}

TEST_CASE("GPU lab: limits come from the menu, never below the run unless there is none longer",
          "[models][workload]") {
  JobClass jobs = one_gpu_jobs();
  jobs.limits.menu = {30min, 2h, 8h};
  jobs.limits.over_estimate = 3;
  jobs.without_limit = 0.25;
  const Workload made = generate(lab({jobs}), lab_cluster(), 1).workload;
  double unset = 0;
  for_each_row(made, [&](SubmissionId id, const Submission& row, const Asked&) {
    const Duration run = made.truth.run_time[id];
    if (row.time_limit == kUnset) {
      unset += 1 / static_cast<double>(made.submissions.size());
    } else {
      REQUIRE((row.time_limit == 30min || row.time_limit == 2h || row.time_limit == 8h));
      REQUIRE((row.time_limit >= run || row.time_limit == 8h));
      if (row.time_limit == 8h) REQUIRE(3 * run > 2h);
    }
  });
  CHECK(unset == Approx(0.25).margin(0.02));
}

TEST_CASE("GPU lab: arrays, failures and probes", "[models][workload]") {
  JobClass jobs = one_gpu_jobs();
  jobs.arrays = 0.2;
  jobs.array_tasks = Mixture<std::int64_t>(4);
  jobs.failures = 0.3;
  jobs.probes = 0.1;
  jobs.probe_partition = "all";
  const Workload made = generate(lab({jobs}, 2), lab_cluster(), 1).workload;
  double arrays = 0, failed = 0, tasks = 0, waiting = 0, plain = 0;
  for_each_row(made, [&](SubmissionId id, const Submission& row, const Asked&) {
    const Special* const special = made.special(id);
    const std::size_t count =
        special == nullptr || special->array_tasks.empty() ? 1 : special->array_tasks.size();
    arrays += count == 4;
    for (std::size_t rank = 0; rank < count; ++rank) {
      failed += made.truth.of(id, rank).exit_code != 0;
      ++tasks;
    }
    if (special == nullptr || special->dependencies.empty()) {
      ++plain;
      return;
    }
    ++waiting;
    const SubmissionId probe = special->dependencies.front().on;
    REQUIRE(probe < id);
    CHECK(special->dependencies.front().kind == DependencyKind::AfterOk);
    CHECK(made.submissions[probe].user == row.user);
    CHECK(made.truth.run_time[probe] < 2h);
  });
  const double drawn = plain;  // every probe is a plain row, as is what has none: drawn jobs
  CHECK(arrays / drawn == Approx(0.2).margin(0.02));
  CHECK(waiting / drawn == Approx(0.1).margin(0.02));
  CHECK(failed / tasks == Approx(0.3).margin(0.02));
}

TEST_CASE("GPU lab: what the cluster does not have is an error", "[models][workload]") {
  const auto message = [](const WorkloadModel& model) {
    try {
      generate(model, lab_cluster(), 1);
      return std::string("no error");
    } catch (const InputError& error) {
      return error.diagnostics().entries().front().message;
    }
  };
  JobClass jobs = one_gpu_jobs();
  jobs.partition = Mixture<std::string>("all,short");
  CHECK(message(lab({jobs})) == "class \"train\": no partition \"short\" in cluster \"10x64\"");
  jobs = one_gpu_jobs();
  jobs.accounts = Mixture<std::string>("d");
  CHECK(message(lab({jobs})) ==
        "class \"train\": no account with users \"d\" in cluster \"10x64\"");
  WorkloadModel model = lab({one_gpu_jobs()});
  model.load_of = "gres/tpu";
  CHECK(message(model) == "load_of: cluster \"10x64\" has no \"gres/tpu\"");
  jobs = one_gpu_jobs();
  jobs.gpus = Mixture<std::int64_t>(0);
  jobs.run_time = 1s;
  CHECK(message(lab({jobs}, 0.9, 0.1)).find("do not offer a load of 0.9 of gres/gpu") !=
        std::string::npos);
}

}  // namespace rehearse
