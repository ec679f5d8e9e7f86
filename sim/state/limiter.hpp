// May this job be submitted, or start? If not, which limit says so, with Slurm's reason.
//
// Three layers as in Slurm (shared/semantics 4.1): for each single limit the first of [partition
// QOS, job QOS] that sets it rules (the other way round with OverPartQOS), and the association tree
// is consulted only if neither sets that same limit; of associations, Grp* limits hold at every
// level from the user to the root, others at the user's own level, inherited from the nearest
// ancestor that sets them (slurmdbd propagates them).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/ids.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/ledger.hpp"
#include "sim/state/reason.hpp"

namespace rehearse {

enum class LimitScope : std::uint8_t { PartitionQos, JobQos, Assoc };

/// A limit that holds a job: "used 60, asked 8, bound 64 of gres/gpu". Times are whole seconds.
struct LimitHit {
  Reason reason = Reason::None;
  LimitScope scope = LimitScope::Assoc;
  std::uint32_t entity = 0;  ///< position of the QOS or association that sets the limit
  std::int32_t tres = -1;    ///< TRES position; -1: jobs or time
  std::int64_t used = 0, asked = 0, bound = 0;
};

class Limiter {
 public:
  /// `assocs` starts as the cluster's and may grow during the run, by users without limits of their
  /// own. Where the cluster sets no limit at all, every question is answered at once.
  Limiter(const Cluster& cluster, const IdVector<AssocId, Assoc>& assocs);

  /// Whether the cluster sets any limit: if not, no count in the ledger is ever asked for.
  bool has_limits() const { return has_limits_; }

  /// Submit limits always; others only where they are strict: a QOS with DenyOnLimit, or no QOS at
  /// all (semantics 4.2); there no other job counts. `tres` is what was asked for one of `jobs`
  /// equal jobs.
  std::optional<LimitHit> at_submit(const Ledger& ledger, const Payer& payer, std::int64_t jobs,
                                    const TresCounts& tres, Duration time_limit) const;
  /// Job counts and wall time: known before nodes are chosen (4.3).
  std::optional<LimitHit> before_select(const Ledger& ledger, const Payer& payer,
                                        Duration time_limit) const;
  /// TRES limits of what would be allocated (4.4). `max_per_node` is the most on any one node.
  std::optional<LimitHit> after_select(const Ledger& ledger, const Payer& payer,
                                       const TresCounts& tres,
                                       const TresCounts& max_per_node) const;
  /// The wall time that limits give a job that asks for none (4.2); kUnlimited if none.
  Duration wall_limit(const Payer& payer) const;

 private:
  const Cluster& cluster_;
  const IdVector<AssocId, Assoc>& assocs_;
  bool has_limits_;
};

}  // namespace rehearse
