// Points in time as Slurm's commands take them (--begin, --deadline, StartTime=): from now, at a
// time of day, or on a date. The origin of a trace is midnight of kOriginDate, so that dates mean
// something in a trace that counts seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sim/base/time.hpp"

namespace rehearse {

inline constexpr std::string_view kOriginDate = "2026-01-05";  ///< a Monday, 00:00:00 UTC

/// A time that may depend on when it is said.
struct Moment {
  enum class From : std::uint8_t { Origin, Now, Day };  ///< Day: the next such time of a day
  From from = From::Origin;
  Duration after = Duration::zero();

  /// When it is, said at `now`. A time of day that is past is tomorrow's, as in Slurm.
  Time at(Time now) const;
};

/// "now", "now+300", "now+1hour", "14:30", "2026-01-05T14:30:00", "3600" (seconds after the origin)
/// or "{T+3600}" (the same). Nothing if it is none of these, or before the origin.
std::optional<Moment> parse_moment(std::string_view text);
inline constexpr std::string_view kMomentHelp =
    "write now+300, now+10minutes, now+2hours, now+1day, 14:30, 2026-01-05T14:30:00, or seconds "
    "after the trace's origin";

/// Seconds with up to three decimals ("12.5"), not negative.
std::optional<Duration> parse_seconds(std::string_view text);

inline constexpr std::int64_t kLargestSeconds = 1'000'000'000'000;  ///< room to add to as ms

}  // namespace rehearse
