// Where a request goes: `select` of resources.hpp.
#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "sim/state/resources.hpp"

namespace rehearse {
namespace {

// How much of a request one node could hold.
struct Room {
  NodeId node{};
  std::uint32_t tasks = 0;
  std::uint32_t job_gres = 0;  // of the first job_gres need; others are checked at the end
};

// One node's part of the allocation.
struct Part {
  NodeId node{};
  std::uint32_t tasks = 0;
  std::uint32_t job_gres = 0;
};

class Selection {
 public:
  Selection(const Resources& resources, const Cluster& cluster, const Request& request)
      : resources_(resources), cluster_(cluster), request_(request), row_(cluster.gres.size(), 0) {}

  bool on_one_node(const NodeKeys& keys) {
    if (!keys) {
      bool found = false;
      for_each_with_cpus([&](NodeId node) {
        found = holds_all(node);
        if (found) parts_.push_back({node, request_.tasks, job_gres_count()});
        return !found;
      });
      return found;
    }
    collect();
    std::erase_if(rooms_, [&](const Room& room) { return !holds_all(room.node); });
    if (rooms_.empty()) return false;
    sort(keys);
    parts_.push_back({rooms_.front().node, request_.tasks, job_gres_count()});
    return true;
  }

  // As few nodes as it takes, each filled before the next.
  bool on_any_nodes(const NodeKeys& keys) {
    collect();
    sort(keys);
    if (!required_first()) return false;
    if (!request_.job_gres.empty() && request_.min_nodes == 1 && on_best_single()) return true;
    std::uint32_t tasks = request_.tasks, gres = job_gres_count();
    for (const Room& room : rooms_) {
      if (tasks == 0 && gres == 0 && parts_.size() >= request_.min_nodes) break;
      if (tasks == 0 && room.job_gres == 0) continue;
      const auto used = static_cast<std::uint32_t>(parts_.size()) + 1;
      // Leave a task for each node that is still to come.
      const std::uint32_t later = request_.min_nodes > used ? request_.min_nodes - used : 0;
      const std::uint32_t spare = tasks > later ? tasks - later : 0;
      const Part part{room.node, std::min(room.tasks, spare), std::min(room.job_gres, gres)};
      tasks -= part.tasks;
      gres -= part.job_gres;
      parts_.push_back(part);
    }
    return tasks == 0 && gres == 0 && parts_.size() >= request_.min_nodes;
  }

  // min_nodes to max_nodes nodes, as many as there are, tasks spread evenly.
  bool on_many_nodes(const NodeKeys& keys) {
    collect();
    sort(keys);
    if (!required_first() || rooms_.size() < request_.min_nodes) return false;
    std::size_t count = std::min<std::size_t>(request_.max_nodes, rooms_.size());
    std::uint32_t tasks = request_.tasks;
    if (request_.task_per_node) {
      tasks = static_cast<std::uint32_t>(count);
    } else {
      count = std::min<std::size_t>(count, tasks);
      count = std::max<std::size_t>(count, request_.min_nodes);
    }
    if (!enough(count, tasks, job_gres_count())) return false;
    spread(count, tasks, job_gres_count());
    return true;
  }

  void append(std::vector<Share>& chosen, GresArena& arena) {
    std::sort(parts_.begin(), parts_.end(),
              [](const Part& a, const Part& b) { return a.node < b.node; });
    const std::size_t begin = chosen.size();
    for (const Part& part : parts_) {
      Share share = share_of(part);
      const bool same_row =
          chosen.size() > begin &&
          std::equal(row_.begin(), row_.end(), arena.row(chosen.back().gres).begin());
      if (same_row && index(chosen.back().first) + chosen.back().nodes == index(part.node) &&
          chosen.back().cpus == share.cpus && chosen.back().memory_mib == share.memory_mib) {
        ++chosen.back().nodes;
        continue;
      }
      share.gres = same_row ? chosen.back().gres : arena.add(row_);
      chosen.push_back(share);
    }
  }

  bool holds_all(NodeId node) {
    const Room room = room_of(node);
    if (room.tasks < request_.tasks || room.job_gres < job_gres_count()) return false;
    // Memory by GPU or CPU of job_gres is known only for the whole part.
    if (request_.job_gres.empty()) return true;
    return fits_part({node, request_.tasks, job_gres_count()});
  }

 private:
  template <class Visit>
  void for_each_with_cpus(Visit&& visit) const {
    const std::span<const std::uint64_t> eligible = request_.eligible.words();
    const std::vector<std::uint64_t>& with_cpus = resources_.nodes_with_free_cpus();
    for (std::size_t i = 0; i < eligible.size(); ++i) {
      for (std::uint64_t word = eligible[i] & with_cpus[i]; word != 0; word &= word - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(word));
        if (!visit(static_cast<NodeId>(i * 64 + bit))) return;
      }
    }
  }

  std::uint32_t job_gres_count() const {
    return request_.job_gres.empty() ? 0 : request_.job_gres.front().count;
  }

  std::uint32_t free_of(NodeId node, const GresNeed& need) const {
    std::uint32_t free = 0;
    for (const GresId kind : need.kinds) free += resources_.free_gres(node, kind);
    return free;
  }

  // Needs that name the same kinds share them: count what the others of the node take first.
  std::uint32_t free_beside(NodeId node, const GresNeed& need,
                            const std::vector<GresNeed>& others) const {
    std::uint32_t free = free_of(node, need);
    for (const GresNeed& other : others) {
      const bool overlaps = std::any_of(other.kinds.begin(), other.kinds.end(), [&](GresId kind) {
        return std::find(need.kinds.begin(), need.kinds.end(), kind) != need.kinds.end();
      });
      if (overlaps) free -= std::min(free, other.count);
    }
    return free;
  }

  std::uint32_t gpus_of(const std::vector<GresNeed>& needs) const {
    std::uint32_t count = 0;
    for (const GresNeed& need : needs) {
      if (!need.kinds.empty() && cluster_.gres[need.kinds.front()].is_gpu()) count += need.count;
    }
    return count;
  }

  Room room_of(NodeId node) const {
    Room room{node, 0, 0};
    if (request_.exclusive && resources_.jobs(node) > 0) return room;
    for (const GresNeed& need : request_.node_gres) {
      if (free_of(node, need) < need.count) return room;
    }
    std::uint64_t tasks = resources_.free_cpus(node) / request_.cpus_per_task;
    if (request_.max_tasks_per_node > 0) {
      tasks = std::min<std::uint64_t>(tasks, request_.max_tasks_per_node);
    }
    for (const GresNeed& need : request_.task_gres) {
      tasks =
          std::min<std::uint64_t>(tasks, free_beside(node, need, request_.node_gres) / need.count);
    }
    room.tasks = static_cast<std::uint32_t>(std::min<std::uint64_t>(tasks, tasks_in_memory(node)));
    if (!request_.job_gres.empty()) {
      room.job_gres = free_beside(node, request_.job_gres.front(), request_.node_gres);
      if (request_.cpus_per_job_gpu > 0) {
        room.job_gres =
            std::min(room.job_gres, resources_.free_cpus(node) / request_.cpus_per_job_gpu);
      }
      if (request_.memory.per == MemoryPer::Gpu && request_.memory.mib > 0) {
        room.job_gres = static_cast<std::uint32_t>(std::min<std::int64_t>(
            room.job_gres, resources_.free_memory_mib(node) / request_.memory.mib));
      }
    }
    return room;
  }

  std::uint64_t tasks_in_memory(NodeId node) const {
    constexpr std::uint64_t kAll = std::numeric_limits<std::uint32_t>::max();
    const std::int64_t free = resources_.free_memory_mib(node);
    const std::int64_t mib = request_.memory.mib;
    std::int64_t fixed = 0, per_task = 0;
    switch (request_.memory.per) {
      case MemoryPer::None:
        return kAll;
      case MemoryPer::Node:
        fixed = mib;
        break;
      case MemoryPer::Cpu:
        per_task = mib * request_.cpus_per_task;
        if (request_.exclusive) fixed = mib * cluster_.nodes[node].cpus, per_task = 0;
        break;
      case MemoryPer::Gpu:
        fixed = mib * gpus_of(request_.node_gres);
        per_task = mib * gpus_of(request_.task_gres);
        break;
    }
    if (free < fixed) return 0;
    return per_task == 0 ? kAll : static_cast<std::uint64_t>((free - fixed) / per_task);
  }

  void collect() {
    for_each_with_cpus([&](NodeId node) {
      const Room room = room_of(node);
      if (room.tasks > 0) rooms_.push_back(room);
      return true;
    });
  }

  void sort(const NodeKeys& keys) {
    if (!keys || rooms_.size() < 2) return;
    std::vector<NodeId> nodes;
    for (const Room& room : rooms_) nodes.push_back(room.node);
    std::vector<double> key(nodes.size());
    keys(nodes, key);
    std::vector<std::size_t> order(nodes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
    std::vector<Room> sorted;
    for (const std::size_t at : order) sorted.push_back(rooms_[at]);
    rooms_ = std::move(sorted);
  }

  // Required nodes come before all others; false if one of them has no room.
  bool required_first() {
    const auto is_required = [&](const Room& room) {
      return std::binary_search(request_.required.begin(), request_.required.end(), room.node);
    };
    const auto rest = std::stable_partition(rooms_.begin(), rooms_.end(), is_required);
    return static_cast<std::size_t>(rest - rooms_.begin()) == request_.required.size();
  }

  bool on_best_single() {
    for (const Room& room : rooms_) {
      if (!holds_all(room.node)) continue;
      parts_.push_back({room.node, request_.tasks, job_gres_count()});
      return true;
    }
    return false;
  }

  // Whether the first `count` rooms hold the job; if not, rooms behind them with more room replace
  // the smallest of them, in order, until they do.
  bool enough(std::size_t count, std::uint32_t tasks, std::uint32_t gres) {
    std::uint64_t sum_tasks = 0, sum_gres = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sum_tasks += rooms_[i].tasks;
      sum_gres += rooms_[i].job_gres;
    }
    const std::size_t fixed = request_.required.size();
    for (std::size_t next = count; next < rooms_.size(); ++next) {
      if (sum_tasks >= tasks && sum_gres >= gres) break;
      if (count == fixed) break;
      const bool by_tasks = sum_tasks < tasks;
      const auto amount = [&](const Room& room) { return by_tasks ? room.tasks : room.job_gres; };
      const auto smallest =
          std::min_element(rooms_.begin() + static_cast<std::ptrdiff_t>(fixed),
                           rooms_.begin() + static_cast<std::ptrdiff_t>(count),
                           [&](const Room& a, const Room& b) { return amount(a) < amount(b); });
      if (amount(rooms_[next]) <= amount(*smallest)) continue;
      sum_tasks += rooms_[next].tasks - std::uint64_t{smallest->tasks};
      sum_gres += rooms_[next].job_gres - std::uint64_t{smallest->job_gres};
      std::swap(rooms_[next], *smallest);
    }
    return sum_tasks >= tasks && sum_gres >= gres;
  }

  void spread(std::size_t count, std::uint32_t tasks, std::uint32_t gres) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t got = std::min(gres, rooms_[i].job_gres);
      parts_.push_back({rooms_[i].node, 0, got});
      gres -= got;
    }
    while (tasks > 0) {  // a round gives each node that has room one more task
      for (std::size_t i = 0; i < count && tasks > 0; ++i) {
        if (parts_[i].tasks == rooms_[i].tasks) continue;
        ++parts_[i].tasks;
        --tasks;
      }
    }
  }

  // Takes `count` of `need` on the node, beside what row_ already has.
  void fill_row(NodeId node, const GresNeed& need, std::uint32_t count) {
    for (const GresId kind : need.kinds) {
      const std::uint32_t got =
          std::min(count, resources_.free_gres(node, kind) - row_[index(kind)]);
      row_[index(kind)] += got;
      count -= got;
    }
  }

  // The amounts of one part; its GRES are left in row_.
  Share share_of(const Part& part) {
    std::fill(row_.begin(), row_.end(), 0U);
    Share share{part.node, 1, 0, 0, 0};
    for (const GresNeed& need : request_.node_gres) fill_row(part.node, need, need.count);
    for (const GresNeed& need : request_.task_gres) {
      fill_row(part.node, need, need.count * part.tasks);
    }
    if (!request_.job_gres.empty()) {
      fill_row(part.node, request_.job_gres.front(), part.job_gres);
    }
    // A node that only lends GPUs still takes part with one task's CPUs.
    share.cpus = std::max(std::max(part.tasks, 1U) * request_.cpus_per_task,
                          part.job_gres * request_.cpus_per_job_gpu);
    std::uint32_t gpus = 0;
    for (std::size_t kind = 0; kind < row_.size(); ++kind) {
      if (cluster_.gres[static_cast<GresId>(kind)].is_gpu()) gpus += row_[kind];
    }
    if (request_.exclusive) {
      const Node& whole = cluster_.nodes[part.node];
      share.cpus = whole.cpus;
      std::copy(whole.gres.begin(), whole.gres.end(), row_.begin());
    }
    const std::int64_t mib = request_.memory.mib;
    share.memory_mib = request_.memory.per == MemoryPer::Node  ? mib
                       : request_.memory.per == MemoryPer::Cpu ? mib * share.cpus
                       : request_.memory.per == MemoryPer::Gpu ? mib * gpus
                                                               : 0;
    return share;
  }

  bool fits_part(const Part& part) {
    const Share share = share_of(part);
    return share.cpus <= resources_.free_cpus(part.node) &&
           share.memory_mib <= resources_.free_memory_mib(part.node);
  }

  const Resources& resources_;
  const Cluster& cluster_;
  const Request& request_;
  std::vector<Room> rooms_;
  std::vector<Part> parts_;
  std::vector<std::uint32_t> row_;
};

}  // namespace

bool select(const Resources& resources, const Cluster& cluster, const Request& request,
            const NodeKeys& keys, std::vector<Share>& chosen, GresArena& arena) {
  Selection selection(resources, cluster, request);
  const bool found = request.max_nodes == 1                    ? selection.on_one_node(keys)
                     : request.max_nodes == Request::kAnyNodes ? selection.on_any_nodes(keys)
                                                               : selection.on_many_nodes(keys);
  if (!found) return false;
  const std::size_t before = chosen.size();
  selection.append(chosen, arena);
  // Job-wide GPUs may bring CPUs and memory along that were not counted node by node.
  if (request.job_gres.empty() || resources.is_free(std::span(chosen).subspan(before), arena)) {
    return true;
  }
  chosen.resize(before);
  return false;
}

bool fits_on(const Resources& resources, const Cluster& cluster, const Request& request,
             NodeId node) {
  return request.eligible.contains(node) && Selection(resources, cluster, request).holds_all(node);
}

}  // namespace rehearse
