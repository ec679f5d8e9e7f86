#include "sim/audit/operators.hpp"

#include <algorithm>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/option_values.hpp"

namespace rehearse::auditing {
namespace {

/// The states in force within the second `at` of a list by time: the last one before it, and those
/// that came in it.
template <class Value>
std::vector<Value> in_force(const std::vector<std::pair<std::int64_t, Value>>& states,
                            std::int64_t at) {
  std::vector<Value> result;
  for (const auto& [since, value] : states) {
    if (since > at) break;
    if (since < at) result.clear();
    result.push_back(value);
  }
  return result;
}

void set(PartitionTerms& terms, const std::string& key, const std::string& value) {
  const auto count = [&]() -> std::optional<std::uint32_t> {
    const auto number = parse_int64(value);
    return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
  };
  if (key == "maxtime") {
    if (const auto limit = parse_time_limit(value)) terms.max_time = *limit;
  } else if (key == "maxnodes") {
    terms.max_nodes = count();
  } else if (key == "minnodes") {
    terms.min_nodes = count().value_or(0);
  } else if (key == "state") {
    terms.may_start = same_name(value, "up") || same_name(value, "drain");
  }
}

bool may_start(PartitionState state) {
  return state == PartitionState::Up || state == PartitionState::Drain;
}

}  // namespace

Operators::Operators(const Schedule& schedule) : schedule_(schedule) {
  for (const Partition& partition : schedule.cluster.partitions) {
    terms_.push_back({{kNoTime,
                       {partition.max_time, partition.min_nodes, partition.max_nodes,
                        may_start(partition.state)}}});
  }
  off_.resize(schedule.cluster.nodes.size(), {{kNoTime, false}});
  for (const Operation& operation : schedule.workload.operations) note(operation);
}

void Operators::note(const Operation& operation) {
  const Cluster& cluster = schedule_.cluster;
  const std::int64_t at = whole_seconds(operation.at);
  if (const auto* partition = std::get_if<UpdatePartition>(&operation.action)) {
    const auto id = cluster.find_partition(partition->partition);
    if (!id) return;
    PartitionTerms now = terms_[*id].back().second;
    for (const auto& [key, value] : partition->settings) set(now, key, value);
    terms_[*id].emplace_back(at, now);
  } else if (const auto* nodes = std::get_if<UpdateNodes>(&operation.action)) {
    const auto state = nodes->settings.find("state");
    if (state == nodes->settings.end()) return;
    const std::string name = lower(state->second);
    const bool off = name == "down" || name == "fail" || name.starts_with("drain");
    for (const std::string& host : expand_hostlist(nodes->nodes).hosts) {
      const auto node = cluster.find_node(host);
      if (!node) continue;
      off_[*node].emplace_back(at, off);
      const bool returns = schedule_.rules.returns_to_service && name == "down";
      if (returns && any_failed_on(*node, at)) off_[*node].emplace_back(at, false);
    }
  } else {
    of_jobs_.push_back(&operation);
  }
}

bool Operators::any_failed_on(NodeId node, std::int64_t at) const {
  return std::any_of(schedule_.attempts.begin(), schedule_.attempts.end(),
                     [&](const Attempt& attempt) {
                       if (attempt.state != "NODE_FAIL" || attempt.end != at) return false;
                       return std::any_of(attempt.held.begin(), attempt.held.end(),
                                          [&](const Held& held) { return held.node == node; });
                     });
}

PartitionTerms Operators::terms(PartitionId partition, std::int64_t at) const {
  const std::vector<PartitionTerms> all = in_force(terms_[partition], at);
  PartitionTerms result = all.front();
  for (const PartitionTerms& each : all) {
    result.max_time = std::max(result.max_time, each.max_time);
    result.min_nodes = std::min(result.min_nodes, each.min_nodes);
    if (!each.max_nodes) result.max_nodes.reset();
    if (result.max_nodes) result.max_nodes = std::max(*result.max_nodes, *each.max_nodes);
    result.may_start = result.may_start || each.may_start;
  }
  return result;
}

bool Operators::is_off(NodeId node, std::int64_t at) const {
  const std::vector<bool> all = in_force(off_[node], at);
  return std::find(all.begin(), all.end(), false) == all.end();
}

bool Operators::names(const std::vector<JobName>& jobs, const Job& job) const {
  // A heterogeneous job goes by its first component.
  const SubmissionId first = schedule_.workload.first_component(job.submission);
  return std::any_of(jobs.begin(), jobs.end(), [&](const JobName& name) {
    return (name.submission == job.submission || name.submission == first) &&
           (name.array_task == kNone<std::uint32_t> || name.array_task == job.array_task);
  });
}

// A command on a job counts while the job waits; in the second of its submission or its start it
// may have come too early or too late.
bool Operators::is_held(const Attempt& attempt) const {
  const Job& job = schedule_.job(attempt);
  const Special* special = schedule_.workload.special(job.submission);
  bool held = attempt.number == 0 && special != nullptr && special->hold;
  for (const Operation* operation : of_jobs_) {
    const std::int64_t at = whole_seconds(operation->at);
    if (at < attempt.submit || at > attempt.start) continue;
    const bool certain = at > attempt.submit && at < attempt.start;
    if (const auto* hold = std::get_if<HoldJobs>(&operation->action)) {
      held = held || (certain && names(hold->jobs, job));
    } else if (const auto* release = std::get_if<ReleaseJobs>(&operation->action)) {
      held = held && !names(release->jobs, job);
    } else if (const auto* requeue = std::get_if<RequeueJobs>(&operation->action)) {
      held = held || (requeue->hold && attempt.number > 0 && at == attempt.submit &&
                      names(requeue->jobs, job));
    }
  }
  return held;
}

std::vector<std::int64_t> Operators::limits_given(const Job& job, std::int64_t until) const {
  std::vector<std::int64_t> result;
  for (const Operation* operation : of_jobs_) {
    const auto* update = std::get_if<UpdateJob>(&operation->action);
    if (update == nullptr || whole_seconds(operation->at) > until || !names({update->job}, job)) {
      continue;
    }
    const auto limit = update->settings.find("timelimit");
    if (limit == update->settings.end()) continue;
    const auto length = parse_time_limit(limit->second);
    if (length) result.push_back(*length == kUnlimited ? kForever : whole_seconds(*length));
  }
  return result;
}

bool Operators::was_suspended(const Attempt& attempt) const {
  return std::any_of(of_jobs_.begin(), of_jobs_.end(), [&](const Operation* operation) {
    const auto* suspend = std::get_if<SuspendJobs>(&operation->action);
    const std::int64_t at = whole_seconds(operation->at);
    return suspend != nullptr && !suspend->resume && at >= attempt.start &&
           at <= attempt.end_or_forever() && names(suspend->jobs, schedule_.job(attempt));
  });
}

std::int64_t Operators::paused(const Attempt& attempt) const {
  std::int64_t total = 0, since = kNoTime;
  for (const Operation* operation : of_jobs_) {
    const auto* suspend = std::get_if<SuspendJobs>(&operation->action);
    const std::int64_t at = whole_seconds(operation->at);
    if (suspend == nullptr || at <= attempt.start || at > attempt.end_or_forever() ||
        !names(suspend->jobs, schedule_.job(attempt))) {
      continue;
    }
    if (!suspend->resume && since == kNoTime) since = at;
    if (suspend->resume && since != kNoTime) total += at - std::exchange(since, kNoTime);
  }
  if (since != kNoTime && attempt.end != kNoTime) total += attempt.end - since;
  return total;
}

std::int64_t Operators::limit_at_start(const Attempt& attempt) const {
  const Job& job = schedule_.job(attempt);
  std::int64_t least = attempt.limit;
  const std::vector<std::int64_t> given = limits_given(job, attempt.end_or_forever());
  for (const std::int64_t limit : given) least = std::min(least, limit);
  const Duration asked = schedule_.submission(job).time_limit;
  if (!given.empty() && asked != kUnset) least = std::min(least, whole_seconds(asked));
  return least;
}

bool Operators::matches(const CancelJobs& cancel, const Attempt& attempt) const {
  const auto fits = [](const std::string& wanted, const std::string& name) {
    return wanted.empty() || same_name(wanted, name);
  };
  return (cancel.jobs.empty() || names(cancel.jobs, schedule_.job(attempt))) && cancel.running &&
         fits(cancel.user, attempt.user) && fits(cancel.account, attempt.account) &&
         fits(cancel.qos, attempt.qos) && fits(cancel.partition, schedule_.partition(attempt).name);
}

template <class Action, class Matches>
bool Operators::some_at(std::int64_t at, Matches&& matching) const {
  return std::any_of(of_jobs_.begin(), of_jobs_.end(), [&](const Operation* operation) {
    const auto* action = std::get_if<Action>(&operation->action);
    return action != nullptr && whole_seconds(operation->at) == at && matching(*action);
  });
}

bool Operators::explains_cancel(const Attempt& attempt) const {
  return some_at<CancelJobs>(attempt.end,
                             [&](const CancelJobs& each) { return matches(each, attempt); }) ||
         explains_requeue(attempt);
}

bool Operators::explains_requeue(const Attempt& attempt) const {
  return some_at<RequeueJobs>(attempt.end, [&](const RequeueJobs& each) {
    return names(each.jobs, schedule_.job(attempt));
  });
}

bool Operators::explains_node_fail(const Attempt& attempt) const {
  return std::any_of(attempt.held.begin(), attempt.held.end(), [&](const Held& held) {
    const auto& states = off_[held.node];
    return std::any_of(states.begin(), states.end(), [&](const auto& state) {
      return state.first == attempt.end && state.second;
    });
  });
}

void check_operations(const Schedule& schedule, Findings& findings) {
  const Operators operators(schedule);
  for (const Attempt& attempt : schedule.attempts) {
    if (!attempt.started()) continue;
    const auto no = [&](const char* rule, std::string text, std::string node = {}) {
      findings.add(rule, schedule, attempt, attempt.start, std::move(text), std::move(node));
    };
    if (operators.is_held(attempt)) no("held-job", "it is held, and nobody releases it");
    if (!operators.terms(attempt.partition, attempt.start).may_start) {
      no("operator", "partition " + schedule.partition(attempt).name + " starts nothing then");
    }
    for (const Held& held : attempt.held) {
      if (!operators.is_off(held.node, attempt.start)) continue;
      no("operator", "drained or down", schedule.cluster.nodes[held.node].name);
    }
  }
}

}  // namespace rehearse::auditing
