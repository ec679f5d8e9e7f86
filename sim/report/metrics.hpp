// What a finished run says, in numbers: a pure function of (cluster, workload, journal) (D4).
//
// All times are floored to whole seconds before they are subtracted, so every figure can be found
// again from jobs.csv and shares.csv. The words are those of sim/report/README.md:
//
//   submit   eligible        start            end
//     |---------|--------------|---------------|
//               '---- wait ----'               of an attempt; of a job the sum over its attempts
//     '----- response ---------'               likewise
//
// Percentiles are nearest rank: the smallest value that at least p % of the values do not exceed.
// Cost: O(jobs + nodes touched by starts and ends + changes log changes).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/report/deliveries.hpp"
#include "sim/report/power.hpp"
#include "sim/report/usage.hpp"
#include "sim/state/journal.hpp"
#include "sim/state/reason.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Of `count` values; all zero if there are none.
struct Distribution {
  std::int64_t count = 0;
  double mean = 0;
  double median = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};

/// Of `values`, which are reordered. O(values).
Distribution distribution(std::span<double> values);

inline constexpr std::size_t kStarters = static_cast<std::size_t>(StartedBy::Backfill) + 1;

/// Seconds per Reason.
using ReasonSeconds = std::array<std::int64_t, kReasonNames.size()>;

/// Jobs that have started, of one partition, account, QOS or number of GPUs.
struct Group {
  std::string name;
  Distribution wait;      ///< seconds from eligible to start, summed over a job's attempts
  Distribution response;  ///< seconds from submit to start, likewise
  /// max(1, (wait + time held) / max(run time of the last attempt, 10 s)): Feitelson et al., JSSPP
  /// 1997.
  Distribution slowdown;
  ReasonSeconds reasons{};  ///< of `response`: seconds per reason
  std::int64_t preemptions = 0;
  std::int64_t cpu_seconds = 0;  ///< held, lost ones included
  std::int64_t gpu_seconds = 0;
  std::int64_t lost_cpu_seconds = 0;  ///< held by attempts that were preempted
  std::int64_t lost_gpu_seconds = 0;
};

/// How much of a resource was held, of what there was in the window.
struct Utilization {
  std::string resource;          ///< "cpu", "memory", "gpu", "gpu:a40", "gres/shard", ...
  std::int64_t capacity = 0;     ///< CPUs, MiB, GPUs, ...
  double held_seconds = 0;       ///< amount x seconds
  double fraction = 0;           ///< held / (capacity x makespan)
  double stranded_seconds = -1;  ///< GPUs only: free but not usable; else -1
};

/// Jobs that did not run, by reason, with the first of them by name.
struct NotRun {
  static constexpr std::size_t kNamed = 20;
  Reason reason = Reason::None;
  std::int64_t jobs = 0;
  std::vector<std::string> first;
};

struct Metrics {
  bool clairvoyant = false;                          ///< a policy has read true run times
  std::int64_t jobs = 0;                             ///< all that were submitted
  std::array<std::int64_t, kJobStates> states{};     ///< jobs by JobState of their last attempt
  std::array<std::int64_t, kStarters> started_by{};  ///< attempts by StartedBy

  std::int64_t first_submit = 0;  ///< of the jobs that ran: the window of all integrals
  std::int64_t last_end = 0;
  std::int64_t makespan() const { return last_end - first_submit; }

  Group all;
  std::vector<Group> by_partition, by_account, by_qos, by_gpus;

  std::vector<Utilization> utilization;
  std::vector<Delivery> deliveries;  ///< of the accounts that the cluster file declares
  double stranded_gpu_seconds = 0;

  PowerUse power;

  std::int64_t cancelled_by_preemption = 0;  ///< evictions by mode
  std::int64_t requeued_by_preemption = 0;

  std::vector<NotRun> rejected;   ///< never accepted, or never runnable
  std::vector<NotRun> left_over;  ///< still pending or running when nothing more happened

  std::map<std::string, Repair, std::less<>> repairs;
  std::vector<std::string> warnings;       ///< of the trace
  std::vector<std::string> notes;          ///< of the run
  std::vector<std::string> not_simulated;  ///< what cluster file and trace ask for in vain

  Timeline timeline;
};

struct MetricOptions {
  std::int64_t stranded_cpus_per_gpu = 1;  ///< CPUs that a GPU needs beside it to be of use
  std::size_t timeline_rows = 20'000;      ///< more changes than this: a grid
  std::string scheduler = "event";         ///< that ran: what it does not know is said
};

Metrics measure(const Cluster& cluster, const Workload& workload, const Journal& journal,
                const MetricOptions& options = {});

}  // namespace rehearse
