// Heterogeneous jobs (semantics 7.4): components with ids of their own, which backfill plans one by
// one and starts together. Seen on a real 22.05.8 with jobs of two and three components.
#include <algorithm>
#include <map>
#include <utility>

#include "models/slurm/controller.hpp"

namespace rehearse::slurm {

/// All components of the job's heterogeneous job, in order.
std::vector<JobId> Controller::components_of(const JobRecord& job) const {
  std::vector<JobId> result;
  const std::size_t first = index(job.first_component());
  for (std::size_t i = 0; i < job.het_size; ++i) result.push_back(static_cast<JobId>(first + i));
  return result;
}

// sbatch takes all components or none.
std::pair<Reason, std::string> Controller::admit_component(JobRecord& job) {
  const std::vector<JobId> all = components_of(job);
  for (const JobId id : all) {
    if (view_.job(id).state == JobState::Rejected) {
      return {view_.reason(id), "another component of the heterogeneous job is refused"};
    }
  }
  const auto [refused, why] = admit(job);
  if (refused == Reason::None) return {};
  for (std::uint32_t before = 0; before < job.het_offset; ++before) {
    remove_pending(all[before]);
    judges_.refuse(all[before], refused, why);
  }
  return {refused, why};
}

// No component is planned before those that were planned earlier in the cycle.
Seconds Controller::earliest_start(std::span<const Component> planned, const JobRecord& job) const {
  Seconds result = kNoTime;
  const JobId first = job.first_component();
  for (const Component& other : planned) {
    if (other.first == first && other.job != job.job) result = std::max(result, other.at);
  }
  return result;
}

// At the end of a cycle those start of which each component can start now, in the order in which
// they were planned.
void Controller::start_het_jobs(std::span<const Component> planned) {
  std::vector<std::pair<JobId, std::vector<Component>>> ready;
  for (const Component& each : planned) {
    if (each.at > now()) continue;
    auto group = std::find_if(ready.begin(), ready.end(),
                              [&](const auto& other) { return other.first == each.first; });
    if (group == ready.end()) group = ready.insert(group, {each.first, {}});
    const bool is_known =
        std::any_of(group->second.begin(), group->second.end(),
                    [&](const Component& other) { return other.job == each.job; });
    if (!is_known) group->second.push_back(each);  // else it was planned in another partition
  }
  for (const auto& [first, components] : ready) {
    if (components.size() < records_[first].het_size || limits_hold_all(components)) continue;
    start_together(components);
  }
}

// Whether limits or licences do not suffice for all components at once.
bool Controller::limits_hold_all(std::span<const Component> components) {
  std::map<std::string, std::int64_t> licenses = free_licenses_;
  for (const Component& each : components) {
    for (const auto& [name, count] : view_.asked(each.job).licenses) {
      if ((licenses[name] -= count) >= 0) continue;
      set_reason(records_[each.job], Reason::Licenses);
      return true;
    }
  }
  if (!view_.has_limits()) return false;
  Ledger ledger = view_.ledger();
  for (const Component& each : components) {
    JobRecord& job = records_[each.job];
    const Payer pays = payer(job, each.part);
    const Duration limit = limit_of(backfill_limit(job, each.part, each.minutes));
    const Choice& choice = *each.choice;
    const std::vector<NodeId> nodes = node_ids(choice.allocation);
    auto hit = view_.limiter().before_select(ledger, pays, limit);
    if (!hit) {
      hit = view_.limiter().after_select(ledger, pays, choice.tres, choice.per_node, limit, nodes);
    }
    if (hit) {
      set_reason(job, hit->reason, &*hit);
      return true;
    }
    ledger.started(pays, choice.tres, limit, nodes);
  }
  return false;
}

// Each on nodes of its own. If one cannot start after all, those that did are taken back and wait
// as long as after a requeue.
void Controller::start_together(std::span<const Component> components) {
  NodeSet available = up_nodes();
  for (std::size_t i = 0; i < components.size(); ++i) {
    const Component& each = components[i];
    JobRecord& job = records_[each.job];
    const Seconds minutes = backfill_limit(job, each.part, each.minutes);
    if (try_start(job, each.part, available, StartedBy::Backfill, minutes) == Outcome::Started) {
      available -= nodes_of(job.allocation, cluster_.nodes.size());
      continue;
    }
    for (const Component& started : components.subspan(0, i)) {
      kill_one(records_[started.job], JobState::Cancelled, true);
    }
    return;
  }
}

// What ends the first component ends all, and so does a node that fails or a preemption; else a
// component ends by itself.
void Controller::kill_others(const JobRecord& job, JobState as, bool requeue) {
  if (job.het_offset > 0 && as != JobState::NodeFail && as != JobState::Preempted) return;
  for (const JobId id : components_of(job)) {
    JobRecord& other = records_[id];
    if (other.allocation.nodes.empty()) continue;
    other.preempted_for = job.preempted_for;
    kill_one(other, as == JobState::Timeout ? JobState::Failed : as, requeue);
  }
}

}  // namespace rehearse::slurm
