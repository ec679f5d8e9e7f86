// The journal is the truth (D4): every report is a pure function of (cluster, workload, journal).
// Typed tables, one per kind of thing that happens; all in order of happening, attempts in order of
// creation. Attempt i of a run without requeues is job i. What an attempt held on which nodes is a
// slice of one arena.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/power.hpp"
#include "sim/state/reason.hpp"
#include "sim/state/resources.hpp"

namespace rehearse {

enum class JobState : std::uint8_t {
  Pending,
  Running,
  Completed,
  Failed,
  Timeout,
  Preempted,
  Cancelled,
  Rejected,
  NodeFail,
  Deadline,
};
inline constexpr std::size_t kJobStates = static_cast<std::size_t>(JobState::Deadline) + 1;
enum class StartedBy : std::uint8_t { None, Main, Backfill };
std::string_view state_name(JobState state);             ///< sacct's: "PENDING", "COMPLETED", ...
std::string_view started_by_name(StartedBy started_by);  ///< "", "main", "backfill"

/// A job: one submission, or one task of its array.
struct JobEntry {
  SubmissionId submission;
  std::uint32_t array_task = kNone<std::uint32_t>;
  AttemptId last_attempt;
  AssocId assoc = AssocId{0};
  QosId qos = kNone<QosId>;
  UserId user{};
};

/// From becoming pending to its end. A requeued job's next attempt is pending from its requeue.
struct Attempt {
  JobId job;
  std::uint16_t number = 0;  ///< 0, then 1, 2, ... after each requeue
  JobState state = JobState::Pending;
  StartedBy started_by = StartedBy::None;
  Reason reason = Reason::None;  ///< of waiting or refusal, as it is last known
  PartitionId partition =
      kNone<PartitionId>;  ///< where it runs; before that the first it asked for
  Time submit = kNever;    ///< or the time of the requeue
  Time eligible = kNever;  ///< submitted, not held, begin time and dependencies past
  Time start = kNever;     ///< once all of its nodes are up
  Time end = kNever;
  Duration time_limit = kUnlimited;
  std::uint32_t first_share = 0;
  std::uint32_t share_count = 0;
};

/// A pending attempt's reason changed. The first reason counts from the submission on.
struct ReasonChange {
  Time at;
  AttemptId attempt;
  Reason reason;
};

/// An attempt is told to go for `claimant`; it ends at once, or when its grace time is over.
struct Eviction {
  Time at;
  AttemptId victim;
  JobId claimant;
  PreemptMode mode;
  Duration grace;
};

/// A running attempt was suspended: it had no CPUs then.
struct Suspension {
  AttemptId attempt;
  Time from;
  Time until = kNever;
};

/// In what a scheduler differs from decisions that it follows (decisions.hpp).
enum class DivergenceKind : std::uint8_t {
  Early,      ///< would have started the attempt, or would start what never started there
  Late,       ///< would not have started it yet
  Nodes,      ///< would have chosen other nodes
  Partition,  ///< would have started it in another of its partitions
  Starter,    ///< main instead of backfill, or the reverse, within the same second
  Spared,     ///< would not have preempted it
  Preempted,  ///< would have preempted it
  Lost,       ///< cannot follow: it does not fit where it ran there
};
inline constexpr std::size_t kDivergenceKinds = static_cast<std::size_t>(DivergenceKind::Lost) + 1;
std::string_view divergence_name(DivergenceKind kind);  ///< "early", "late", ...

struct Divergence {
  Time at;
  AttemptId attempt;
  DivergenceKind kind;
  std::string ours;    ///< what the scheduler would have done, or why it did not
  std::string theirs;  ///< what was done instead
};

struct Journal {
  explicit Journal(std::size_t gres_kinds = 0) : gres(gres_kinds) {}

  IdVector<JobId, JobEntry> jobs;
  IdVector<AttemptId, Attempt> attempts;
  std::vector<Share> shares;
  GresArena gres;
  std::vector<ReasonChange> reasons;
  std::vector<Eviction> evictions;
  std::vector<Suspension> suspensions;  ///< in order of their begin
  std::vector<PowerChange> power;       ///< of nodes that are up when the run begins, from then on
  IdVector<UserId, std::string> users;
  IdVector<AssocId, Assoc> assocs;  ///< the cluster's, then users that came up in the run
  std::vector<std::string> notes;   ///< what the run has to say: trimmed requests, refusals, ...
  std::vector<Divergence> divergences;  ///< from the decisions that were followed
  bool clairvoyant = false;             ///< a policy has read true run times
  Time end = Time::min();               ///< of the last event

  /// The attempt's last suspension is over.
  void resumed(AttemptId attempt, Time now) {
    for (Suspension& each : suspensions) {
      if (each.attempt == attempt && each.until == kNever) each.until = now;
    }
  }
  std::span<const Share> held(const Attempt& attempt) const {
    return {shares.data() + attempt.first_share, attempt.share_count};
  }
};

/// Amounts of one attempt per TRES position: CPUs, memory, nodes, billing (as the partition weighs
/// it, rounded down), GPUs, each GRES. O(shares x kinds).
TresCounts allocated_tres(const Cluster& cluster, const Journal& journal, const Attempt& attempt);

/// The same of shares that nobody holds yet.
TresCounts tres_of_shares(const Cluster& cluster, const Partition& partition,
                          std::span<const Share> shares, const GresArena& arena);

}  // namespace rehearse
