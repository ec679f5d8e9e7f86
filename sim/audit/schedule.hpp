// The two files of a run as tables, tied to the rows of the trace: what the rules of the audit
// read. Times are whole seconds as in the files.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/audit/audit.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse::auditing {

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// A row of shares.csv.
struct Held {
  NodeId node{};
  std::int64_t cpus = 0;
  std::int64_t memory_mib = 0;
  std::vector<std::int64_t> gres;  ///< per GresId; empty: none
  std::int64_t count(GresId kind) const { return gres.empty() ? 0 : gres[index(kind)]; }
};

/// A row of jobs.csv. Empty times are kNoTime; a limit of UNLIMITED is kForever.
struct Attempt {
  std::size_t job = 0;  ///< position in Schedule::jobs
  std::int64_t number = 0;
  std::string user, account, qos, state, node_list, reasons;
  PartitionId partition = kNone<PartitionId>;
  std::int64_t submit = kNoTime, eligible = kNoTime, start = kNoTime, end = kNoTime;
  std::int64_t limit = kForever;
  std::int64_t nodes = 0, cpus = 0, gpus = 0, memory_mib = 0;
  std::vector<Held> held;
  bool started() const { return start != kNoTime; }
  std::int64_t end_or_forever() const { return end == kNoTime ? kForever : end; }
};

/// What the trace promises: a submission, or one task of its array.
struct Job {
  std::string id;  ///< "J7", or "J7_3" for task 3
  SubmissionId submission{};
  std::uint32_t array_task = kNone<std::uint32_t>;
  std::size_t rank = 0;               ///< of the task in its array
  std::vector<std::size_t> attempts;  ///< in order of their numbers
};

/// A row of power.csv: `node` is up from `up` until before `end`.
struct OnPeriod {
  NodeId node{};
  std::int64_t up = kNoTime, end = kForever;
  std::int64_t failed = kNoTime;  ///< its boot took too long then
};

struct Schedule {
  const Cluster& cluster;
  const Workload& workload;
  const AuditRules& rules;
  std::vector<Job> jobs;
  std::vector<Attempt> attempts;
  IdVector<SubmissionId, std::pair<std::size_t, std::size_t>> jobs_of;  ///< [first, last)
  std::size_t shares = 0;
  std::vector<OnPeriod> on{};  ///< empty: nodes are always on

  const Job& job(const Attempt& attempt) const { return jobs[attempt.job]; }
  const Submission& submission(const Job& job) const {
    return workload.submissions[job.submission];
  }
  const Asked& asked(const Attempt& attempt) const {
    return workload.asked[submission(job(attempt)).asked];
  }
  const Partition& partition(const Attempt& attempt) const {
    return cluster.partitions[attempt.partition];
  }
  const Attempt* first(const Job& job) const {
    return job.attempts.empty() ? nullptr : &attempts[job.attempts.front()];
  }
  const Attempt* last(const Job& job) const {
    return job.attempts.empty() ? nullptr : &attempts[job.attempts.back()];
  }
  /// What started at the same time of the other components of its heterogeneous job, in order.
  std::vector<const Attempt*> companions(const Attempt& attempt) const;
  /// Whether it ended before it ran because a node of it, or of another component, did not boot.
  bool lost_to_a_boot(const Attempt& attempt) const;
  /// Whole nodes: asked for, or the rule of the partition or the cluster.
  bool exclusive(const Attempt& attempt) const {
    return asked(attempt).exclusive || partition(attempt).exclusive ||
           partition(attempt).over_subscribe == OverSubscribe::Exclusive ||
           cluster.select.whole_nodes || was_made_whole(attempt);
  }
  /// With slurmctld a job that names an EXCLUSIVE partition besides may take whole nodes in any.
  bool was_made_whole(const Attempt& attempt) const;
  /// Held GRES of `name`, of `type` unless it is empty, on one node.
  std::int64_t gres(const Held& held, std::string_view name, std::string_view type) const;
};

/// Collects what is wrong.
class Findings {
 public:
  explicit Findings(AuditResult& result) : result_(result) {}
  void add(std::string rule, std::string job, std::int64_t at, std::string text,
           std::string node = {});
  void add(std::string rule, const Schedule&, const Attempt&, std::int64_t at, std::string text,
           std::string node = {});

 private:
  AuditResult& result_;
};

/// Reads both files and ties them to the trace; rows that cannot be are findings and left out.
Schedule read_schedule(const Cluster&, const Workload&, const AuditRules&,
                       std::string_view jobs_csv, std::string_view shares_csv, Findings&);

void read_power(std::string_view power_csv, Schedule&, Findings&);

// The rules, by what they look at.
void check_life(const Schedule&, Findings&);    ///< times, dependencies, arrays, nothing lost
void check_places(const Schedule&, Findings&);  ///< sizes, nodes, partitions, no node over-used
void check_access(const Schedule&, Findings&);  ///< accounts and QOS
/// The CPUs of an attempt that has no whole nodes, of a run of `scheduler: slurm`.
void check_slurm_cpus(const Schedule&, const Attempt&, Findings&);
void check_operations(const Schedule&,
                      Findings&);               ///< held jobs, nodes and partitions that are off
void check_power(const Schedule&, Findings&);   ///< nobody runs on a node that is not up
void check_limits(const Schedule&, Findings&);  ///< the limits of accounts and QOS

/// Whether limits on use over time (GrpTRESMins, GrpWall, MaxTRESMins) may end the attempt, which
/// they do where they are not safe.
bool may_be_used_up(const Schedule&, const Attempt&);

}  // namespace rehearse::auditing
