// What operators do: scontrol and scancel, as slurmctld takes it.
#include <fmt/format.h>

#include <algorithm>

#include "models/slurm/controller.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/sbatch_options.hpp"

namespace rehearse::slurm {
namespace {

constexpr Duration kAnswer{10};  // of a node that is asked, within the clock's grid

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

void Controller::operate(const Operation& operation) {
  ignored_.clear();
  ++running_changes_;  // whatever it is
  preempted_in_vain_ = 0;
  bool is_effective = true;
  bool asks_for_pass = true;  // or not: micro 177. A killed job's end brings a pass of its own
  std::visit(
      Overloaded{
          [&](const CancelJobs& op) {
            is_effective = cancel_jobs(op);
            asks_for_pass = false;
          },
          [&](const HoldJobs& op) {
            for (const JobId id : jobs_named(op.jobs)) {
              if (view_.job(id).state == JobState::Pending)
                hold(records_[id], true, Reason::JobHeldAdmin);
            }
          },
          [&](const ReleaseJobs& op) {
            for (const JobId id : jobs_named(op.jobs)) release(records_[id]);
          },
          [&](const RequeueJobs& op) {
            asks_for_pass = false;
            for (const JobId id : jobs_named(op.jobs)) {
              if (view_.job(id).state != JobState::Running) continue;
              if (records_[id].het_offset > 0) {
                ignore(view_.job_text(id) + " is one component of a heterogeneous job");
                continue;
              }
              kill(records_[id], JobState::Cancelled, true);
              if (op.hold) hold(records_[id], true, Reason::JobHeldAdmin);
            }
          },
          [&](const SuspendJobs& op) {
            asks_for_pass = !op.resume;
            for (const JobId id : jobs_named(op.jobs)) {
              JobRecord& job = records_[id];
              const bool runs = view_.job(id).state == JobState::Running && !is_configuring(id);
              if (!runs || job.is_suspended() != op.resume) {
                ignore(view_.job_text(id) + (op.resume ? " is not suspended" : " does not run"));
              } else {
                op.resume ? resume(job) : suspend(job);
              }
            }
          },
          [&](const UpdateJob& op) { update_job(op); },
          [&](const UpdateNodes& op) { is_effective = update_nodes(op); },
          [&](const UpdatePartition& op) { update_partition(op); },
          [&](const ChangeReservation& op) {
            std::vector<Ending> running = endings();
            std::erase_if(running, [](const Ending& job) { return job.is_completing; });
            const std::string why = reservations_.apply(op, up_nodes(), running, now());
            is_effective = why.empty();
            ignore(why);
          },
          [&](const ModifyAccounting&) { ignore("limits do not change in a run"); },
      },
      operation.action);
  for (const std::string& why : ignored_) {
    judges_.note(fmt::format("operator's command \"{}\" not simulated: {}", operation.text, why));
  }
  if (!is_effective) return;
  note_change();
  if (asks_for_pass) requested_ = true;
}

// Keeps what the command in hand asks for and does not get; "" is nothing.
void Controller::ignore(std::string what) {
  if (!what.empty()) ignored_.push_back(std::move(what));
}

void Controller::release(JobRecord& job) {
  if (view_.job(job.job).state != JobState::Pending || !job.is_held) return;
  job.is_held = job.is_held_by_admin = false;
  if (job.reason == Reason::JobHeldUser || job.reason == Reason::JobHeldAdmin) {
    set_reason(job, Reason::None);
  }
  if (params_.version >= Version::V2411) take_as(job, Form::Updated);
  is_independent(job, false);
  score(job);
}

// Its cores are free; memory and GRES it keeps (seen on 22.05).
void Controller::suspend(JobRecord& job) {
  charge(job, now());
  job.suspended_at = now();
  ++suspended_;
  was_suspended_ = true;
  machine_.remove(job.allocation);
  job.cores.clear();
  for (Held& held : job.allocation.nodes) {
    job.cores.push_back(held.cores);
    std::fill(held.cores.begin(), held.cores.end(), 0);
  }
  machine_.add(job.allocation);
  judges_.suspend(job.job);
}

// Whether its cores are free or not (seen on 22.05), so that it may have to share them for a while.
void Controller::resume(JobRecord& job) {
  const Seconds length = now() - std::exchange(job.suspended_at, kNoTime);
  --suspended_;
  job.paused += length;
  job.charged_until = now();
  job.end += length;
  judges_.resume(job.job);
  judges_.set_expected_end(job.job, at_seconds(job.end));
  take_cores_back(job);
}

// Of the cores that it had before it was suspended, those that are free count as its own again.
void Controller::take_cores_back(JobRecord& job) {
  machine_.remove(job.allocation);
  bool has_all = true;
  for (std::size_t i = 0; i < job.cores.size(); ++i) {
    Held& held = job.allocation.nodes[i];
    const std::uint64_t* const free = machine_.free_core_bits(held.node);
    for (std::size_t word = 0; word < held.cores.size(); ++word) {
      held.cores[word] = job.cores[i][word] & free[word];
      has_all = has_all && held.cores[word] == job.cores[i][word];
    }
  }
  machine_.add(job.allocation);
  if (has_all) job.cores.clear();
}

std::vector<JobId> Controller::jobs_named(const std::vector<JobName>& names) const {
  std::vector<JobId> result;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const auto id = static_cast<JobId>(i);
    const JobEntry& entry = view_.entry(id);
    // A heterogeneous job goes by its first component: what is said to that one is for all.
    const std::size_t to_first = records_[id].het_offset;
    for (const JobName& name : names) {
      if (entry.submission != name.submission &&
          index(entry.submission) - to_first != index(name.submission)) {
        continue;
      }
      if (name.array_task != kNone<std::uint32_t> && entry.array_task != name.array_task) continue;
      result.push_back(id);
    }
  }
  return result;
}

// False: none was left to signal, and scancel changed nothing (x4).
bool Controller::cancel_jobs(const CancelJobs& cancel) {
  bool any = false;
  std::vector<JobId> jobs;
  if (!cancel.jobs.empty()) {
    jobs = jobs_named(cancel.jobs);
  } else {
    for (std::size_t i = 0; i < records_.size(); ++i) jobs.push_back(static_cast<JobId>(i));
  }
  // Nodes that are told at once report in their order: a job is over with its last one (x38).
  const auto last_node = [&](JobId id) {
    const std::vector<Held>& held = records_[id].allocation.nodes;
    return held.empty() ? NodeId{} : held.back().node;
  };
  std::stable_sort(jobs.begin(), jobs.end(),
                   [&](JobId a, JobId b) { return last_node(a) < last_node(b); });
  const auto matches = [&](const std::string& wanted, const std::string& name) {
    return wanted.empty() || same_name(wanted, name);
  };
  for (const JobId id : jobs) {
    const Job& known = view_.job(id);
    const QosId qos = known.qos;
    if (!matches(cancel.user, view_.name(view_.submission(id).user)) ||
        !matches(cancel.account, view_.assocs()[known.assoc].account) ||
        !matches(cancel.qos, qos == kNone<QosId> ? std::string() : cluster_.qos[qos].name) ||
        (!cancel.partition.empty() && (known.partition == kNone<PartitionId> ||
                                       cancel.partition != partitions_[known.partition].name))) {
      continue;
    }
    JobRecord& job = records_[id];
    if (known.state == JobState::Running && cancel.running) {
      kill(job, JobState::Cancelled, false);
      any = true;
    } else if (known.state == JobState::Pending && cancel.pending) {
      if (job.het_offset > 0) {  // the first component is the one to cancel
        if (!cancel.jobs.empty()) ignore(view_.job_text(id) + " is pending, and one component");
        continue;
      }
      cancel_task(job);
      any = true;
    }
  }
  return any;
}

// A pending job, or a task of an array that is not its next one.
void Controller::cancel_task(JobRecord& job) {
  if (job.array != kNone<std::uint32_t> && !job.is_split) {
    std::vector<JobId>& unstarted = arrays_[job.array].unstarted;
    if (unstarted.empty()) return;
    if (unstarted.back() != job.job) {
      unstarted.erase(std::find(unstarted.begin(), unstarted.end(), job.job));
      judges_.cancel(job.job, JobState::Cancelled);
      return;
    }
  }
  if (std::find(pending_.begin(), pending_.end(), job.job) == pending_.end()) return;
  cancel_pending(job, JobState::Cancelled);
}

// Whether it has any effect: a name that is unknown takes it from all.
bool Controller::update_nodes(const UpdateNodes& update) {
  for (const auto& [key, value] : update.settings) {
    if (key != "state" && key != "reason") ignore(key + "=" + value);
  }
  const auto found = update.settings.find("state");
  const std::vector<std::string> names = expand_hostlist(update.nodes).hosts;
  for (const std::string& name : names) {
    if (cluster_.find_node(name)) continue;
    ignore("there is no node " + name);
    return false;
  }
  if (found == update.settings.end()) return true;
  const std::string state = lower(found->second);
  for (const std::string& name : names) {
    const auto node = cluster_.find_node(name);
    if (state == "drain" || state == "draining" || state == "fail") {
      drained_.insert(*node);
    } else if (state == "down") {
      down_.insert(*node);
      const bool is_busy = machine_.jobs(*node) > 0;
      fail_jobs_on(*node);
      // It answers the order to kill its jobs, in 24.11 two seconds later and without a word to the
      // scheduler (x23, x2); an idle node is not asked anything.
      const bool is_late = params_.version >= Version::V2411;
      const Time at = is_late ? at_seconds(now() + 2) : view_.now() + kAnswer;
      if (is_busy && params_.return_to_service == 2) respond({at, *node, !is_late});
    } else if (state == "resume" || state == "undrain" || state == "idle") {
      resume(*node);
    } else if (saves_power() && state == "power_up") {
      order_power(*node, PowerOrder::Up);
    } else if (saves_power() && state == "power_down") {  // once its jobs are over
      order_power(*node, PowerOrder::Down);
      leave_node(*node);
    } else {
      ignore("state=" + found->second);
    }
  }
  return true;
}

// A node that was down is asked first whether it is there, in the next turn of the main loop and
// behind that turn's pass (s9); in 24.11 one that was drained, too (s12).
void Controller::resume(NodeId node) {
  if (drained_.contains(node)) down_.insert(node);
  drained_.erase(node);
  if (!down_.contains(node)) return;
  Time turn = at_seconds(now()) + Duration{params_.main_phase_ms};
  if (turn <= view_.now()) turn += std::chrono::seconds{1};
  respond({turn + kAnswer, node, true});
}

void Controller::respond(const Response& response) {
  const auto at = std::upper_bound(responses_.begin(), responses_.end(), response.at,
                                   [](Time time, const Response& each) { return time < each.at; });
  responses_.insert(at, response);
}

void Controller::take_responses() {
  while (next_response() <= view_.now()) {
    const auto [at, node, asks_for_pass] = responses_.front();
    down_.erase(node);
    if (failed_to_boot_.contains(node)) {
      failed_to_boot_.erase(node);
      order_power(node, PowerOrder::Repair);
    }
    responses_.pop_front();
    note_change();
    requested_ |= asks_for_pass;
  }
}

void Controller::fail_jobs_on(NodeId node) {
  const std::vector<JobId> running = running_;
  for (const JobId id : running) {
    JobRecord& job = records_[id];
    const auto& nodes = job.allocation.nodes;
    if (std::any_of(nodes.begin(), nodes.end(), [&](const Held& h) { return h.node == node; })) {
      kill(job, JobState::NodeFail, job.requeues);
    }
  }
}

void Controller::update_partition(const UpdatePartition& update) {
  const auto id = cluster_.find_partition(update.partition);
  if (!id) return;
  Partition& partition = partitions_[*id];
  machine_.rebuild();
  for (const auto& [key, value] : update.settings) {
    if (key == "state") {
      const std::string state = lower(value);
      partition.state = state == "up"      ? PartitionState::Up
                        : state == "down"  ? PartitionState::Down
                        : state == "drain" ? PartitionState::Drain
                                           : PartitionState::Inactive;
    } else if (key == "maxtime") {
      if (const auto limit = parse_time_limit(value)) partition.max_time = *limit;
    } else if (key == "defaulttime") {
      if (const auto limit = parse_time_limit(value)) partition.default_time = *limit;
    } else if (key == "maxnodes") {
      const auto count = parse_int64(value);
      partition.max_nodes =
          count ? std::optional(static_cast<std::uint32_t>(*count)) : std::nullopt;
    } else if (key == "minnodes") {
      partition.min_nodes = static_cast<std::uint32_t>(parse_int64(value).value_or(0));
    } else if (key == "prioritytier") {
      partition.priority_tier = static_cast<std::int32_t>(parse_int64(value).value_or(1));
    } else {
      ignore(key + "=" + value);
    }
  }
}

void Controller::update_job(const UpdateJob& update) {
  for (const JobId id : jobs_named({update.job})) {
    const JobState state = view_.job(id).state;
    if (state != JobState::Pending && state != JobState::Running) continue;  // finished
    JobRecord& job = records_[id];
    if (params_.version >= Version::V2411) take_as(job, Form::Updated);
    for (const auto& [key, value] : update.settings) {
      if (key == "timelimit") {
        const auto limit = parse_time_limit(value);
        if (!limit) continue;
        job.limit = minutes_of(*limit);
        judges_.set_time_limit(id, *limit);
        if (state == JobState::Running && *limit != kUnlimited) {
          job.end = job.start + job.limit * 60;
          judges_.set_expected_end(id, at_seconds(job.end));
        }
      } else if (key == "priority" && parse_int64(value)) {
        for (PartRecord& part : job.parts) part.priority = static_cast<double>(*parse_int64(value));
      } else {
        ignore(key + "=" + value);
      }
    }
  }
}

}  // namespace rehearse::slurm
