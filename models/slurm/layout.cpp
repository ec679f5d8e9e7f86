#include "models/slurm/layout.hpp"

#include <algorithm>
#include <bit>

namespace rehearse::slurm {
namespace {

std::uint32_t count_bits(const Bits& bits) {
  std::uint32_t count = 0;
  for (const std::uint64_t word : bits) count += static_cast<std::uint32_t>(std::popcount(word));
  return count;
}

std::int64_t gpus_of(const Held& held, const Cluster& cluster) {
  std::int64_t count = 0;
  for (const HeldGres& gres : held.gres) {
    if (cluster.gres[gres.kind].is_gpu()) count += gres.count;
  }
  return count;
}

std::int64_t memory_of(const Question& question, const Held& held, std::uint32_t cores,
                       std::uint32_t used_cpus) {
  const Needs& needs = question.needs;
  const Cluster& cluster = question.machine.cluster();
  const Shape& shape = question.machine.shape(held.node);
  if (!cluster.tracks_memory) return 0;
  if (needs.whole_memory) return shape.memory_mib;
  switch (needs.memory.per) {
    case MemoryPer::None:
      return 0;
    case MemoryPer::Node:
      return needs.memory.mib;
    case MemoryPer::Gpu:
      return needs.memory.mib * gpus_of(held, cluster);
    case MemoryPer::Cpu:
      break;
  }
  const bool single = cluster.select.unit == ConsumableUnit::Cpu && !needs.exclusive;
  // --ntasks-per-core leaves threads idle, --threads-per-core does without them (micro 183).
  const std::uint32_t threads =
      needs.threads_per_core > 0 ? std::min(shape.threads, needs.threads_per_core) : shape.threads;
  const std::uint32_t charged = single ? used_cpus : cores * threads;
  return needs.memory.mib * charged;
}

/// All cores of the sockets that `cores` touches.
void widen_to_sockets(const Question& question, NodeId node, Bits& cores) {
  const Shape& shape = question.machine.shape(node);
  for (std::uint32_t socket = 0; socket < shape.sockets; ++socket) {
    const std::uint32_t first = socket * shape.cores_per_socket;
    const std::uint32_t end = first + shape.cores_per_socket;
    bool touched = false;
    for (std::uint32_t i = first; i < end; ++i) touched |= (cores[i / 64] >> (i % 64) & 1U) != 0;
    for (std::uint32_t i = first; touched && i < end; ++i) {
      cores[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }
  for (std::uint32_t i = 0; i < shape.words; ++i) {
    cores[i] &= question.machine.shapes().usable[shape.first_word + i];
  }
}

Held hold(const Question& question, const Taken& from, std::uint32_t cpus) {
  const Machine& machine = question.machine;
  const Needs& needs = question.needs;
  const Shape& shape = machine.shape(from.node);
  const ConsumableUnit unit = machine.cluster().select.unit;
  Held held{.node = from.node};
  if (needs.exclusive) {
    const std::uint64_t* const usable = &machine.shapes().usable[shape.first_word];
    held.cores = Bits(shape.words);
    std::copy_n(usable, shape.words, held.cores.begin());
  } else {
    held.cores = choose_cores(question, from, cpus);
    if (unit == ConsumableUnit::Socket) widen_to_sockets(question, from.node, held.cores);
  }
  const std::uint32_t cores = count_bits(held.cores);
  held.cpus = cores * shape.threads;
  if (unit == ConsumableUnit::Cpu && !needs.exclusive) held.cpus = cpus;
  give_gres(question, from, std::max(cpus / question.task_cpus, 1U), held);
  held.memory_mib = memory_of(question, held, cores, cpus);
  return held;
}

/// --gpus of the whole job: as many as a node has, but for one that is left to each further node
/// (x35). With --cpus-per-gpu first so many as the CPUs of each node serve, then what is still
/// missing from the first nodes that have more (22.05, seen in s8 and s8b).
void share_job_gpus(const Question& question, const std::vector<std::uint32_t>& cpus,
                    std::vector<Taken>& taken) {
  const auto of_job = [](const GresAsked& one) { return one.is_gpu && one.per_job > 0; };
  const auto& all = question.needs.gres;
  const std::uint32_t per_gpu = question.needs.cpus_per_gpu;
  if (std::count_if(all.begin(), all.end(), of_job) != 1) return;
  const GresAsked& asked = *std::find_if(all.begin(), all.end(), of_job);
  std::int64_t left = 0;
  std::vector<std::int64_t> free;
  for (const Taken& one : taken) {
    left += one.gpus;
    free.push_back(std::popcount(free_gpus(question, one.node, asked)));
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const std::int64_t most = per_gpu > 0
                                  ? std::min(std::int64_t{cpus[i] / per_gpu}, left)
                                  : left - (std::ssize(taken) - 1 - static_cast<std::int64_t>(i));
    taken[i].gpus = std::min(free[i], most);
    left -= taken[i].gpus;
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const std::int64_t more = std::min(free[i] - taken[i].gpus, left);
    taken[i].gpus += more;
    left -= more;
  }
}

}  // namespace

std::vector<std::uint32_t> distribute(const Question& question, const std::vector<Taken>& taken) {
  const Needs& needs = question.needs;
  // --gpus of the whole job: CPU by CPU, as many as the GPUs bring (22.05, seen in s8b).
  const bool by_cpu = question.job_gpus > 0 && needs.cpus_per_gpu > 0 && needs.cpus_per_task <= 1;
  const std::uint32_t each = by_cpu ? 1 : question.task_cpus;
  std::vector<std::uint32_t> cpus(taken.size(), 0);
  std::int64_t left = by_cpu ? std::max<std::int64_t>(needs.min_cpus, needs.tasks) : needs.tasks;
  if (left == 0) {
    for (const Taken& one : taken) left += one.cpus / each;
  }
  const auto put = [&](std::size_t i, std::uint32_t room) {
    if (left == 0 || taken[i].cpus - cpus[i] < room) return false;
    cpus[i] = std::min(cpus[i] + each, taken[i].cpus);
    --left;
    return true;
  };
  for (std::size_t i = 0; i < taken.size(); ++i) put(i, 1);
  // Round by round, the first of which only fills up the cores begun. When no node has room for a
  // whole task, tasks go where a CPU is left.
  std::uint32_t room = each;
  for (bool first = true, more = true; left > 0 && (more || room > 1); first = false) {
    if (!more) room = 1;
    more = first;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const Shape& shape = question.machine.shape(taken[i].node);
      const std::uint32_t turn = std::max(used_threads(needs, shape) / each, 1U);
      for (std::uint32_t t = first ? 1 : 0; t < turn && put(i, room); ++t) more = true;
    }
  }
  // --mincpus comes in whole tasks (micro 176). Since 24.11 it only chooses the nodes of tasks, and
  // --ntasks-per-node does no more (micro 182).
  const bool only_chooses = question.how.version >= 2411 && needs.has_tasks;
  const std::uint32_t least = only_chooses ? 0 : needs.min_cpus_per_node / each * each;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    cpus[i] = std::max(cpus[i], std::min(std::max(least, taken[i].min_cpus), taken[i].cpus));
  }
  return cpus;
}

Allocation lay_out(const Question& question, std::vector<Taken>& taken) {
  std::sort(taken.begin(), taken.end(),
            [](const Taken& one, const Taken& other) { return one.node < other.node; });
  const std::vector<std::uint32_t> cpus = distribute(question, taken);
  Allocation allocation{.exclusive = question.needs.exclusive,
                        .over_subscribe = question.needs.over_subscribe,
                        .exclusive_user = question.needs.exclusive_user,
                        .partition = question.needs.partition,
                        .user = question.how.user};
  share_job_gpus(question, cpus, taken);
  allocation.nodes.reserve(taken.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    allocation.nodes.push_back(hold(question, taken[i], cpus[i]));
  }
  return allocation;
}

}  // namespace rehearse::slurm
