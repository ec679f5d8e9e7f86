#include "sim/engine/simulation.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/check.hpp"
#include "sim/engine/admission.hpp"
#include "sim/engine/agenda.hpp"
#include "sim/engine/eligibility.hpp"
#include "sim/engine/lookups.hpp"
#include "sim/engine/metering.hpp"
#include "sim/engine/pauses.hpp"
#include "sim/engine/power.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kProgressEvery = 1024;  // instants

class Simulation final : public Control, private JudgesControl {
 public:
  Simulation(const Cluster& cluster, const Workload& workload, Scheduler& scheduler,
             const SimulationOptions& options)
      : workload_(workload),
        scheduler_(scheduler),
        options_(options),
        lifecycle_(scheduler.lifecycle()),
        state_(cluster, workload),
        view_(state_),
        admissions_(state_, workload),
        eligibility_(state_, workload),
        metering_(state_, view_),
        power_(state_, lifecycle_.power_turn),
        following_(state_, options.follow),
        order_(in_order_of_submission(workload)) {
    state_.jobs.reserve(order_.size());
    state_.journal.jobs.reserve(order_.size());
    state_.journal.attempts.reserve(order_.size());
  }

  Journal run() {
    const bool by_event = scheduler_.pass() == PassMode::Event;
    if (power_.is_on()) power_.begin(std::min(next_submit(), next_operation()));
    if (lifecycle_.judges) scheduler_.begin(*this, *this);
    for (std::size_t round = 0;; ++round) {
      const Time next =
          std::min({next_submit(), next_end(), next_timer(), next_operation(), power_.next()});
      take_snapshots(next);
      if (next == kNever) break;
      state_.now = next;
      if (by_event) {
        one_event();
      } else {
        one_instant();
      }
      ask_scheduler();
      if (options_.progress && round % kProgressEvery == 0) {
        options_.progress(next, next_, order_.size());
      }
    }
    state_.journal.notes = admissions_.notes();
    std::move(notes_.begin(), notes_.end(), std::back_inserter(state_.journal.notes));
    return std::move(state_.journal);
  }

  const View& view() const override { return view_; }

  void start(const Candidate& candidate, std::span<const Share> shares, const GresArena& arena,
             StartedBy by) override {
    Attempt& attempt = begin_start(candidate);
    Journal& journal = state_.journal;
    for (Share share : shares) {
      share.gres = journal.gres.add(arena.row(share.gres));
      journal.shares.push_back(share);
    }
    attempt.share_count = static_cast<std::uint32_t>(shares.size());
    SIM_CHECK(state_.resources.is_free(journal.held(attempt), journal.gres),
              "job {} is started on what is not free", index(candidate.job));
    state_.resources.take(journal.held(attempt), journal.gres);
    end_start(candidate, attempt, by);
  }

  void start_pool(const Candidate& candidate, StartedBy by) override {
    Attempt& attempt = begin_start(candidate);
    state_.resources.take_pool(candidate.cpus, state_.journal.shares);
    attempt.share_count =
        static_cast<std::uint32_t>(state_.journal.shares.size()) - attempt.first_share;
    end_start(candidate, attempt, by);
  }

  void evict(JobId id, PreemptMode mode, Duration grace, JobId claimant) override {
    Job& job = state_.jobs[id];
    SIM_CHECK(job.state == JobState::Running && !job.evicting && mode != PreemptMode::Off,
              "job {} cannot be evicted", index(id));
    state_.journal.evictions.push_back({state_.now, job.attempt, claimant, mode, grace});
    const bool ignores = truth(id).ignores_term;
    job.evicting = true;
    if (!ignores || grace <= Duration::zero()) {
      finish(job.attempt, JobState::Preempted, mode == PreemptMode::Requeue);
      return;
    }
    // It runs on until its grace time is over, or until it ends by itself.
    move_expected_end(id, std::min(job.expected_end, end_of(state_.now, grace)));
    ends_.push({end_of(state_.now, grace), job.attempt, JobState::Preempted,
                mode == PreemptMode::Requeue});
  }

  void set_reason(JobId id, Reason reason) override {
    Attempt& attempt = state_.journal.attempts[state_.jobs[id].attempt];
    if (attempt.reason == reason) return;
    attempt.reason = reason;
    state_.journal.reasons.push_back({state_.now, state_.jobs[id].attempt, reason});
  }

  void set_fair_share(AssocId assoc, double factor) override { state_.fair_share[assoc] = factor; }
  void wake(Time at) override { timers_.push({at, kNone<JobId>}); }
  Clairvoyance clairvoyance() override {
    state_.journal.clairvoyant = true;
    return Clairvoyance([this](JobId job) { return truth(job).run_time; });
  }

  void refuse(JobId id, Reason reason, const std::string& message) override {
    Job& job = state_.jobs[id];
    SIM_CHECK(job.state == JobState::Pending, "job {} is refused too late", index(id));
    admissions_.count_refusal(reason, message, job.submission);
    leave_queue(id, JobState::Rejected);
    state_.journal.attempts[job.attempt].end = kNever;
    set_reason(id, reason);
  }

  void set_eligible(JobId id, Time at) override {
    state_.jobs[id].eligible = at;
    state_.journal.attempts[state_.jobs[id].attempt].eligible = at;
  }
  void set_list_order(JobId id, std::uint32_t at) override { state_.jobs[id].list_order = at; }
  void set_accruing(JobId id, Time since) override { state_.jobs[id].accrues = since; }
  void set_time_limit(JobId id, Duration limit) override {
    state_.jobs[id].time_limit = limit;
    state_.journal.attempts[state_.jobs[id].attempt].time_limit = limit;
  }

  bool end(JobId id, JobState as, bool requeue) override {
    const Job& job = state_.jobs[id];
    SIM_CHECK(job.state == JobState::Running, "job {} does not run", index(id));
    const bool ignores = truth(id).ignores_term;
    finish(job.attempt, as, requeue);
    return !ignores;
  }

  bool preempt(JobId id, PreemptMode mode, Duration grace, JobId claimant) override {
    state_.journal.evictions.push_back(
        {state_.now, state_.jobs[id].attempt, claimant, mode, grace});
    return end(id, JobState::Preempted, mode == PreemptMode::Requeue);
  }

  void suspend(JobId id) override {
    const Job& job = state_.jobs[id];
    pauses_.begin(job.attempt, state_.now, end_of(job.start, length_of(id)));
    state_.resources.lend_cpus(view_.held(id));
    state_.journal.suspensions.push_back({job.attempt, state_.now});
  }
  void resume(JobId id) override {
    const AttemptId attempt = state_.jobs[id].attempt;
    state_.resources.take_cpus_back(view_.held(id));
    state_.journal.resumed(attempt, state_.now);
    ends_.push({pauses_.end(attempt, state_.now), attempt});
    if (metering_.is_on()) metering_.begin(attempt);
  }

  void set_expected_end(JobId id, Time at) override { move_expected_end(id, at); }
  RequestId add_request(Request request) override {
    return state_.requests.add(std::move(request));
  }
  void cancel(JobId id, JobState as) override { leave_queue(id, as); }
  void count_use(JobId id, double worth) override { metering_.count(id, worth); }
  void fade_use(double factor) override { metering_.fade(factor); }
  void forget_use() override { metering_.forget(); }
  void set_power(NodeId node, PowerOrder order) override { power_.obey(node, order); }
  std::vector<JobId> run_configured() override {
    std::vector<JobId> jobs;
    for (const AttemptId id : power_.settle()) jobs.push_back(run_on_its_nodes(id));
    return jobs;
  }
  void note(std::string text) override { notes_.push_back(std::move(text)); }
  void forget(JobId id, Time at) override { eligibility_.forget(id, at); }
  bool names_unknown(JobId id, bool ended) const override {
    return eligibility_.names_unknown(id, ended);
  }
  Reason dependency(JobId id) const override { return eligibility_.dependencies_of(id).reason; }
  Time dependency_due(JobId id) const override {
    return eligibility_.dependencies_of(id).ask_again;
  }
  bool is_throttled(JobId id) const override { return eligibility_.is_throttled(id); }
  Following& following() override { return following_; }

 private:
  Time next_submit() const {
    if (next_ == order_.size()) return kNever;
    return workload_.submissions[order_[next_]].submit + lifecycle_.submit_phase;
  }
  Time next_operation() const {
    if (!lifecycle_.judges || next_operation_ == workload_.operations.size()) return kNever;
    return workload_.operations[next_operation_].at + lifecycle_.submit_phase;
  }
  Time next_end() const { return ends_.empty() ? kNever : ends_.top().at; }
  Time next_timer() const { return timers_.empty() ? kNever : timers_.top().at; }

  // A snapshot sees all that happens at its time.
  void take_snapshots(Time before) {
    const std::vector<Time>& times = options_.snapshots;
    for (; next_snapshot_ < times.size() && times[next_snapshot_] < before; ++next_snapshot_) {
      state_.now = times[next_snapshot_];
      options_.take_snapshot(view_);
    }
  }

  void one_instant() {
    while (power_.next() == state_.now) advance_power();
    while (next_end() == state_.now) pop_end();
    while (next_timer() == state_.now) pop_timer();
    while (next_operation() == state_.now) {
      operations_.push_back(&workload_.operations[next_operation_++]);
    }
    while (next_submit() == state_.now) submit(order_[next_++]);
  }

  void one_event() {
    free_those_due();
    if (power_.next() == state_.now) {
      advance_power();
    } else if (next_timer() == state_.now) {
      pop_timer();
    } else if (next_submit() == state_.now) {
      submit(order_[next_++]);
    } else {
      pop_end();
    }
  }

  // A job that is requeued by a pass, or made eligible by an end in it, is asked for at once.
  void ask_scheduler() {
    while (freed_ || woken_ || !eligible_.empty() || !ended_.empty() || !submitted_.empty() ||
           !operations_.empty() || !powered_.empty()) {
      now_eligible_.swap(eligible_);
      now_ended_.swap(ended_);
      const std::vector<JobId> submitted = std::exchange(submitted_, {});
      const std::vector<const Operation*> operations = std::exchange(operations_, {});
      const std::vector<NodeId> powered = std::exchange(powered_, {});
      const Changes changes{now_eligible_, now_ended_, freed_, submitted, operations, powered};
      freed_ = woken_ = false;
      eligible_.clear();
      ended_.clear();
      // Nothing decays then. A scheduler that judges says itself when use is counted.
      if (metering_.is_on() && !lifecycle_.judges) metering_.count_all();
      scheduler_.on(changes, *this);
      now_eligible_.clear();
      now_ended_.clear();
      if (eligible_.empty()) break;  // what it evicted it knows
    }
  }

  void submit(SubmissionId id) {
    state_.journal.end = state_.now;
    const Admission& admission =
        lifecycle_.judges ? admissions_.identify(id) : admissions_.judge(id);
    const Special* const special = workload_.special(id);
    const std::size_t tasks =
        special == nullptr ? 1 : std::max<std::size_t>(special->array_tasks.size(), 1);
    const auto first = static_cast<JobId>(state_.jobs.size());
    for (std::size_t task = 0; task < tasks; ++task) {
      const bool array = special != nullptr && !special->array_tasks.empty();
      create_job(id, array ? special->array_tasks[task] : kNone<std::uint32_t>, admission);
    }
    eligibility_.add(id, first, static_cast<std::uint32_t>(tasks));
    if (admission.reason != Reason::None) return;
    if (admission.candidates.size() > 1) several_[id] = admission.candidates;
    if (state_.has_limits) {
      const Payer payer = view_.payer(first, state_.jobs[first].partition);
      state_.ledger.submitted(payer, static_cast<std::int64_t>(tasks));
    }
    for (std::size_t task = 0; task < tasks; ++task) {
      const auto job = static_cast<JobId>(index(first) + task);
      if (lifecycle_.judges) {
        submitted_.push_back(job);
      } else {
        examine(job);
      }
    }
    tell_dependents(first);
  }

  void create_job(SubmissionId id, std::uint32_t task, const Admission& admission) {
    const Submission& row = workload_.submissions[id];
    const bool refused = admission.reason != Reason::None && !admission.waits_for_ever;
    Job job;
    job.submission = id;
    job.submit = row.submit;
    job.time_limit = admission.time_limit;
    job.assoc = admission.assoc;
    job.user = admission.user;
    job.qos = admission.qos;
    job.nice = row.nice;
    if (const Special* const special = workload_.special(id)) {
      job.admin_priority = special->priority.value_or(-1);
    }
    job.state = refused ? JobState::Rejected : JobState::Pending;
    job.partition = kNone<PartitionId>;
    if (!admission.candidates.empty()) {
      job.partition = admission.candidates.front().partition;
      job.request = admission.candidates.front().request;
    }
    job.attempt = static_cast<AttemptId>(state_.journal.attempts.size());
    job.list_order = static_cast<std::uint32_t>(state_.jobs.size());
    const JobId job_id = state_.jobs.push_back(job);
    state_.journal.jobs.push_back({id, task, job.attempt, job.assoc, job.qos, job.user});
    add_attempt(job_id, 0, admission.reason);
  }

  void add_attempt(JobId id, std::uint16_t number, Reason reason) {
    Job& job = state_.jobs[id];
    Attempt attempt;
    attempt.job = id;
    attempt.number = number;
    attempt.state = job.state;
    attempt.reason = reason;
    attempt.partition = job.partition;
    attempt.submit = job.submit;
    attempt.time_limit = job.time_limit;
    job.attempt = state_.journal.attempts.push_back(attempt);
    state_.journal.jobs[id].last_attempt = job.attempt;
    if (reason != Reason::None) state_.journal.reasons.push_back({state_.now, job.attempt, reason});
  }

  // Asks whether a pending job may compete now; if so the scheduler is told.
  void examine(JobId id) {
    Job& job = state_.jobs[id];
    if (job.state != JobState::Pending || job.eligible != kNever) return;
    if (state_.journal.attempts[job.attempt].number > 0) {  // only its delay keeps it back
      if (end_of(job.submit, scheduler_.requeue_delay()) <= state_.now) make_eligible(id);
      return;
    }
    const Eligibility::Answer answer = eligibility_.of(id);
    if (answer.ask_again != kNever) timers_.push({answer.ask_again, id});
    if (answer.reason != Reason::None) {
      set_reason(id, answer.reason);
      if (answer.reason == Reason::DependencyNeverSatisfied) cancel_if_invalid(id);
      return;
    }
    eligibility_.released(id);
    make_eligible(id);
  }

  // --kill-on-invalid-dep: what can never start does not wait.
  void cancel_if_invalid(JobId id) {
    Job& job = state_.jobs[id];
    if (!workload_.special(job.submission)->kill_on_invalid_dep.value_or(false)) return;
    leave_queue(id, JobState::Cancelled);
  }

  void leave_queue(JobId id, JobState as) {
    Job& job = state_.jobs[id];
    Attempt& attempt = state_.journal.attempts[job.attempt];
    job.state = attempt.state = as;
    attempt.end = state_.journal.end = state_.now;
    if (state_.has_limits) state_.ledger.submitted(view_.payer(id, job.partition), -1);
    tell_dependents(id);
  }

  void make_eligible(JobId id) {
    Job& job = state_.jobs[id];
    job.eligible = job.accrues = state_.now;
    state_.journal.attempts[job.attempt].eligible = state_.now;
    const auto several = several_.find(job.submission);
    if (several == several_.end()) {
      const TresCounts& tres = state_.requests[job.request].tres;
      eligible_.push_back(
          {id, job.partition, job.request, static_cast<std::uint32_t>(tres[kTresCpu]), 0});
      return;
    }
    for (Candidate candidate : several->second) {
      candidate.job = id;
      eligible_.push_back(candidate);
    }
  }

  void tell_dependents(JobId id) {
    if (lifecycle_.judges || !eligibility_.has_waiting()) return;
    affected_.clear();
    eligibility_.affected(id, affected_);
    for (const JobId each : affected_) examine(each);
  }

  Attempt& begin_start(const Candidate& candidate) {
    Job& job = state_.jobs[candidate.job];
    SIM_CHECK(job.state == JobState::Pending && job.eligible != kNever,
              "job {} is started while it does not wait", index(candidate.job));
    Attempt& attempt = state_.journal.attempts[job.attempt];
    attempt.first_share = static_cast<std::uint32_t>(state_.journal.shares.size());
    return attempt;
  }

  void end_start(const Candidate& candidate, Attempt& attempt, StartedBy by) {
    Job& job = state_.jobs[candidate.job];
    if (state_.has_limits && job.partition != candidate.partition) {
      state_.ledger.submitted(view_.payer(candidate.job, job.partition), -1);
      state_.ledger.submitted(view_.payer(candidate.job, candidate.partition), 1);
    }
    job.state = attempt.state = JobState::Running;
    job.partition = attempt.partition = candidate.partition;
    job.request = candidate.request;
    job.start = attempt.start = state_.journal.end = state_.now;
    attempt.started_by = by;
    if (lifecycle_.judges) eligibility_.released(candidate.job);
    if (power_.is_on()) power_.allocate(job.attempt, lifecycle_.judges);
    if (job.is_configuring) set_reason(candidate.job, Reason::Configuring);
    if (!job.is_configuring)
      ends_.push({end_of(state_.now, length_of(candidate.job)), job.attempt});
    const Time from = job.is_configuring ? power_.latest(job.attempt) : state_.now;
    job.expected_end = end_of(from, job.time_limit);
    insert_running(state_.running, {job.expected_end, candidate.job, candidate.cpus});
    if (state_.has_limits) {
      state_.ledger.started(view_.payer(candidate.job, job.partition), view_.allocated(job.attempt),
                            metering_.is_on() ? job.time_limit : Duration::zero(),
                            nodes_told(attempt));
      if (metering_.is_on()) metering_.begin(job.attempt);
    }
    tell_dependents(candidate.job);
  }

  Duration length_of(JobId id) const {
    return run_length(truth(id), state_.jobs[id].time_limit, lifecycle_);
  }

  void advance_power() {
    power_.advance();
    freed_ = power_.take_freed() || freed_;
    for (const AttemptId attempt : power_.take_ready()) run_on_its_nodes(attempt);
    for (const NodeId node : power_.take_changed()) {
      powered_.push_back(node);
      if (lifecycle_.judges || state_.power[node].is != NodePower::Failed) continue;
      for (const AttemptId attempt : power_.waiting_for(node)) {
        finish(attempt, JobState::NodeFail, true);
      }
      power_.put_away(node);
    }
  }

  // All nodes of a job that was configuring are up: it starts now.
  JobId run_on_its_nodes(AttemptId id) {
    const JobId job_id = state_.journal.attempts[id].job;
    const Job& job = state_.jobs[job_id];
    if (metering_.is_on()) metering_.begin(id);
    ends_.push({end_of(state_.now, length_of(job_id)), id});
    if (!job.evicting) move_expected_end(job_id, end_of(state_.now, job.time_limit));
    return job_id;
  }

  TaskTruth truth(JobId id) const { return truth_of(workload_, state_.journal.jobs[id]); }
  /// Of a scheduler that judges: limits then count a node of several jobs once (s21e).
  std::vector<NodeId> nodes_told(const Attempt& attempt) const {
    return lifecycle_.judges ? nodes_of(state_.journal.held(attempt)) : std::vector<NodeId>();
  }

  void pop_timer() {
    const JobId job = timers_.top().job;
    timers_.pop();
    if (job == kNone<JobId>) {
      woken_ = true;
    } else {
      examine(job);
    }
  }

  void pop_end() {
    const End end = ends_.top();
    ends_.pop();
    const Attempt& attempt = state_.journal.attempts[end.attempt];
    if (attempt.state != JobState::Running) return;  // it was evicted, or ended in its grace time
    if (end.as) return finish(end.attempt, *end.as, end.requeue);
    if (pauses_.is_put_off(end.attempt, end.at)) return;
    const Job& job = state_.jobs[attempt.job];
    const TaskTruth its = truth(attempt.job);
    if (lifecycle_.judges) scheduler_.ending(attempt.job);
    if (attempt.state != JobState::Running) return;  // the scheduler has ended it
    const bool over = lifecycle_.judges
                          ? whole_seconds(job.expected_end) < whole_seconds(state_.now)
                          : its.run_time > job.time_limit;
    finish(end.attempt,
           over                 ? JobState::Timeout
           : its.exit_code != 0 ? JobState::Failed
                                : JobState::Completed,
           false);
  }

  // A job whose time limit is over now ends now, whichever event of this instant comes first.
  void free_those_due() {
    while (!state_.running.empty() && state_.running.front().expected_end == state_.now) {
      release(state_.running.front().job);
    }
  }

  // Gives its resources back, if pass `event` has not done so already.
  void release(JobId id) {
    const Job& job = state_.jobs[id];
    if (!take_running(state_.running, id, job.expected_end)) return;
    const Attempt& attempt = state_.journal.attempts[job.attempt];
    if (state_.has_limits) {
      Duration unused = Duration::zero();
      if (metering_.is_on()) {
        if (!lifecycle_.judges) metering_.count(id, 1);
        unused = metering_.end(job.attempt, pauses_.total(job.attempt));
      }
      state_.ledger.ended(view_.payer(id, job.partition), view_.allocated(job.attempt), unused,
                          nodes_told(attempt));
    }
    state_.resources.give(state_.journal.held(attempt), state_.journal.gres);
    if (power_.is_on()) power_.leave(attempt, lifecycle_.judges);
  }

  void move_expected_end(JobId id, Time at) {
    Job& job = state_.jobs[id];
    RunningJob moved = *take_running(state_.running, id, job.expected_end);
    job.expected_end = moved.expected_end = at;
    insert_running(state_.running, moved);
  }

  void finish(AttemptId attempt_id, JobState state, bool requeued) {
    const JobId id = state_.journal.attempts[attempt_id].job;
    if (state_.jobs[id].is_configuring) power_.give_up(attempt_id);
    release(id);
    freed_ = true;
    Attempt& attempt = state_.journal.attempts[attempt_id];
    Job& job = state_.jobs[id];
    attempt.state = job.state = state;
    attempt.end = state_.journal.end = state_.now;
    job.expected_end = kNever;
    ended_.push_back(attempt_id);
    job.evicting = false;
    if (requeued && !lifecycle_.judges) return requeue(id);
    eligibility_.ended(id);
    if (requeued) return requeue(id);
    if (state_.has_limits) state_.ledger.submitted(view_.payer(id, job.partition), -1);
    tell_dependents(id);
  }

  void requeue(JobId id) {
    Job& job = state_.jobs[id];
    job.state = JobState::Pending;
    job.submit = state_.now;
    job.eligible = job.accrues = job.start = kNever;
    const auto number = static_cast<std::uint16_t>(state_.journal.attempts[job.attempt].number + 1);
    const Duration delay = scheduler_.requeue_delay();
    add_attempt(id, number, delay > Duration::zero() ? Reason::BeginTime : Reason::None);
    if (lifecycle_.judges) return;
    if (delay > Duration::zero()) timers_.push({end_of(state_.now, delay), id});
    examine(id);
  }

  const Workload& workload_;
  Scheduler& scheduler_;
  const SimulationOptions& options_;
  const Lifecycle lifecycle_;
  State state_;
  View view_;
  Admissions admissions_;
  Eligibility eligibility_;
  Metering metering_;
  Pauses pauses_;
  Power power_;
  Following following_;
  const std::vector<SubmissionId> order_;
  std::size_t next_ = 0;  // in order_
  std::size_t next_operation_ = 0;
  std::size_t next_snapshot_ = 0;
  Agenda<End> ends_;
  Agenda<Timer> timers_;
  std::map<SubmissionId, std::vector<Candidate>> several_;  // of jobs in several partitions
  std::vector<Candidate> eligible_, now_eligible_;
  std::vector<AttemptId> ended_, now_ended_;
  std::vector<std::string> notes_;
  std::vector<JobId> submitted_;
  std::vector<const Operation*> operations_;
  std::vector<NodeId> powered_;
  bool freed_ = false, woken_ = false;
  std::vector<JobId> affected_;
};

}  // namespace

Journal simulate(const Cluster& cluster, const Workload& workload, Scheduler& scheduler,
                 const SimulationOptions& options) {
  return Simulation(cluster, workload, scheduler, options).run();
}

}  // namespace rehearse
