// What the generators share: purposes of random streams, draws from mixtures, time limits, and
// arrivals by a rate that varies over the period.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/base/time.hpp"
#include "sim/workload/generate.hpp"

namespace rehearse::workload {

/// The second part of a stream's key; the third is the submission.
enum Purpose : std::uint64_t { kShape = 1, kArrival, kTask, kProbe };

inline constexpr double kSecondsPerDay = 86'400;

/// One of the values. REQUIRES: not empty.
template <class T>
const T& draw(const Mixture<T>& mixture, RandomStream& random) {
  double total = 0;
  for (const double weight : mixture.weights) total += weight;
  double left = random.uniform() * total;
  std::size_t at = 0;
  while (at + 1 < mixture.values.size() && left >= mixture.weights[at]) {
    left -= mixture.weights[at++];
  }
  return mixture.values[at];
}

/// The limit that a user of such habits asks for a job of `run_time`; kUnset if none.
inline Duration draw_limit(const LimitHabit& habit, Duration run_time, RandomStream& random) {
  const double factor = 1 + (habit.over_estimate - 1) * random.uniform();
  if (habit.menu.empty()) return kUnset;
  const double wanted = factor * static_cast<double>(run_time.count());
  for (const Duration limit : habit.menu) {
    if (static_cast<double>(limit.count()) >= wanted) return limit;
  }
  return habit.menu.back();
}

/// A rate of arrivals that is constant within each of equally long slots from time 0 on.
class ArrivalRate {
 public:
  /// REQUIRES: some weight is positive, none is negative.
  ArrivalRate(double slot_seconds, const std::vector<double>& weights)
      : slot_seconds_(slot_seconds) {
    cumulated_.push_back(0);
    for (const double weight : weights) cumulated_.push_back(cumulated_.back() + weight);
  }

  /// The whole second by which `part` of all arrivals, from 0 to less than 1, is expected.
  Time at(double part) const {
    const double wanted = part * cumulated_.back();
    const auto above = std::upper_bound(cumulated_.begin(), cumulated_.end(), wanted);
    const auto slot = static_cast<std::size_t>(above - cumulated_.begin()) - 1;
    const double inside = (wanted - cumulated_[slot]) / (cumulated_[slot + 1] - cumulated_[slot]);
    const double seconds = (static_cast<double>(slot) + inside) * slot_seconds_;
    return at_seconds(static_cast<std::int64_t>(std::floor(seconds)));
  }

 private:
  double slot_seconds_;
  std::vector<double> cumulated_;
};

}  // namespace rehearse::workload
