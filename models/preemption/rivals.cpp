#include "models/preemption/rivals.hpp"

#include <algorithm>
#include <optional>

namespace rehearse {
namespace {

bool is_on(std::span<const Share> shares, const NodeSet& nodes) {
  for (const Share& share : shares) {
    for (std::uint32_t i = 0; i < share.nodes; ++i) {
      if (nodes.contains(static_cast<NodeId>(index(share.first) + i))) return true;
    }
  }
  return false;
}

std::int64_t slurm_rank(const Rival& rival) {
  return (std::int64_t{rival.priority} << 16) + rival.nodes;
}

}  // namespace

bool is_in_the_way(const View& view, JobId running, const Candidate& claimant) {
  return !view.job(running).evicting &&
         is_on(view.held(running), view.cluster().partitions[claimant.partition].nodes);
}

bool is_exempt(const View& view, const Job& job, Duration otherwise) {
  const Cluster& cluster = view.cluster();
  const auto set_by = [&](QosId qos) {
    return qos == kNone<QosId> ? std::nullopt : cluster.qos[qos].preempt_exempt_time;
  };
  const std::optional<Duration> of_partition = set_by(cluster.partitions[job.partition].qos);
  const std::optional<Duration> of_job = set_by(job.qos);
  const bool job_first = job.qos != kNone<QosId> && cluster.qos[job.qos].over_part_qos;
  const Duration exempt = job_first ? of_job.value_or(of_partition.value_or(otherwise))
                                    : of_partition.value_or(of_job.value_or(otherwise));
  return end_of(job.start, exempt) > view.now();
}

std::int64_t held_nodes(const View& view, JobId job) {
  std::int64_t result = 0;
  for (const Share& share : view.held(job)) result += share.nodes;
  return result;
}

void append_in_order(std::vector<Rival> rivals, bool youngest_first, std::vector<Victim>& victims) {
  std::sort(rivals.begin(), rivals.end(), [&](const Rival& a, const Rival& b) {
    const bool by_list = a.list_order < b.list_order;
    if (youngest_first) {  // Slurm knows whole seconds
      const auto mine = whole_seconds(a.start), its = whole_seconds(b.start);
      return mine == its ? by_list : mine > its;
    }
    return slurm_rank(a) == slurm_rank(b) ? by_list : slurm_rank(a) < slurm_rank(b);
  });
  for (const Rival& rival : rivals) victims.push_back(rival.victim);
}

}  // namespace rehearse
