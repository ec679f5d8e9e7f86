// Helpers of the tests: replay a workload and look its starts up by job number; find ../shared.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "sim/engine/simulation.hpp"
#include "sim/policy/registry.hpp"
#include "sim/workload/read_swf.hpp"

namespace rehearse::testing {

/// REHEARSE_SHARED or ../shared; empty if neither is there (the test then skips, saying so).
inline std::string shared_folder() {
  const char* const named = std::getenv("REHEARSE_SHARED");
  const std::string folder = named != nullptr ? named : "../shared";
  return std::filesystem::is_directory(folder) ? folder : std::string();
}

/// "slot.parameter" -> text, with "slot.use" for the policy.
inline PolicySettings settings(const std::map<std::string, std::string>& texts) {
  PolicySettings result;
  for (const auto& [key, text] : texts) {
    const std::size_t dot = key.find('.');
    SlotSetting& slot = result[key.substr(0, dot)];
    if (dot == std::string::npos || key.substr(dot + 1) == "use") {
      slot.use.text = text;
    } else {
      slot.params[key.substr(dot + 1)].text = text;
    }
  }
  return result;
}

inline Journal replay(const Cluster& cluster, const Workload& workload,
                      const std::map<std::string, std::string>& policies) {
  Diagnostics diagnostics;
  const ReadyScheduler ready = make_scheduler(settings(policies), diagnostics);
  diagnostics.throw_if_errors();
  return simulate(cluster, workload, *ready.scheduler);
}

/// Start second by job number; jobs that never started are absent.
inline std::map<std::uint64_t, std::int64_t> starts(const Workload& workload,
                                                    const Journal& journal) {
  std::map<std::uint64_t, std::int64_t> result;
  for (const Attempt& attempt : journal.attempts) {
    if (attempt.start == kNever) continue;
    const SubmissionId submission = journal.jobs[attempt.job].submission;
    result[workload.submissions[submission].number] = whole_seconds(attempt.start);
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
