// What a request means on this cluster, in one partition (D14: asked -> resolved): defaults filled
// in, texts turned into node sets and counts. Equal requests share a RequestId, so one failed test
// in a pass answers for all of them.
//
// A request is `tasks` equal tasks on min_nodes to max_nodes nodes. Each task needs the same
// amounts; each node used needs `per_node` amounts besides; `job_gres` may lie on any of the nodes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/state/reason.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Amounts of generic resources: `count` of one kind, or of any kind of `name` if the request named
/// no type.
struct GresNeed {
  std::vector<GresId> kinds;  ///< any of these, used up in this order
  std::uint32_t count = 0;
  bool operator==(const GresNeed&) const = default;
};

struct Request {
  PartitionId partition{};
  std::uint32_t tasks = 1;
  std::uint32_t cpus_per_task = 1;
  std::uint32_t min_nodes = 1;
  std::uint32_t max_nodes = 1;           ///< kAnyNodes: tasks may lie anywhere
  std::uint32_t max_tasks_per_node = 0;  ///< 0: as many as fit
  std::int64_t memory_per_task_mib = 0;
  std::int64_t memory_per_node_mib = 0;
  std::vector<GresNeed> task_gres;
  std::vector<GresNeed> node_gres;
  std::vector<GresNeed> job_gres;
  bool exclusive = false;
  /// Nodes on which a part of the job can ever run: partition, features, exclusions, sizes.
  NodeSet eligible;
  std::vector<NodeId> required;  ///< --nodelist: all must be in the allocation, in node order
  /// Amounts that limits see before nodes are chosen: cpu, mem, node, billing, gres.
  TresCounts tres;
  /// Only CPUs count, one per task, anywhere in the whole partition: free CPUs are a pool.
  bool is_pool = false;

  static constexpr std::uint32_t kAnyNodes = 0xffffffff;
};

/// A request, or why this partition can never run it.
struct Resolution {
  std::optional<RequestId> request;
  Reason reason = Reason::None;
  std::string detail{};  ///< for the report: which option asks for what that no node has
};

/// The distinct requests of a run. References stay valid only until the next resolve().
class Requests {
 public:
  explicit Requests(const Cluster& cluster) : cluster_(cluster) {}

  /// O(nodes) for a new (asked, partition), O(log) for a known one.
  const Resolution& resolve(const Workload& workload, AskedId asked, PartitionId partition);
  const Request& operator[](RequestId id) const { return requests_[id]; }
  std::size_t size() const { return requests_.size(); }
  /// Jobs whose CPUs were cut to the partition's `max_cpus_per_gpu`, or that exceed it (warn).
  std::int64_t trimmed = 0, over_ratio = 0;

 private:
  const Cluster& cluster_;
  IdVector<RequestId, Request> requests_;
  std::map<std::pair<AskedId, PartitionId>, Resolution> known_;
};

}  // namespace rehearse
