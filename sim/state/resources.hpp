// Free CPUs of every node (D7: capacity is a value that can be copied and tried upon). Today's
// machine is flat: `nodes` nodes of `cpus_per_node`, and tasks of one CPU that may lie anywhere.
//
//   node    0   1   2   3   4          take(5) with 2 CPUs a node and node 1 busy:
//   free    2   0   2   2   2          [0: 2] [2..2: 2] [3: 1], first fit in node order
//
// Invariants: 0 <= free <= cpus_per_node on every node; free_total is their sum. take and give are
// O(nodes touched), finding the first free node is O(nodes / 64).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/ids.hpp"

namespace rehearse {

/// `nodes` consecutive nodes from `first`, each giving the same number of CPUs.
struct Share {
  NodeId first;
  std::uint32_t nodes;
  std::uint32_t cpus;
};

class Resources {
 public:
  Resources(std::uint32_t nodes, std::uint32_t cpus_per_node);

  std::int64_t total_cpus() const { return total_; }
  std::int64_t free_cpus() const { return free_total_; }

  /// Takes `cpus` CPUs first fit and appends what was taken. REQUIRES: cpus <= free_cpus().
  void take(std::uint32_t cpus, std::vector<Share>& taken);
  /// Gives back exactly what an earlier take returned.
  void give(std::span<const Share> shares);

 private:
  void set_free(std::uint32_t node, std::uint32_t cpus);

  std::uint32_t cpus_per_node_;
  std::int64_t total_;
  std::int64_t free_total_;
  std::vector<std::uint32_t> free_;      // per node
  std::vector<std::uint64_t> has_free_;  // one bit a node
};

}  // namespace rehearse
