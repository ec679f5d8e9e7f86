// slurmctld's decisions (semantics ch. 1, 2, 6, 7): the queue, the main pass, backfill, preemption,
// time limits. One object with the state; its methods are in one file per concern:
//
//   admission.cpp    submission
//   controller.cpp   start, end, what is usable
//   queue.cpp        who may compete, in which order
//   main_pass.cpp    the main scheduler's pass, and the choice of nodes for a start
//   backfill.cpp     the backfill cycle and its map of time
//   will_run.cpp     its test of when and where a job could run
//   het_jobs.cpp     jobs of several components, which start together
//   operations.cpp   what operators do
//   power.cpp        nodes that are powered down, and boot for jobs
//   follow.cpp       taking a real slurmctld's decisions where they differ
//   outlook.cpp      what sprio, sshare and squeue would show
//
// When which of them runs is the clock's business: scheduler.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/slurm/fair_share.hpp"
#include "models/slurm/forecast.hpp"
#include "models/slurm/job_record.hpp"
#include "models/slurm/machine.hpp"
#include "models/slurm/needs.hpp"
#include "models/slurm/params.hpp"
#include "models/slurm/reservations.hpp"
#include "models/slurm/selection.hpp"
#include "sim/policy/witness.hpp"

namespace rehearse::slurm {

/// A job in a partition, as a pass takes it from the queue.
struct QueueRecord {
  JobId job{};
  std::uint32_t part = 0;  ///< index into JobRecord::parts
  bool has_reservation = false;
  std::int32_t tier = 1;
  double priority = 0;
  Seconds submit = 0;
  std::uint32_t array_job = 0;   ///< of the array, or the job itself
  std::uint32_t array_task = 0;  ///< "none" is the largest
};

/// What became of an attempt to start a job now.
enum class Outcome : std::uint8_t {
  Started,
  Busy,             ///< resources, or victims that are about to go
  ReservationBusy,  ///< advanced reservations are in the way
  LimitHeld,
  NotAvailable,  ///< nodes that it needs are down or drained
  Forbidden,     ///< its account or QOS may not use the partition
  Impossible,
};

class Controller {
 public:
  Controller(const Params& params, Slots& slots, Control& control, JudgesControl& judges);

  void submit(JobId job);
  /// The job ends by itself now.
  void ending(JobId job);
  void ended(AttemptId attempt);
  void operate(const Operation& operation);
  void tell(Outlook& outlook) const;
  void power_changed(std::span<const NodeId> nodes);

  /// One pass of the main scheduler. `full`: default_queue_depth does not count.
  void main_pass(bool full);
  void backfill_cycle();
  /// Recomputes usage, shares and priorities.
  void priority_tick();
  /// Kills jobs whose time, grace time or reservation is over.
  void time_limit_pass();
  /// The nodes of the next epilog are clean. Whether it was of a job that was killed.
  /// REQUIRES: next_epilog() is not later than now.
  bool finish_epilog();
  Time next_epilog() const { return epilogs_.empty() ? kNever : epilogs_.front().at; }
  Seconds next_limit_end() const;
  /// Nodes that were down and were resumed answer by now: they can be used, and ask for a pass.
  void take_responses();
  Time next_response() const { return responses_.empty() ? kNever : responses_.front().at; }

  /// Takes the decisions followed that are due and were not made: starts by `by`, preemptions.
  void follow_due(StartedBy by);
  Seconds next_followed() const;

  /// Jobs are preempted over and over, and none ends otherwise: where the preemptor cannot start
  /// all the same, slurmctld would go on for ever.
  bool is_stuck() const { return preempted_in_vain_ >= kMostInVain; }
  bool has_pending() const { return !pending_.empty(); }
  bool has_running() const { return running_.size() > suspended_; }
  /// Whether time alone may let a job start: begin times, reservations, deadlines.
  bool waits_for_time() const;
  /// Whether a job is held by use that fades.
  bool waits_for_decay() const;
  Seconds changed_at() const { return changed_at_; }
  /// Something asks for a pass of the main scheduler; reading it takes the request back.
  bool take_request() { return std::exchange(requested_, false); }
  bool is_requested() const { return requested_; }
  const Reservations& reservations() const { return reservations_; }
  /// Whether reservations began or ended since `last_poll`.
  bool poll_reservations(Seconds last_poll);
  /// Forgets jobs that ended MinJobAge before the turn of the main loop at `at`, which counts as a
  /// change.
  void purge(Time at);
  /// The end of the job that ended first of those not purged; kInfinite: there is none.
  Seconds first_end() const { return ends_.empty() ? kInfinite : ends_.front().first; }
  Seconds now() const { return whole_seconds(view_.now()); }

 private:
  struct Array {
    JobId first{};
    std::vector<JobId> unstarted;   ///< by falling task: the next one is the last
    Reason refused = Reason::None;  ///< of the whole submission
    std::string refusal;            ///< sbatch's words then
  };
  struct Epilog {
    Time at;
    std::vector<NodeId> nodes;
    std::map<std::string, std::int64_t> licenses;
    bool was_killed = false;
    JobId job{};
    Seconds ended = 0;
  };
  /// A node that was down answers.
  struct Response {
    Time at;
    NodeId node;
    bool asks_for_pass;
  };
  /// What choose_for_start found.
  struct Found {
    std::optional<Allocation> allocation;
    std::vector<JobId> victims;
  };

  // admission.cpp
  std::pair<Reason, std::string> admit(JobRecord& job);
  void make_parts(JobRecord& job);
  bool waits_for_limits(const JobRecord& job, const PartRecord& part) const;
  std::string refusal(JobRecord& job, const PartRecord& part, Reason& reason);
  std::uint32_t most_nodes(const JobRecord& job, const Partition& where) const;
  bool exceeds_cpus(const PartRecord& part) const;
  bool exceeds_nodes(const PartRecord& part) const;
  Reason forbidden(const JobRecord& job, const PartRecord& part) const;
  Reason partition_reason(const JobRecord& job, const PartRecord& part, bool with_least) const;
  /// How a request is taken: of whole nodes, or as slurmctld 24.11 has it once it was updated.
  enum class Form : std::uint8_t { AsAsked, WholeNodes, Updated };
  struct Taking {
    Resolved resolved{};
    RequestId request{};
  };
  const Taking& taking(AskedId asked, PartitionId partition, Form form);
  void take_as(JobRecord& job, Form form);
  void make_whole(JobRecord& job);
  std::int64_t least_memory(PartitionId partition) const;
  TresCounts asked_tres(const Needs& needs) const;
  Payer payer(const JobRecord& job, const PartRecord& part) const;
  bool lacks_nodes_now(const JobRecord& job, const PartRecord& part, Seconds minutes);
  std::vector<PartitionId> partitions_named(JobId job) const;

  // controller.cpp
  void note_change() { changed_at_ = now(); }
  /// All that the record stands for: the job, or the tasks of its array without one of their own,
  /// the next one first.
  template <class Visit>
  void for_tasks(const JobRecord& job, Visit&& visit) const {
    if (job.array == kNone<std::uint32_t> || job.is_split) return visit(job.job);
    const std::vector<JobId>& unstarted = arrays_[job.array].unstarted;
    for (auto task = unstarted.rbegin(); task != unstarted.rend(); ++task) visit(*task);
  }
  void score(JobRecord& job);
  /// `limit`: that it is the reason of. Those count as a change only when the next queue is built.
  void set_reason(JobRecord& job, Reason reason, const LimitHit* limit = nullptr);
  /// The same, of what is no change.
  void take_reason(JobRecord& job, Reason reason);
  void put_last(JobRecord& job);
  void set_accruing(JobRecord& job, Seconds since);
  void hold(JobRecord& job, bool by_admin, Reason reason);
  void remove_pending(JobId job);
  void start(JobRecord& job, const PartRecord& part, Allocation allocation, StartedBy by,
             Seconds minutes);
  /// Puts the job where it is in slurmctld's list; O(list).
  void insert(std::vector<JobId>& list, const JobRecord& job) const;
  void next_task(JobRecord& started);
  void requeue(JobRecord& job);
  void await_begin(JobRecord& job);
  void free_nodes(JobRecord& job, Time clean_at, bool was_killed);
  void charge(JobRecord& job, Seconds until);
  void charge_running();
  void take_classic_factor(const JobRecord& job);
  bool is_used_up(const JobRecord& job) const;
  bool kill(JobRecord& job, JobState as, bool requeue);
  bool kill_one(JobRecord& job, JobState as, bool requeue);
  Seconds over_time(const JobRecord& job) const;
  Duration until_clean(const JobRecord& job, bool at_once) const;
  Seconds limit_at_start(const JobRecord& job, const PartRecord& part) const;
  bool has_licenses(const JobRecord& job) const;
  NodeSet up_nodes() const;
  const std::string& wanted_reservation(const JobRecord& job) const;

  static Seconds end_by_limit(const JobRecord& job);

  // power.cpp
  bool saves_power() const { return view_.saves_power(); }
  bool is_configuring(JobId job) const { return view_.job(job).is_configuring; }
  void sync_power(NodeId node);
  void order_power(NodeId node, PowerOrder order);
  void leave_node(NodeId node);
  void complete_configurations();
  bool has_booted(const JobRecord& job) const;

  // queue.cpp
  void split_corresponding();
  void note_reason(JobRecord& job);
  std::vector<QueueRecord> build_queue(bool for_backfill);
  void tell_queue(const std::vector<QueueRecord>& queue) const;
  bool is_independent(JobRecord& job, bool by_backfill);
  Reason dependency(const JobRecord& job) const;
  bool any_could_preempt(const std::vector<QueueRecord>& queue) const;
  bool before(const QueueRecord& a, const QueueRecord& b) const;

  // main_pass.cpp
  Outcome try_start(JobRecord& job, const PartRecord& part, const NodeSet& available, StartedBy by,
                    Seconds minutes);
  Found choose_for_start(const JobRecord& job, const PartRecord& part, const NodeSet& usable);
  Found choose_with_victims(const JobRecord& job, const PartRecord& part, const NodeSet& usable);
  void preempt(JobRecord& job, const std::vector<JobId>& victims);
  bool is_preempting(const JobRecord& job) const;
  JobId standing_for(const QueueRecord& entry) const;
  struct Pass;
  void examine(Pass& pass, const QueueRecord& entry);
  Outcome examine_job(Pass& pass, JobRecord& job, const PartRecord& part);
  void block(Pass& pass, const JobRecord& job, const PartRecord& part);
  bool may_reserve(const JobRecord& job, const PartRecord& part) const;
  static Seconds least_minutes(const JobRecord& job);
  bool is_past_deadline(JobRecord& job);
  void cancel_pending(JobRecord& job, JobState as);
  std::pair<TresCounts, TresCounts> amounts_of(const Allocation& allocation,
                                               PartitionId where) const;
  static void remember(JobRecord& job, const TresCounts& tres);
  bool lacks_absent_nodes(const JobRecord& job, const PartRecord& part, const NodeSet& available);
  Outcome failure(const JobRecord& job, const PartRecord& part, const NodeSet& available,
                  const NodeSet& usable, bool reserved_away, TresCounts* whole = nullptr);
  bool limits_hold(JobRecord& job, const PartRecord& part, Seconds minutes);
  /// Takes back the reason of a limit that has just been tried and held the job no longer.
  void forget_limit(JobRecord& job);
  bool lacks_nodes(JobRecord& job, const PartRecord& part);
  bool limits_hold_after(JobRecord& job, const PartRecord& part, const TresCounts& tres,
                         const TresCounts& per_node, Seconds minutes,
                         std::span<const NodeId> nodes);
  bool limits_hold_plan(JobRecord& job, const PartRecord& part, const Choice& choice,
                        Seconds minutes, std::span<const NodeId> nodes);
  bool may_have_all_memory(const PartRecord& part) const;
  const std::optional<Allocation>& idle_choice(const PartRecord& part, const NodeSet& nodes,
                                               Choosing how);
  Choosing choosing(const JobRecord& job, const PartRecord& part, bool will_run) const;

  // backfill.cpp
  struct Slot;
  struct Cycle;
  enum class Tried : std::uint8_t { Started, Planned, Failed, Again };
  void backfill_record(Cycle& cycle, const QueueRecord& entry);
  struct Usable {
    NodeSet nodes;
    Seconds start = 0;
    bool is_reserved = false;  ///< reservations took nodes from it
  };
  std::optional<Usable> find_usable(const JobRecord& job, const PartRecord& part, Seconds minutes,
                                    Seconds start) const;
  Tried backfill_job(Cycle& cycle, JobRecord& job, const PartRecord& part);
  bool exceeds_counts(Cycle& cycle, const JobRecord& job, const PartRecord& part);
  bool is_skipped(Cycle& cycle, JobRecord& job, const PartRecord& part);
  bool is_now_only(const Cycle& cycle, const JobRecord& job, const PartRecord& part) const;
  Seconds tested_minutes(const JobRecord& job, const PartRecord& part) const;
  Seconds next_start(const Cycle& cycle, const NodeSet& nodes, Seconds start, Seconds end,
                     bool is_reserved) const;
  bool is_any_completing(const NodeSet& nodes) const;
  bool is_shortened(const JobRecord& job, const PartRecord& part) const;
  Seconds backfill_limit(const JobRecord& job, const PartRecord& part, Seconds minutes) const;
  Tried start_now(Cycle& cycle, JobRecord& job, const PartRecord& part, const NodeSet& nodes,
                  Seconds minutes);
  static Tried unplanned(JobRecord& job, Seconds at);
  Tried plan(Cycle& cycle, JobRecord& job, const PartRecord& part, const Estimate& estimate,
             Seconds at, Seconds minutes);
  std::pair<Seconds, Seconds> planned_span(Seconds at, Seconds minutes) const;
  bool is_throttled_with(JobId id, std::int64_t planned) const;
  JobId planned_task(const Cycle& cycle, const JobRecord& job) const;
  void shorten(Cycle& cycle, JobRecord& job);

  // het_jobs.cpp
  /// Of a heterogeneous job, as a backfill cycle planned it.
  struct Component {
    JobId job{}, first{};  ///< `first`: the component that the job goes by
    PartRecord part;
    std::shared_ptr<const Choice> choice;
    Seconds at = 0, minutes = 0;
  };
  std::vector<JobId> components_of(const JobRecord& job) const;
  std::pair<Reason, std::string> admit_component(JobRecord& job);
  Seconds earliest_start(std::span<const Component> planned, const JobRecord& job) const;
  void start_het_jobs(std::span<const Component> planned);
  bool limits_hold_all(std::span<const Component> components);
  void start_together(std::span<const Component> components);
  void kill_others(const JobRecord& job, JobState as, bool requeue);

  // will_run.cpp
  /// What will-run tests have worked out of the running jobs, as long as these stay as they are.
  struct Forecasts {
    /// Partition, account, QOS; the job where its own --priority or --nice count.
    using Claimant = std::tuple<PartitionId, AssocId, QosId, JobId>;
    struct Claim {
      std::vector<Victim> victims{};
      Forecast* forecast = nullptr;  ///< null: not asked for yet
    };
    std::uint64_t of = 0;       ///< running_changes_
    Time at = kNever;           ///< when the claims were worked out: victims may go by the time
    Seconds until = kInfinite;  ///< from then on some are past their end, which is guessed by now()
    std::shared_ptr<const EndingOrder> order{};
    std::map<std::vector<JobId>, Forecast> by_victims{};
    std::map<Claimant, Claim> claims{};
  };
  std::optional<Estimate> will_run(const JobRecord& job, const PartRecord& part,
                                   const NodeSet& nodes, bool now_only, Seconds start,
                                   Seconds next_try);
  void test(Forecast& outlook, const PartRecord& part, Choosing how, const WillRunKey& question,
            WillRunAnswer& answer);
  std::optional<Estimate> will_run_on_any(const JobRecord& job, const PartRecord& part,
                                          const NodeSet& nodes, bool now_only, Seconds start,
                                          Seconds next_try);
  Forecasts::Claim& claim_of(const JobRecord& job, const PartRecord& part);
  Forecast& forecast_for(const JobRecord& job, const PartRecord& part);
  OfferMemo& memo_now();
  std::vector<Ending> endings() const;

  // follow.cpp
  std::string text_of(const Decision* decision) const;
  bool follow_start(const JobRecord& job, const PartRecord& part, StartedBy by,
                    Allocation& allocation);
  bool follow_preemption(const JobRecord& victim, JobId preemptor);
  void follow_preemptions_due();
  bool follow_late(JobId id, StartedBy by);

  // operations.cpp
  void ignore(std::string what);
  bool cancel_jobs(const CancelJobs& cancel);
  void cancel_task(JobRecord& job);
  void release(JobRecord& job);
  void suspend(JobRecord& job);
  void resume(JobRecord& job);
  void take_cores_back(JobRecord& job);
  bool update_nodes(const UpdateNodes& update);
  void update_partition(const UpdatePartition& update);
  void update_job(const UpdateJob& update);
  void fail_jobs_on(NodeId node);
  void resume(NodeId node);
  void respond(const Response& response);
  std::vector<JobId> jobs_named(const std::vector<JobName>& names) const;

  const Params params_;
  Slots& slots_;
  Control& control_;
  Witness* const witness_;  ///< null in most runs
  JudgesControl& judges_;
  Following& following_;
  const View& view_;
  const Cluster& cluster_;
  IdVector<PartitionId, Partition> partitions_;  ///< as operators changed them
  IdVector<PartitionId, std::int64_t> cpus_;     ///< of each partition
  Machine machine_;
  const Machine idle_;  ///< without any job
  OfferMemo idle_offers_;
  std::unordered_map<WillRunKey, std::optional<Allocation>, WillRunHash> idle_choices_;
  Usage usage_;
  IdVector<AssocId, Standing> standing_;  ///< of the last tick, for Fair Tree
  Reservations reservations_;
  IdVector<JobId, JobRecord> records_;
  std::vector<JobId> pending_;  ///< in order of the job list; of an array the next task only
  std::vector<JobId> running_;  ///< in order of the job list
  std::size_t suspended_ = 0;   ///< of running_
  bool was_suspended_ = false;  ///< any job, ever
  std::uint32_t next_list_order_ = 0;
  std::deque<std::pair<Seconds, JobId>> ends_;  ///< of jobs whose records are not purged
  std::uint64_t running_changes_ = 1;  ///< counts starts, ends, epilogs and what operators do
  Forecasts forecasts_;
  OfferMemo memo_now_;
  std::uint64_t memo_of_ = 0;  ///< running_changes_ that it is of
  std::vector<Array> arrays_;
  std::map<SubmissionId, std::uint32_t> array_of_;
  std::map<std::tuple<AskedId, PartitionId, Form>, Taking> takings_;
  std::map<std::string, std::int64_t> free_licenses_;
  std::vector<Epilog> epilogs_;  ///< by time
  NodeSet down_, drained_;
  /// By their power; empty where nodes are always on. Failed ones are down, too.
  NodeSet suspending_, powered_down_, booting_, failed_to_boot_;
  std::deque<Response> responses_;  ///< by time
  IdVector<NodeId, std::int32_t> completing_;
  mutable NearGpus near_gpus_;        ///< what selection left on the nodes before 23.11
  std::vector<std::string> ignored_;  ///< of the command in hand
  Seconds changed_at_ = kNoTime;
  static constexpr std::int64_t kMostInVain = 1000;
  std::int64_t preempted_in_vain_ = 0;  ///< since a job was submitted or ended otherwise
  bool preemption_matters_ = false;     ///< in the order of the queue that is being built
  bool has_planned_nodes_ = false;      ///< that the last backfill cycle marked
  bool requested_ = false;
  bool is_held_by_limit_ = true;        ///< the job in hand, or its limits were not tried yet
  std::set<JobId> preempted_in_queue_;  ///< preemptors of this pass (preempt_in_progress)
  std::map<JobId, Seconds> preempting_since_;  ///< preemptors, Slurm's preempt_start_time
};

/// Nodes of an allocation.
NodeSet nodes_of(const Allocation& allocation, std::size_t universe);
std::vector<NodeId> node_ids(const Allocation& allocation);
/// The same as the engine keeps it, with rows of GRES in `arena`.
std::vector<Share> shares_of(const Allocation& allocation, GresArena& arena);

}  // namespace rehearse::slurm
