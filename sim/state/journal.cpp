#include "sim/state/journal.hpp"

#include <array>

#include "sim/state/request.hpp"

namespace rehearse {

std::string_view state_name(JobState state) {
  static constexpr std::array<std::string_view, kJobStates> kNames{
      "PENDING",   "RUNNING",   "COMPLETED", "FAILED",    "TIMEOUT",
      "PREEMPTED", "CANCELLED", "REJECTED",  "NODE_FAIL", "DEADLINE"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view started_by_name(StartedBy started_by) {
  static constexpr std::array<std::string_view, 3> kNames{"", "main", "backfill"};
  return kNames[static_cast<std::size_t>(started_by)];
}

std::string_view divergence_name(DivergenceKind kind) {
  static constexpr std::array<std::string_view, kDivergenceKinds> kNames{
      "early", "late", "nodes", "partition", "starter", "spared", "preempted", "lost"};
  return kNames[static_cast<std::size_t>(kind)];
}

TresCounts allocated_tres(const Cluster& cluster, const Journal& journal, const Attempt& attempt) {
  return tres_of_shares(cluster, cluster.partitions[attempt.partition], journal.held(attempt),
                        journal.gres);
}

TresCounts tres_of_shares(const Cluster& cluster, const Partition& partition,
                          std::span<const Share> shares, const GresArena& arena) {
  TresCounts tres(cluster.tres_count(), 0);
  for (const Share& share : shares) {
    tres[kTresCpu] += std::int64_t{share.cpus} * share.nodes;
    tres[kTresMem] += share.memory_mib * share.nodes;
    tres[kTresNode] += share.nodes;
    if (share.gres == 0) continue;
    const std::span<const std::uint32_t> row = arena.row(share.gres);
    for (std::size_t kind = 0; kind < row.size(); ++kind) {
      const std::int64_t count = std::int64_t{row[kind]} * share.nodes;
      tres[tres_of(static_cast<GresId>(kind))] += count;
      if (cluster.gres[static_cast<GresId>(kind)].is_gpu()) tres[kTresGpu] += count;
    }
  }
  tres[kTresBilling] = billing(partition, tres);
  return tres;
}

}  // namespace rehearse
