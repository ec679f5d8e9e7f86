#include "sim/state/resources.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "sim/base/check.hpp"

namespace rehearse {

std::uint32_t GresArena::add(std::span<const std::uint32_t> row_counts) {
  if (std::all_of(row_counts.begin(), row_counts.end(), [](std::uint32_t n) { return n == 0; })) {
    return 0;
  }
  counts_.insert(counts_.end(), row_counts.begin(), row_counts.end());
  return static_cast<std::uint32_t>(counts_.size() / kinds_ - 1);
}

Resources::Resources(const Cluster& cluster)
    : kinds_(cluster.gres.size()),
      free_cpus_(cluster.nodes.size(), 0),
      free_memory_(cluster.nodes.size(), std::numeric_limits<std::int64_t>::max() / 2),
      free_gres_(cluster.nodes.size() * kinds_, 0),
      jobs_(cluster.nodes.size(), 0),
      has_free_((cluster.nodes.size() + 63) / 64, 0) {
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const Node& node = cluster.nodes[static_cast<NodeId>(i)];
    total_cpus_ += node.cpus;
    set_free(i, node.cpus);
    if (cluster.tracks_memory) free_memory_[i] = node.memory_mib;
    std::copy(node.gres.begin(), node.gres.end(),
              free_gres_.begin() + static_cast<std::ptrdiff_t>(i * kinds_));
  }
  free_cpus_total_ = total_cpus_;
  for (const Partition& partition : cluster.partitions) {
    if (partition.jobs_on_cpu() < 2) continue;
    shared_cpus_.resize(cluster.nodes.size(), -1);
    partition.nodes.for_each([&](NodeId node) { return shared_cpus_[index(node)] = 0, true; });
  }
}

void Resources::set_free(std::size_t node, std::uint32_t cpus) {
  free_cpus_[node] = cpus;
  const std::uint64_t bit = std::uint64_t{1} << (node % 64);
  if (cpus > 0) {
    has_free_[node / 64] |= bit;
  } else {
    has_free_[node / 64] &= ~bit;
  }
}

bool Resources::is_free(std::span<const Share> shares, const GresArena& arena) const {
  for (const Share& share : shares) {
    const std::span<const std::uint32_t> row = arena.row(share.gres);
    for (std::size_t node = index(share.first); node < index(share.first) + share.nodes; ++node) {
      if (free_cpus_[node] < share.cpus && !is_shared(node)) return false;
      if (free_memory_[node] < share.memory_mib) return false;
      if (share.gres == 0) continue;
      for (std::size_t kind = 0; kind < kinds_; ++kind) {
        if (free_gres_[node * kinds_ + kind] < row[kind]) return false;
      }
    }
  }
  return true;
}

void Resources::take(std::span<const Share> shares, const GresArena& arena) {
  for (const Share& share : shares) {
    const std::span<const std::uint32_t> row = arena.row(share.gres);
    for (std::size_t node = index(share.first); node < index(share.first) + share.nodes; ++node) {
      const std::uint32_t cpus = std::min(share.cpus, free_cpus_[node]);
      SIM_CHECK((cpus == share.cpus || is_shared(node)) && free_memory_[node] >= share.memory_mib,
                "node {} has not what is taken from it", node);
      if (cpus < share.cpus) shared_cpus_[node] += share.cpus - cpus;
      set_free(node, free_cpus_[node] - cpus);
      free_cpus_total_ -= cpus;
      free_memory_[node] -= share.memory_mib;
      ++jobs_[node];
      if (share.gres == 0) continue;
      for (std::size_t kind = 0; kind < kinds_; ++kind) {
        SIM_CHECK(free_gres_[node * kinds_ + kind] >= row[kind], "node {} lacks GRES {}", node,
                  kind);
        free_gres_[node * kinds_ + kind] -= row[kind];
      }
    }
  }
}

void Resources::give_cpus(std::size_t node, std::uint32_t cpus) {
  if (is_shared(node)) {
    const auto owed = static_cast<std::uint32_t>(std::min<std::int64_t>(cpus, shared_cpus_[node]));
    shared_cpus_[node] -= owed;
    cpus -= owed;
  }
  set_free(node, free_cpus_[node] + cpus);
  free_cpus_total_ += cpus;
}

void Resources::lend_cpus(std::span<const Share> shares) {
  for (const Share& share : shares) {
    for (std::size_t node = index(share.first); node < index(share.first) + share.nodes; ++node) {
      give_cpus(node, share.cpus);
    }
  }
}

void Resources::take_cpus_back(std::span<const Share> shares) {
  for (const Share& share : shares) {
    for (std::size_t node = index(share.first); node < index(share.first) + share.nodes; ++node) {
      const std::uint32_t cpus = std::min(share.cpus, free_cpus_[node]);
      set_free(node, free_cpus_[node] - cpus);
      free_cpus_total_ -= cpus;
      if (cpus == share.cpus) continue;
      shared_cpus_.resize(free_cpus_.size(), -1);
      shared_cpus_[node] = std::max<std::int64_t>(shared_cpus_[node], 0) + share.cpus - cpus;
    }
  }
}

void Resources::give(std::span<const Share> shares, const GresArena& arena) {
  for (const Share& share : shares) {
    const std::span<const std::uint32_t> row = arena.row(share.gres);
    for (std::size_t node = index(share.first); node < index(share.first) + share.nodes; ++node) {
      SIM_CHECK(jobs_[node] > 0, "node {} is given back what nobody took", node);
      give_cpus(node, share.cpus);
      free_memory_[node] += share.memory_mib;
      --jobs_[node];
      if (share.gres == 0) continue;
      for (std::size_t kind = 0; kind < kinds_; ++kind) {
        free_gres_[node * kinds_ + kind] += row[kind];
      }
    }
  }
}

void Resources::close(NodeId node) {
  SIM_CHECK(jobs(node) == 0, "node {} has a job and is powered down", index(node));
  free_cpus_total_ -= free_cpus(node);
  set_free(index(node), 0);
}

void Resources::open(NodeId node, std::uint32_t cpus) {
  free_cpus_total_ += cpus;
  set_free(index(node), cpus);
}

void Resources::take_pool(std::uint32_t cpus, std::vector<Share>& taken) {
  SIM_CHECK(cpus <= free_cpus_total_, "take {} of {} free CPUs", cpus, free_cpus_total_);
  free_cpus_total_ -= cpus;
  const std::size_t begin = taken.size();
  for (std::size_t word = 0; cpus > 0; ++word) {
    while (has_free_[word] != 0 && cpus > 0) {
      const std::size_t node =
          word * 64 + static_cast<std::size_t>(std::countr_zero(has_free_[word]));
      const std::uint32_t got = std::min(cpus, free_cpus_[node]);
      set_free(node, free_cpus_[node] - got);
      ++jobs_[node];
      cpus -= got;
      if (taken.size() > begin && taken.back().cpus == got &&
          index(taken.back().first) + taken.back().nodes == node) {
        ++taken.back().nodes;
      } else {
        taken.push_back({static_cast<NodeId>(node), 1, got, 0, 0});
      }
      if (free_cpus_[node] > 0) break;  // the job is satisfied: its last node is taken in part
    }
  }
}

}  // namespace rehearse
