// All that a decision may look at: const, and without true run times (D2, D14).
#pragma once

#include <span>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/jobs.hpp"
#include "sim/state/journal.hpp"
#include "sim/state/ledger.hpp"
#include "sim/state/limiter.hpp"
#include "sim/state/request.hpp"
#include "sim/state/resources.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// The present, as the engine keeps it. Policies see it through a View.
struct State {
  State(const Cluster& its_cluster, const Workload& its_workload);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Cluster& cluster;
  const Workload& workload;  ///< policies see what was asked, never the truth
  Time now{};
  IdVector<JobId, Job> jobs;
  Requests requests;
  Resources resources;
  Ledger ledger;
  Journal journal;
  Limiter limiter;
  bool has_limits = false;
  std::vector<RunningJob> running;       ///< by (expected end, job)
  IdVector<NodeId, PowerState> power;    ///< empty: all nodes are always on
  IdVector<AssocId, double> fair_share;  ///< factor of each association, 1 until it is set
};

class View {
 public:
  explicit View(const State& state) : state_(state) {}

  Time now() const { return state_.now; }
  const Cluster& cluster() const { return state_.cluster; }
  std::size_t job_count() const { return state_.jobs.size(); }
  const Job& job(JobId id) const { return state_.jobs[id]; }
  const Request& request(const Candidate& candidate) const {
    return state_.requests[candidate.request];
  }
  const Request& request(RequestId id) const { return state_.requests[id]; }
  /// What was asked for the job.
  const Submission& submission(JobId id) const {
    return state_.workload.submissions[job(id).submission];
  }
  const Asked& asked(JobId id) const { return state_.workload.asked[submission(id).asked]; }
  const Asked& asked(AskedId id) const { return state_.workload.asked[id]; }
  const Special* special(JobId id) const { return state_.workload.special(job(id).submission); }
  /// What the trace calls the job: "J042", "A03_7".
  std::string job_text(JobId id) const {
    return state_.workload.task_text(entry(id).submission, entry(id).array_task);
  }
  const std::string& name(NameId id) const { return state_.workload.names[id]; }
  const JobEntry& entry(JobId id) const { return state_.journal.jobs[id]; }
  const Resources& resources() const { return state_.resources; }
  const Ledger& ledger() const { return state_.ledger; }
  const Limiter& limiter() const { return state_.limiter; }
  const IdVector<AssocId, Assoc>& assocs() const { return state_.journal.assocs; }
  double fair_share(AssocId assoc) const { return state_.fair_share[assoc]; }
  /// In order of (expected end, id).
  std::span<const RunningJob> running() const { return state_.running; }
  /// What a running job holds; its amounts of GRES are rows of gres().
  std::span<const Share> held(JobId id) const {
    return state_.journal.held(state_.journal.attempts[job(id).attempt]);
  }
  /// Whether nodes are powered down at all.
  bool saves_power() const { return !state_.power.empty(); }
  /// REQUIRES: saves_power().
  const PowerState& power(NodeId node) const { return state_.power[node]; }
  const GresArena& gres() const { return state_.journal.gres; }
  const Attempt& attempt(AttemptId id) const { return state_.journal.attempts[id]; }
  /// What an attempt holds, or held, per TRES position.
  TresCounts allocated(AttemptId id) const;
  /// Whether all requests so far are pools: then free CPUs tell everything.
  bool only_pools() const { return state_.requests.only_pools(); }
  /// Whether the cluster sets any limit on use.
  bool has_limits() const { return state_.has_limits; }
  /// On whose account a job counts in `partition`.
  Payer payer(JobId id, PartitionId partition) const;
  /// Why a partition does not take jobs of an association under a QOS; None: it does.
  Reason forbidden(AssocId assoc, QosId qos, const Partition& partition) const;
  Reason reason(JobId id) const { return state_.journal.attempts[job(id).attempt].reason; }

 private:
  const State& state_;
};

}  // namespace rehearse
