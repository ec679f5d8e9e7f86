#include "sim/workload/moment.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kDay = 86'400;

/// What follows "now": "", "+300", "+2hours".
std::optional<Duration> parse_delay(std::string_view text) {
  if (text.empty()) return Duration::zero();
  if (text[0] != '+') return std::nullopt;
  const char* const end = text.data() + text.size();
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data() + 1, end, count);
  std::string_view name(stop, static_cast<std::size_t>(end - stop));
  if (name.size() > 1 && name.ends_with('s')) name.remove_suffix(1);
  const std::int64_t unit = name.empty() || name == "second" ? 1
                            : name == "minute"               ? 60
                            : name == "hour"                 ? 3'600
                            : name == "day"                  ? kDay
                            : name == "week"                 ? 7 * kDay
                                                             : 0;
  if (error != std::errc() || count < 0 || unit == 0 || count > kLargestSeconds / unit) {
    return std::nullopt;
  }
  return std::chrono::seconds{count * unit};
}

/// A number of exactly two digits.
std::optional<std::int64_t> two_digits(std::string_view text, std::int64_t least,
                                       std::int64_t most) {
  const auto value = text.size() == 2 ? parse_int64(text) : std::nullopt;
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

/// "14:30" or "14:30:05": seconds of the day.
std::optional<std::int64_t> parse_clock(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hour = two_digits(parts[0], 0, 23);
  const auto minute = two_digits(parts[1], 0, 59);
  const auto second = parts.size() == 3 ? two_digits(parts[2], 0, 59) : 0;
  if (!hour || !minute || !second) return std::nullopt;
  return *hour * 3'600 + *minute * 60 + *second;
}

/// "2026-01-05": days since 1970.
std::optional<std::int64_t> parse_date(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '-');
  if (parts.size() != 3 || parts[0].size() != 4) return std::nullopt;
  const auto year = parse_int64(parts[0]);
  const auto month = two_digits(parts[1], 1, 12);
  const auto day = two_digits(parts[2], 1, 31);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

}  // namespace

Time Moment::at(Time now) const {
  if (from == From::Origin) return Time{after};
  if (from == From::Now) return end_of(now, after);
  const Time midnight = at_seconds(whole_seconds(now) / kDay * kDay);
  return midnight + after < now ? midnight + after + std::chrono::days(1) : midnight + after;
}

std::optional<Moment> parse_moment(std::string_view text) {
  if (text.starts_with("now")) {
    const auto delay = parse_delay(text.substr(3));
    if (!delay) return std::nullopt;
    return Moment{Moment::From::Now, *delay};
  }
  if (text.starts_with("{T") && text.ends_with('}')) {
    const std::string_view inside = text.substr(2, text.size() - 3);
    const auto after = inside.empty()          ? std::optional(Duration::zero())
                       : inside.front() == '+' ? parse_seconds(inside.substr(1))
                                               : std::nullopt;
    if (!after) return std::nullopt;
    return Moment{Moment::From::Origin, *after};
  }
  if (const auto seconds = parse_seconds(text)) return Moment{Moment::From::Origin, *seconds};
  if (const auto clock = parse_clock(text)) {
    return Moment{Moment::From::Day, std::chrono::seconds{*clock}};
  }
  const std::size_t t = text.find('T');
  const auto days = parse_date(text.substr(0, t));
  const auto clock = t == std::string_view::npos ? 0 : parse_clock(text.substr(t + 1));
  if (!days || !clock) return std::nullopt;
  const std::int64_t seconds = (*days - *parse_date(kOriginDate)) * kDay + *clock;
  if (seconds < 0) return std::nullopt;
  return Moment{Moment::From::Origin, std::chrono::seconds{seconds}};
}

std::optional<Duration> parse_seconds(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
  const auto whole = parse_int64(text.substr(0, point));
  const auto fraction = decimals.empty() ? 0 : parse_int64(decimals);
  const bool good_decimals = point == std::string_view::npos ||
                             (!decimals.empty() && decimals.size() <= 3 && decimals[0] != '-');
  if (!whole || !fraction || !good_decimals || text[0] == '-') return std::nullopt;
  if (*whole > kLargestSeconds) return std::nullopt;
  const std::int64_t scale = decimals.size() == 1 ? 100 : decimals.size() == 2 ? 10 : 1;
  return Duration{*whole * 1000 + *fraction * scale};
}

}  // namespace rehearse
