#include "models/slurm/room.hpp"

#include <algorithm>
#include <bit>

#include "models/slurm/offers.hpp"

namespace rehearse::slurm {

Room::Room(const Machine& machine, NodeId node)
    : cores(machine.free_cores(node)),
      jobs(machine.jobs(node)),
      memory_mib(machine.shape(node).memory_mib - machine.used_memory(node)),
      devices(machine.free_devices(node)) {}

void Room::free(const Held& held) {
  for (const std::uint64_t word : held.cores) {
    cores += static_cast<std::uint32_t>(std::popcount(word));
  }
  --jobs;
  memory_mib += held.memory_mib;
  for (const HeldGres& gres : held.gres) devices |= gres.devices;
}

LeastRoom::LeastRoom(const Needs& needs, const Cluster& cluster)
    : needs_(needs),
      cpus_(least_cpus(needs)),
      shares_(!needs.exclusive &&
              may_share(cluster.partitions[needs.partition], needs.over_subscribe)),
      tracks_memory_(cluster.tracks_memory) {}

bool LeastRoom::is_in(const Room& room, const Shapes& shapes, NodeId node) const {
  const Shape& shape = shapes.nodes[index(node)];
  if (needs_.exclusive && room.jobs > 0) return false;
  if (!shares_ && room.cores * used_threads(needs_, shape) < cpus_) return false;
  if (tracks_memory_ && !needs_.whole_memory && needs_.memory.per != MemoryPer::None &&
      room.memory_mib < needs_.memory.mib) {
    return false;
  }
  for (const GresAsked& asked : needs_.gres) {
    if (!asked.is_gpu) continue;
    std::uint64_t devices = 0;
    for (std::uint32_t i = 0; i < shape.types; ++i) {
      const DeviceType& type = shapes.types[shape.first_type + i];
      const auto& kinds = asked.kinds;
      if (std::find(kinds.begin(), kinds.end(), type.kind) != kinds.end()) devices |= type.devices;
    }
    const std::int64_t one = asked.per_job > 0 ? 1 : 0;
    if (std::popcount(devices & room.devices) < std::max({asked.per_node, asked.per_task, one})) {
      return false;
    }
  }
  return true;
}

Fit::Fit(const Machine& machine, const Needs& needs, const NodeSet& nodes)
    : machine_(machine),
      asked_(needs, machine.cluster()),
      least_(std::max(needs.min_nodes, 1U)),
      nodes_(nodes),
      with_room_(nodes.universe()) {
  nodes_ &= needs.candidates;
  nodes_.for_each([&](NodeId node) { return look_at(node), true; });
}

void Fit::look_at(NodeId node) {
  if (asked_.is_in(Room(machine_, node), machine_.shapes(), node)) with_room_.insert(node);
}

void Fit::look_again(const Allocation& allocation) {
  for (const Held& held : allocation.nodes) {
    if (nodes_.contains(held.node)) look_at(held.node);
  }
}

bool is_replaced_by_next(const Needs& needs, const Machine& machine) {
  // Of several attempts the first that succeeds is the last: it may look at other nodes, or at GPUs
  // that are near only.
  const Partition& partition = machine.cluster().partitions[needs.partition];
  const bool is_once = needs.alternatives.empty() && needs.counted.empty() &&
                       (needs.exclusive || !may_share(partition, needs.over_subscribe)) &&
                       (!machine.shapes().bound_devices || needs.enforce_binding);
  // CPUs are given up in whole units until their memory suffices: from more, less may be left.
  return is_once && needs.memory.per != MemoryPer::Cpu;
}

}  // namespace rehearse::slurm
