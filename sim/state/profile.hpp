// Free processors over the future, as far as time limits tell: a step function.
//
//   free  |      ____        Invariant: steps_ is sorted by time, times are distinct, the last
//         |  ___|    |___    step holds for ever. earliest() and take() are O(steps).
//         |_|____________ time
//
// Processors are an interchangeable pool (`reserve: count`, as in the papers).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/time.hpp"

namespace rehearse {

class Profile {
 public:
  /// From `now` on, `free` processors are free.
  void reset(Time now, std::int64_t free);
  /// `count` processors become free at `at`. REQUIRES: calls in order of `at`, before any take.
  void add_release(Time at, std::int64_t count);
  /// The earliest time from `now` at which `count` processors are free for `length`; kNever if that
  /// cannot be known, as behind a job without a time limit.
  Time earliest(std::int64_t count, Duration length) const;
  /// Whether `count` processors are free from now for `length`.
  bool fits_now(std::int64_t count, Duration length) const;
  /// Takes `count` processors from `at` for `length`. REQUIRES: they are free.
  void take(Time at, Duration length, std::int64_t count);

 private:
  struct Step {
    Time at;
    std::int64_t free;
  };
  std::size_t split(Time at);

  std::vector<Step> steps_;
};

}  // namespace rehearse
