// Proves a finished schedule from its files: what the cluster is, what was asked, who held what and
// when. It shares no code with what makes schedules (floors 0 to 2 only), so that a mistake there
// cannot hide here; it knows Slurm's rules from their documentation (shared/semantics), not from
// the engine.
//
// The order of what happens within one second is not in the files. The audit supposes the kindest
// one (ends before starts, starts that a limit does not rule last), so it never objects to a
// schedule that some order makes right. O((attempts + shares) log).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// What the scheduler of the run says of itself (manifest.json). As it is: limits are exact, CPUs
/// are given one by one, and jobs end otherwise only if they are preempted.
struct AuditRules {
  bool is_slurm = false;  ///< whole minutes, cores or sockets; all states of Slurm
  /// Limits are looked at every so many seconds of slurmctld, which started so long before 0.
  std::int64_t time_limit_interval = 30, started_before = 0;
  std::int64_t over_time_limit = 0;  ///< seconds, where the partition does not say
  bool returns_to_service = false;   ///< a node that is set DOWN is up once it has killed its jobs
  /// Since 24.11 --mincpus and --ntasks-per-node bring no CPUs where -n is given.
  bool tasks_bring_cpus = false;
  std::int64_t min_job_age = 300;  ///< s after which an ended job is forgotten; 0: never
};

/// A rule that the schedule breaks.
struct Violation {
  /// One of: malformed-row, unknown-job, duplicate-job, lost-job, attempts, before-submit,
  /// before-eligible, before-begin, before-dependency, held-job, array-throttle, run-time,
  /// time-limit, request (smaller, larger or other than asked), shares (jobs.csv and shares.csv
  /// disagree, or something is held by an attempt that did not run), forbidden-node, partition (its
  /// sizes and times), access (its accounts and QOS), node-overused, not-exclusive, limit,
  /// submit-limit, operator (a start that operators' commands forbid, an end that none explains),
  /// power (runs on a node that is not up).
  std::string rule;
  std::string job{};   ///< as jobs.csv names it, attempts after the first as "J7 (attempt 1)"
  std::string node{};  ///< empty: concerns no node in particular
  std::optional<std::int64_t> at{};  ///< seconds, as in the trace
  std::string text{};                ///< what is wrong, with the numbers
};

struct AuditResult {
  std::vector<Violation> violations;
  std::size_t jobs = 0, attempts = 0, shares = 0;  ///< what was looked at
  bool ok() const { return violations.empty(); }
};

/// `violation` as one line without a newline.
std::string render(const Violation& violation);

/// Checks a run of `workload`, with its operators' commands, on `cluster`. The texts are the files
/// that sim/report/README.md describes, `power_csv` of a cluster that saves power. Never throws:
/// what cannot be read is a violation, too.
AuditResult audit(const Cluster& cluster, const Workload& workload, std::string_view jobs_csv,
                  std::string_view shares_csv, const AuditRules& rules = {},
                  std::string_view power_csv = {});

}  // namespace rehearse
