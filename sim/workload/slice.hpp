// A part of a workload as a workload of its own: a span of time, the first so many submissions,
// some users or accounts. A dependency on a submission that is not in the part is taken away, and
// counted as the repair `drop-dependency-on-dropped`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/workload/workload.hpp"

namespace rehearse {

struct Slice {
  Time from = Time::min();           ///< submitted at `from` or later
  Time to = kNever;                  ///< submitted before `to`
  std::vector<std::string> users{};  ///< empty: all
  std::vector<std::string> accounts{};
  std::optional<std::size_t> first{};  ///< of those that remain, so many, in order of submission
  bool rebase = false;                 ///< the first submission is at 0 then
};

/// The rows keep their order. O(workload), and a sort if `first` is given.
Workload slice(const Workload& workload, const Slice& wanted);

}  // namespace rehearse
