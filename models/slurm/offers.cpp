#include "models/slurm/offers.hpp"

#include <algorithm>
#include <bit>

namespace rehearse::slurm {
namespace {

/// What a node has free for one job, while its offer is worked out.
struct Free {
  std::uint32_t cores = 0;
  std::uint32_t cpus = 0;
  std::uint64_t open_sockets = ~std::uint64_t{0};  ///< with a free core
};

std::uint32_t count_bits(const Bits& bits, std::uint32_t from, std::uint32_t until) {
  std::uint32_t count = 0;
  for (std::uint32_t core = from; core < until; ++core) {
    count += static_cast<std::uint32_t>((bits[core / 64] >> (core % 64)) & 1U);
  }
  return count;
}

bool by_socket(const Question& question, const Shape& shape) {
  const Needs& needs = question.needs;
  if (shape.sockets == 1) return false;
  return needs.tasks_per_socket > 0 || needs.cores_per_socket > 0 || needs.sockets_per_node > 0 ||
         question.machine.cluster().select.unit == ConsumableUnit::Socket ||
         (!needs.gres.empty() && question.machine.shapes().bound_devices);
}

/// CPUs of a socket under --ntasks-per-socket, of whole cores before 24.11 (micro 183).
std::uint32_t most_of_socket(const Question& question, std::uint32_t threads) {
  const std::uint32_t most = question.needs.tasks_per_socket * question.needs.cpus_per_task;
  return question.how.version < 2411 ? in_whole_cores(most, threads) : most;
}

/// Cores and CPUs, with what is asked of sockets (cons_tres: _allocate_sc).
Free free_of(const Question& question, NodeId node) {
  const Machine& machine = question.machine;
  const Needs& needs = question.needs;
  const Shape& shape = machine.shape(node);
  const std::uint32_t threads = used_threads(needs, shape);
  const bool whole_sockets = machine.cluster().select.unit == ConsumableUnit::Socket;
  Free free;
  if (question.row == 0 && !by_socket(question, shape)) {
    free.cores = question.all_cores ? shape.usable_cores : machine.free_cores(node);
    if (whole_sockets && free.cores < shape.usable_cores) free.cores = 0;
    free.cpus = free.cores * threads;
    if (needs.tasks_per_socket > 0) {
      free.cpus = std::min(free.cpus, most_of_socket(question, threads));
    }
    return free;
  }
  const Bits bits = open_cores(question, node);
  std::uint32_t sockets = 0;
  free.open_sockets = 0;
  for (std::uint32_t socket = 0; socket < shape.sockets; ++socket) {
    const std::uint32_t first = socket * shape.cores_per_socket;
    const std::uint32_t cores = count_bits(bits, first, first + shape.cores_per_socket);
    if (cores == 0 || cores < needs.cores_per_socket) continue;
    if (whole_sockets && cores < shape.cores_per_socket) continue;
    std::uint32_t cpus = cores * threads;
    if (needs.tasks_per_socket > 0) {
      cpus = std::min(cpus, most_of_socket(question, threads));
    }
    ++sockets;
    free.open_sockets |= std::uint64_t{1} << std::min(socket, 63U);
    free.cores += cores;
    free.cpus += cpus;
  }
  if (sockets < needs.sockets_per_node) free.cpus = 0;
  return free;
}

/// Shards on the fullest GPU that still has `wanted` free, or none.
bool has_shards(const Machine& machine, NodeId node, std::int64_t wanted) {
  const Shape& shape = machine.shape(node);
  for (std::uint32_t i = 0; i < shape.devices; ++i) {
    if ((machine.free_devices(node) >> i & 1U) == 0) continue;
    const Device& device = machine.shapes().devices[shape.first_device + i];
    if (device.shards >= machine.used_shards(node, i) + wanted) return true;
  }
  return false;
}

std::int64_t free_count(const Machine& machine, NodeId node, const GresAsked& asked) {
  std::int64_t count = 0;
  for (const GresId kind : asked.kinds) {
    count += machine.cluster().nodes[node].gres[index(kind)] - machine.used_count(node, kind);
  }
  return count;
}

/// CPUs of the sockets that bring `wanted` of `devices`, those with most free cores first. The
/// first attempt does without the others (c_m1_x36).
std::uint32_t cpus_beside(const Question& question, NodeId node, std::uint64_t devices,
                          std::int64_t wanted) {
  const Shape& shape = question.machine.shape(node);
  const Device* const all = &question.machine.shapes().devices[shape.first_device];
  const Bits bits = open_cores(question, node);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sockets;  // free cores, number
  for (std::uint32_t socket = 0; socket < shape.sockets; ++socket) {
    const std::uint32_t first = socket * shape.cores_per_socket;
    sockets.emplace_back(count_bits(bits, first, first + shape.cores_per_socket), socket);
  }
  std::stable_sort(sockets.begin(), sockets.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::uint32_t cores = 0;
  for (const auto& [free, socket] : sockets) {
    std::int64_t near = 0;
    for (std::uint64_t rest = devices; rest != 0; rest &= rest - 1) {
      const std::uint64_t its = all[std::countr_zero(rest)].sockets;
      if (its == ~std::uint64_t{0}) return ~0U;  // near all
      near += (its >> socket & 1U) != 0 ? 1 : 0;
    }
    if (near == 0 ? question.how.version >= 2411 : wanted <= 0) continue;
    cores += free;
    wanted -= near;
  }
  return cores * used_threads(question.needs, shape);
}

/// What GPUs do to an offer: how many there are, how many tasks they serve, how near they are.
bool fit_gpus(const Question& question, const GresAsked& asked, const Free& free, Offer& offer) {
  const Machine& machine = question.machine;
  const Needs& needs = question.needs;
  const Shape& shape = machine.shape(offer.node);
  const std::uint64_t devices = free_gpus(question, offer.node, asked);
  std::int64_t count = std::popcount(devices);
  const bool bound = machine.shapes().bound_devices;
  std::int64_t near = bound ? 0 : count;
  for (std::uint64_t rest = bound ? devices : 0; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<std::uint32_t>(std::countr_zero(rest));
    const Device& device = machine.shapes().devices[shape.first_device + i];
    if ((device.sockets & free.open_sockets) != 0) ++near;
  }
  if (needs.enforce_binding || question.near_only) count = near;
  if (bound && question.near_only && asked.per_node > 0) {
    offer.cpus = std::min(offer.cpus, cpus_beside(question, offer.node, devices, asked.per_node));
  }
  if (needs.memory.per == MemoryPer::Gpu && needs.memory.mib > 0) {
    const std::int64_t memory = shape.memory_mib - machine.used_memory(offer.node);
    count = std::min(count, memory / needs.memory.mib);
  }
  if (needs.cpus_per_gpu > 0)
    count = std::min<std::int64_t>(count, offer.cpus / needs.cpus_per_gpu);
  if (count < asked.per_node) return false;
  if (asked.per_node > 0) {
    offer.min_cpus =
        std::max(offer.min_cpus, static_cast<std::uint32_t>(asked.per_node) * needs.cpus_per_gpu);
  }
  if (asked.per_task > 0) {
    const std::int64_t given = asked.per_node > 0 ? std::min(count, asked.per_node) : count;
    const std::int64_t tasks =
        std::min<std::int64_t>(given / asked.per_task, offer.cpus / question.task_cpus);
    if (tasks == 0) return false;
    std::uint32_t used = static_cast<std::uint32_t>(tasks) * question.task_cpus;
    if (needs.min_cpus_per_node > used || question.how.version >= 2411) {
      used = in_whole_cores(used, used_threads(needs, shape));
    }
    offer.cpus = std::min(offer.cpus, used);
  }
  if (asked.per_job > 0) {
    if (count == 0) return false;
    offer.gpus += std::min(count, asked.per_job);
  }
  offer.found += count;
  std::int64_t most = std::max(asked.per_node, asked.per_job);
  if (most == 0) most = asked.per_task * std::max(needs.tasks, 1U);
  near = std::min(near, count);
  if (most > 0) near = std::min(near, most);
  offer.near = std::min<std::int64_t>(std::max<std::int64_t>(offer.near, 0) + near, 0xff);
  return true;
}

bool fit_gres(const Question& question, const Free& free, Offer& offer) {
  const Machine& machine = question.machine;
  for (const GresAsked& asked : question.needs.gres) {
    if (asked.is_gpu) {
      if (!fit_gpus(question, asked, free, offer)) return false;
      continue;
    }
    const std::int64_t wanted = std::max({asked.per_node, asked.per_job, asked.per_task});
    if (asked.is_shard) {
      if (!has_shards(machine, offer.node, wanted)) return false;
    } else if (free_count(machine, offer.node, asked) < wanted) {
      return false;
    }
  }
  return true;
}

/// Memory, whole nodes, users: whether the job may come near the node at all
/// (cons_tres: _verify_node_state).
bool may_use(const Question& question, NodeId node) {
  const Machine& machine = question.machine;
  const Needs& needs = question.needs;
  if (needs.exclusive && machine.jobs(node) > 0) return false;
  if (machine.jobs(node) > 0) {
    // Jobs that share CPUs and jobs that do not are never on a node together, not even on different
    // cores (s14d); those of the same partition may be, if the sharing ones came first.
    if (question.shares && machine.has_unshared(node)) return false;
    // With 24.11 a node where some share nothing is no longer one of the sharing partition (s14d).
    const bool is_mixed = question.how.version >= 2411 && machine.has_unshared(node);
    if (!question.shares && !is_mixed && machine.is_shared_elsewhere(node, needs.partition)) {
      return false;
    }
    const bool alone = needs.exclusive_user || machine.has_owner(node);
    if (alone && !machine.only_of(node, question.how.user)) return false;
  }
  if (!machine.cluster().tracks_memory) return true;
  if (needs.whole_memory) return machine.used_memory(node) == 0;
  const std::int64_t memory = machine.shape(node).memory_mib - machine.used_memory(node);
  return needs.memory.per == MemoryPer::None || memory >= needs.memory.mib;
}

/// Whole tasks of a job without GRES: what is left over is not on offer, since 24.11
/// (cons_tres: _allocate_sc).
void offer_whole_tasks(const Question& question, const Shape& shape, Offer& offer) {
  const Needs& needs = question.needs;
  if (question.how.version < 2411 || !needs.gres.empty() || offer.cpus == 0) return;
  const std::uint32_t per_task = needs.cpus_per_task;
  const std::uint32_t threads = used_threads(needs, shape);
  if (needs.tasks_per_core == 1 && per_task > threads) {
    const std::uint32_t whole_cores = in_whole_cores(per_task, threads);
    offer.cpus = offer.cpus / whole_cores * per_task;
    return;
  }
  std::uint32_t tasks = offer.cpus / per_task;
  if (needs.tasks_per_node > 0 && !needs.exclusive && needs.cpus_per_gpu == 0) {
    tasks = std::min(tasks, needs.tasks_per_node);
  }
  offer.cpus = tasks * per_task;
}

/// CPUs that memory and the partition leave (cons_tres: _can_job_run_on_node).
void limit_cpus(const Question& question, const Shape& shape, Offer& offer) {
  const Machine& machine = question.machine;
  const Needs& needs = question.needs;
  const Partition& partition = machine.cluster().partitions[needs.partition];
  if (partition.max_cpus_per_node) {
    // 24.11 takes all that is used for the partition's until one of its jobs starts (s17r2).
    const bool all = question.how.version >= 2411 && !machine.knows(needs.partition);
    const std::uint32_t used =
        shape.threads * (all ? shape.usable_cores - machine.free_cores(offer.node)
                             : machine.cores_of_partition(offer.node, needs.partition));
    const std::uint32_t most = *partition.max_cpus_per_node;
    offer.cpus = std::min(offer.cpus, most > used ? most - used : 0U);
  }
  if (needs.memory.per == MemoryPer::Cpu && needs.memory.mib > 0) {
    const std::int64_t fit =
        (shape.memory_mib - machine.used_memory(offer.node)) / needs.memory.mib;
    const bool sockets = machine.cluster().select.unit == ConsumableUnit::Socket;
    const std::uint32_t unit = sockets ? offer.unit * shape.cores_per_socket : offer.unit;
    if (needs.exclusive && shape.usable_cores * offer.unit > fit) offer.cpus = 0;
    while (offer.cpus > 0 && offer.cpus > fit) offer.cpus -= std::min(offer.cpus, unit);
    if (needs.cpus_per_task > 1) offer.cpus -= offer.cpus % needs.cpus_per_task;
  }
}

/// Most tasks that the job could put on one node (cons_tres: _select_cores).
std::uint32_t most_tasks(const Needs& needs) {
  constexpr std::uint32_t any = ~std::uint32_t{0};
  if (needs.tasks_per_node > 0) return needs.tasks_per_node;
  if (needs.tasks_per_gpu > 0) {
    return needs.min_nodes == needs.max_nodes ? needs.tasks / needs.min_nodes : any;
  }
  if (needs.max_nodes == 1) return needs.tasks > 0 ? needs.tasks : any;
  const bool one_each = needs.tasks == needs.min_nodes && needs.tasks == needs.max_nodes;
  return needs.tasks == 1 || (one_each && needs.tasks > 0) ? 1 : any;
}

/// Tasks that a node has at the least and at the most (cons_tres: eval_nodes_select_cores).
struct TaskRange {
  std::int64_t least = 1, most = 0;
};
TaskRange tasks_of(const Needs& needs, std::int64_t fit) {
  TaskRange range{1, std::min<std::int64_t>(most_tasks(needs), fit)};
  if (needs.tasks_per_node > 0) {
    range.least = needs.tasks_per_node;
  } else if (needs.tasks_per_gpu > 0) {
    const bool fixed = needs.min_nodes == needs.max_nodes;
    range.least = fixed ? needs.tasks / needs.min_nodes : needs.tasks_per_gpu;
    if (!fixed) range.most = std::min<std::int64_t>(needs.tasks, fit);
  } else if (needs.max_nodes == 1 && needs.tasks > 0) {
    range.least = needs.tasks;
  }
  if (fit < range.least) range.most = 0;
  return range;
}

/// CPUs that a GPU brings: as asked, or in the first attempt so many as share the tasks evenly.
std::int64_t cpus_per_gpu(const Question& question, const GresAsked& asked, std::int64_t per_task) {
  const Needs& needs = question.needs;
  if (needs.cpus_per_gpu > 0) return needs.cpus_per_gpu;
  if (needs.tasks_per_gpu > 0) return std::int64_t{needs.tasks_per_gpu} * per_task;
  const std::int64_t tasks = needs.tasks;
  const std::int64_t gpus = asked.per_job > 0 ? asked.per_job : asked.per_task * tasks;
  if (!question.near_only || tasks == 0 || gpus == 0) return 0;
  if (tasks % gpus == 0) return tasks / gpus * per_task;
  if (gpus % tasks == 0 && per_task % (gpus / tasks) == 0) return per_task / (gpus / tasks);
  return 0;
}

/// A node offers no more tasks than its share of the GPUs serves, and no more CPUs than these take:
/// since 24.11 (gres_filter_sock_core).
void narrow_to_gpus(const Question& question, Offer& offer) {
  const Needs& needs = question.needs;
  const std::int64_t unit = offer.unit;
  std::int64_t per_task = needs.cpus_per_task;
  for (const GresAsked& asked : needs.gres) {
    if (asked.is_gpu && !needs.has_cpus_per_task) {
      per_task = std::max(per_task, needs.cpus_per_gpu * asked.per_task);
    }
  }
  std::int64_t cpus = offer.cpus;
  TaskRange tasks = tasks_of(needs, cpus / per_task);
  std::int64_t least_units = 0;
  for (const GresAsked& asked : needs.gres) {
    if (tasks.most == 0) break;
    const std::int64_t per_gpu = asked.is_gpu ? cpus_per_gpu(question, asked, per_task) : 0;
    const std::int64_t per_job =
        asked.per_job > 0 ? asked.per_job : asked.per_task * std::int64_t{needs.tasks};
    std::int64_t most = asked.per_node > 0 ? asked.per_node : per_job;
    if (per_job > 0) {
      most = std::min(most, std::max<std::int64_t>(per_job - (question.min_nodes - 1), 1));
    }
    std::int64_t count = asked.is_gpu ? offer.found : most;
    if (per_gpu > 0) most = most > 0 ? std::min(most, cpus / per_gpu) : cpus / per_gpu;
    if (most > 0 || per_gpu > 0) count = std::min(count, most);
    if (count == 0 || count < asked.per_node || count < asked.per_task) tasks.most = 0;
    if (per_gpu > 0 && count > 0) {
      const std::int64_t brought = per_gpu * count;
      const bool is_small =
          brought < tasks.least * per_task || brought < std::int64_t{needs.min_cpus_per_node};
      tasks.most = std::min(tasks.most, is_small ? tasks.least : brought / per_task);
    }
    if (asked.per_task > 0) {
      tasks.most = std::min(tasks.most, count / asked.per_task);
      if (asked.per_node == 0) count = std::min(count, tasks.most * asked.per_task);
    }
    if (asked.is_gpu && needs.tasks_per_gpu > 0) {
      if (asked.per_node == 0) count = std::min(count, tasks.most / needs.tasks_per_gpu);
      tasks.most = std::min(tasks.most, count * needs.tasks_per_gpu);
    }
    tasks.most -= tasks.most % tasks.least;
    std::int64_t units = (tasks.most * per_task + unit - 1) / unit;
    if (per_gpu > 0) {
      const std::int64_t gpus = asked.per_node > 0   ? asked.per_node
                                : asked.per_task > 0 ? asked.per_task * tasks.most
                                                     : std::max<std::int64_t>(count, 1);
      tasks.most = std::min(tasks.most, gpus * per_gpu);
      units = std::max(units, (gpus * per_gpu + unit - 1) / unit);
    }
    if (units * unit > cpus) tasks.most = 0;
    cpus = std::min(cpus, units * unit);
    if (needs.cpus_per_gpu > 0) least_units = units;
    if (asked.is_gpu && asked.per_job > 0) offer.gpus = count;
  }
  if (needs.cpus_per_gpu == 0) cpus = std::min(cpus, tasks.most * per_task);
  // --mincpus counts where there are no tasks to count by; tasks with GPUs of their own have to
  // bring as many (micro 182).
  const std::int64_t least = needs.min_cpus_per_node;
  const bool by_node = std::all_of(needs.gres.begin(), needs.gres.end(),
                                   [](const GresAsked& asked) { return asked.per_node > 0; });
  if (!needs.has_tasks) {
    cpus = std::max(cpus, std::min<std::int64_t>(least, offer.cpus));
  } else if (!by_node && question.min_nodes == 1 && cpus < least) {
    tasks.most = 0;
  }
  offer.cpus = tasks.most > 0 ? static_cast<std::uint32_t>(cpus) : 0;
  offer.min_cpus = static_cast<std::uint32_t>(least_units * unit);
}

}  // namespace

Question::Question(const Machine& on, const Needs& of, const Choosing& asked)
    : machine(on), needs(of), how(asked) {
  const Partition& partition = machine.cluster().partitions[needs.partition];
  shares = !needs.exclusive && may_share(partition, needs.over_subscribe);
  task_cpus = needs.cpus_per_task;
  for (const GresAsked& one : needs.gres) {
    if (!one.is_gpu) continue;
    job_gpus += one.per_job;
    const std::int64_t tasks = std::max(needs.tasks, 1U);
    const std::int64_t gpus = one.per_task * tasks + one.per_job;
    const std::int64_t brought = (gpus * needs.cpus_per_gpu + tasks - 1) / tasks;
    task_cpus = std::max(task_cpus, static_cast<std::uint32_t>(brought));
  }
  least_cpus = slurm::least_cpus(needs);
  least_beside_gres = least_cpus;
  if (needs.has_tasks) {  // --mincpus only chooses the node then (micro 176)
    least_beside_gres = std::max(needs.cpus_per_task, needs.tasks_per_node * needs.cpus_per_task);
    if (needs.max_nodes == 1) least_beside_gres = std::max(least_beside_gres, needs.min_cpus);
  }
}

std::uint32_t least_cpus(const Needs& needs) {
  const std::uint32_t least = std::max(
      {needs.min_cpus_per_node, needs.cpus_per_task, needs.tasks_per_node * needs.cpus_per_task});
  return needs.max_nodes == 1 ? std::max(least, needs.min_cpus) : least;
}

std::uint32_t used_threads(const Needs& needs, const Shape& shape) {
  std::uint32_t threads = shape.threads;
  if (needs.tasks_per_core > 0) {
    threads = std::min(threads, needs.tasks_per_core * needs.cpus_per_task);
  }
  if (needs.threads_per_core > 0) threads = std::min(threads, needs.threads_per_core);
  return threads;
}

std::uint64_t free_gpus(const Question& question, NodeId node, const GresAsked& asked) {
  const Machine& machine = question.machine;
  const Shape& shape = machine.shape(node);
  std::uint64_t devices = 0;
  for (std::uint32_t i = 0; i < shape.types; ++i) {
    const DeviceType& type = machine.shapes().types[shape.first_type + i];
    const auto& kinds = asked.kinds;
    if (std::find(kinds.begin(), kinds.end(), type.kind) != kinds.end()) devices |= type.devices;
  }
  devices &= machine.free_devices(node);
  if (!machine.has_shards()) return devices;
  // The copy that 24.11 makes for will-run tests does not know what is cut into shards: a job that
  // wants such a GPU whole is planned on it, and then does not start (s14b).
  if (question.how.on_copy && question.how.version >= 2411) return devices;
  // Before 23.02 a GPU could be given whole to one job although others had shards of it.
  if (question.how.version < 2302) return devices & ~machine.marked_cut(node);
  for (std::uint64_t rest = devices; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<std::uint32_t>(std::countr_zero(rest));
    if (machine.used_shards(node, i) > 0) devices &= ~(std::uint64_t{1} << i);
  }
  return devices;
}

Bits open_cores(const Question& question, NodeId node) {
  const Machine& machine = question.machine;
  const Shape& shape = machine.shape(node);
  const std::uint64_t* const free = question.all_cores ? &machine.shapes().usable[shape.first_word]
                                                       : machine.free_core_bits(node);
  Bits bits(shape.words);
  std::copy_n(free, shape.words, bits.begin());
  if (question.row == 0) return bits;
  for (std::uint32_t core = 0; core < shape.cores(); ++core) {
    const std::uint32_t sharers = machine.sharers(node, question.needs.partition, core);
    if (sharers > 0 && sharers <= question.row) bits[core / 64] |= std::uint64_t{1} << (core % 64);
  }
  return bits;
}

Offer offer_of(const Question& question, NodeId node) {
  const Machine& machine = question.machine;
  const Shape& shape = machine.shape(node);
  Offer offer{.node = node};
  offer.unit = used_threads(question.needs, shape);
  const bool plain = question.row == 0 && !question.all_cores;
  if (plain && machine.free_cores(node) * offer.unit < question.least_cpus) return offer;
  if (!may_use(question, node)) return offer;
  const Free free = free_of(question, node);
  offer.cpus = free.cpus;
  offer.idle_cpus = free.cpus;
  offer_whole_tasks(question, shape, offer);
  limit_cpus(question, shape, offer);
  offer.task_cpus = offer.cpus;
  const bool has_gres = !question.needs.gres.empty();
  const std::uint32_t least = has_gres ? question.least_beside_gres : question.least_cpus;
  if (offer.cpus < question.least_cpus || !fit_gres(question, free, offer)) offer.cpus = 0;
  if (offer.cpus < offer.min_cpus || offer.cpus < least) offer.cpus = 0;
  const SelectParameters& select = machine.cluster().select;
  if (select.unit == ConsumableUnit::Cpu) offer.unit = 1;
  const auto* const completing = question.how.completing;
  const bool comes_last = completing != nullptr && (*completing)[node] > 0;
  const NodeSet* const powered_down = question.how.powered_down;
  const bool boots = powered_down != nullptr && powered_down->contains(node);
  const auto weight = (static_cast<std::uint64_t>(shape.weight) << 16) |
                      (comes_last ? 0x100U : 0U) | (boots ? std::uint64_t{1} << 49 : 0U);
  const auto near = static_cast<std::uint64_t>(std::max<std::int64_t>(offer.near, 0));
  offer.weight = weight | (kNoNearGpus - near);
  // For GRES cores are chosen at once, and no more of them than the tasks need.
  // With --ntasks-per-core all the same (22.05: x32).
  const bool by_core = question.needs.tasks_per_core > 0 && !select.one_task_per_core;
  if (!has_gres || question.needs.exclusive || offer.cpus == 0) {
    // all that is free
  } else if (question.how.version >= 2411) {
    narrow_to_gpus(question, offer);
  } else if (!by_core) {
    const std::uint64_t tasks = most_tasks(question.needs);
    const std::uint64_t used =
        std::max<std::uint64_t>(tasks * question.task_cpus, std::max(least, offer.min_cpus));
    const bool of_cores = question.needs.min_cpus_per_node > used;  // x42
    const std::uint64_t unit = of_cores ? used_threads(question.needs, shape) : offer.unit;
    const std::uint64_t whole = (used + unit - 1) / unit * unit;
    offer.cpus = static_cast<std::uint32_t>(std::min<std::uint64_t>(offer.cpus, whole));
  }
  if (select.unit == ConsumableUnit::Socket) offer.unit *= shape.cores_per_socket;
  return offer;
}

UserId user_that_matters(UserId user, const Needs& needs, const Machine& machine) {
  return needs.exclusive_user || machine.has_owners() ? user : kNone<UserId>;
}

const std::vector<Offer>& OfferMemo::of(const Question& question) {
  constexpr std::size_t most = 100'000;  // some 7 MB
  const Choosing& how = question.how;
  const Key key{how.stage,
                &question.needs,
                user_that_matters(how.user, question.needs, question.machine),
                question.row,
                question.all_cores,
                question.near_only,
                how.completing != nullptr};
  const auto found = offers_.find(key);
  if (found != offers_.end()) return found->second;
  if (count_ > most) {
    offers_.clear();
    count_ = 0;
  }
  std::vector<Offer>& offers = offers_[key];
  question.needs.candidates.for_each([&](NodeId node) {
    const Offer offer = offer_of(question, node);
    if (offer.cpus > 0 || offer.near >= 0) offers.push_back(offer);
    return true;
  });
  count_ += offers.size() + 1;
  return offers;
}

}  // namespace rehearse::slurm
