// What a priority reads of a job's times. Only limits: a scheduler cannot see true run times.
#pragma once

#include <algorithm>
#include <chrono>

#include "sim/state/jobs.hpp"

namespace rehearse {

constexpr double hours(Duration length) {
  return std::chrono::duration<double, std::ratio<3600>>(length).count();
}

/// The job's time limit. One without a limit counts as a year long, as Slurm's backfill has it, and
/// one of no length as a second.
inline double planned_hours(const Job& job) {
  constexpr Duration kYear = std::chrono::hours{365 * 24};
  return hours(std::clamp<Duration>(job.time_limit, std::chrono::seconds{1}, kYear));
}

/// Since the job could have started: held and dependent jobs do not wait.
inline double waited_hours(const Job& job, Time now) {
  return job.eligible >= now ? 0 : hours(now - job.eligible);
}

}  // namespace rehearse
