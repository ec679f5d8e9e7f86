// What another scheduler, such as a real slurmctld, decided of the attempts of a trace's jobs. A
// run can follow it: then a difference does not move everything that comes after it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/base/time.hpp"
#include "sim/state/journal.hpp"

namespace rehearse {

/// An attempt that started there.
struct Decision {
  Time start = kNever;  ///< whole seconds, as `end`
  Time end = kNever;    ///< kNever: not known
  JobState state = JobState::Completed;
  StartedBy started_by = StartedBy::None;  ///< None: not known
  PartitionId partition = kNone<PartitionId>;
  NodeSet nodes{};
  Duration time_limit = kUnset;  ///< kUnset: not known
};

/// By the job's name ("J042", "A03_7") and its attempt's number.
using Decisions = std::map<std::pair<std::string, std::uint16_t>, Decision>;

}  // namespace rehearse
