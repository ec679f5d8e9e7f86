// Power saving as slurmctld sees it (semantics 7.7, and what a real 22.05.8 did): nodes that are
// powering down are not available; those that are down may be chosen, after all that are up
// whatever their weight. A job on a node that boots, be it the one that woke it or another, is
// CONFIGURING; its time starts at the first look at time limits that finds all of its nodes up.
#include <algorithm>

#include "models/slurm/controller.hpp"

namespace rehearse::slurm {

void Controller::power_changed(std::span<const NodeId> nodes) {
  for (const NodeId node : nodes) {
    const bool had_failed = failed_to_boot_.contains(node);
    sync_power(node);
    const NodePower power = view_.power(node).is;
    if (power == NodePower::Failed) {  // ResumeTimeout: DOWN, and its jobs are requeued
      down_.insert(node);
      failed_to_boot_.insert(node);
      fail_jobs_on(node);
    } else if (had_failed) {
      down_.erase(node);
      failed_to_boot_.erase(node);
    }
    // None of these asks for a pass, and that a node goes, or is off, is no change to backfill.
    if (power == NodePower::Up || power == NodePower::Failed) note_change();
    ++running_changes_;
  }
}

// What the engine did of itself, as when it boots what a job has just got.
void Controller::sync_power(NodeId node) {
  const NodePower power = view_.power(node).is;
  const auto put = [&](NodeSet& nodes, bool is_in) {
    if (is_in) {
      nodes.insert(node);
    } else {
      nodes.erase(node);
    }
  };
  put(suspending_, power == NodePower::PoweringDown);
  put(powered_down_, power == NodePower::Down);
  put(booting_, power == NodePower::PoweringUp);
}

void Controller::order_power(NodeId node, PowerOrder order) {
  judges_.set_power(node, order);
  sync_power(node);
}

// Jobs whose nodes are all up start now, by the look at time limits that finds them so.
void Controller::complete_configurations() {
  const std::vector<JobId> jobs = judges_.run_configured();
  for (const JobId id : jobs) {
    JobRecord& job = records_[id];
    job.start = job.charged_until = now();
    if (job.preempted_at == kNoTime) job.end = end_by_limit(job);
    judges_.set_expected_end(id, at_seconds(job.end));
  }
  if (jobs.empty()) return;
  ++running_changes_;
  note_change();  // and no pass is asked for
}

bool Controller::has_booted(const JobRecord& job) const {
  return std::none_of(job.allocation.nodes.begin(), job.allocation.nodes.end(),
                      [&](const Held& held) { return booting_.contains(held.node); });
}

// Its last epilog there is over.
void Controller::leave_node(NodeId node) {
  if (completing_[node] == 0) judges_.set_power(node, PowerOrder::Leave);
}

}  // namespace rehearse::slurm
