// The seam for whole schedulers (D3): look through a View, act through a Control (D2). A scheduler
// cannot start a job twice or over-allocate: a wrong policy gives a bad schedule, never a corrupt
// run.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/policy/clairvoyance.hpp"
#include "sim/policy/following.hpp"
#include "sim/policy/slots.hpp"
#include "sim/policy/view.hpp"

namespace rehearse {

/// When the scheduler is asked (`scheduler.pass`). Programs that call themselves EASY differ by it.
enum class PassMode : std::uint8_t {
  Instant,  ///< all ends of an instant, then all its submissions, then one pass
  Event,    ///< a pass after each single event, submissions before ends; a job whose expected end
            ///< is now counts as free
};

/// The verbs. Each is checked and journalled.
class Control {
 public:
  virtual ~Control() = default;
  virtual const View& view() const = 0;
  /// Starts a pending job now on `shares`, whose GRES are rows of `arena`.
  virtual void start(const Candidate&, std::span<const Share> shares, const GresArena& arena,
                     StartedBy) = 0;
  /// Starts a pool request now, first fit; REQUIRES Request::is_pool and that it fits.
  virtual void start_pool(const Candidate&, StartedBy) = 0;
  /// Tells a running job to go: it ends at once, or after `grace` if it ignores the signal.
  virtual void evict(JobId, PreemptMode, Duration grace, JobId claimant) = 0;
  /// Why the job waits, as of now. Recorded only when it changes.
  virtual void set_reason(JobId, Reason) = 0;
  virtual void set_fair_share(AssocId, double factor) = 0;
  /// The scheduler is asked at `at`, even if nothing happens then.
  virtual void wake(Time at) = 0;
  /// True run times, for a policy that declares itself clairvoyant. Journalled.
  virtual Clairvoyance clairvoyance() = 0;
};

/// What a scheduler that judges says of a node's power.
enum class PowerOrder : std::uint8_t {
  Leave,   ///< its last job's epilog is over: it is idle from now on
  Down,    ///< as soon as it is idle
  Up,      ///< it boots, for nobody
  Repair,  ///< one that had failed to boot answers after all
};

/// More verbs, for a scheduler that judges: it decides what becomes of a job besides its start.
class JudgesControl {
 public:
  virtual ~JudgesControl() = default;
  /// Refuses a job that has just been submitted.
  virtual void refuse(JobId, Reason, const std::string& message) = 0;
  /// The job may compete from `at` on (sacct's Eligible); kNever: no longer.
  virtual void set_eligible(JobId, Time at) = 0;
  /// Its place in the scheduler's list of jobs; before that it is the job's number.
  virtual void set_list_order(JobId, std::uint32_t) = 0;
  /// Its age counts from `since` on; kNever: it has none.
  virtual void set_accruing(JobId, Time since) = 0;
  virtual void set_time_limit(JobId, Duration) = 0;
  /// Ends a running job now; `requeue`: it is pending again then. Whether its processes were gone
  /// at once: if not, they ignored the signal, and its nodes are clean only after they are killed.
  virtual bool end(JobId, JobState, bool requeue) = 0;
  /// The same of a victim of `claimant` (kNone: not known any more), journalled as an eviction.
  virtual bool preempt(JobId, PreemptMode, Duration grace, JobId claimant) = 0;
  /// A running job gives its CPUs back and stands still; it goes on, and ends so much later.
  virtual void suspend(JobId) = 0;
  virtual void resume(JobId) = 0;
  /// When it is expected to end: its time limit, or the end of its grace time. A job that ends by
  /// itself later than that has timed out.
  virtual void set_expected_end(JobId, Time) = 0;
  /// A request for candidates, by which priorities and reports know what was asked.
  virtual RequestId add_request(Request) = 0;
  /// Ends a pending job: Cancelled, Deadline.
  virtual void cancel(JobId, JobState) = 0;
  /// What a running job used since the last count is worth `worth` times its seconds by now; all
  /// use so far fades to `factor` of it, or is forgotten. Without effect where no limit is on use.
  virtual void count_use(JobId, double worth) = 0;
  virtual void fade_use(double factor) = 0;
  virtual void forget_use() = 0;
  /// Without effect where nodes are always on.
  virtual void set_power(NodeId, PowerOrder) = 0;
  /// Jobs that are configuring and have all of their nodes up run from now on. Which these are.
  virtual std::vector<JobId> run_configured() = 0;
  /// Something the run has to say in its report: what an operator asked for and is not simulated.
  virtual void note(std::string text) = 0;
  /// The scheduler knows an ended job no longer since `at`: it counts as satisfied for whatever is
  /// submitted later and depends on it.
  virtual void forget(JobId, Time at) = 0;
  /// Whether it depends on a job that was rejected; with `ended` or on how a job ended (afterok,
  /// afternotok) of which nothing is known any more.
  virtual bool names_unknown(JobId, bool ended) const = 0;
  /// What its dependencies say: None, Dependency or DependencyNeverSatisfied.
  virtual Reason dependency(JobId) const = 0;
  /// When time alone changes that (after:id+minutes); kNever: it does not.
  virtual Time dependency_due(JobId) const = 0;
  /// Whether as many tasks of its array run as may.
  virtual bool is_throttled(JobId) const = 0;
  /// Another scheduler's decisions: where they are known, those that judge take them instead of
  /// their own, and say so.
  virtual Following& following() = 0;
};

/// What happened since the last pass. Spans are valid during the call only.
struct Changes {
  std::span<const Candidate> eligible;  ///< jobs that may start from now on; one per partition
  std::span<const AttemptId> ended;     ///< attempts that stopped running
  bool resources_freed = false;
  std::span<const JobId> submitted{};              ///< for a scheduler that judges
  std::span<const Operation* const> operations{};  ///< likewise, in order
  std::span<const NodeId> powered{};               ///< their power has changed
};

/// How jobs live under a scheduler beside its decisions.
struct Lifecycle {
  /// It admits, holds, releases, times out and cancels jobs itself. It is told of every submission
  /// whose account, QOS and partitions exist, and of every operation.
  bool judges = false;
  Duration submit_phase = Duration::zero();  ///< of submissions and operations within a second
  Duration overhead = Duration::zero();      ///< a job ends so long after its run time is over
  Duration power_turn = Duration::zero();    ///< idle nodes are looked at so often; zero: always
                                             ///< (and jobs run as soon as their nodes are up)
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  /// The policies it is to ask; a scheduler that decides by itself ignores them.
  virtual void equip(Slots) {}
  virtual PassMode pass() const { return PassMode::Instant; }
  virtual Lifecycle lifecycle() const { return {}; }
  /// How long after its eviction a requeued job is eligible again.
  virtual Duration requeue_delay() const { return Duration::zero(); }
  /// Called once before the run of a scheduler that judges.
  virtual void begin(Control&, JudgesControl&) {}
  /// A running job is about to end by itself: the last moment to count its use.
  virtual void ending(JobId) {}
  virtual void on(const Changes&, Control&) = 0;
  /// What it has in mind now, for a snapshot. A scheduler that keeps less leaves the rest out.
  virtual void tell(const View&, Outlook&) const {}
};

}  // namespace rehearse
