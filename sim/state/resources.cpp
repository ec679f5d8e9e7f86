#include "sim/state/resources.hpp"

#include <algorithm>
#include <bit>

#include "sim/base/check.hpp"

namespace rehearse {

Resources::Resources(std::uint32_t nodes, std::uint32_t cpus_per_node)
    : cpus_per_node_(cpus_per_node),
      total_(std::int64_t{nodes} * cpus_per_node),
      free_total_(total_),
      free_(nodes, cpus_per_node),
      has_free_((nodes + 63) / 64, 0) {
  for (std::uint32_t node = 0; node < nodes; ++node) set_free(node, cpus_per_node);
}

void Resources::set_free(std::uint32_t node, std::uint32_t cpus) {
  free_[node] = cpus;
  const std::uint64_t bit = std::uint64_t{1} << (node % 64);
  if (cpus > 0) {
    has_free_[node / 64] |= bit;
  } else {
    has_free_[node / 64] &= ~bit;
  }
}

void Resources::take(std::uint32_t cpus, std::vector<Share>& taken) {
  SIM_CHECK(cpus <= free_total_, "take {} of {} free CPUs", cpus, free_total_);
  free_total_ -= cpus;
  const std::size_t begin = taken.size();
  for (std::size_t word = 0; cpus > 0; ++word) {
    while (has_free_[word] != 0 && cpus > 0) {
      const auto node = static_cast<std::uint32_t>(word * 64) +
                        static_cast<std::uint32_t>(std::countr_zero(has_free_[word]));
      const std::uint32_t got = std::min(cpus, free_[node]);
      set_free(node, free_[node] - got);
      cpus -= got;
      if (taken.size() > begin && taken.back().cpus == got &&
          index(taken.back().first) + taken.back().nodes == node) {
        ++taken.back().nodes;
      } else {
        taken.push_back({static_cast<NodeId>(node), 1, got});
      }
      if (free_[node] > 0) break;  // the job is satisfied: only its last node is taken in part
    }
  }
}

void Resources::give(std::span<const Share> shares) {
  for (const Share& share : shares) {
    const auto first = static_cast<std::uint32_t>(index(share.first));
    for (std::uint32_t node = first; node < first + share.nodes; ++node) {
      const std::uint32_t now_free = free_[node] + share.cpus;
      SIM_CHECK(now_free <= cpus_per_node_, "node {} given back twice", node);
      set_free(node, now_free);
    }
    free_total_ += std::int64_t{share.nodes} * share.cpus;
  }
}

}  // namespace rehearse
