// The settings of slurmctld's scheduling, named as in slurm.conf(5) SchedulerParameters and with
// its defaults (semantics 1.3, 2.1), and the delays of the system around it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/params.hpp"
#include "sim/base/time.hpp"

namespace rehearse::slurm {

/// Whose rules, where they changed (semantics ch. 10).
enum class Version : std::uint8_t { V2205, V2302, V2311, V2405, V2411 };

struct Params {
  Version version = Version::V2205;
  // When the main scheduler runs.
  Span batch_sched_delay = std::chrono::seconds{3}, sched_interval = std::chrono::seconds{60};
  std::int64_t default_queue_depth = 100, partition_job_depth = 0, sched_max_job_start = 0;
  std::int64_t sched_min_interval = 2;
  bool defer = false, defer_batch = false, assoc_limit_stop = false;
  // Backfill.
  bool backfill = true;
  Span bf_interval = std::chrono::seconds{30}, bf_resolution = std::chrono::seconds{60};
  Span bf_min_age_reserve = Duration::zero(), bf_window_linear = Duration::zero();
  std::int64_t bf_window = 1440;
  std::int64_t bf_max_job_test = 500, bf_node_space_size = 0, bf_max_job_array_resv = 20;
  std::int64_t bf_max_job_part = 0, bf_max_job_user = 0, bf_max_job_user_part = 0;
  std::int64_t bf_max_job_assoc = 0, bf_max_job_start = 0, bf_job_part_count_reserve = 0;
  std::int64_t bf_min_prio_reserve = 0;
  bool bf_continue = false, bf_one_resv_per_job = false, bf_running_job_reserve = false;
  bool bf_licenses = false, bf_busy_nodes = false;
  // Preemption and selection.
  std::int64_t preempt_reorder_count = 1;
  Span max_switch_wait = std::chrono::seconds{300};
  bool preempt_strict_order = false, pack_serial_at_end = false, topology_optional = false;
  // Jobs.
  Span kill_wait = std::chrono::seconds{30}, min_job_age = std::chrono::seconds{300};
  Span complete_wait = Duration::zero();
  Duration over_time_limit = Duration::zero();
  std::int64_t max_array_size = 1001;
  bool job_requeue = true, kill_invalid_depend = false;
  std::int64_t return_to_service = 0;
  // Priority and fair share.
  Duration priority_calc_period = std::chrono::minutes{5};
  Duration decay_half_life = std::chrono::hours{7 * 24};
  std::string priority_usage_reset_period = "NONE";
  bool fair_tree = true, calculate_running = false;
  double fair_share_damping = 1;
  // The system, and the phases of slurmctld's loops.
  std::int64_t started_before = 240, requeue_delay = 121, time_limit_interval = 30;
  std::int64_t submit_phase_ms = 250, main_phase_ms = 500, backfill_phase_ms = 0;
  std::int64_t priority_phase_ms = 10, job_overhead_ms = 50, kill_delay_ms = 20;

  void visit(auto&& field) {
    field("version", version, "Whose rules are followed, where Slurm changed them");
    visit_main(field);
    visit_backfill(field);
    visit_jobs(field);
    visit_system(field);
  }

 private:
  void visit_main(auto&& field) {
    field("batch_sched_delay", batch_sched_delay, "Least time from one main pass to the next");
    field("sched_interval", sched_interval,
          "From one full main pass to the next; 0: there is no main pass");
    field("default_queue_depth", default_queue_depth, "Jobs that a main pass not full examines");
    field("partition_job_depth", partition_job_depth, "Jobs examined per partition, 0: all");
    field("sched_max_job_start", sched_max_job_start, "Most starts of a main pass, 0: any");
    field("sched_min_interval", sched_min_interval,
          "Microseconds from pass to pass of the main scheduler, at least");
    field("defer", defer, "No pass at the end of a job, only at the next turn of the loop");
    field("defer_batch", defer_batch, "Accepted; batch jobs never start when they are submitted");
    field("assoc_limit_stop", assoc_limit_stop, "A job held by a limit blocks its partition");
    field("preempt_reorder_count", preempt_reorder_count, "Attempts to find fewer victims");
    field("preempt_strict_order", preempt_strict_order, "Victims strictly in their order");
    field("max_switch_wait", max_switch_wait, "Longest wait for --switches");
    field("topology_optional", topology_optional,
          "The tree is for jobs with --switches only (TopologyParam=TopoOptional)");
    field("pack_serial_at_end", pack_serial_at_end, "One-CPU jobs use the last nodes first");
  }
  void visit_backfill(auto&& field) {
    field("backfill", backfill, "Whether there is backfill (SchedulerType)");
    field("bf_interval", bf_interval, "From the end of a cycle to the next");
    field("bf_window", bf_window, "Minutes ahead that starts are planned for");
    field("bf_resolution", bf_resolution, "What planned times are rounded to");
    field("bf_max_job_test", bf_max_job_test, "Jobs tested in a cycle");
    field("bf_node_space_size", bf_node_space_size, "Slots of the time map, 0: bf_max_job_test");
    field("bf_max_job_array_resv", bf_max_job_array_resv, "Planned tasks of an array");
    field("bf_max_job_part", bf_max_job_part, "Jobs tested per partition, 0: all");
    field("bf_max_job_user", bf_max_job_user, "Jobs tested per user, 0: all");
    field("bf_max_job_user_part", bf_max_job_user_part, "Jobs tested per user and partition");
    field("bf_max_job_assoc", bf_max_job_assoc, "Jobs tested per association, 0: all");
    field("bf_max_job_start", bf_max_job_start, "Most starts of a cycle, 0: any");
    field("bf_job_part_count_reserve", bf_job_part_count_reserve, "Plans per partition, 0: any");
    field("bf_min_age_reserve", bf_min_age_reserve, "How long a job waits before it is planned");
    field("bf_min_prio_reserve", bf_min_prio_reserve, "Least priority of a planned job");
    field("bf_window_linear", bf_window_linear,
          "Step by which the will-run test looks ahead, 0: doubling");
    field("bf_continue", bf_continue, "Accepted; a cycle takes no time here");
    field("bf_one_resv_per_job", bf_one_resv_per_job, "Plans in one partition per job only");
    field("bf_running_job_reserve", bf_running_job_reserve, "Running whole-node jobs are planned");
    field("bf_licenses", bf_licenses, "Licences are planned");
    field("bf_busy_nodes", bf_busy_nodes, "Planned starts prefer busy nodes");
  }
  void visit_jobs(auto&& field) {
    field("kill_wait", kill_wait, "From SIGTERM to SIGKILL (KillWait)");
    field("min_job_age", min_job_age,
          "After which records of ended jobs are purged, which counts as a change (MinJobAge; 0: "
          "never)");
    field("over_time_limit", over_time_limit, "Time beyond the limit (OverTimeLimit)");
    field("complete_wait", complete_wait,
          "How long passes wait for completing jobs (CompleteWait)");
    field("max_array_size", max_array_size, "One more than the largest task (MaxArraySize)");
    field("job_requeue", job_requeue, "Jobs are requeued unless they say otherwise (JobRequeue)");
    field("return_to_service", return_to_service,
          "2: a node that is set DOWN is up as soon as it answers (ReturnToService)");
    field("kill_invalid_depend", kill_invalid_depend, "Jobs that can never start are cancelled");
    field("priority_calc_period", priority_calc_period, "From one priority tick to the next");
    field("priority_usage_reset_period", priority_usage_reset_period, "When usage becomes 0");
    field("decay_half_life", decay_half_life, "Use this long ago counts half; 0: all of it");
    field("fair_tree", fair_tree, "Fair Tree; else the classic fair-share factor");
    field("fair_share_damping", fair_share_damping, "FairShareDampeningFactor of the classic one");
    field("calculate_running", calculate_running, "Accepted; running jobs keep their priority");
  }
  void visit_system(auto&& field) {
    field("started_before", started_before, "s that slurmctld was started before the origin");
    field("requeue_delay", requeue_delay, "s before a requeued job may start");
    field("time_limit_interval", time_limit_interval, "s between looks at time limits");
    field("submit_phase_ms", submit_phase_ms, "Part of a second at which submissions arrive");
    field("main_phase_ms", main_phase_ms, "... at which the main loop turns");
    field("backfill_phase_ms", backfill_phase_ms, "... at which backfill looks");
    field("priority_phase_ms", priority_phase_ms, "... of a priority tick");
    field("job_overhead_ms", job_overhead_ms, "A job lasts so much longer than it runs");
    field("kill_delay_ms", kill_delay_ms, "From the signal until a killed job's nodes are clean");
  }
};

}  // namespace rehearse::slurm

namespace rehearse {
template <>
inline constexpr auto kEnumNames<slurm::Version> =
    std::to_array<std::string_view>({"22.05", "23.02", "23.11", "24.05", "24.11"});
}  // namespace rehearse
