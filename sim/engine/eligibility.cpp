#include "sim/engine/eligibility.hpp"

#include <algorithm>

namespace rehearse {

Eligibility::Eligibility(const State& state, const Workload& workload)
    : state_(state), workload_(workload), dependencies_(workload) {
  jobs_.resize(workload.submissions.size());
}

// Every earlier job of the same user and name has ended.
Eligibility::Status Eligibility::singleton(SubmissionId submission) const {
  for (const SubmissionId earlier : dependencies_.namesakes(submission)) {
    if (earlier == submission) break;
    for (std::uint32_t i = 0; i < jobs_[earlier].count; ++i) {
      const auto id = static_cast<JobId>(index(jobs_[earlier].first) + i);
      const JobState state = state_.jobs[id].state;
      if (state == JobState::Pending || state == JobState::Running) return Status::Waiting;
    }
  }
  return Status::Satisfied;
}

void Eligibility::add(SubmissionId submission, JobId first, std::uint32_t count) {
  jobs_[submission] = {first, count};
}

Eligibility::Answer Eligibility::of(JobId job) const {
  const Special* const special = workload_.special(state_.jobs[job].submission);
  if (special == nullptr) return {};
  if (special->hold) return {Reason::JobHeldUser, kNever};
  const Answer answer = dependencies_of(job);
  if (answer.reason != Reason::None) return answer;
  if (special->begin > state_.now) return {Reason::BeginTime, special->begin};
  if (is_throttled(job)) return {Reason::JobArrayTaskLimit, kNever};
  return {};
}

Eligibility::Answer Eligibility::dependencies_of(JobId job) const {
  const Special* const special = workload_.special(state_.jobs[job].submission);
  if (special == nullptr) return {};
  Answer answer;
  std::size_t satisfied = 0, never = 0;
  for (const Dependency& dependency : special->dependencies) {
    const Status each = status(dependency, job, answer.ask_again);
    satisfied += each == Status::Satisfied ? 1 : 0;
    never += each == Status::Never ? 1 : 0;
  }
  const std::size_t all = special->dependencies.size();
  const std::size_t needed = special->any_dependency ? std::min<std::size_t>(all, 1) : all;
  if (satisfied >= needed) return {};
  answer.reason = all - never < needed ? Reason::DependencyNeverSatisfied : Reason::Dependency;
  return answer;
}

bool Eligibility::is_throttled(JobId job) const {
  const SubmissionId submission = state_.jobs[job].submission;
  const Special* const special = workload_.special(submission);
  if (special == nullptr || special->array_throttle == 0) return false;
  const auto count = released_.find(submission);
  return count != released_.end() && count->second >= special->array_throttle;
}

void Eligibility::change_released(JobId job, std::int64_t by) {
  const SubmissionId submission = state_.jobs[job].submission;
  const Special* const special = workload_.special(submission);
  if (special != nullptr && special->array_throttle > 0) released_[submission] += by;
}

void Eligibility::forget(JobId job, Time at) {
  if (!dependencies_.dependents(state_.jobs[job].submission).empty()) forgotten_[job] = at;
}

bool Eligibility::names_unknown(JobId job, bool ended) const {
  const Special* const special = workload_.special(state_.jobs[job].submission);
  if (special == nullptr) return false;
  const auto is_unknown = [&](const Dependency& each) {
    if (each.kind == DependencyKind::Singleton) return false;
    const JobId first = jobs_[each.on].first;
    if (first == kNone<JobId>) return false;
    if (state_.jobs[first].state == JobState::Rejected) return true;
    const bool by_end =
        each.kind == DependencyKind::AfterOk || each.kind == DependencyKind::AfterNotOk;
    return ended && by_end && targets(each, job).empty();
  };
  return std::any_of(special->dependencies.begin(), special->dependencies.end(), is_unknown);
}

bool Eligibility::is_forgotten(JobId target, JobId by) const {
  const auto found = forgotten_.find(target);
  return found != forgotten_.end() && found->second <= state_.jobs[by].submit;
}

void Eligibility::affected(JobId job, std::vector<JobId>& jobs) const {
  const SubmissionId submission = state_.jobs[job].submission;
  const auto add = [&](SubmissionId id) {
    for (std::uint32_t i = 0; i < jobs_[id].count; ++i) {
      jobs.push_back(static_cast<JobId>(index(jobs_[id].first) + i));
    }
  };
  for (const SubmissionId id : dependencies_.dependents(submission)) add(id);
  if (released_.contains(submission)) add(submission);
  for (const SubmissionId id : dependencies_.namesakes(submission)) add(id);
}

std::vector<JobId> Eligibility::targets(const Dependency& dependency, JobId job) const {
  const Jobs& all = jobs_[dependency.on];
  std::uint32_t task = dependency.array_task;
  if (dependency.kind == DependencyKind::AfterCorr) task = state_.journal.jobs[job].array_task;
  std::vector<JobId> result;
  for (std::uint32_t i = 0; i < all.count; ++i) {
    const auto id = static_cast<JobId>(index(all.first) + i);
    const std::uint32_t its_task = state_.journal.jobs[id].array_task;
    if (task == kNone<std::uint32_t> || its_task == kNone<std::uint32_t> || its_task == task) {
      if (!is_forgotten(id, job)) result.push_back(id);
    }
  }
  return result;
}

Eligibility::Status Eligibility::status(const Dependency& dependency, JobId job,
                                        Time& ask_again) const {
  if (dependency.kind == DependencyKind::Singleton) {
    return singleton(state_.jobs[job].submission);
  }
  if (jobs_[dependency.on].first == kNone<JobId>) return Status::Waiting;  // not yet submitted
  const std::vector<JobId> on = targets(dependency, job);
  if (on.empty() && !forgotten_.empty()) return Status::Satisfied;
  return whole(dependency, on, ask_again);
}

Eligibility::Status Eligibility::whole(const Dependency& dependency, std::span<const JobId> targets,
                                       Time& ask_again) const {
  bool all_ended = true, all_good = true, any_bad = false, all_started = true;
  Time last_start = Time::min();
  for (const JobId id : targets) {
    const JobState state = state_.jobs[id].state;
    const bool ended = state != JobState::Pending && state != JobState::Running;
    const bool good = state == JobState::Completed;
    all_ended = all_ended && ended;
    all_good = all_good && good;
    any_bad = any_bad || (ended && !good);
    const Time start = state_.jobs[id].start;
    all_started = all_started && (start != kNever || ended);
    if (start != kNever) last_start = std::max(last_start, start);
  }
  switch (dependency.kind) {
    case DependencyKind::After: {
      if (!all_started) return Status::Waiting;
      const Time due = last_start == Time::min() ? state_.now : last_start + dependency.delay;
      if (due <= state_.now) return Status::Satisfied;
      ask_again = std::min(ask_again, due);
      return Status::Waiting;
    }
    case DependencyKind::AfterAny:
      return all_ended ? Status::Satisfied : Status::Waiting;
    case DependencyKind::AfterOk:  // of an array nothing is decided before its last task (s7b)
      if (!all_ended) return Status::Waiting;
      return any_bad ? Status::Never : Status::Satisfied;
    case DependencyKind::AfterCorr:
      return any_bad ? Status::Never : all_good ? Status::Satisfied : Status::Waiting;
    case DependencyKind::AfterNotOk:
      if (any_bad && all_ended) return Status::Satisfied;
      return all_ended ? Status::Never : Status::Waiting;
    case DependencyKind::Singleton:
      break;
  }
  return Status::Satisfied;
}

}  // namespace rehearse
