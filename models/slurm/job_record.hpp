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
  std::uint32_t scored_cpus = 0;  ///< candidate.cpus when it was worked out
  void set_score(double score) {
    priority = score;
    scored_cpus = candidate.cpus;
  }
};

struct JobRecord {
  JobId job{};
  std::vector<PartRecord> parts;  ///< by falling PriorityTier, else as the job lists them
  std::uint32_t array = kNone<std::uint32_t>;  ///< index of its array, if it is one of its tasks
  bool is_split = false;                       ///< a record of its own, no longer the array's
  std::uint32_t het_size = 0;                  ///< components of its heterogeneous job; 0: none
  std::uint32_t het_offset = 0;                ///< which of them; they have consecutive ids
  bool is_component() const { return het_size > 0; }
  JobId first_component() const { return static_cast<JobId>(index(job) - het_offset); }
  std::uint32_t list_order = 0;  ///< place in slurmctld's list of jobs
  Seconds submit = 0;
  Seconds begin = kNoTime;  ///< --begin, or since when it is eligible (Slurm's begin_time)
  bool is_eligible = false;
  Seconds accrues = kNoTime;  ///< since when its age counts; a throttled array's goes on
  Seconds limit = kNoTime;    ///< minutes; kNoTime: not given; kInfinite
  Seconds least_limit = kNoTime;
  Seconds deadline = kNoTime;
  bool limit_by_system = false;
  bool was_tested = false;  ///< when it was submitted: an idle machine can run it
  bool is_held = false;
  bool is_held_by_admin = false;
  bool requeues = true;
  bool is_cleaning = false;           ///< requeued, and the epilog of its last attempt still runs
  bool is_past_dependencies = false;  ///< met once, they are forgotten (x34)
  Reason reason = Reason::None;
  Reason noted_reason = Reason::None;  ///< as the last queue found it, of those that are noted
  Seconds planned = 0;                 ///< start that backfill found last; 0: none
  std::uint32_t looked_at = 0;         ///< index of the partition that was looked at last
  Seconds switches_since = 0;          ///< begin of its wait for few switches
  // While it runs.
  Allocation allocation;
  PartitionId partition{};
  Seconds start = 0, end = 0, preempted_at = kNoTime;
  JobId preempted_for = kNone<JobId>;
  bool requeues_when_preempted = false;
  bool had_grace = false;  ///< it was told to go; a requeue at the end of that leaves it so
  Seconds grace = 0;
  Seconds charged_until = 0;
  TresCounts tres;  ///< allocated
  Seconds suspended_at = kNoTime;
  Seconds paused = 0;         ///< by earlier suspensions
  std::vector<Bits> cores{};  ///< of each node, once suspended: which it is to have again
  bool is_suspended() const { return suspended_at != kNoTime; }
  double billed = -1;  ///< billing weight of its first start, which later ones keep (m1)
};

}  // namespace rehearse::slurm
