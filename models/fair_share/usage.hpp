// Past use of every association, fading: what was used a half-life ago counts half. An
// association's use includes all below it.
//
// Use is kept as of a fixed origin, as use * 2^((time of use - origin) / half-life): charging
// multiplies the increment, reading divides once, and nothing has to be touched as time passes. The
// decay is exact and continuous, where Slurm multiplies in steps (shared/semantics 3.4).
#pragma once

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"

namespace rehearse {

class DecayedUsage {
 public:
  /// A half-life of zero: nothing ever fades.
  explicit DecayedUsage(Duration half_life) : half_life_(half_life) {}

  /// `assoc` used `rate` units from `from` to `to`: adds the integral of rate, faded, to it and all
  /// above it. REQUIRES: from <= to. O(depth of the tree).
  void charge(const IdVector<AssocId, Assoc>& assocs, AssocId assoc, double rate, Time from,
              Time to);
  /// Unit-seconds as of `now`; 0 for an association that came up since the last charge.
  double at(AssocId assoc, Time now) const;
  /// The same of the first `count` associations.
  void all(std::size_t count, Time now, IdVector<AssocId, double>& usage) const;

 private:
  double half_lives_since_origin(Time time) const;
  void move_origin(Time to);

  Duration half_life_;
  Time origin_{};
  IdVector<AssocId, double> usage_;  // unit-seconds as of the origin
};

}  // namespace rehearse
