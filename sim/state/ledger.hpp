// Who uses what now, and has used: the counts that limits are compared with. A plain value (a
// hypothetical is another ledger, D7), updated as jobs are submitted, start, run and end.
//
// Per association: submitted and running jobs, TRES in use; an association's figures include all
// below it. Per QOS: the same, whole and per user and per account. Per association and per QOS as a
// whole, also what was used over time (shared/semantics 3.4, 4.4): TRES-seconds and seconds of wall
// time, which decay, and the TRES-seconds that running jobs have left of their time limits.
//
// All over time is times the UsageFactor of the job's QOS. What running jobs have left is whole
// seconds, cut off at each step as slurmctld does it: a factor of 0.5 leaves some behind for ever.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"

namespace rehearse {

struct Use {
  std::int64_t submitted = 0;  ///< pending and running jobs
  std::int64_t running = 0;
  TresCounts tres;  ///< of running jobs; of jobs whose nodes are known, a node counts once
  std::vector<std::uint32_t> jobs_on;  ///< per node: those of them that use it; empty: none
  bool uses(NodeId node) const { return index(node) < jobs_on.size() && jobs_on[index(node)] > 0; }
};

/// What was used so far, and what running jobs may still use.
struct Spent {
  std::vector<double> tres_seconds;  ///< per TRES
  double wall_seconds = 0;
  TresCounts left;  ///< TRES-seconds
};

/// What is left of a job's time limit after it ran for `ran`. UNLIMITED counts as 2^32 seconds.
constexpr Duration left_of_limit(Duration time_limit, Duration ran) {
  constexpr Duration kLongest = std::chrono::seconds{std::int64_t{1} << 32U};
  return std::max(std::min(time_limit, kLongest) - ran, Duration::zero());
}

/// On whose account a job counts.
struct Payer {
  AssocId assoc{};  ///< of the user
  UserId user{};
  QosId job_qos = kNone<QosId>;
  QosId partition_qos = kNone<QosId>;
};

class Ledger {
 public:
  explicit Ledger(const Cluster& cluster);

  /// A user's association made in the run, below `parent`. REQUIRES: ids come in order.
  void add_assoc(AssocId id, AssocId parent);

  /// Each REQUIRES that what goes was there before, under the same payer. O(depth of the tree x
  /// TRES), and O(log users) for each QOS of the payer.
  void submitted(const Payer& payer, std::int64_t jobs);  ///< negative: they ended
  /// Without `nodes` each node of the job counts. A time limit is left as a whole.
  void started(const Payer& payer, const TresCounts& tres, Duration time_limit = Duration::zero(),
               std::span<const NodeId> nodes = {});
  /// `unused`: what is still left of the time limit after the last ran().
  void ended(const Payer& payer, const TresCounts& tres, Duration unused = Duration::zero(),
             std::span<const NodeId> nodes = {});

  /// A running job ran on, within its time limit: so much less is left. O(depth x TRES).
  void ran(const Payer& payer, const TresCounts& tres, Duration length);
  /// It used `tres` for `seconds`, which are worth `decayed` by now: d * f^d (3.4). A QOS with
  /// NoDecay counts the seconds.
  void charge(const Payer& payer, const TresCounts& tres, double seconds, double decayed);
  /// All use so far is worth `factor` times as much, but for QOS with NoDecay. O(all x TRES).
  void decay(double factor);
  /// PriorityUsageResetPeriod: all use so far is forgotten.
  void reset_usage();

  const Use& of_assoc(AssocId assoc) const;
  const Use& of_qos(QosId qos) const;
  const Use& of_qos_user(QosId qos, UserId user) const;         ///< zero if it never used any
  const Use& of_qos_account(QosId qos, AssocId account) const;  ///< likewise
  const Spent& spent_by(AssocId assoc) const { return spent_by_assoc_[assoc]; }
  const Spent& spent_by(QosId qos) const { return spent_by_qos_[qos]; }
  AssocId parent(AssocId assoc) const { return parents_[assoc]; }
  /// The account of a user's association; an account's own association is its own.
  AssocId account(AssocId assoc) const { return accounts_[assoc]; }

 private:
  struct Terms {  // of a QOS
    double usage_factor;
    bool no_decay;
  };
  template <class Change>
  void for_all(const Payer& payer, Change&& change);
  template <class Change>
  void for_spent(const Payer& payer, Change&& change);
  double usage_factor(const Payer& payer) const;
  std::int64_t counted_seconds(const Payer& payer, Duration length) const;

  Use nothing_;    ///< of those who never used any
  Spent unspent_;  ///< likewise
  IdVector<QosId, Terms> terms_;
  IdVector<AssocId, AssocId> parents_;
  IdVector<AssocId, AssocId> accounts_;
  IdVector<AssocId, Use> assocs_;
  IdVector<QosId, Use> qos_;
  IdVector<AssocId, Spent> spent_by_assoc_;
  IdVector<QosId, Spent> spent_by_qos_;
  std::map<std::pair<QosId, UserId>, Use> qos_users_;
  std::map<std::pair<QosId, AssocId>, Use> qos_accounts_;
};

}  // namespace rehearse
