// When jobs may start and end: after what they wait for, for as long as they really run, each of
// them once, and none forgotten.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/audit/operators.hpp"
#include "sim/audit/schedule.hpp"

namespace rehearse::auditing {
namespace {

class Life {
 public:
  Life(const Schedule& schedule, Findings& findings)
      : schedule_(schedule), findings_(findings), operators_(schedule) {}

  void check_job(const Job& job);
  void check_arrays();

 private:
  void check_attempts(const Job& job);
  bool is_tried_again(const Attempt& attempt) const;
  void check_run_time(const Job& job, const Attempt& attempt);
  void check_limit(const Job& job, const Attempt& attempt);
  void check_components(const Job& job, const Attempt& attempt);
  bool ends_with_another(const Job& job, const Attempt& attempt) const;
  bool is_taken_back(const Attempt& attempt) const;
  void check_end(const Job& job, const Attempt& attempt);
  bool may_have_limit(const Job& job, const Attempt& attempt) const;
  bool may_time_out(const Job& job, const Attempt& attempt) const;
  bool is_time_to_kill(const Attempt& attempt, std::int64_t limit) const;
  std::int64_t over_time_limit(const Attempt& attempt) const;
  std::int64_t slack(const Job& job) const { return is_whole_seconds(job) ? 0 : 1; }
  void check_waits(const Job& job, const Attempt& attempt);
  void check_dependencies(const Job& job, const Attempt& attempt, const Special& special);
  bool satisfied(const Dependency& dependency, const Job& job, std::int64_t start,
                 std::string& why) const;
  bool is_forgotten(const Attempt& attempt, std::int64_t at) const;
  bool singleton_satisfied(const Job& job, std::int64_t start, std::string& why) const;
  std::int64_t true_seconds(const Job& job) const;
  bool is_whole_seconds(const Job& job) const;

  const Schedule& schedule_;
  Findings& findings_;
  const Operators operators_;
};

/// Whether its QOS or partition leaves it time when it is preempted.
bool may_have_grace(const Schedule& schedule, const Attempt& attempt) {
  const auto qos = schedule.cluster.find_qos(attempt.qos);
  const Duration own =
      qos ? schedule.cluster.qos[*qos].grace_time.value_or(Duration::zero()) : Duration::zero();
  return own > Duration::zero() || schedule.partition(attempt).grace_time > Duration::zero();
}

TaskTruth truth_of(const Schedule& schedule, const Job& job) {
  return schedule.workload.truth.of(job.submission, job.rank);
}

std::int64_t Life::true_seconds(const Job& job) const {
  const Duration run_time = truth_of(schedule_, job).run_time;
  return run_time == kUnlimited ? kForever : whole_seconds(run_time);
}

// Files speak whole seconds, so a length may seem one second off where the trace knows more.
bool Life::is_whole_seconds(const Job& job) const {
  const auto rest = std::chrono::seconds{1};
  return truth_of(schedule_, job).run_time % rest == Duration::zero() &&
         schedule_.submission(job).submit.time_since_epoch() % rest == Duration::zero();
}

void Life::check_job(const Job& job) {
  const Attempt* last = schedule_.last(job);
  if (last == nullptr) {
    findings_.add("lost-job", job.id, kNoTime, "jobs.csv has no row of it");
    return;
  }
  // Main passes give components of heterogeneous jobs no reason (semantics 1.5).
  if (last->end == kNoTime && last->reasons.empty() &&
      !schedule_.workload.is_component(job.submission)) {
    findings_.add("lost-job", schedule_, *last, last->submit,
                  fmt::format("{}, with neither an end nor a reason", last->state));
  }
  check_attempts(job);
  for (const std::size_t at : job.attempts) {
    const Attempt& attempt = schedule_.attempts[at];
    if (!attempt.started()) continue;
    check_run_time(job, attempt);
    check_waits(job, attempt);
    check_components(job, attempt);
  }
}

// The components of a heterogeneous job start together, each on nodes of its own.
void Life::check_components(const Job& job, const Attempt& attempt) {
  if (!schedule_.workload.is_component(job.submission)) return;
  const auto wrong = [&](const char* text) {
    findings_.add("components", schedule_, attempt, attempt.start, text);
  };
  const std::vector<const Attempt*> others = schedule_.companions(attempt);
  const std::size_t size = schedule_.workload.special(job.submission)->het_size;
  if (others.size() + 1 < size && !is_taken_back(attempt))
    wrong("starts without another component");
  for (const Attempt* other : others) {
    for (const Held& held : attempt.held) {
      const bool shared = std::any_of(other->held.begin(), other->held.end(),
                                      [&](const Held& its) { return its.node == held.node; });
      if (shared) wrong("shares a node with another component");
    }
  }
}

// A component that was started is taken back at once if another then cannot start.
bool Life::is_taken_back(const Attempt& attempt) const {
  return schedule_.workload.is_component(schedule_.job(attempt).submission) &&
         attempt.state == "CANCELLED" && attempt.start == attempt.end && attempt.started();
}

// A component ends as its first one is killed, or as any of them loses a node.
bool Life::ends_with_another(const Job& job, const Attempt& attempt) const {
  for (const Attempt* other : schedule_.companions(attempt)) {
    if (other->end != attempt.end) continue;
    const bool is_first =
        !schedule_.workload.is_later_component(schedule_.job(*other).submission) &&
        schedule_.workload.is_later_component(job.submission);
    if (is_first && other->state == "TIMEOUT" && attempt.state == "FAILED") return true;
    if (attempt.state == "NODE_FAIL" && other->state == "NODE_FAIL" &&
        operators_.explains_node_fail(*other)) {
      return true;
    }
  }
  return false;
}

void Life::check_attempts(const Job& job) {
  const Submission& submission = schedule_.submission(job);
  std::int64_t free_from = whole_seconds(submission.submit);
  for (std::size_t i = 0; i < job.attempts.size(); ++i) {
    const Attempt& attempt = schedule_.attempts[job.attempts[i]];
    const auto wrong = [&](std::string text) {
      findings_.add("attempts", schedule_, attempt, attempt.start, std::move(text));
    };
    if (attempt.number != static_cast<std::int64_t>(i)) {
      wrong(fmt::format("numbered {}, the one before is {}", attempt.number,
                        static_cast<std::int64_t>(i) - 1));
    }
    if (i == 0 && attempt.submit != free_from) {
      findings_.add("before-submit", schedule_, attempt, attempt.submit,
                    fmt::format("the trace submits it at {}", free_from));
    }
    if (i > 0 && (attempt.submit < free_from || (attempt.started() && attempt.start < free_from))) {
      wrong(fmt::format("the attempt before it holds its nodes until {}", free_from));
    }
    if (i + 1 < job.attempts.size() && !is_tried_again(attempt)) {
      wrong(fmt::format("{}, and yet the job was tried again", attempt.state));
    }
    if (attempt.end != kNoTime && attempt.started() && attempt.end < attempt.start) {
      wrong(fmt::format("ends at {}, before it starts", attempt.end));
    }
    if (attempt.end != kNoTime) free_from = attempt.end;
  }
}

bool Life::is_tried_again(const Attempt& attempt) const {
  if (attempt.state == "PREEMPTED") return true;
  if (attempt.state == "NODE_FAIL" && schedule_.lost_to_a_boot(attempt)) return true;
  if (!schedule_.rules.is_slurm) return false;
  return attempt.state == "NODE_FAIL" ||
         (attempt.state == "CANCELLED" &&
          (operators_.explains_requeue(attempt) || is_taken_back(attempt)));
}

void Life::check_run_time(const Job& job, const Attempt& attempt) {
  if (attempt.end == kNoTime) {
    findings_.add("run-time", schedule_, attempt, attempt.start, "starts and never ends");
    return;
  }
  check_limit(job, attempt);
  check_end(job, attempt);
}

// slurmctld counts limits in minutes. Backfill may cut them down to --time-min, a deadline cuts
// them, too, and operators change them.
bool Life::may_have_limit(const Job& job, const Attempt& attempt) const {
  const Duration wanted = schedule_.submission(job).time_limit;
  if (wanted == kUnset || wanted == kUnlimited) return true;
  const std::int64_t asked = whole_seconds(wanted);
  if (!schedule_.rules.is_slurm) return attempt.limit == asked;
  const auto minutes = [](std::int64_t seconds) { return (seconds + 59) / 60 * 60; };
  std::vector<std::int64_t> known = operators_.limits_given(job, attempt.end);
  known.push_back(minutes(asked));
  for (std::int64_t& limit : known) {
    if (limit == attempt.limit) return true;
  }
  const Special* special = schedule_.workload.special(job.submission);
  if (special == nullptr) return false;
  const bool has_deadline = special->deadline != kNever;
  if (special->min_time == kUnset && !has_deadline) return false;
  const std::int64_t least = has_deadline ? 0 : minutes(whole_seconds(special->min_time));
  return attempt.limit >= least && attempt.limit <= *std::max_element(known.begin(), known.end());
}

std::int64_t Life::over_time_limit(const Attempt& attempt) const {
  const auto own = schedule_.partition(attempt).over_time_limit;
  if (!own) return schedule_.rules.over_time_limit;
  return *own == kUnlimited ? kForever : whole_seconds(*own);
}

// slurmctld looks at limits now and then, so that jobs end late.
void Life::check_limit(const Job& job, const Attempt& attempt) {
  const auto wrong = [&](std::string text) {
    findings_.add("time-limit", schedule_, attempt, attempt.end, std::move(text));
  };
  if (!may_have_limit(job, attempt)) {
    wrong(fmt::format("its limit is {}, it asked for {}", attempt.limit,
                      whole_seconds(schedule_.submission(job).time_limit)));
  }
  std::int64_t limit = attempt.limit;
  for (const std::int64_t given : operators_.limits_given(job, attempt.end)) {
    limit = std::max(limit, given);
  }
  const std::int64_t ran = attempt.end - attempt.start - operators_.paused(attempt);
  std::int64_t late = slack(job);
  const bool by_itself = attempt.state == "COMPLETED" || attempt.state == "FAILED";
  if (schedule_.rules.is_slurm) {
    const std::int64_t over = over_time_limit(attempt);
    if (over == kForever) return;
    late += over;
    const bool is_killed = !by_itself || ends_with_another(job, attempt);
    if (is_killed) late += schedule_.rules.time_limit_interval;
  }
  if (limit != kForever && ran > limit + late) {
    wrong(fmt::format("ran {} s, its limit is {}", ran, attempt.limit));
  }
}

// The first look at limits after this one is over.
bool Life::is_time_to_kill(const Attempt& attempt, std::int64_t limit) const {
  const std::int64_t over = over_time_limit(attempt);
  if (limit == kForever || over == kForever) return false;
  const std::int64_t interval = schedule_.rules.time_limit_interval;
  const std::int64_t due =
      attempt.start + operators_.paused(attempt) + limit + over + schedule_.rules.started_before;
  const std::int64_t look = (due + interval - 1) / interval * interval;
  return attempt.end == look - schedule_.rules.started_before;
}

bool Life::may_time_out(const Job& job, const Attempt& attempt) const {
  const std::int64_t ran = attempt.end - attempt.start - operators_.paused(attempt);
  const std::int64_t truth = true_seconds(job);
  const bool by_itself = std::abs(ran - truth) <= slack(job);
  if (!schedule_.rules.is_slurm) {
    return attempt.limit != kForever && std::abs(ran - attempt.limit) <= slack(job) &&
           truth + slack(job) >= attempt.limit;
  }
  if (ran > truth + slack(job)) return false;
  // Whoever ends between the limit and the next look at it is late as well.
  if (by_itself && ran >= attempt.limit) return true;
  if (by_itself && may_have_grace(schedule_, attempt)) return true;
  if (is_time_to_kill(attempt, attempt.limit)) return true;
  const std::int64_t interval = schedule_.rules.time_limit_interval;
  const bool at_a_look = (attempt.end + schedule_.rules.started_before) % interval == 0;
  if (!at_a_look) return false;
  const std::vector<std::int64_t> given = operators_.limits_given(job, attempt.end);
  return may_be_used_up(schedule_, attempt) || (!given.empty() && ran >= attempt.limit);
}

void Life::check_end(const Job& job, const Attempt& attempt) {
  const std::int64_t ran = attempt.end - attempt.start - operators_.paused(attempt);
  const std::int64_t truth = true_seconds(job);
  const int exit_code = truth_of(schedule_, job).exit_code;
  const std::string& state = attempt.state;
  const auto wrong = [&](std::string text) {
    findings_.add("run-time", schedule_, attempt, attempt.end, std::move(text));
  };
  if (ends_with_another(job, attempt) || is_taken_back(attempt)) return;
  if (state == "NODE_FAIL" && schedule_.lost_to_a_boot(attempt)) return;
  if (state == "COMPLETED" || state == "FAILED") {
    if (std::abs(ran - truth) > slack(job)) {
      wrong(fmt::format("ran {} s, really it takes {}", ran, truth));
    }
    if ((exit_code != 0) != (state == "FAILED")) {
      wrong(fmt::format("{}, its exit code is {}", state, exit_code));
    }
    return;
  }
  if (state == "TIMEOUT") {
    if (may_time_out(job, attempt)) return;
    wrong(fmt::format("TIMEOUT after {} s of {}, its limit is {}", ran, truth, attempt.limit));
    return;
  }
  const bool by_operator =
      schedule_.rules.is_slurm && (state == "CANCELLED" || state == "NODE_FAIL");
  if (state != "PREEMPTED" && !by_operator) return wrong(fmt::format("ran and is {}", state));
  if (ran > truth + slack(job)) wrong(fmt::format("ran {} s, really it takes {}", ran, truth));
  if ((state == "CANCELLED" && !operators_.explains_cancel(attempt)) ||
      (state == "NODE_FAIL" && !operators_.explains_node_fail(attempt))) {
    findings_.add("operator", schedule_, attempt, attempt.end,
                  fmt::format("{}, and no command says so", state));
  }
}

void Life::check_waits(const Job& job, const Attempt& attempt) {
  const Submission& submission = schedule_.submission(job);
  const auto too_early = [&](const char* rule, std::string text) {
    findings_.add(rule, schedule_, attempt, attempt.start, std::move(text));
  };
  if (attempt.start < whole_seconds(submission.submit)) {
    too_early("before-submit", fmt::format("submitted at {}", whole_seconds(submission.submit)));
  }
  if (attempt.eligible == kNoTime || attempt.start < attempt.eligible) {
    too_early("before-eligible", attempt.eligible == kNoTime
                                     ? "starts and never was eligible"
                                     : fmt::format("eligible at {}", attempt.eligible));
  }
  const Special* special = schedule_.workload.special(job.submission);
  if (special == nullptr) return;
  if (special->begin != Time::min() && attempt.start < whole_seconds(special->begin)) {
    too_early("before-begin", fmt::format("not to begin before {}", whole_seconds(special->begin)));
  }
  if (!special->dependencies.empty()) check_dependencies(job, attempt, *special);
}

void Life::check_dependencies(const Job& job, const Attempt& attempt, const Special& special) {
  std::size_t met = 0;
  std::string unmet;
  for (const Dependency& dependency : special.dependencies) {
    if (satisfied(dependency, job, attempt.start, unmet)) ++met;
  }
  const bool enough = special.any_dependency ? met > 0 : met == special.dependencies.size();
  if (!enough) findings_.add("before-dependency", schedule_, attempt, attempt.start, unmet);
}

// sbatch(1) --dependency. A job that was refused counts as one that Slurm does not know: satisfied
// (shared/semantics 7.2).
bool Life::satisfied(const Dependency& dependency, const Job& job, std::int64_t start,
                     std::string& why) const {
  if (dependency.kind == DependencyKind::Singleton) return singleton_satisfied(job, start, why);
  const auto [first, last] = schedule_.jobs_of[dependency.on];
  const std::uint32_t wanted =
      dependency.kind == DependencyKind::AfterCorr ? job.array_task : dependency.array_task;
  bool all_ok = true;
  for (std::size_t i = first; i < last; ++i) {
    const Job& on = schedule_.jobs[i];
    if (wanted != kNone<std::uint32_t> && on.array_task != kNone<std::uint32_t> &&
        on.array_task != wanted) {
      continue;
    }
    const Attempt* final = schedule_.last(on);
    if (final == nullptr || final->state == "REJECTED") continue;
    if (is_forgotten(*final, whole_seconds(schedule_.submission(job).submit))) return true;
    if (dependency.kind == DependencyKind::After) {
      const Attempt* one = schedule_.first(on);
      const std::int64_t from = one->started() ? one->start : one->end_or_forever();
      const std::int64_t delay = whole_seconds(dependency.delay);
      if (from <= start - delay) continue;
      why = fmt::format("{} starts at {}, to be followed after {} s", on.id, from, delay);
      return false;
    }
    if (final->end_or_forever() > start) {
      why = fmt::format("{} ends at {}", on.id, final->end);
      return false;
    }
    all_ok = all_ok && final->state == "COMPLETED";
  }
  const bool wants_ok =
      dependency.kind == DependencyKind::AfterOk || dependency.kind == DependencyKind::AfterCorr;
  if (dependency.kind == DependencyKind::AfterAny || dependency.kind == DependencyKind::After ||
      wants_ok == all_ok) {
    return true;
  }
  why = fmt::format("{} {}", schedule_.workload.id_text(dependency.on),
                    all_ok ? "completed" : "did not complete");
  return false;
}

// slurmctld forgets jobs some time after their end, and a dependency on such a job is met.
bool Life::is_forgotten(const Attempt& attempt, std::int64_t at) const {
  const std::int64_t age = schedule_.rules.min_job_age;
  return schedule_.rules.is_slurm && age > 0 && attempt.end_or_forever() <= at - age;
}

// No earlier job of the same user and name may still wait or run.
bool Life::singleton_satisfied(const Job& job, std::int64_t start, std::string& why) const {
  const auto name = [&](const Job& of) -> const std::string& {
    const Special* special = schedule_.workload.special(of.submission);
    const bool named = special != nullptr && special->job_name != kNone<NameId>;
    return named ? schedule_.workload.names[special->job_name] : of.id;
  };
  const auto order = [&](const Job& of) {
    return std::pair(schedule_.submission(of).submit, of.submission);
  };
  for (const Job& other : schedule_.jobs) {
    if (order(other) >= order(job) || name(other) != name(job) ||
        schedule_.submission(other).user != schedule_.submission(job).user) {
      continue;
    }
    const Attempt* last = schedule_.last(other);
    if (last == nullptr || last->state == "REJECTED" || last->end_or_forever() <= start) continue;
    why = fmt::format("{} of the same name ends at {}", other.id, last->end);
    return false;
  }
  return true;
}

// `--array=...%N`: at most N tasks run at once.
void Life::check_arrays() {
  for (std::size_t i = 0; i < schedule_.jobs_of.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    const Special* special = schedule_.workload.special(id);
    if (special == nullptr || special->array_throttle == 0) continue;
    std::map<std::int64_t, std::int64_t> change;
    const auto [first, last] = schedule_.jobs_of[id];
    for (std::size_t job = first; job < last; ++job) {
      for (const std::size_t at : schedule_.jobs[job].attempts) {
        const Attempt& attempt = schedule_.attempts[at];
        if (!attempt.started()) continue;
        ++change[attempt.start];
        --change[attempt.end_or_forever()];
      }
    }
    std::int64_t running = 0;
    for (const auto& [at, difference] : change) {
      running += difference;
      if (running <= special->array_throttle) continue;
      findings_.add("array-throttle", schedule_.workload.id_text(id), at,
                    fmt::format("{} tasks run, at most {} may", running, special->array_throttle));
      break;
    }
  }
}

}  // namespace

void check_life(const Schedule& schedule, Findings& findings) {
  Life life(schedule, findings);
  for (const Job& job : schedule.jobs) life.check_job(job);
  life.check_arrays();
}

}  // namespace rehearse::auditing
