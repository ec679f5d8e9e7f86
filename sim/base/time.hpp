// Simulated time: int64 milliseconds in std::chrono types (D5), so that runs are bit-identical and
// equality means equality. Traces and reports speak whole seconds after the trace's own origin.
// kUnlimited and kNever saturate: adding to them yields them again, never a wrapped number.
#pragma once

#include <chrono>
#include <cstdint>

namespace rehearse {

struct SimClock {};
using Duration = std::chrono::milliseconds;
using Time = std::chrono::time_point<SimClock, Duration>;

inline constexpr Duration kUnlimited = Duration::max();
inline constexpr Duration kUnset = Duration::min();  ///< an option that was not given
inline constexpr Time kNever = Time::max();

constexpr Time at_seconds(std::int64_t seconds) { return Time{std::chrono::seconds{seconds}}; }

/// `start + length`, saturating at kNever. Both may be unlimited; neither may be negative infinity.
constexpr Time end_of(Time start, Duration length) {
  if (start == kNever || length == kUnlimited) return kNever;
  return length > kNever - start ? kNever : start + length;
}

/// Whole seconds after the origin, rounded down (as Slurm's time(NULL) does).
constexpr std::int64_t whole_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}
constexpr std::int64_t whole_seconds(Duration length) {
  return std::chrono::floor<std::chrono::seconds>(length).count();
}

}  // namespace rehearse
