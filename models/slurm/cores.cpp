// Which cores of a node (cons_tres: gres_select_filter_sock_core, _cyclic_sync_core_bitmap;
// semantics 5.5 and 5.7).
#include <algorithm>
#include <bit>
#include <numeric>

#include "models/slurm/layout.hpp"

namespace rehearse::slurm {
namespace {

/// The free cores of a node by socket, as they are used up.
class Sockets {
 public:
  Sockets(const Question& question, NodeId node)
      : shape_(question.machine.shape(node)),
        open_(open_cores(question, node)),
        chosen_(shape_.words),
        free_(shape_.sockets, 0),
        order_(shape_.sockets) {
    std::iota(order_.begin(), order_.end(), 0U);
    for (std::uint32_t core = 0; core < shape_.cores(); ++core) {
      if (is_open(core)) ++free_[core / shape_.cores_per_socket];
    }
  }

  std::uint32_t count() const { return shape_.sockets; }
  std::uint32_t free(std::uint32_t socket) const { return free_[socket]; }
  void close(std::uint32_t socket) { free_[socket] = 0; }
  /// In which cores are looked for; by number if nothing else is set.
  const std::vector<std::uint32_t>& order() const { return order_; }
  void set_order(std::vector<std::uint32_t> order) { order_ = std::move(order); }

  /// The lowest free cores of the socket, `most` at most; how many there were.
  std::uint32_t take(std::uint32_t socket, std::uint32_t most) {
    const std::uint32_t first = socket * shape_.cores_per_socket;
    std::uint32_t taken = 0;
    most = std::min(most, free_[socket]);
    for (std::uint32_t i = first; taken < most && i < first + shape_.cores_per_socket; ++i) {
      if (!is_open(i)) continue;
      open_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
      chosen_[i / 64] |= std::uint64_t{1} << (i % 64);
      ++taken;
    }
    free_[socket] -= taken;
    return taken;
  }
  Bits chosen() const { return chosen_; }

 private:
  bool is_open(std::uint32_t core) const { return (open_[core / 64] >> (core % 64) & 1U) != 0; }

  const Shape& shape_;
  Bits open_;
  Bits chosen_;
  std::vector<std::uint32_t> free_, order_;
};

/// Sockets that the job does without are closed: the fullest of free cores come first, until they
/// have GPUs and cores enough. Returns whether several bring the GPUs, and none only cores.
bool close_far_sockets(const Question& question, const Taken& from, std::uint32_t cores,
                       Sockets& sockets) {
  std::uint64_t devices = 0;
  std::int64_t wanted = from.gpus;
  for (const GresAsked& asked : question.needs.gres) {
    if (!asked.is_gpu) continue;
    devices |= free_gpus(question, from.node, asked);
    wanted += asked.per_node + asked.per_task;
  }
  const Shape& shape = question.machine.shape(from.node);
  const Device* const all = &question.machine.shapes().devices[shape.first_device];
  bool bound = false;
  for (std::uint32_t i = 0; i < shape.devices; ++i) bound |= ~all[i].sockets != 0;
  // Sockets without GPUs are done without if the job fits so; GPUs are looked for on the fullest
  // socket even where all are equally near (cores of both versions: zc36).
  const bool only_gpus = bound && question.beside_gpus;
  if (wanted == 0 || sockets.count() == 1) return false;
  std::vector<std::uint32_t> order(sockets.count());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t one, std::uint32_t other) {
    return sockets.free(one) > sockets.free(other);
  });
  if (!bound && question.how.version < 2411) {  // a core of each in turn
    sockets.set_order(std::move(order));
    return true;
  }
  std::uint32_t have = 0;
  std::vector<std::uint32_t> with_gpus, without;
  for (const std::uint32_t socket : order) {
    std::int64_t near = 0;
    for (std::uint32_t i = 0; i < shape.devices; ++i) {
      if ((devices >> i & 1U) != 0 && (all[i].sockets >> socket & 1U) != 0) ++near;
    }
    const bool brings = wanted > 0 && near > 0;
    (brings ? with_gpus : without).push_back(socket);
    const bool fills_up = !only_gpus || (near == 0 && question.how.version < 2411);
    const bool needed = brings || (have < cores && fills_up);
    if (!needed || sockets.free(socket) == 0) {
      sockets.close(socket);
      continue;
    }
    for (std::uint32_t i = 0; i < shape.devices; ++i) {
      if ((all[i].sockets >> socket & 1U) != 0) devices &= ~(std::uint64_t{1} << i);
    }
    wanted -= near;
    have += sockets.free(socket);
  }
  const bool are_several = only_gpus && with_gpus.size() > 1;
  with_gpus.insert(with_gpus.end(), without.begin(), without.end());
  sockets.set_order(std::move(with_gpus));
  return are_several;
}

/// The fewest sockets, the tightest that holds all first.
void take_blocks(std::uint32_t cores, Sockets& sockets) {
  while (cores > 0) {
    std::uint32_t best = 0;
    for (std::uint32_t socket = 1; socket < sockets.count(); ++socket) {
      const bool fits = sockets.free(socket) >= cores, best_fits = sockets.free(best) >= cores;
      const bool better = fits && best_fits ? sockets.free(socket) < sockets.free(best)
                                            : sockets.free(socket) > sockets.free(best);
      if (better) best = socket;
    }
    const std::uint32_t taken = sockets.take(best, cores);
    if (taken == 0) return;
    cores -= taken;
  }
}

/// Tasks of several CPUs, `each` cores, in the lowest socket that has room for one (each == 0:
/// tasks of one CPU), else socket by socket, before 24.11 the fullest of free cores first; else a
/// core of each socket in turn.
void take_in_turn(std::uint32_t cores, std::uint32_t each, bool fullest, Sockets& sockets) {
  for (std::uint32_t socket = 0; each > 0 && socket < sockets.count(); ++socket) {
    while (cores > 0 && sockets.free(socket) >= std::min(each, cores)) {
      cores -= sockets.take(socket, std::min(each, cores));
    }
  }
  std::vector<std::uint32_t> order = sockets.order();
  if (fullest && each > 0) {
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t one, std::uint32_t other) {
      return sockets.free(one) > sockets.free(other);
    });
  }
  const std::uint32_t most = each > 0 ? cores : 1;
  for (bool more = true; cores > 0 && more;) {
    more = false;
    for (const std::uint32_t socket : order) {
      const std::uint32_t taken = sockets.take(socket, std::min(most, cores));
      cores -= taken;
      more |= taken > 0;
    }
  }
}

}  // namespace

Bits choose_cores(const Question& question, const Taken& from, std::uint32_t cpus) {
  const std::uint32_t threads = used_threads(question.needs, question.machine.shape(from.node));
  const auto cores_of = [&](std::uint32_t some) { return (some + threads - 1) / threads; };
  Sockets sockets(question, from.node);
  std::uint32_t cores = cores_of(cpus);
  if (question.needs.tasks_per_core == 1) {  // each task has its own (micro 183)
    const std::uint32_t each = question.needs.cpus_per_task;
    cores = std::max(cores, cpus / each * cores_of(each));
  }
  const bool by_gpus =
      !question.needs.gres.empty() && close_far_sockets(question, from, cores, sockets);
  const std::string& distribution = question.needs.distribution;
  const std::size_t colon = distribution.find(':');
  const bool blocks = colon == std::string::npos
                          ? question.machine.cluster().select.blocks_by_default
                          : distribution.compare(colon + 1, 5, "block") == 0;
  if (blocks) {
    take_blocks(cores, sockets);
  } else {
    // Of whole sockets a job with GRES gets one for each CPU in turn, even of one task (s8d).
    const bool whole_sockets = question.machine.cluster().select.unit == ConsumableUnit::Socket &&
                               !question.needs.gres.empty();
    const bool together = question.task_cpus > 1 && !whole_sockets && !by_gpus;
    const bool fullest = question.how.version < 2411 && question.needs.gres.empty();
    take_in_turn(cores, together ? cores_of(question.task_cpus) : 0, fullest, sockets);
  }
  return sockets.chosen();
}

}  // namespace rehearse::slurm
