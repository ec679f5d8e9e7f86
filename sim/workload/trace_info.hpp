// What is in a trace, in numbers: for `rehearse trace info`, and to choose a machine for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/workload/workload.hpp"

namespace rehearse {

/// Values at the ends of the quarters, and the ninth tenth; nearest rank.
struct Quantiles {
  double min = 0, p25 = 0, median = 0, p75 = 0, p90 = 0, max = 0, mean = 0;
};
Quantiles quantiles(std::vector<double> values);

struct TraceInfo {
  std::size_t submissions = 0;
  std::size_t jobs = 0;  ///< each task of an array is one
  Time first_submit{};
  Time last_submit{};
  std::size_t users = 0;
  std::size_t accounts = 0;
  std::size_t partitions = 0;
  std::map<std::int64_t, std::size_t> jobs_by_cpus;  ///< as asked: workload.hpp
  std::map<std::int64_t, std::size_t> jobs_by_gpus;
  Quantiles run_time;             ///< seconds, by job
  Quantiles time_limit;           ///< seconds, of those that have one
  Quantiles run_to_limit;         ///< run time / limit, of those that have one
  std::size_t without_limit = 0;  ///< none given, or unlimited
  double cpu_seconds = 0;         ///< asked CPUs times run time
  double gpu_seconds = 0;
  std::size_t dependent = 0;                         ///< submissions with dependencies
  std::map<std::string, std::size_t> slurm_only;     ///< rows by option: --licenses, ...
  std::map<std::string, std::size_t> not_simulated;  ///< rows by option: --mail-user, ...
};

/// Submissions by option (--licenses, --mem=0, ...) in one of the lists of `Special`: those that
/// only `scheduler: slurm` understands, or that have no effect at all.
std::map<std::string, std::size_t> rows_by_option(const Workload& workload,
                                                  std::vector<std::string> Special::* list);

/// O(workload log workload).
TraceInfo trace_info(const Workload& workload);

/// Work over what `cpus` (or GPUs) do from the first to the last submission; 0 if that is no time.
double offered_load(double unit_seconds, const TraceInfo& info, std::int64_t units);

}  // namespace rehearse
