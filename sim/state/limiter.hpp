// May this job be submitted, or start? If not, which limit says so, with Slurm's reason.
//
// Three layers as in Slurm (shared/semantics 4.1): for each single limit the first of [partition
// QOS, job QOS] that sets it rules (the other way round with OverPartQOS), and the association tree
// is consulted only if neither sets that same limit; of associations, Grp* limits hold at every
// level from the user to the root, others at the user's own level, inherited from the nearest
// ancestor that sets them (slurmdbd propagates them). LimitFactor of the first QOS that has one
// multiplies GrpTRES and MaxTRES of associations.
//
// With Cluster::limits_are_safe (AccountingStorageEnforce=safe) a job starts only if what is left
// of GrpTRESMins and GrpWall is enough for it and for all that running jobs may still use.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/ledger.hpp"
#include "sim/state/reason.hpp"

namespace rehearse {

enum class LimitScope : std::uint8_t { PartitionQos, JobQos, Assoc };

/// A limit that holds a job: "used 60, asked 8, bound 64 of gres/gpu". Times are whole seconds,
/// amounts of limits of TRES-minutes are in these.
struct LimitHit {
  Reason reason = Reason::None;
  LimitScope scope = LimitScope::Assoc;
  std::uint32_t entity = 0;  ///< position of the QOS or association that sets the limit
  std::int32_t tres = -1;    ///< TRES position; -1: jobs or time
  std::int64_t used = 0, asked = 0, bound = 0;
};

/// Whether a limit that others are over holds a job that asks for nothing of that TRES. slurmctld
/// lets it pass; the event scheduler does not.
enum class Unasked : std::uint8_t { Passes, Held };

/// The most nodes that limits leave to a job, and the reason if it needs more.
struct MostNodes {
  std::int64_t count = kNoLimit;
  Reason reason = Reason::None;
};

class Limiter {
 public:
  /// `assocs` starts as the cluster's and may grow during the run, by users without limits of their
  /// own. Where the cluster sets no limit at all, every question is answered at once.
  Limiter(const Cluster& cluster, const IdVector<AssocId, Assoc>& assocs);

  /// Whether the cluster sets any limit: if not, no count in the ledger is ever asked for.
  bool has_limits() const { return has_limits_; }
  /// Whether it limits use over time: if not, the ledger need not be told of it.
  bool limits_usage() const { return limits_usage_; }

  /// Submit limits always; others only where they are strict: a QOS with DenyOnLimit, or no QOS at
  /// all (4.2); there no other job counts, nor what was used before. `tres` is what was asked for
  /// one of `jobs` equal jobs.
  std::optional<LimitHit> at_submit(const Ledger& ledger, const Payer& payer, std::int64_t jobs,
                                    const TresCounts& tres, Duration time_limit) const;
  /// Job counts and wall time: known before nodes are chosen (4.3).
  std::optional<LimitHit> before_select(const Ledger& ledger, const Payer& payer,
                                        Duration time_limit) const;
  /// TRES limits of what would be allocated (4.4), and those of TRES times the time limit, in begun
  /// minutes. `per_node` is what is compared with MaxTRESPerNode: slurmctld takes the mean, TRES
  /// over nodes rounded down. Of `nodes` only those count that the group does not use yet; without
  /// them all do.
  std::optional<LimitHit> after_select(const Ledger& ledger, const Payer& payer,
                                       const TresCounts& tres, const TresCounts& per_node,
                                       Duration time_limit, std::span<const NodeId> nodes = {},
                                       Unasked unasked = Unasked::Passes) const;
  /// The most nodes that node selection may take (acct_policy_get_max_nodes): node counts of the
  /// Max and Grp limits, whatever is in use.
  MostNodes most_nodes(const Payer& payer) const;
  /// The wall time that limits give a job that asks for none (4.2); kUnlimited if none. Where
  /// limits are strict, those of TRES-minutes too, for a job that asks for `tres`.
  Duration wall_limit(const Payer& payer, const TresCounts& tres = {}) const;
  /// Whether a running job is to be killed: GrpTRESMins or GrpWall are used up, or the job itself
  /// is over MaxTRESMinsPerJob (4.4, "Time-outs"). Never where limits are safe.
  bool is_timed_out(const Ledger& ledger, const Payer& payer, const TresCounts& tres,
                    Duration ran) const;

 private:
  const Cluster& cluster_;
  const IdVector<AssocId, Assoc>& assocs_;
  bool has_limits_;
  bool limits_usage_;
};

}  // namespace rehearse
