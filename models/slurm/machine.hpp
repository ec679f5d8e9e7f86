// The machine as select/cons_tres keeps it: free cores, memory and GRES devices of each node, and
// what kinds of jobs share it. A value: will-run tests copy it, take running jobs off and ask
// again. Columns by node, so that a copy is a few block moves and a test reads few bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/slurm/needs.hpp"
#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/base/words.hpp"
#include "sim/cluster/cluster.hpp"

namespace rehearse::slurm {

/// Cores of one node, by number.
using Bits = Words<2>;

struct HeldGres {
  GresId kind{};
  std::uint32_t count = 0;
  std::uint64_t devices = 0;  ///< which (bits), where devices are told apart (GPUs); 0: counts only
};

/// What a job has on one node.
struct Held {
  NodeId node{};
  Bits cores{};
  std::uint32_t cpus = 0;       ///< as accounting counts them
  std::int64_t memory_mib = 0;  ///< 0 where memory is not tracked
  std::vector<HeldGres> gres{};
};

/// What a job has, and how it shares. In order of nodes.
struct Allocation {
  std::vector<Held> nodes{};
  bool exclusive = false;
  bool over_subscribe = false;
  bool exclusive_user = false;
  PartitionId partition{};
  UserId user{};
};

/// A GPU: its type, the sockets it is near (bits), and how many shards it may be cut into.
struct Device {
  GresId kind{};
  std::uint64_t sockets = 0;
  std::uint32_t shards = 0;
};

/// The devices of one kind on a node, as bits.
struct DeviceType {
  GresId kind{};
  std::uint64_t devices = 0;
};

/// What never changes of a node, as selection needs it.
struct Shape {
  std::uint32_t first_word = 0;  ///< of its cores, in columns of core bits
  std::uint32_t words = 0;
  std::uint32_t sockets = 1, cores_per_socket = 1;
  std::uint32_t threads = 1;       ///< CPUs of a core
  std::uint32_t usable_cores = 1;  ///< less reserved ones
  std::uint32_t first_device = 0, devices = 0;
  std::uint32_t first_type = 0, types = 0;  ///< of its devices, in Shapes::types
  std::int64_t memory_mib = 0;
  std::int32_t weight = 1;
  std::uint32_t cores() const { return sockets * cores_per_socket; }
};

/// The parts of a Machine that its copies share.
struct Shapes {
  std::vector<Shape> nodes;
  std::vector<std::uint64_t> usable;  ///< core bits, less reserved cores
  std::vector<Device> devices;        ///< of all nodes, by node and index
  std::vector<DeviceType> types;      ///< of all nodes, by node
  bool bound_devices = false;         ///< whether some are near some sockets only
  std::vector<GresId> counted;        ///< kinds that are mere counts: neither gpu nor shard
  std::vector<GresId> shard_kinds;
  std::vector<PartitionId> capped;   ///< those with MaxCPUsPerNode
  std::vector<PartitionId> sharing;  ///< those with OverSubscribe=YES or FORCE
  std::size_t core_bits = 0;         ///< 64 times the words of all nodes
};

/// Whether a job of the partition, with -s or without, may have other jobs on its CPUs.
bool may_share(const Partition& partition, bool over_subscribe);

class Machine {
 public:
  explicit Machine(const Cluster& cluster);

  /// O(nodes of the allocation). remove() takes back exactly what an add() gave.
  void add(const Allocation& allocation) { change(allocation, true); }
  void remove(const Allocation& allocation) { change(allocation, false); }

  const Cluster& cluster() const { return *cluster_; }

  // What selection looks at.
  const Shapes& shapes() const { return *shapes_; }
  const Shape& shape(NodeId node) const { return shapes_->nodes[index(node)]; }
  /// Core bits that no job has (nor is reserved), Shape::words of them.
  const std::uint64_t* free_core_bits(NodeId node) const { return &free_[shape(node).first_word]; }
  std::uint32_t free_cores(NodeId node) const { return free_cores_[index(node)]; }
  std::int64_t used_memory(NodeId node) const { return used_memory_[index(node)]; }
  std::uint32_t jobs(NodeId node) const { return jobs_[index(node)]; }
  /// GPUs (by index, bits) that no job has as a whole.
  std::uint64_t free_devices(NodeId node) const { return free_devices_[index(node)]; }
  /// Shards of GPU `device` of the node that are taken.
  std::uint32_t used_shards(NodeId node, std::uint32_t device) const {
    return used_shards_.empty() ? 0 : used_shards_[shape(node).first_device + device];
  }
  bool has_shards() const { return !used_shards_.empty(); }
  /// GPUs marked as cut, before 23.02: by the start of a job with shards of it, until any such job
  /// ends, though others still have some (seen in the dumps of gres/shard in s14, s14b).
  /// REQUIRES: has_shards().
  std::uint64_t marked_cut(NodeId node) const { return marked_cut_[index(node)]; }
  /// Of a kind that is a mere count.
  std::uint32_t used_count(NodeId node, GresId kind) const;
  /// Cores that jobs of a partition with MaxCPUsPerNode have.
  std::uint32_t cores_of_partition(NodeId node, PartitionId partition) const;
  /// Whether a job of a partition with MaxCPUsPerNode started since the tables were last built
  /// anew.
  bool knows(PartitionId partition) const;
  /// slurmctld builds its tables anew, which leaves out partitions that have no job.
  void rebuild();
  /// Jobs of a sharing partition on core number `core` of the node.
  std::uint32_t sharers(NodeId node, PartitionId partition, std::uint32_t core) const;
  /// Whether jobs there may have their CPUs for themselves only.
  bool has_unshared(NodeId node) const { return unshared_[index(node)] > 0; }
  /// Whether another sharing partition than `partition` has jobs there.
  bool is_shared_elsewhere(NodeId node, PartitionId partition) const;
  /// Whether some job there is alone with its user's jobs.
  bool has_owner(NodeId node) const { return owned_[index(node)] > 0; }
  /// Whether there is such a job anywhere.
  bool has_owners() const { return owners_ > 0; }
  /// Whether all jobs there are of `user`.
  bool only_of(NodeId node, UserId user) const;

 private:
  void change(const Allocation& allocation, bool add);
  void change_cores(const Held& held, PartitionId partition, bool add);
  void change_gres(const Held& held, bool add);

  const Cluster* cluster_;
  std::shared_ptr<const Shapes> shapes_;
  std::vector<std::uint64_t> free_;
  std::vector<std::uint32_t> free_cores_;
  std::vector<std::int64_t> used_memory_;
  std::vector<std::uint32_t> jobs_;
  std::vector<std::uint64_t> free_devices_;
  std::vector<std::uint32_t> used_shards_;      ///< by device; empty: no shards
  std::vector<std::uint64_t> marked_cut_;       ///< by node, GPUs as bits; empty: no shards
  std::vector<std::uint32_t> used_counts_;      ///< by node and counted kind
  std::vector<std::uint32_t> partition_cores_;  ///< by capped partition and node
  std::vector<std::uint8_t> known_;             ///< by capped partition
  std::vector<std::uint8_t> sharers_;           ///< by sharing partition and core bit
  std::vector<std::uint32_t> sharing_jobs_;     ///< by sharing partition and node
  std::vector<std::uint32_t> unshared_;         ///< jobs that share no CPU, by node
  /// Of the users of jobs: sums of numbers and of their squares. All jobs are of one user iff
  /// jobs times squares is the sum squared; unlike a set of users it can be taken back.
  std::vector<std::uint64_t> users_, users_squared_;
  std::vector<std::uint32_t> owned_;  ///< jobs that want no other user beside them
  std::uint64_t owners_ = 0;          ///< the sum of these
};

}  // namespace rehearse::slurm
