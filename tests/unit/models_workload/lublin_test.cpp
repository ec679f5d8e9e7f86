// Lublin and Feitelson's model against what its distributions say in closed form.
#include <algorithm>
#include <array>
#include <bit>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <vector>

#include "models/workload/generate.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

struct Job {
  std::int64_t submit, procs, run;
};

WorkloadModel lublin(double days, double load) {
  WorkloadModel model;
  model.days = days;
  model.load = load;
  model.kind = LublinModel{};
  return model;
}

std::vector<Job> jobs_of(const Workload& workload) {
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    const Submission& row = workload.submissions[id];
    jobs.push_back({whole_seconds(row.submit), workload.asked[row.asked].tasks,
                    whole_seconds(workload.truth.run_time[id])});
  }
  return jobs;
}

std::vector<Job> many_jobs() {
  static const std::vector<Job> kJobs =
      jobs_of(generate(lublin(400, 0), flat_cluster(128, 1), 1).workload);
  return kJobs;
}

bool is_power_of_two(std::int64_t value) {
  return std::has_single_bit(static_cast<std::uint64_t>(value));
}

}  // namespace

TEST_CASE("Lublin: sizes are serial, powers of two and others as published", "[models][workload]") {
  const std::vector<Job> jobs = many_jobs();
  REQUIRE(jobs.size() > 20'000);
  double serial = 0, power = 0, log_size = 0, parallel = 0;
  for (const Job& job : jobs) {
    REQUIRE(job.procs >= 1);
    REQUIRE(job.procs <= 128);
    serial += job.procs == 1;
    power += job.procs > 1 && is_power_of_two(job.procs);
    if (job.procs == 1) continue;
    log_size += std::log2(static_cast<double>(job.procs));
    ++parallel;
  }
  // Sizes that are not rounded in the logarithm are whole processors all the same, and some of
  // those are powers of two: by numbers over the two uniforms (0.8 to 4.5, then to 7).
  double accidental = 0;
  constexpr int kSteps = 100'000;
  for (int step = 0; step < kSteps; ++step) {
    const double inside = (step + 0.5) / kSteps;
    for (const auto& [low, high, weight] :
         {std::array{0.8, 4.5, 0.86}, std::array{4.5, 7.0, 0.14}}) {
      const auto size = static_cast<std::int64_t>(std::exp2(low + inside * (high - low)) + 0.5);
      if (is_power_of_two(size)) accidental += weight / kSteps;
    }
  }
  const auto count = static_cast<double>(jobs.size());
  CHECK(serial / count == Approx(0.244).margin(0.01));
  CHECK(power / count == Approx(0.576 + (1 - 0.244 - 0.576) * accidental).margin(0.01));
  // E log2 = (u low + medium + (1 - u) high) / 2 of the two uniforms.
  CHECK(log_size / parallel == Approx((0.86 * 0.8 + 4.5 + 0.14 * 7) / 2).margin(0.05));
}

TEST_CASE("Lublin: the logarithm of run times has the mean of its two gammas",
          "[models][workload]") {
  double log_run = 0, expected = 0, small = 0, smalls = 0, large = 0, larges = 0;
  const std::vector<Job> jobs = many_jobs();
  for (const Job& job : jobs) {
    REQUIRE(job.run >= 1);
    REQUIRE(job.run <= 162'754);                                      // exp(12)
    const double log = std::log(static_cast<double>(job.run) + 0.5);  // rounded down
    const double first = std::clamp(-0.0054 * static_cast<double>(job.procs) + 0.78, 0.0, 1.0);
    log_run += log;
    expected += first * 4.2 * 0.94 + (1 - first) * 312 * 0.03;
    (job.procs <= 4 ? small : large) += log;
    (job.procs <= 4 ? smalls : larges) += 1;
  }
  const auto count = static_cast<double>(jobs.size());
  CHECK(log_run / count == Approx(expected / count).margin(0.08));
  CHECK(large / larges > small / smalls);
}

TEST_CASE("Lublin: without a load, gaps have the mean of the truncated exponential of a gamma",
          "[models][workload]") {
  // E(exp g | g < 13) for g ~ gamma(k, s) is (1 - s)^-k P(k, 13 / s') / P(k, 13 / s), s' = s /
  // (1 - s).
  const double k = 10.2303 * 1.0225, s = 0.4871;
  const double mean = std::pow(1 - s, -k) * boost::math::gamma_p(k, 13 * (1 - s) / s) /
                      boost::math::gamma_p(k, 13 / s);
  const std::vector<Job> jobs = many_jobs();
  CHECK(400 * 86'400.0 / static_cast<double>(jobs.size()) == Approx(mean).epsilon(0.08));
}

TEST_CASE("Lublin: arrivals follow the gamma of the day's cycle", "[models][workload]") {
  std::array<double, 4> share{}, expected{};  // by six hours
  const std::vector<Job> jobs = many_jobs();
  for (const Job& job : jobs) {
    share[static_cast<std::size_t>(job.submit % 86'400 / 21'600)] +=
        1.0 / static_cast<double>(jobs.size());
  }
  double whole = 0;
  for (int slot = 11; slot < 59; ++slot) {  // half hours, the first at 05:00
    const double weight = boost::math::gamma_p(8.1737, (slot + 0.5) / 3.9631) -
                          boost::math::gamma_p(8.1737, (slot - 0.5) / 3.9631);
    expected[static_cast<std::size_t>((slot - 1) % 48 / 12)] += weight;
    whole += weight;
  }
  for (std::size_t i = 0; i < 4; ++i) CHECK(share[i] == Approx(expected[i] / whole).margin(0.03));
}

TEST_CASE("Lublin: a load is met within one job, all of them in the period", "[models][workload]") {
  for (const double load : {0.5, 0.9}) {
    const Generated made = generate(lublin(20, load), flat_cluster(64, 4), 3);
    double work = 0, last = 0;
    for (const Job& job : jobs_of(made.workload)) {
      CHECK(work < load * 256 * 20 * 86'400);  // it would have stopped before
      last = static_cast<double>(job.procs * job.run);
      work += last;
      CHECK(job.submit < 20 * 86'400);
    }
    CHECK(made.load == Approx(work / (256 * 20 * 86'400)));
    CHECK(work >= load * 256 * 20 * 86'400);
  }
}

TEST_CASE("A seed makes the same rows, another one others", "[models][workload]") {
  const auto rows = [](std::uint64_t seed) {
    std::vector<std::array<std::int64_t, 3>> result;
    for (const Job& job : jobs_of(generate(lublin(5, 0.8), flat_cluster(64, 1), seed).workload)) {
      result.push_back({job.submit, job.procs, job.run});
    }
    return result;
  };
  CHECK(rows(1) == rows(1));
  CHECK(rows(1) != rows(2));
}

}  // namespace rehearse
