#include "models/fair_share/usage.hpp"

#include <cmath>
#include <numbers>

namespace rehearse {
namespace {

// 2^1000 is a number and 2^1100 is not.
constexpr double kMostHalfLives = 500;

double seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

}  // namespace

double DecayedUsage::half_lives_since_origin(Time time) const {
  if (half_life_ <= Duration::zero()) return 0;
  return static_cast<double>((time - origin_).count()) / static_cast<double>(half_life_.count());
}

void DecayedUsage::move_origin(Time to) {
  const double factor = std::exp2(-half_lives_since_origin(to));
  for (double& usage : usage_) usage *= factor;
  origin_ = to;
}

void DecayedUsage::charge(const IdVector<AssocId, Assoc>& assocs, AssocId assoc, double rate,
                          Time from, Time to) {
  if (usage_.empty()) origin_ = to;
  if (usage_.size() < assocs.size()) usage_.resize(assocs.size());
  if (half_lives_since_origin(to) > kMostHalfLives) move_origin(to);
  double used = rate * seconds(to - from);
  if (half_life_ > Duration::zero()) {
    // The integral of 2^t over [a, b] is 2^b (1 - 2^(a - b)) / ln 2, and a - b may be tiny.
    const double length = static_cast<double>((to - from).count()) /
                          static_cast<double>(half_life_.count()) * std::numbers::ln2;
    used = rate * seconds(half_life_) / std::numbers::ln2 * std::exp2(half_lives_since_origin(to)) *
           -std::expm1(-length);
  }
  for (AssocId id = assoc; id != kNone<AssocId>; id = assocs[id].parent) usage_[id] += used;
}

double DecayedUsage::at(AssocId assoc, Time now) const {
  if (index(assoc) >= usage_.size()) return 0;
  return usage_[assoc] * std::exp2(-half_lives_since_origin(now));
}

void DecayedUsage::all(std::size_t count, Time now, IdVector<AssocId, double>& usage) const {
  usage.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    usage[static_cast<AssocId>(i)] = at(static_cast<AssocId>(i), now);
  }
}

}  // namespace rehearse
