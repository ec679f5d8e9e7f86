// What a finished run says: a pure function of (workload, journal). Never includes engine/.
// The files and their fields are documented in sim/report/README.md.
#pragma once

#include <cstdint>
#include <string>

#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Over the jobs that ran. Times in seconds.
struct Summary {
  std::int64_t jobs = 0;
  std::int64_t rejected = 0;
  std::int64_t left_over = 0;
  double mean_wait = 0;
  std::int64_t median_wait = 0;
  std::int64_t p90_wait = 0;
  std::int64_t p99_wait = 0;
  /// max(1, (wait + run) / max(run, 10 s)), Feitelson et al., JSSPP 1997.
  double mean_bounded_slowdown = 0;
  std::int64_t makespan = 0;  ///< first submit to last end
  double utilization = 0;     ///< CPU-seconds held / (machine x makespan)
};

/// `total_cpus` is the size of the machine. O(jobs log jobs).
Summary summarize(const Workload& workload, const Journal& journal, std::int64_t total_cpus);

/// One row per job, in job order. O(jobs + shares).
std::string jobs_csv(const Workload& workload, const Journal& journal);

/// The figures and every repair with its count, for a terminal.
std::string summary_text(const Workload& workload, const Summary& summary);

/// Writes `content` to a temporary file beside `path`, then renames it: nothing half-written stays.
/// Throws std::system_error.
void write_file(const std::string& path, const std::string& content);

}  // namespace rehearse
