// What is still to come in a run: ends of attempts and timers, the earliest first.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "sim/state/journal.hpp"

namespace rehearse {

struct End {
  Time at;
  AttemptId attempt;
  std::optional<JobState> as{};  // none: by itself, or by its time limit
  bool requeue = false;
  bool operator>(const End& other) const {
    return std::tie(at, attempt) > std::tie(other.at, other.attempt);
  }
};

struct Timer {
  Time at;
  JobId job;  // to be asked whether it is eligible; none: the scheduler's own
  bool operator>(const Timer& other) const {
    return std::tie(at, job) > std::tie(other.at, other.job);
  }
};

template <class Item>
using Agenda = std::priority_queue<Item, std::vector<Item>, std::greater<>>;

}  // namespace rehearse
