// What is free on every node (D7: capacity is a value, it can be copied, tried upon and undone),
// and `select`, which decides where a request goes, now or in any hypothetical future.
//
//   node    0   1   2   3   4          5 one-CPU tasks with 2 CPUs a node and node 1 busy:
//   free    2   0   2   2   2          [0: 2] [2..2: 2] [3: 1], first fit in node order
//
// Invariants: nothing is free beyond what the node has. take and give are O(nodes touched);
// finding nodes with a free CPU is O(nodes / 64).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/request.hpp"

namespace rehearse {

/// `nodes` consecutive nodes from `first`, each giving the same amounts.
struct Share {
  NodeId first;
  std::uint32_t nodes;
  std::uint32_t cpus;
  std::uint32_t gres;  ///< position in GresArena of a row of counts per GresId; 0 = none
  std::int64_t memory_mib;
};

/// Rows of `kinds` counts that shares point to; row 0 is all zero. Append-only.
class GresArena {
 public:
  explicit GresArena(std::size_t kinds) : kinds_(kinds), counts_(kinds, 0) {}
  std::uint32_t add(std::span<const std::uint32_t> row);  ///< equal to row 0: 0
  std::span<const std::uint32_t> row(std::uint32_t at) const {
    return {counts_.data() + std::size_t{at} * kinds_, kinds_};
  }
  std::size_t kinds() const { return kinds_; }

 private:
  std::size_t kinds_;
  std::vector<std::uint32_t> counts_;
};

class Resources {
 public:
  explicit Resources(const Cluster& cluster);

  std::size_t nodes() const { return free_cpus_.size(); }
  std::int64_t total_cpus() const { return total_cpus_; }
  std::int64_t free_cpus() const { return free_cpus_total_; }
  std::uint32_t free_cpus(NodeId node) const { return free_cpus_[index(node)]; }
  std::int64_t free_memory_mib(NodeId node) const { return free_memory_[index(node)]; }
  std::uint32_t free_gres(NodeId node, GresId kind) const {
    return free_gres_[index(node) * kinds_ + index(kind)];
  }
  /// How many jobs have a part on the node.
  std::uint32_t jobs(NodeId node) const { return jobs_[index(node)]; }
  const std::vector<std::uint64_t>& nodes_with_free_cpus() const { return has_free_; }

  /// Whether all that `shares` name is free. Shares of one job: no node twice. CPUs of nodes where
  /// a partition lets jobs share them (OverSubscribe) can always be had.
  bool is_free(std::span<const Share> shares, const GresArena& arena) const;
  /// Takes what `shares` name. REQUIRES: it is free.
  void take(std::span<const Share> shares, const GresArena& arena);
  /// Gives back exactly what an earlier take took.
  void give(std::span<const Share> shares, const GresArena& arena);

  /// CPUs only, of a job that is suspended and goes on. Those that others have by then it shares
  /// with them; from then on CPUs of that node count as shared.
  void lend_cpus(std::span<const Share> shares);
  void take_cpus_back(std::span<const Share> shares);
  /// Keeps jobs off a node that is powered down, or lets them come again. REQUIRES: no job is
  /// there.
  void close(NodeId node);
  void open(NodeId node, std::uint32_t cpus);

  /// Pool requests only: takes `cpus` CPUs first fit and appends what was taken.
  /// REQUIRES: cpus <= free_cpus().
  void take_pool(std::uint32_t cpus, std::vector<Share>& taken);

 private:
  void set_free(std::size_t node, std::uint32_t cpus);
  void give_cpus(std::size_t node, std::uint32_t cpus);
  bool is_shared(std::size_t node) const {
    return !shared_cpus_.empty() && shared_cpus_[node] >= 0;
  }

  std::size_t kinds_;
  std::int64_t total_cpus_ = 0;
  std::int64_t free_cpus_total_ = 0;
  std::vector<std::uint32_t> free_cpus_;
  std::vector<std::int64_t> free_memory_;  // huge where memory is not tracked
  std::vector<std::uint32_t> free_gres_;   // node-major
  std::vector<std::uint32_t> jobs_;
  std::vector<std::uint64_t> has_free_;  // one bit a node
  // CPUs that are taken beyond what the node has; -1: they cannot be. Empty: on no node.
  std::vector<std::int64_t> shared_cpus_;
};

/// Lower keys are used first; equal keys in node order. Null: node order.
using NodeKeys = std::function<void(std::span<const NodeId> nodes, std::span<double> keys)>;

/// The nodes and amounts that `request` would get from `resources`, appended to `chosen`
/// (consecutive equal ones merged); false if it does not fit, and then `chosen` is unchanged.
/// Tasks are spread evenly where a number of nodes is asked for, else nodes are filled one by one.
/// O(eligible nodes x kinds).
bool select(const Resources& resources, const Cluster& cluster, const Request& request,
            const NodeKeys& keys, std::vector<Share>& chosen, GresArena& arena);

/// Whether the whole of a one-node request fits on `node`. REQUIRES: max_nodes = 1.
bool fits_on(const Resources& resources, const Cluster& cluster, const Request& request,
             NodeId node);

}  // namespace rehearse
