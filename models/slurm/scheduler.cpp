// scheduler: slurm. When slurmctld does what (semantics 1.3, 2.1, 3.3): its loops turn at fixed
// phases of a second, and this clock wakes the controller only for turns that can matter.
//
//   main loop   every second at .500: time limits every 30 s, a full pass every sched_interval, a
//               pass that was asked for at least batch_sched_delay after the last one
//   epilogs     a pass at once
//   backfill    bf_interval after the last cycle if anything has changed; else it looks each second
//   priorities  every PriorityCalcPeriod
#include <algorithm>
#include <memory>
#include <optional>

#include "models/slurm/controller.hpp"
#include "models/slurm/params.hpp"
#include "sim/policy/registry.hpp"

namespace rehearse::slurm {
namespace {

using std::chrono::milliseconds;

Time at_ms(Seconds second, std::int64_t ms) { return at_seconds(second) + milliseconds(ms); }

class SlurmScheduler final : public Scheduler {
 public:
  using Params = slurm::Params;
  explicit SlurmScheduler(const Params& params) : params_(params) {}

  void equip(Slots slots) override { slots_ = std::move(slots); }

  Lifecycle lifecycle() const override {
    return {.judges = true,
            .submit_phase = milliseconds(params_.submit_phase_ms),
            .overhead = milliseconds(params_.job_overhead_ms)};
  }

  void begin(Control& control, JudgesControl& judges) override {
    controller_.emplace(params_, slots_, control, judges);
    last_sched_ = last_backfill_ = -params_.started_before;
    next_backfill_ = last_backfill_ + whole_seconds(params_.bf_interval);
    last_tick_ = last_poll_ = -params_.started_before;
  }

  void ending(JobId job) override { controller_->ending(job); }

  void on(const Changes& changes, Control& control) override {
    Controller& controller = *controller_;
    const Time now = control.view().now();
    for (const AttemptId attempt : changes.ended) controller.ended(attempt);
    for (const Operation* operation : changes.operations) controller.operate(*operation);
    for (const JobId job : changes.submitted) controller.submit(job);
    if (!changes.submitted.empty() || !changes.ended.empty() || !changes.operations.empty()) {
      quiet_since_ = now;
    }
    run_backfill(now);
    run_tick(now);
    run_main(now);
    run_epilogs(now);
    wake_next(control, now);
  }

 private:
  Seconds since_start(Seconds second) const { return second + params_.started_before; }
  /// The last time, from the start of slurmctld on, at which a loop of `period` turned.
  Seconds last_turn(Seconds second, Seconds period) const {
    return second - since_start(second) % period;
  }
  Seconds next_turn(Seconds second, Seconds period) const {
    return last_turn(second, period) + period;
  }
  static bool is_phase(Time now, std::int64_t ms) {
    return (now - at_seconds(whole_seconds(now))) == milliseconds(ms);
  }

  bool has_backfill() const { return params_.backfill && whole_seconds(params_.bf_interval) > 0; }

  void run_backfill(Time now) {
    if (!has_backfill() || !is_phase(now, params_.backfill_phase_ms)) return;
    const Seconds second = whole_seconds(now);
    if (second < next_backfill_ || controller_->changed_at() < last_backfill_) return;
    controller_->backfill_cycle();
    last_backfill_ = second;
    next_backfill_ = second + whole_seconds(params_.bf_interval);
  }

  void run_tick(Time now) {
    const Seconds period = whole_seconds(params_.priority_calc_period);
    if (period <= 0 || !is_phase(now, params_.priority_phase_ms)) return;
    const Seconds second = whole_seconds(now);
    if (last_turn(second, period) != second || second == last_tick_) return;
    controller_->priority_tick();
    last_tick_ = second;
  }

  void run_main(Time now) {
    if (!is_phase(now, params_.main_phase_ms)) return;
    const Seconds second = whole_seconds(now);
    if (second == last_turned_) return;
    last_turned_ = second;
    if (last_turn(second, params_.time_limit_interval) == second) controller_->time_limit_pass();
    constexpr Seconds kPoll = 5;  // of reservations
    if (last_turn(second, kPoll) == second) {
      if (controller_->reservations().changes_between(last_poll_, second)) {
        controller_->reservations_changed();
      }
      last_poll_ = second;
    }
    if (params_.sched_interval <= Duration::zero()) return;
    const bool full = last_turn(second, whole_seconds(params_.sched_interval)) == second;
    if (!full && !(controller_->is_requested() && may_pass(second))) return;
    controller_->take_request();
    controller_->main_pass(full);
    last_sched_ = second;
  }

  Seconds last_pass(Seconds second) const {
    return std::max(last_sched_, last_turn(second - 1, whole_seconds(params_.sched_interval)));
  }
  bool may_pass(Seconds second) const {
    return second - last_pass(second) >= whole_seconds(params_.batch_sched_delay);
  }

  // The last node of a killed job reports: a pass at once. (When a job ends by itself slurmctld is
  // still busy with its end and only asks for one: seen in the oracle's logs.)
  void run_epilogs(Time now) {
    if (!controller_->finish_epilogs(now)) return;
    if (params_.defer || params_.sched_interval <= Duration::zero()) return;
    controller_->main_pass(false);
  }

  void wake_next(Control& control, Time now) {
    Time next = controller_->next_epilog();
    const auto earlier = [&](Time at) {
      if (at > now) next = std::min(next, at);
    };
    const Seconds second = whole_seconds(now);
    if (controller_->is_requested()) {
      Seconds turn = now < at_ms(second, params_.main_phase_ms) ? second : second + 1;
      while (!may_pass(turn) && last_turn(turn, whole_seconds(params_.sched_interval)) != turn)
        ++turn;
      earlier(at_ms(turn, params_.main_phase_ms));
    }
    if (controller_->has_running()) {
      const Seconds end = std::max(controller_->next_limit_end(), second);
      Seconds turn = last_turn(end, params_.time_limit_interval);
      if (turn < end) turn += params_.time_limit_interval;
      if (at_ms(turn, params_.main_phase_ms) <= now) turn += params_.time_limit_interval;
      earlier(at_ms(turn, params_.main_phase_ms));
    }
    if (is_alive(now)) {
      if (controller_->has_pending()) {
        Seconds turn = last_turn(second, whole_seconds(params_.sched_interval));
        if (at_ms(turn, params_.main_phase_ms) <= now)
          turn += whole_seconds(params_.sched_interval);
        earlier(at_ms(turn, params_.main_phase_ms));
      }
      if (params_.priority_calc_period > Duration::zero()) {
        const Seconds period = whole_seconds(params_.priority_calc_period);
        Seconds turn = last_turn(second, period);
        if (at_ms(turn, params_.priority_phase_ms) <= now) turn += period;
        earlier(at_ms(turn, params_.priority_phase_ms));
      }
      const Seconds change = controller_->reservations().next_change(last_poll_);
      if (change != 0) {
        Seconds turn = last_turn(std::max(change, second), 5);
        while (turn < change || at_ms(turn, params_.main_phase_ms) <= now) turn += 5;
        earlier(at_ms(turn, params_.main_phase_ms));
      }
    }
    if (has_backfill() && controller_->changed_at() >= last_backfill_) {
      Seconds turn = std::max(next_backfill_, second);
      if (at_ms(turn, params_.backfill_phase_ms) <= now)
        turn = std::max(second + 1, next_backfill_);
      earlier(at_ms(turn, params_.backfill_phase_ms));
    }
    if (next == kNever || (next >= waking_at_ && waking_at_ > now)) return;
    waking_at_ = next;
    control.wake(next);
  }

  /// Whether anything can still happen by itself: when nothing runs and nothing waits for a time,
  /// what was tried for ten minutes in vain is tried no more.
  bool is_alive(Time now) const {
    if (controller_->has_running() || controller_->waits_for_time()) return true;
    constexpr auto kInVain = std::chrono::minutes{10};
    return controller_->has_pending() && now - quiet_since_ < kInVain;
  }

  Params params_;
  Slots slots_;
  std::optional<Controller> controller_;
  Seconds last_sched_ = 0, last_backfill_ = 0, next_backfill_ = 0, last_tick_ = 0;
  Seconds last_turned_ = kNoTime, last_poll_ = 0;
  Time waking_at_ = Time::min(), quiet_since_ = Time::min();
};

const Register<Scheduler, SlurmScheduler> registered{
    "slurm", "Decides as slurmctld does: main pass, backfill, limits, preemption"};

}  // namespace
}  // namespace rehearse::slurm
