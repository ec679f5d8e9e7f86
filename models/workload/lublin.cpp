// Lublin and Feitelson's model (see LublinModel). Three parts, as in the paper: sizes from two
// uniforms of log2, run times from two gammas of the logarithm with a mixture that leans to the
// longer one the larger the job, and gaps between arrivals that stretch and shrink with the hour.

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <cmath>

#include "models/workload/draw.hpp"
#include "models/workload/models.hpp"
#include "sim/base/diagnostics.hpp"

namespace rehearse::workload {
namespace {

constexpr double kMaxLogRun = 12;  // of seconds: two days
constexpr double kMaxLogGap = 13;  // five days
constexpr int kSlots = 48;         // half hours of a day
constexpr int kFirstSlot = 11;     // the day's cycle begins at 05:00
constexpr double kSlotSeconds = 1800;

double draw_gamma(double shape, double scale, RandomStream& random) {
  return boost::random::gamma_distribution<double>(shape, scale)(random);
}

// Share of the day's arrivals in each half hour from midnight on.
std::vector<double> day_cycle(const LublinModel& model) {
  const auto up_to = [&](double slot) {
    return boost::math::gamma_p(model.cycle_shape, slot / model.cycle_scale);
  };
  std::vector<double> weights(kSlots);
  for (int slot = kFirstSlot; slot < kFirstSlot + kSlots; ++slot) {
    weights[static_cast<std::size_t>((slot - 1) % kSlots)] = up_to(slot + 0.5) - up_to(slot - 0.5);
  }
  return weights;
}

std::uint32_t draw_size(const LublinModel& model, double procs, RandomStream& random) {
  const double high = std::log2(procs);
  const double medium = std::max(model.size_low, high - model.size_medium_below_high);
  const double kind = random.uniform();
  const double stage = random.uniform();
  const double inside = random.uniform();
  if (kind <= model.serial || procs < 2) return 1;
  double log_size = stage <= model.size_first_stage
                        ? model.size_low + inside * (medium - model.size_low)
                        : medium + inside * (high - medium);
  if (kind <= model.serial + model.power_of_two) {
    log_size = std::min(std::round(log_size), std::floor(high));
  }
  return static_cast<std::uint32_t>(std::min(procs, std::round(std::exp2(log_size))));
}

Duration draw_run_time(const LublinModel& model, std::uint32_t size, RandomStream& random) {
  const double first =
      std::clamp(model.run_first_slope * size + model.run_first_constant, 0.0, 1.0);
  double log_run = kMaxLogRun + 1;
  while (log_run > kMaxLogRun) {
    log_run = random.uniform() <= first ? draw_gamma(model.run_shape_1, model.run_scale_1, random)
                                        : draw_gamma(model.run_shape_2, model.run_scale_2, random);
  }
  return std::chrono::seconds{static_cast<std::int64_t>(std::exp(log_run))};
}

// Of rush hours, in half hours.
double draw_gap(const LublinModel& model, RandomStream& random) {
  double log_gap = kMaxLogGap + 1;
  while (log_gap > kMaxLogGap) log_gap = draw_gamma(model.gap_shape, model.gap_scale, random);
  return std::exp(log_gap) / kSlotSeconds;
}

}  // namespace

Generated generate_lublin(const WorkloadModel& all, const Cluster& cluster, double capacity,
                          std::uint64_t seed) {
  const LublinModel& model = std::get<LublinModel>(all.kind);
  const auto procs = static_cast<double>(cluster.totals()[kTresCpu]);
  const auto slots = static_cast<std::size_t>(std::ceil(all.days * kSlots));
  WorkloadBuilder builder;
  Workload& made = builder.workload();
  std::vector<double> arrivals;  // in half hours of average rate
  double clock = 0;
  double work = 0;
  // The gap after the last job ends with the period where a load is asked for.
  for (std::uint64_t job = 0;; ++job) {
    RandomStream arrival{seed, kArrival, job};
    clock += draw_gap(model, arrival);
    const bool is_enough =
        all.load > 0 ? work >= all.load * capacity : clock >= static_cast<double>(slots);
    if (is_enough) break;
    if (job == kMaxSubmissions) {
      fail({.message = fmt::format("{} jobs do not offer a load of {}", job, all.load)});
    }
    RandomStream shape{seed, kShape, job};
    Asked asked;
    asked.tasks = draw_size(model, procs, shape);
    const Duration run_time = draw_run_time(model, asked.tasks, shape);
    const Duration limit = draw_limit(model.limits, run_time, shape);
    arrivals.push_back(clock);
    work +=
        asked.tasks *
        static_cast<double>(whole_seconds(limit == kUnset ? run_time : std::min(run_time, limit)));
    made.submissions.push_back({.submit = Time{},
                                .time_limit = limit,
                                .number = job + 1,
                                .user = NameId{0},
                                .account = NameId{0},
                                .partition = NameId{0},
                                .qos = NameId{0},
                                .asked = builder.asked(asked)});
    made.truth.run_time.push_back(run_time);
  }
  const std::vector<double> day = day_cycle(model);
  std::vector<double> weights(slots);
  for (std::size_t slot = 0; slot < slots; ++slot) weights[slot] = day[slot % kSlots];
  const ArrivalRate rate(kSlotSeconds, weights);
  const double whole = all.load > 0 ? clock : static_cast<double>(slots);
  for (std::size_t job = 0; job < arrivals.size(); ++job) {
    made.submissions[static_cast<SubmissionId>(job)].submit = rate.at(arrivals[job] / whole);
  }
  made.max_procs = static_cast<std::int64_t>(procs);
  return {builder.take(), work / capacity};
}

}  // namespace rehearse::workload
