// slurmctld's decisions (semantics ch. 1, 2, 6, 7): the queue, the main pass, backfill, preemption,
// time limits. One object with the state; its methods are in one file per concern:
//
//   admission.cpp    submission
//   controller.cpp   start, end, what is usable
//   queue.cpp        who may compete, in which order
//   main_pass.cpp    the main scheduler's pass, and the choice of nodes for a start
//   backfill.cpp     the backfill cycle and its map of time
//   operations.cpp   what operators do
//   follow.cpp       taking a real slurmctld's decisions where they differ
//
// When which of them runs is the clock's business: scheduler.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/slurm/fair_share.hpp"
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
  Time next_response() const { return responses_.empty() ? kNever : responses_.front().first; }

  /// Takes the decisions followed that are due and were not made: starts by `by`, preemptions.
  void follow_due(StartedBy by);
  Seconds next_followed() const;

  bool has_pending() const { return !pending_.empty(); }
  bool has_running() const { return !running_.empty(); }
  /// Whether time alone may let a job start: begin times, reservations, deadlines.
  bool waits_for_time() const;
  Seconds changed_at() const { return changed_at_; }
  /// Something asks for a pass of the main scheduler; reading it takes the request back.
  bool take_request() { return std::exchange(requested_, false); }
  bool is_requested() const { return requested_; }
  const Reservations& reservations() const { return reservations_; }
  void reservations_changed();
  /// Forgets the records of jobs that ended at `end` or before, which counts as a change.
  void purge(Seconds end);
  /// The end of the job that ended first of those not purged; kInfinite: there is none.
  Seconds first_end() const { return ends_.empty() ? kInfinite : ends_.front(); }
  Seconds now() const { return whole_seconds(view_.now()); }

 private:
  struct Array {
    JobId first{};
    std::vector<JobId> unstarted;   ///< by falling task: the next one is the last
    Reason refused = Reason::None;  ///< of the whole submission
  };
  struct Epilog {
    Time at;
    std::vector<NodeId> nodes;
    std::map<std::string, std::int64_t> licenses;
    bool was_killed = false;
    JobId job{};
    Seconds ended = 0;
  };
  /// What choose_for_start found.
  struct Found {
    std::optional<Allocation> allocation;
    std::vector<JobId> victims;
  };

  // admission.cpp
  Reason admit(JobRecord& job);
  void make_parts(JobRecord& job);
  std::string refusal(const JobRecord& job, const PartRecord& part, Reason& reason) const;
  std::uint32_t most_nodes(const JobRecord& job, const Partition& where) const;
  bool exceeds_cpus(const PartRecord& part) const;
  Reason forbidden(const JobRecord& job, const PartRecord& part) const;
  Reason partition_reason(const JobRecord& job, const PartRecord& part, bool with_least) const;
  const Resolved& resolved(AskedId asked, PartitionId partition);
  std::int64_t least_memory(PartitionId partition) const;
  TresCounts asked_tres(const Needs& needs) const;
  Payer payer(const JobRecord& job, const PartRecord& part) const;
  std::vector<PartitionId> partitions_named(JobId job) const;

  // controller.cpp
  void note_change() { changed_at_ = now(); }
  void score(JobRecord& job);
  /// `limit`: that it is the reason of. Those count as a change only when the next queue is built.
  void set_reason(JobRecord& job, Reason reason, const LimitHit* limit = nullptr);
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
  void free_nodes(JobRecord& job, Time clean_at, bool was_killed);
  void charge(JobRecord& job, Seconds until);
  bool kill(JobRecord& job, JobState as, bool requeue);
  Seconds limit_at_start(const JobRecord& job, const PartRecord& part) const;
  bool has_licenses(const JobRecord& job) const;
  NodeSet up_nodes() const;
  const std::string& wanted_reservation(const JobRecord& job) const;

  // queue.cpp
  void split_corresponding();
  void note_reason(JobRecord& job);
  std::vector<QueueRecord> build_queue(bool for_backfill);
  void tell_queue(const std::vector<QueueRecord>& queue) const;
  bool is_independent(JobRecord& job);
  Reason dependency(const JobRecord& job) const;
  bool before(const QueueRecord& a, const QueueRecord& b) const;

  // main_pass.cpp
  Outcome try_start(JobRecord& job, const PartRecord& part, const NodeSet& available, StartedBy by,
                    Seconds minutes);
  Found choose_for_start(const JobRecord& job, const PartRecord& part, const NodeSet& usable);
  Found choose_with_victims(const JobRecord& job, const PartRecord& part, const NodeSet& usable);
  void preempt(JobRecord& job, const std::vector<JobId>& victims);
  bool is_preempting(const JobRecord& job) const;
  struct Pass;
  void examine(Pass& pass, const QueueRecord& entry);
  Outcome examine_job(Pass& pass, JobRecord& job, const PartRecord& part);
  void block(Pass& pass, const JobRecord& job, const PartRecord& part);
  bool may_reserve(const JobRecord& job, const PartRecord& part) const;
  bool is_past_deadline(JobRecord& job);
  void cancel_pending(JobRecord& job, JobState as);
  std::pair<TresCounts, TresCounts> amounts_of(const Allocation& allocation,
                                               PartitionId where) const;
  void remember_cpus(JobRecord& job, std::int64_t cpus);
  Outcome failure(const JobRecord& job, const PartRecord& part, const NodeSet& available,
                  const NodeSet& usable, bool reserved_away);
  bool limits_hold(JobRecord& job, const PartRecord& part, Seconds minutes);
  bool limits_hold_after(JobRecord& job, const PartRecord& part, const TresCounts& tres,
                         const TresCounts& per_node, Seconds minutes,
                         std::span<const NodeId> nodes);
  Choosing choosing(const JobRecord& job, const PartRecord& part, bool will_run) const;
  std::vector<Victim> victims_for(const PartRecord& part);

  // backfill.cpp
  struct Slot;
  struct Ending;
  struct Cycle;
  struct Estimate {
    Seconds start = 0;
    Allocation allocation;
  };
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
  bool is_skipped(Cycle& cycle, JobRecord& job, const PartRecord& part);
  bool is_now_only(const Cycle& cycle, const JobRecord& job, const PartRecord& part) const;
  Seconds tested_minutes(const JobRecord& job, const PartRecord& part) const;
  Seconds next_start(const Cycle& cycle, const NodeSet& nodes, Seconds start, Seconds end,
                     bool is_reserved) const;
  bool is_any_completing(const NodeSet& nodes) const;
  Tried start_now(Cycle& cycle, JobRecord& job, const PartRecord& part, const NodeSet& nodes,
                  Seconds minutes);
  Tried plan(Cycle& cycle, JobRecord& job, const PartRecord& part, const Allocation& allocation,
             Seconds at, Seconds minutes);
  std::pair<Seconds, Seconds> planned_span(Seconds at, Seconds minutes) const;
  bool is_throttled_with(JobId id, std::int64_t planned) const;
  JobId planned_task(const Cycle& cycle, const JobRecord& job) const;
  std::set<JobId> take_victims_off(const PartRecord& part, Machine& machine);
  std::optional<Estimate> will_run(Cycle& cycle, const JobRecord& job, const PartRecord& part,
                                   const NodeSet& nodes, bool now_only, Seconds start,
                                   Seconds next_try);
  std::optional<Estimate> will_run_on_any(Cycle& cycle, const JobRecord& job,
                                          const PartRecord& part, const NodeSet& nodes,
                                          bool now_only, Seconds start, Seconds next_try);
  std::vector<Ending> by_end() const;
  void shorten(Cycle& cycle, JobRecord& job);

  // follow.cpp
  std::string text_of(const Decision* decision) const;
  bool follow_start(const JobRecord& job, const PartRecord& part, StartedBy by,
                    Allocation& allocation);
  bool follow_preemption(const JobRecord& victim, JobId preemptor);
  void follow_preemptions_due();
  bool follow_late(JobId id, StartedBy by);

  // operations.cpp
  void ignore(std::string what);
  void cancel_jobs(const CancelJobs& cancel);
  void cancel_task(JobRecord& job);
  void release(JobRecord& job);
  void update_nodes(const UpdateNodes& update);
  void update_partition(const UpdatePartition& update);
  void update_job(const UpdateJob& update);
  void fail_jobs_on(NodeId node);
  void resume(NodeId node);
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
  Usage usage_;
  Reservations reservations_;
  IdVector<JobId, JobRecord> records_;
  std::vector<JobId> pending_;  ///< in order of the job list; of an array the next task only
  std::vector<JobId> running_;  ///< in order of the job list
  std::uint32_t next_list_order_ = 0;
  std::deque<Seconds> ends_;           ///< of ended jobs whose records are not purged
  std::uint64_t running_changes_ = 1;  ///< counts starts, ends and epilogs
  std::vector<Array> arrays_;
  std::map<SubmissionId, std::uint32_t> array_of_;
  std::map<std::pair<AskedId, PartitionId>, Resolved> resolved_;
  std::map<std::pair<AskedId, PartitionId>, RequestId> requests_;
  std::map<std::string, std::int64_t> free_licenses_;
  std::vector<Epilog> epilogs_;  ///< by time
  NodeSet down_, drained_;
  std::deque<std::pair<Time, NodeId>> responses_;  ///< of resumed nodes, by time
  IdVector<NodeId, std::int32_t> completing_;
  mutable std::vector<std::uint8_t> near_gpus_;  ///< what selection left on the nodes before 23.11
  std::vector<std::string> ignored_;             ///< of the command in hand
  Seconds changed_at_ = kNoTime;
  bool has_planned_nodes_ = false;  ///< that the last backfill cycle marked
  bool requested_ = false;
  std::set<JobId> preempted_in_queue_;         ///< preemptors of this pass (preempt_in_progress)
  std::map<JobId, Seconds> preempting_since_;  ///< preemptors, Slurm's preempt_start_time
};

/// Nodes of an allocation.
NodeSet nodes_of(const Allocation& allocation, std::size_t universe);
std::vector<NodeId> node_ids(const Allocation& allocation);
/// The same as the engine keeps it, with rows of GRES in `arena`.
std::vector<Share> shares_of(const Allocation& allocation, GresArena& arena);

}  // namespace rehearse::slurm
