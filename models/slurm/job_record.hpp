// What slurmctld knows of a job beside what the engine's tables have. Times are whole seconds after
// the origin, as Slurm decides on them; limits are whole minutes.
#pragma once

#include <cstdint>
#include <vector>

#include "models/slurm/machine.hpp"
#include "models/slurm/needs.hpp"
#include "sim/policy/view.hpp"

namespace rehearse::slurm {

using Seconds = std::int64_t;
inline constexpr Seconds kNoTime = -1'000'000'000'000;    ///< not set
inline constexpr Seconds kInfinite = 1'000'000'000'000;   ///< no limit
inline constexpr Seconds kYearOfMinutes = 365 * 24 * 60;  ///< Slurm's measure of "no limit"

/// Whole minutes of a limit, begun ones counted as sbatch does; kNoTime if it is not given.
constexpr Seconds minutes_of(Duration limit) {
  if (limit == kUnset) return kNoTime;
  if (limit == kUnlimited) return kInfinite;
  return (whole_seconds(limit) + 59) / 60;
}
constexpr Duration limit_of(Seconds minutes) {
  return minutes == kInfinite ? kUnlimited : Duration(std::chrono::minutes{minutes});
}

/// The job in one of its partitions.
struct PartRecord {
  PartitionId partition{};
  const Needs* needs = nullptr;
  Candidate candidate{};
  double priority = 0;
};

struct JobRecord {
  JobId job{};
  std::vector<PartRecord> parts;  ///< by falling PriorityTier, else as the job lists them
  std::uint32_t array = kNone<std::uint32_t>;  ///< index of its array, if it is one of its tasks
  bool is_split = false;                       ///< a record of its own, no longer the array's
  std::uint32_t list_order = 0;                ///< place in slurmctld's list of jobs
  Seconds submit = 0;
  Seconds begin = kNoTime;  ///< --begin, or since when it is eligible (Slurm's begin_time)
  bool is_eligible = false;
  Seconds accrues = kNoTime;  ///< since when its age counts; a throttled array's goes on
  Seconds limit = kNoTime;    ///< minutes; kNoTime: not given; kInfinite
  Seconds least_limit = kNoTime;
  Seconds deadline = kNoTime;
  bool limit_by_system = false;
  bool is_held = false;
  bool is_held_by_admin = false;
  bool requeues = true;
  bool is_cleaning = false;  ///< requeued, and the epilog of its last attempt still runs
  bool is_requeued = false;  ///< its dependencies are past
  Reason reason = Reason::None;
  Reason noted_reason = Reason::None;  ///< as the last queue found it, of those that are noted
  Seconds planned = 0;                 ///< start that backfill planned; 0: none
  Seconds switches_since = 0;          ///< begin of its wait for few switches
  // While it runs.
  Allocation allocation;
  PartitionId partition{};
  Seconds start = 0, end = 0, preempted_at = kNoTime;
  JobId preempted_for = kNone<JobId>;
  bool requeues_when_preempted = false;
  Seconds grace = 0;
  Seconds charged_until = 0;
  TresCounts tres;  ///< allocated
};

}  // namespace rehearse::slurm
