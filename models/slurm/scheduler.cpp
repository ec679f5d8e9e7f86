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
#include "sim/base/diagnostics.hpp"
#include "sim/policy/registry.hpp"

namespace rehearse::slurm {
namespace {

using std::chrono::milliseconds;

constexpr Seconds kReservationPoll = 5;  // semantics 7.3

// Default of power_save_interval; nodes went and were off in such steps on a real 22.05.8.
constexpr auto kPowerTurn = std::chrono::seconds{10};

constexpr std::int64_t kFollowPhase = 900;  // ms: when passes of this second are over

Time at_ms(Seconds second, std::int64_t ms) { return at_seconds(second) + milliseconds(ms); }

class SlurmScheduler final : public Scheduler {
 public:
  using Params = slurm::Params;
  explicit SlurmScheduler(const Params& params) : params_(params) {
    if (params.bf_resolution < std::chrono::seconds{1}) {
      fail({.message = "bf_resolution is shorter than a second",
            .help = "write 1 to 3600 seconds, as in slurm.conf(5)"});
    }
    if (params.time_limit_interval < 1) {
      fail({.message = "time_limit_interval is shorter than a second",
            .help = "slurmctld looks at time limits every 30 seconds"});
    }
  }

  void equip(Slots slots) override { slots_ = std::move(slots); }

  Lifecycle lifecycle() const override {
    return {.judges = true,
            .submit_phase = milliseconds(params_.submit_phase_ms),
            .overhead = milliseconds(params_.job_overhead_ms),
            .power_turn = kPowerTurn};
  }

  void begin(Control& control, JudgesControl& judges) override {
    controller_.emplace(params_, slots_, control, judges);
    last_sched_ = last_backfill_ = -params_.started_before;
    next_backfill_ = last_backfill_ + whole_seconds(params_.bf_interval);
    last_tick_ = last_poll_ = -params_.started_before;
  }

  void ending(JobId job) override { controller_->ending(job); }
  void tell(const View&, Outlook& outlook) const override { controller_->tell(outlook); }

  void on(const Changes& changes, Control& control) override {
    Controller& controller = *controller_;
    const Time now = control.view().now();
    for (const AttemptId attempt : changes.ended) controller.ended(attempt);
    controller.power_changed(changes.powered);
    for (const Operation* operation : changes.operations) controller.operate(*operation);
    if (!changes.submitted.empty()) purge(whole_seconds(now) - 1);
    for (const JobId job : changes.submitted) controller.submit(job);
    if (!changes.submitted.empty() || !changes.ended.empty() || !changes.operations.empty() ||
        !changes.powered.empty()) {
      quiet_since_ = now;
    }
    run_backfill(now);
    run_put_off(now);
    if (is_phase(now, params_.backfill_phase_ms)) controller.follow_due(StartedBy::Backfill);
    run_tick(now);
    run_main(now);
    run_epilogs(now);
    controller.take_responses();
    follow_main(now);
    wake_next(control, now);
  }

 private:
  /// The last time, from the start of slurmctld on, at which a loop of `period` turned.
  Seconds last_turn(Seconds second, Seconds period) const {
    return second - (second + params_.started_before) % period;
  }
  /// When it turns next at `phase_ms` of a second, later than `now` and not before `earliest`.
  Time next_turn(Time now, Seconds earliest, Seconds period, std::int64_t phase_ms) const {
    const Seconds from = std::max(earliest, whole_seconds(now));
    Seconds turn = last_turn(from + period - 1, period);
    if (at_ms(turn, phase_ms) <= now) turn += period;
    return at_ms(turn, phase_ms);
  }
  static bool is_phase(Time now, std::int64_t ms) {
    return (now - at_seconds(whole_seconds(now))) == milliseconds(ms);
  }

  Seconds job_age() const { return whole_seconds(params_.min_job_age); }
  Seconds purge_period() const { return std::clamp<Seconds>(job_age(), 10, 60); }
  /// As the main loop did by `second`: nobody sees it before a job is submitted, or a pass.
  void purge(Seconds second) {
    const Seconds turn = last_turn(second, purge_period());
    if (job_age() > 0) controller_->purge(at_ms(turn, params_.main_phase_ms));
  }
  bool has_main() const { return params_.sched_interval > Duration::zero(); }
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
    purge(second);
    if (last_turn(second, kReservationPoll) == second) {
      if (controller_->poll_reservations(last_poll_)) quiet_since_ = now;
      last_poll_ = second;
    }
    if (!has_main()) return;
    const bool full = last_turn(second, whole_seconds(params_.sched_interval)) == second;
    if (!full && !(controller_->is_requested() && may_pass(second))) return;
    controller_->take_request();
    pass(now, full);
    last_sched_ = second;
  }

  // Passes keep sched_min_interval from each other; one that comes too soon is put off (x37).
  void pass(Time now, bool full) {
    puts_off_full_ |= full;
    const Time last = before(now);
    if (now - last >= min_interval()) return pass_at(now);
    if (put_off_to_ != kNever) return;
    passed_at_ = last;
    put_off_to_ = next_look(now);
  }
  void pass_at(Time now) {
    put_off_to_ = kNever;
    passed_at_ = now;
    controller_->main_pass(std::exchange(puts_off_full_, false));
  }
  void run_put_off(Time now) {
    if (put_off_to_ > now) return;
    if (now - passed_at_ >= min_interval()) return pass_at(now);
    put_off_to_ = next_look(now);
  }
  Duration min_interval() const { return milliseconds(params_.sched_min_interval / 1000); }
  /// The pass before `now`, which had nothing to do if it was one of sched_interval's.
  Time before(Time now) const {
    if (put_off_to_ != kNever) return passed_at_;
    const Seconds second = whole_seconds(now - milliseconds(params_.main_phase_ms + 1));
    const Seconds turn = last_turn(second, whole_seconds(params_.sched_interval));
    return std::max(passed_at_, at_ms(turn, params_.main_phase_ms));
  }
  /// slurmctld looks again after half the interval, a second at most; a long sleep ends with a
  /// second of the recorder's clock.
  Time next_look(Time now) const {
    const Duration half =
        std::clamp<Duration>(min_interval() / 2, milliseconds(10), milliseconds(1000));
    const Time at = now + half;
    return half < milliseconds(1000) ? at : at_seconds(whole_seconds(at + milliseconds(999)));
  }

  // After the pass of the second; after an epilog's, if one is still to come in it.
  void follow_main(Time now) {
    const bool waits = controller_->next_epilog() < at_ms(whole_seconds(now), kFollowPhase);
    const std::int64_t phase = waits ? kFollowPhase : params_.main_phase_ms;
    if (is_phase(now, phase) || is_phase(now, kFollowPhase)) {
      controller_->follow_due(StartedBy::Main);
    }
  }

  Seconds last_pass(Seconds second) const {
    return std::max(last_sched_, last_turn(second - 1, whole_seconds(params_.sched_interval)));
  }
  bool may_pass(Seconds second) const {
    return second - last_pass(second) >= whole_seconds(params_.batch_sched_delay);
  }

  // The last node of a killed job reports: a pass at once, one for each such job. (When a job ends
  // by itself slurmctld is still busy with its end and only asks for one: seen in the oracle's
  // logs.)
  void run_epilogs(Time now) {
    while (controller_->next_epilog() <= now) {
      if (!controller_->finish_epilog() || params_.defer || !has_main()) continue;
      pass(now, false);
    }
  }

  void wake_next(Control& control, Time now) {
    const bool alive = is_alive(now);
    Time next = std::min({controller_->next_epilog(), controller_->next_response(), put_off_to_,
                          alive ? next_backfill(now) : kNever});
    const Seconds second = whole_seconds(now);
    const auto turn = [&](Seconds earliest, Seconds period, std::int64_t phase_ms) {
      next = std::min(next, next_turn(now, earliest, period, phase_ms));
    };
    const bool requested = controller_->is_requested() && !controller_->is_stuck();
    if (has_main() && requested) {
      const Seconds earliest = last_pass(second + 1) + whole_seconds(params_.batch_sched_delay);
      turn(earliest, 1, params_.main_phase_ms);
    }
    if (has_main() && (requested || (alive && controller_->has_pending()))) {
      turn(second, whole_seconds(params_.sched_interval), params_.main_phase_ms);
    }
    if (controller_->has_running()) {
      turn(controller_->next_limit_end(), params_.time_limit_interval, params_.main_phase_ms);
    }
    if (alive) {
      if (const Seconds period = whole_seconds(params_.priority_calc_period); period > 0) {
        turn(second, period, params_.priority_phase_ms);
      }
      if (has_backfill() && job_age() > 0 && controller_->first_end() != kInfinite) {
        turn(std::max(second, controller_->first_end() + job_age()), purge_period(),
             params_.main_phase_ms);
      }
      const Seconds change = controller_->reservations().next_change(last_poll_);
      if (change != 0) turn(change, kReservationPoll, params_.main_phase_ms);
    }
    if (const Seconds followed = controller_->next_followed(); followed != kInfinite) {
      turn(followed, 1, params_.backfill_phase_ms);
      turn(followed, 1, params_.main_phase_ms);
      turn(followed, 1, kFollowPhase);
    }
    if (next == kNever || (next >= waking_at_ && waking_at_ > now)) return;
    waking_at_ = next;
    control.wake(next);
  }

  Time next_backfill(Time now) const {
    if (!has_backfill() || controller_->changed_at() < last_backfill_) return kNever;
    return next_turn(now, next_backfill_, 1, params_.backfill_phase_ms);
  }

  /// Whether anything can still happen by itself: when nothing runs and nothing waits for a time,
  /// what was tried in vain for ten minutes, by two turns of each, is tried no more; nor what waits
  /// for use to fade, when next to nothing is left of that.
  bool is_alive(Time now) const {
    if (controller_->is_stuck()) return false;
    if (controller_->has_running() || controller_->waits_for_time()) return true;
    Duration in_vain = std::max<Duration>(
        {std::chrono::minutes{10}, params_.sched_interval * 2, params_.bf_interval * 2});
    if (controller_->waits_for_decay()) in_vain = std::max(in_vain, params_.decay_half_life * 10);
    return controller_->has_pending() && now - quiet_since_ < in_vain;
  }

  Params params_;
  Slots slots_;
  std::optional<Controller> controller_;
  Seconds last_sched_ = 0, last_backfill_ = 0, next_backfill_ = 0, last_tick_ = 0;
  Seconds last_turned_ = kNoTime, last_poll_ = 0;
  Time waking_at_ = Time::min(), quiet_since_ = Time::min();
  Time passed_at_ = Time::min(), put_off_to_ = kNever;
  bool puts_off_full_ = false;
};

const Register<Scheduler, SlurmScheduler> registered{
    "slurm", "Decides as slurmctld does: main pass, backfill, limits, preemption"};

}  // namespace
}  // namespace rehearse::slurm
