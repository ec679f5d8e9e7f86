// Helpers of the tests: replay a workload and look its starts up by job number; find ../shared.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "models/event/event_scheduler.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/workload/read_swf.hpp"

namespace rehearse::testing {

/// REHEARSE_SHARED or ../shared; empty if neither is there (the test then skips, saying so).
inline std::string shared_folder() {
  const char* const named = std::getenv("REHEARSE_SHARED");
  const std::string folder = named != nullptr ? named : "../shared";
  return std::filesystem::is_directory(folder) ? folder : std::string();
}

inline Journal replay(const Workload& workload, FlatCluster cluster, Backfill backfill,
                      PassMode mode = PassMode::Instant) {
  const auto scheduler = make_event_scheduler(backfill);
  return simulate(cluster, workload, *scheduler, mode);
}

/// Start second by job number; jobs that never started are absent.
inline std::map<std::uint64_t, std::int64_t> starts(const Workload& workload,
                                                    const Journal& journal) {
  std::map<std::uint64_t, std::int64_t> result;
  for (const JobEntry& job : journal.jobs) {
    if (job.start == kNever) continue;
    result[workload.submissions[job.submission].number] = whole_seconds(job.start);
  }
  return result;
}

/// A SWF row of a job: number, submit, processors, limit (-1: none), run time.
inline std::string row(int number, int submit, int procs, int limit, int run) {
  return std::to_string(number) + " " + std::to_string(submit) + " -1 " + std::to_string(run) +
         " " + std::to_string(procs) + " -1 -1 " + std::to_string(procs) + " " +
         std::to_string(limit) + " -1 1 1 1 1 1 1 -1 -1\n";
}

}  // namespace rehearse::testing
