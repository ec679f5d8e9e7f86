// When jobs may start and end: after what they wait for, for as long as they really run, each of
// them once, and none forgotten.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/audit/schedule.hpp"

namespace rehearse::auditing {
namespace {

class Life {
 public:
  Life(const Schedule& schedule, Findings& findings) : schedule_(schedule), findings_(findings) {}

  void check_job(const Job& job);
  void check_arrays();

 private:
  void check_attempts(const Job& job);
  void check_run_time(const Job& job, const Attempt& attempt);
  void check_waits(const Job& job, const Attempt& attempt);
  void check_dependencies(const Job& job, const Attempt& attempt, const Special& special);
  bool satisfied(const Dependency& dependency, const Job& job, std::int64_t start,
                 std::string& why) const;
  bool singleton_satisfied(const Job& job, std::int64_t start, std::string& why) const;
  std::int64_t true_seconds(const Job& job) const;
  bool is_whole_seconds(const Job& job) const;

  const Schedule& schedule_;
  Findings& findings_;
};

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
  if (last->end == kNoTime && last->reasons.empty()) {
    findings_.add("lost-job", schedule_, *last, last->submit,
                  fmt::format("{}, with neither an end nor a reason", last->state));
  }
  check_attempts(job);
  for (const std::size_t at : job.attempts) {
    const Attempt& attempt = schedule_.attempts[at];
    if (!attempt.started()) continue;
    check_run_time(job, attempt);
    check_waits(job, attempt);
  }
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
    if (i + 1 < job.attempts.size() && attempt.state != "PREEMPTED") {
      wrong(fmt::format("{}, and yet the job was tried again", attempt.state));
    }
    if (attempt.end != kNoTime && attempt.started() && attempt.end < attempt.start) {
      wrong(fmt::format("ends at {}, before it starts", attempt.end));
    }
    if (attempt.end != kNoTime) free_from = attempt.end;
  }
}

void Life::check_run_time(const Job& job, const Attempt& attempt) {
  if (attempt.end == kNoTime) {
    findings_.add("run-time", schedule_, attempt, attempt.start, "starts and never ends");
    return;
  }
  const std::int64_t ran = attempt.end - attempt.start;
  const std::int64_t truth = true_seconds(job);
  const std::int64_t slack = is_whole_seconds(job) ? 0 : 1;
  const auto wrong = [&](const char* rule, std::string text) {
    findings_.add(rule, schedule_, attempt, attempt.end, std::move(text));
  };
  const auto off_by = [&](std::int64_t length) { return std::abs(ran - length) > slack; };
  const Duration asked = schedule_.submission(job).time_limit;
  if (asked != kUnset && asked != kUnlimited && attempt.limit != whole_seconds(asked)) {
    wrong("time-limit",
          fmt::format("its limit is {}, it asked for {}", attempt.limit, whole_seconds(asked)));
  }
  if (attempt.limit != kForever && ran > attempt.limit + slack) {
    wrong("time-limit", fmt::format("ran {} s, its limit is {}", ran, attempt.limit));
  }
  const int exit_code = truth_of(schedule_, job).exit_code;
  if (attempt.state == "COMPLETED" || attempt.state == "FAILED") {
    if (off_by(truth)) wrong("run-time", fmt::format("ran {} s, really it takes {}", ran, truth));
    if ((exit_code != 0) != (attempt.state == "FAILED")) {
      wrong("run-time", fmt::format("{}, its exit code is {}", attempt.state, exit_code));
    }
  } else if (attempt.state == "TIMEOUT") {
    if (attempt.limit == kForever || off_by(attempt.limit) || truth + slack < attempt.limit) {
      wrong("run-time",
            fmt::format("TIMEOUT after {} s of {}, its limit is {}", ran, truth, attempt.limit));
    }
  } else if (attempt.state == "PREEMPTED") {
    if (ran > truth + slack) {
      wrong("run-time", fmt::format("ran {} s, really it takes {}", ran, truth));
    }
  } else {
    wrong("run-time", fmt::format("ran and is {}", attempt.state));
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
  if (special->hold) too_early("held-job", "it is held, and nobody releases it");
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
