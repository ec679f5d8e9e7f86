// Who uses what now: the counts that limits are compared with. A plain value (a hypothetical is
// another ledger, D7), updated by the engine as jobs are submitted, start and end.
//
// Per association: submitted and running jobs, TRES in use; an association's figures include all
// below it. Per QOS: the same, whole and per user and per account.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/cluster/cluster.hpp"

namespace rehearse {

struct Use {
  std::int64_t submitted = 0;  ///< pending and running jobs
  std::int64_t running = 0;
  TresCounts tres;  ///< of running jobs
};

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
  void started(const Payer& payer, const TresCounts& tres);
  void ended(const Payer& payer, const TresCounts& tres);

  const Use& of_assoc(AssocId assoc) const;
  const Use& of_qos(QosId qos) const;
  const Use& of_qos_user(QosId qos, UserId user) const;         ///< zero if it never used any
  const Use& of_qos_account(QosId qos, AssocId account) const;  ///< likewise
  AssocId parent(AssocId assoc) const { return parents_[assoc]; }
  /// The account of a user's association; an account's own association is its own.
  AssocId account(AssocId assoc) const { return accounts_[assoc]; }

 private:
  template <class Change>
  void for_all(const Payer& payer, Change&& change);

  std::size_t tres_count_;
  Use nothing_;  ///< of those who never used any
  IdVector<AssocId, AssocId> parents_;
  IdVector<AssocId, AssocId> accounts_;
  IdVector<AssocId, Use> assocs_;
  IdVector<QosId, Use> qos_;
  std::map<std::pair<QosId, UserId>, Use> qos_users_;
  std::map<std::pair<QosId, AssocId>, Use> qos_accounts_;
};

}  // namespace rehearse
