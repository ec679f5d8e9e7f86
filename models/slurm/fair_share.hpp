// Past use of each association and its fair-share factor, as slurmctld's decay thread has them
// (semantics 3.3, 3.4): use fades in steps, at priority ticks, and is added at ticks and at the end
// of a job. Limits on use over time are sim/state/ledger's.
//
//   per second   f = 1 - 0.693 / PriorityDecayHalfLife
//   at a tick    use = use * f^(seconds since the last tick), then for each running job
//                use += d * f^d * billing * UsageFactor of its QOS,  d = tick - max(last tick,
//                start)
//   at its end   the same with d = end - max(last tick, start)
#pragma once

#include <cstdint>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/policy/outlook.hpp"

namespace rehearse::slurm {

/// PriorityUsageResetPeriod. Now: at the first tick.
enum class ResetPeriod : std::uint8_t {
  None,
  Now,
  Daily,
  Weekly,
  Monthly,
  Quarterly,
  Yearly,
};

struct FairShareParams {
  Duration half_life = std::chrono::hours{7 * 24};  ///< PriorityDecayHalfLife; 0: nothing fades
  ResetPeriod reset = ResetPeriod::None;
  bool fair_tree = true;         ///< no NO_FAIR_TREE in PriorityFlags
  double damping = 1;            ///< FairShareDampeningFactor, of the classic factor
  std::int64_t origin_unix = 0;  ///< seconds of time 0, as local time: when midnight is
};

class Usage {
 public:
  /// `assocs` may grow. If the root has no user named `root`, one is ranked all the same.
  Usage(const IdVector<AssocId, Assoc>& assocs, const FairShareParams& params);

  /// What `seconds` of use are worth at the end of it: f^seconds.
  double fade(double seconds) const;
  double fade(Duration length) const { return fade(static_cast<double>(whole_seconds(length))); }

  /// A tick: all use fades, or is forgotten if a reset is due. The caller then charges what runs
  /// and asks for the classic factor of what waits, in the order of the list of jobs.
  void decay_to(Time tick);
  /// The last tick; charges before the first one count from the start of the job.
  Time last_tick() const { return last_tick_; }
  /// Whether the last tick forgot all use: the ledger's is to be forgotten too.
  bool was_reset() const { return was_reset_; }
  /// A job of `assoc` ran on for `length`, up to the last tick or to its end. `billing`: times the
  /// UsageFactor, and not rounded. O(depth of the tree).
  void charge(AssocId assoc, double billing, Duration length);

  /// Billing-seconds (sshare's RawUsage, before it is cut to an integer).
  double raw(AssocId assoc) const { return index(assoc) < usage_.size() ? usage_[assoc] : 0; }
  /// Of all associations, as of now: for Fair Tree, at the end of a tick.
  void factors(IdVector<AssocId, double>& factors) const;
  /// The classic factor as slurmctld has it until the next tick: of the part that an account had
  /// of all use before what runs was charged, and of that which a user had when it was first asked
  /// for since, mostly with half of the tick's jobs charged (seen in sshare: x2).
  double classic_factor(AssocId assoc);
  /// What these factors come from; users that nobody asked for stand as of now.
  IdVector<AssocId, Standing> standings() const;

 private:
  bool is_reset_due(Time tick);
  Standing user_standing(AssocId user) const;

  const IdVector<AssocId, Assoc>& assocs_;
  FairShareParams params_;
  double per_second_;
  bool adds_root_user_;
  IdVector<AssocId, double> usage_;
  // Of the classic factor, of the last tick:
  IdVector<AssocId, double> shares_;
  IdVector<AssocId, Standing> standings_;  // of users since they were asked for
  IdVector<AssocId, std::uint8_t> is_known_;
  Time last_tick_ = Time::min();
  std::int64_t next_reset_ = 0;  // unix seconds; 0: not known yet
  bool was_reset_ = false;
};

/// When use is next forgotten after `unix_seconds` (local time): a midnight. REQUIRES: `period` is
/// one that recurs.
std::int64_t next_reset(ResetPeriod period, std::int64_t unix_seconds);

}  // namespace rehearse::slurm
