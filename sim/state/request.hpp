// What a request means on this cluster, in one partition (D14: asked -> resolved): defaults filled
// in, texts turned into node sets and counts. Equal requests share a RequestId, so one failed test
// in a pass answers for all of them.
//
// A request is `tasks` equal tasks on min_nodes to max_nodes nodes. Each task needs the same
// amounts; each node used needs `node_gres` besides; `job_gres` may lie on any of the nodes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
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
  std::uint32_t max_nodes = 1;           ///< kAnyNodes: as few as hold it, filled one by one
  std::uint32_t max_tasks_per_node = 0;  ///< 0: as many as fit
  bool task_per_node = false;            ///< as many tasks as nodes are got: `-N2-4` alone
  Memory memory;                         ///< per node, allocated CPU or GPU
  std::vector<GresNeed> task_gres;
  std::vector<GresNeed> node_gres;
  std::vector<GresNeed> job_gres;
  std::uint32_t cpus_per_job_gpu = 0;  ///< CPUs that come with each GPU of job_gres
  bool exclusive = false;
  /// Nodes on which a part of the job can ever run: partition, features, exclusions, sizes.
  NodeSet eligible;
  std::vector<NodeId> required;  ///< --nodelist: all must be in the allocation, in node order
  /// Amounts that limits see before nodes are chosen: cpu, mem, node, billing, gres.
  TresCounts tres;
  /// Only CPUs count, one per task, anywhere in the cluster: free CPUs are a pool.
  bool is_pool = false;

  static constexpr std::uint32_t kAnyNodes = 0xffffffff;
  std::int64_t cpus() const { return std::int64_t{tasks} * cpus_per_task; }
};

/// A request, or why this partition can never run it.
struct Resolution {
  std::optional<RequestId> request;
  Reason reason = Reason::None;
  std::string detail{};     ///< for the report: which option asks for what no node has
  bool over_ratio = false;  ///< more CPUs than max_cpus_per_gpu: trimmed, or just warned of
};

/// The distinct requests of a run.
class Requests {
 public:
  explicit Requests(const Cluster& cluster) : cluster_(cluster) {}

  /// What `asked` means in `partition`. O(nodes) for a new pair, O(log) for a known one. The
  /// reference stays valid.
  const Resolution& resolve(const Workload& workload, AskedId asked, PartitionId partition);
  RequestId add(Request request) {
    only_pools_ = only_pools_ && request.is_pool;
    return requests_.push_back(std::move(request));
  }
  const Request& operator[](RequestId id) const { return requests_[id]; }
  /// Whether all requests so far are pools.
  bool only_pools() const { return only_pools_; }

 private:
  const Cluster& cluster_;
  IdVector<RequestId, Request> requests_;
  std::map<std::pair<AskedId, PartitionId>, Resolution> known_;
  bool only_pools_ = true;
};

/// The amounts of `tres` as `partition` bills them (TRESBillingWeights, of memory per MiB; without
/// weights, CPUs), as they count as use; and rounded down, as they are shown and limited.
double exact_billing(const Partition& partition, const TresCounts& tres);
std::int64_t billing(const Partition& partition, const TresCounts& tres);

}  // namespace rehearse
