#include "sim/state/profile.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace rehearse {

void Profile::reset(Time now, std::int64_t free) { steps_.assign(1, {now, free}); }

void Profile::add_release(Time at, std::int64_t count) {
  if (at == kNever) return;
  if (at <= steps_.back().at) {
    steps_.back().free += count;  // several ends of one instant, or one that is due now
  } else {
    steps_.push_back({at, steps_.back().free + count});
  }
}

Time Profile::earliest(std::int64_t count, Duration length) const {
  for (std::size_t first = 0; first < steps_.size(); ++first) {
    const Time end = end_of(steps_[first].at, length);
    std::size_t step = first;
    while (step < steps_.size() && steps_[step].at < end && steps_[step].free >= count) ++step;
    if (step == steps_.size() || steps_[step].at >= end) {
      if (step > first || steps_[first].free >= count) return steps_[first].at;
    }
    first = step;  // the step that is too low: nothing before it can work
  }
  return kNever;
}

bool Profile::fits_now(std::int64_t count, Duration length) const {
  const Time end = end_of(steps_.front().at, length);
  if (steps_.front().free < count) return false;
  for (const Step& step : steps_) {
    if (step.at >= end) break;
    if (step.free < count) return false;
  }
  return true;
}

std::size_t Profile::split(Time at) {
  const auto found = std::lower_bound(steps_.begin(), steps_.end(), at,
                                      [](const Step& step, Time t) { return step.at < t; });
  const auto position = static_cast<std::size_t>(found - steps_.begin());
  if (found != steps_.end() && found->at == at) return position;
  SIM_CHECK(found != steps_.begin(), "a plan in the past");
  const Step copy{at, std::prev(found)->free};
  steps_.insert(found, copy);
  return position;
}

void Profile::take(Time at, Duration length, std::int64_t count) {
  const Time end = end_of(at, length);
  if (at == kNever || at == end) return;
  const std::size_t first = split(at);
  const std::size_t last = end == kNever ? steps_.size() : split(end);
  for (std::size_t step = first; step < last; ++step) {
    steps_[step].free -= count;
    SIM_CHECK(steps_[step].free >= 0, "the plan promises processors twice");
  }
}

}  // namespace rehearse
