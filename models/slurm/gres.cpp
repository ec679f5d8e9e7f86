// Which devices of a node (cons_tres: gres_select_filter_select_and_set; semantics 5.7).
#include <algorithm>
#include <bit>

#include "models/slurm/layout.hpp"

namespace rehearse::slurm {
namespace {

/// The devices among `devices`, to what the job has of their kinds.
void give_devices(const Question& question, std::uint64_t devices, Held& held) {
  const Machine& machine = question.machine;
  const Shape& shape = machine.shape(held.node);
  for (std::uint64_t rest = devices; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<std::uint32_t>(std::countr_zero(rest));
    const GresId kind = machine.shapes().devices[shape.first_device + i].kind;
    auto own = std::find_if(held.gres.begin(), held.gres.end(),
                            [&](const HeldGres& gres) { return gres.kind == kind; });
    if (own == held.gres.end()) {
      held.gres.push_back({.kind = kind, .count = 0, .devices = 0});
      own = held.gres.end() - 1;
    }
    ++own->count;
    own->devices |= std::uint64_t{1} << i;
  }
}

std::uint64_t sockets_of(const Shape& shape, const Bits& cores) {
  std::uint64_t sockets = 0;
  for (std::uint32_t core = 0; core < shape.cores(); ++core) {
    if ((cores[core / 64] >> (core % 64) & 1U) == 0) continue;
    sockets |= std::uint64_t{1} << std::min(core / shape.cores_per_socket, 63U);
  }
  return sockets;
}

/// `count` of `devices`: near the cores first, without shards in use first, then by index.
std::uint64_t pick(const Question& question, std::uint64_t devices, std::int64_t count,
                   const Held& held) {
  const Machine& machine = question.machine;
  const Shape& shape = machine.shape(held.node);
  const std::uint64_t near = sockets_of(shape, held.cores);
  std::uint64_t picked = 0;
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t rest = devices & ~picked; rest != 0 && count > 0; rest &= rest - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(rest));
      const Device& device = machine.shapes().devices[shape.first_device + i];
      const bool is_far = (device.sockets & near) == 0;
      const bool is_cut = question.how.version >= 2302 && machine.used_shards(held.node, i) > 0;
      if ((is_far ? 2 : 0) + (is_cut ? 1 : 0) != round) continue;
      picked |= std::uint64_t{1} << i;
      --count;
    }
  }
  return picked;
}

/// All of one GPU: the first with shards in use that has so many left, else the first.
void give_shards(const Question& question, const GresAsked& asked, std::int64_t count, Held& held) {
  const Machine& machine = question.machine;
  const Shape& shape = machine.shape(held.node);
  for (const bool cut : {true, false}) {
    for (std::uint32_t i = 0; i < shape.devices; ++i) {
      const Device& device = machine.shapes().devices[shape.first_device + i];
      const std::uint32_t used = machine.used_shards(held.node, i);
      const bool free = (machine.free_devices(held.node) >> i & 1U) != 0;
      if (!free || (used > 0) != cut || used + count > device.shards) continue;
      held.gres.push_back({.kind = asked.kinds.front(),
                           .count = static_cast<std::uint32_t>(count),
                           .devices = std::uint64_t{1} << i});
      return;
    }
  }
}

void give_counts(const Question& question, const GresAsked& asked, std::int64_t count, Held& held) {
  const Machine& machine = question.machine;
  for (const GresId kind : asked.kinds) {
    const std::uint32_t there = machine.cluster().nodes[held.node].gres[index(kind)];
    const std::int64_t some =
        std::min<std::int64_t>(count, there - machine.used_count(held.node, kind));
    if (some <= 0) continue;
    held.gres.push_back({.kind = kind, .count = static_cast<std::uint32_t>(some), .devices = 0});
    count -= some;
  }
}

}  // namespace

void give_gres(const Question& question, const Taken& from, std::uint32_t tasks, Held& held) {
  const Machine& machine = question.machine;
  if (question.needs.exclusive) {  // all there is
    give_devices(question, machine.free_devices(from.node), held);
    for (const GresId kind : machine.shapes().counted) {
      const std::uint32_t count = machine.cluster().nodes[from.node].gres[index(kind)];
      if (count > 0) held.gres.push_back({.kind = kind, .count = count, .devices = 0});
    }
    return;
  }
  std::uint64_t given = 0;
  for (const GresAsked& asked : question.needs.gres) {
    // Of several counts of one kind the first of these rules; the others agree with it.
    std::int64_t count = asked.per_node > 0 ? asked.per_node : asked.per_task * tasks;
    if (count == 0) count = asked.is_gpu ? from.gpus : asked.per_job;
    if (asked.per_socket > 0) {
      const Shape& shape = machine.shape(from.node);
      count = asked.per_socket * std::popcount(sockets_of(shape, held.cores));
    }
    if (asked.is_gpu) {
      const std::uint64_t open = free_gpus(question, from.node, asked) & ~given;
      const std::uint64_t some = pick(question, open, count, held);
      given |= some;
      give_devices(question, some, held);
    } else if (asked.is_shard) {
      give_shards(question, asked, count, held);
    } else {
      give_counts(question, asked, count, held);
    }
  }
}

}  // namespace rehearse::slurm
