#include "models/slurm/fair_share.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/policy/fair_share_factors.hpp"

namespace rehearse::slurm {
namespace {

bool has_root_user(const IdVector<AssocId, Assoc>& assocs) {
  return std::any_of(assocs.begin(), assocs.end(), [](const Assoc& assoc) {
    return assoc.user == "root" && assoc.parent == AssocId{0};
  });
}

}  // namespace

std::int64_t next_reset(ResetPeriod period, std::int64_t unix_seconds) {
  using namespace std::chrono;
  const sys_days today = floor<days>(sys_seconds(seconds(unix_seconds)));
  const year_month_day date(today);
  const auto in_month = [&](unsigned month) { return sys_days(date.year() / month / 1); };
  const auto at = [](sys_days day) { return sys_seconds(day).time_since_epoch().count(); };
  const sys_days new_year(year_month_day(date.year() + years(1), January, day(1)));
  const auto month = static_cast<unsigned>(date.month());
  switch (period) {
    case ResetPeriod::Daily:
      return at(today + days(1));
    case ResetPeriod::Weekly:  // Sundays
      return at(today + days(7 - weekday(today).c_encoding()));
    case ResetPeriod::Monthly:
      return at(month < 12 ? in_month(month + 1) : new_year);
    case ResetPeriod::Quarterly:
      return at(month < 10 ? in_month((month - 1) / 3 * 3 + 4) : new_year);
    default:
      return at(new_year);
  }
}

Usage::Usage(const IdVector<AssocId, Assoc>& assocs, const FairShareParams& params)
    : assocs_(assocs), params_(params), per_second_(1), adds_root_user_(!has_root_user(assocs)) {
  const std::int64_t half_life = whole_seconds(params.half_life);
  if (half_life > 0) per_second_ = 1 - 0.693 / static_cast<double>(half_life);
}

double Usage::fade(double seconds) const { return std::pow(per_second_, seconds); }

bool Usage::is_reset_due(Time tick) {
  if (params_.reset == ResetPeriod::None) return false;
  if (params_.reset == ResetPeriod::Now) {
    params_.reset = ResetPeriod::None;
    return true;
  }
  const std::int64_t now = params_.origin_unix + whole_seconds(tick);
  if (next_reset_ == 0) next_reset_ = next_reset(params_.reset, now);
  if (now < next_reset_) return false;
  while (next_reset_ <= now) next_reset_ = next_reset(params_.reset, next_reset_);
  return true;
}

void Usage::decay_to(Time tick) {
  was_reset_ = is_reset_due(tick);
  if (was_reset_) std::fill(usage_.begin(), usage_.end(), 0.0);
  if (last_tick_ != Time::min() && per_second_ < 1) {
    const auto seconds = static_cast<double>(whole_seconds(tick) - whole_seconds(last_tick_));
    const double worth = std::max(fade(seconds), std::numeric_limits<double>::min());
    for (double& usage : usage_) usage *= worth;
  }
  last_tick_ = tick;
  if (params_.fair_tree) return;
  shares_ = shares_below(assocs_, adds_root_user_);
  standings_ = rehearse::standings(assocs_, usage_, ShareRule::Classic, adds_root_user_);
  is_known_.resize(assocs_.size(), 0);
  for (std::size_t i = 0; i < assocs_.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    is_known_[id] = assocs_[id].is_user() ? 0 : 1;
  }
}

Standing Usage::user_standing(AssocId user) const {
  const double all = raw(AssocId{0});
  return classic_standing(assocs_, shares_, standings_, user, all > 0 ? raw(user) / all : 0);
}

double Usage::classic_factor(AssocId assoc) {
  if (index(assoc) >= is_known_.size()) return 1;  // new since the tick, or there was none yet
  if (is_known_[assoc] == 0) standings_[assoc] = user_standing(assoc);
  is_known_[assoc] = 1;
  return rehearse::classic_factor(standings_[assoc], params_.damping);
}

void Usage::charge(AssocId assoc, double billing, Duration length) {
  if (usage_.size() < assocs_.size()) usage_.resize(assocs_.size(), 0);
  const auto seconds = static_cast<double>(whole_seconds(length));
  const double used = seconds * fade(seconds) * billing;
  for (AssocId id = assoc; id != kNone<AssocId>; id = assocs_[id].parent) usage_[id] += used;
}

void Usage::factors(IdVector<AssocId, double>& factors) const {
  factors.resize(assocs_.size());
  fair_tree_factors(assocs_, usage_, adds_root_user_, factors);
}

IdVector<AssocId, Standing> Usage::standings() const {
  if (params_.fair_tree) {
    return rehearse::standings(assocs_, usage_, ShareRule::FairTree, adds_root_user_);
  }
  IdVector<AssocId, Standing> result = standings_;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    if (is_known_[id] == 0) result[id] = user_standing(id);
    result[id].factor = rehearse::classic_factor(result[id], params_.damping);
  }
  return result;
}

}  // namespace rehearse::slurm
