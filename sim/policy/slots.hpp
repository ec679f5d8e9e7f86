// The five slots of the event scheduler. A policy is one class in one file of models/, registered
// with policy/registry.hpp; see models/README.md.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/policy/clairvoyance.hpp"
#include "sim/policy/outlook.hpp"
#include "sim/policy/view.hpp"

namespace rehearse {

/// Who is first. Higher scores first; equal scores in order of submission, then id. Partitions of a
/// higher PriorityTier come first whatever the score.
class PriorityPolicy {
 public:
  virtual ~PriorityPolicy() = default;
  /// Fills scores[i] for pending[i].
  virtual void score(const View&, std::span<const Candidate> pending, std::span<double> scores) = 0;
  /// Whether a waiting job's score can change. If not, each job is scored once.
  virtual bool changes_with_time() const { return true; }
  /// Whether it reads View::fair_share: only then the fair-share slot is asked.
  virtual bool uses_fair_share() const { return false; }
  /// What the score of a pending job was made of at `at`; nothing if it is no sum of such factors.
  virtual std::optional<PriorityFactors> factors(const View&, const Candidate&, Time at) {
    return static_cast<void>(at), std::nullopt;
  }
};

/// A priority that may see true run times. The report's first line says so.
class ClairvoyantPriority : public PriorityPolicy {
 public:
  virtual void reveal(const Clairvoyance&) = 0;
};

/// Past use of each association, turned into a factor from 0 (over-served) to 1.
class FairShare {
 public:
  virtual ~FairShare() = default;
  /// An attempt of `assoc` held `billing` units from `from` to `to`. Calls come in order of `to`.
  virtual void charge(const View&, AssocId assoc, double billing, Time from, Time to) = 0;
  /// Fills factors for all of view.assocs(), as of view.now().
  virtual void factors(const View&, IdVector<AssocId, double>& factors) = 0;
};

/// All that a backfill policy may do in one pass.
class Pass {
 public:
  virtual ~Pass() = default;
  virtual const View& view() const = 0;
  /// Pending jobs, best first; those started or gone in this pass stay in it.
  virtual std::span<const Candidate> queue() const = 0;
  /// Whether the job was started: it fits now, if need be by preemption, no limit holds it, and no
  /// reservation is delayed. Otherwise its reason is recorded.
  virtual bool start(const Candidate&) = 0;
  /// Promises the job its earliest start; later starts of this pass may not delay it. False if it
  /// waits for a limit, or if its start cannot be known (behind a job without a time limit).
  virtual bool reserve(const Candidate&) = 0;
  /// Whether the job waits for resources (rather than a limit), so that jobs behind it wait in
  /// turn.
  virtual bool is_blocked(const Candidate&) const = 0;
  /// Nothing at all is free, and nothing could be preempted: no job can start in this pass any
  /// more.
  virtual bool is_full() const = 0;
};

class BackfillPolicy {
 public:
  virtual ~BackfillPolicy() = default;
  virtual void schedule(Pass&) = 0;
};

/// Which of the nodes that can hold a part of the job are used first.
class PlacementPolicy {
 public:
  virtual ~PlacementPolicy() = default;
  /// Lower keys first, equal ones in node order.
  virtual void keys(const View&, const Resources&, const Request&, std::span<const NodeId> nodes,
                    std::span<double> keys) = 0;
  /// Node order for every request: then keys() is not called.
  virtual bool is_node_order() const { return false; }
};

struct Victim {
  JobId job{};
  PreemptMode mode = PreemptMode::Cancel;
  Duration grace = Duration::zero();
};

class PreemptionPolicy {
 public:
  virtual ~PreemptionPolicy() = default;
  /// Running jobs that may be preempted for `claimant`, in the order in which they would go. The
  /// caller takes as many as are needed, and then spares those that turn out not to be. They may
  /// depend on the claimant's partition, account, QOS, --priority and --nice, and on nothing else.
  virtual void victims(const View&, const Candidate& claimant, std::vector<Victim>&) = 0;
  /// What becomes of the running job, where it runs, if it is preempted.
  virtual PreemptMode mode_of(const View&, const Job&) const { return PreemptMode::Off; }
  /// Whether `claimant` would be let pass `other` in a queue because it could preempt it if that
  /// were running (Slurm's sort_job_queue2). It may depend on both's partition, QOS, --priority and
  /// --nice, and on nothing else.
  virtual bool could_preempt(const View&, const Candidate& claimant, const Candidate& other) {
    return static_cast<void>(claimant), static_cast<void>(other), false;
  }
  /// Whether victims' use counts as gone when the claimant is held by a group limit of its account.
  virtual bool relieves_account_limits() const { return false; }
  /// Never preempts: then victims() is not called.
  virtual bool is_never() const { return false; }
};

/// One policy per slot.
struct Slots {
  std::unique_ptr<PriorityPolicy> priority;
  std::unique_ptr<FairShare> fair_share;
  std::unique_ptr<BackfillPolicy> backfill;
  std::unique_ptr<PlacementPolicy> placement;
  std::unique_ptr<PreemptionPolicy> preemption;
};

}  // namespace rehearse
