#include "models/slurm/machine.hpp"

#include <algorithm>
#include <bit>

#include "sim/base/check.hpp"

namespace rehearse::slurm {
namespace {

/// The sockets that cores belong to; all if there are none.
std::uint64_t near_sockets(const std::vector<std::uint32_t>& cores, const Shape& shape) {
  if (cores.empty()) return ~std::uint64_t{0};
  std::uint64_t sockets = 0;
  for (const std::uint32_t core : cores) {
    sockets |= std::uint64_t{1} << std::min(core / shape.cores_per_socket, 63U);
  }
  return sockets;
}

void add_devices(const Cluster& cluster, const Node& node, Shapes& shapes, Shape& shape) {
  shape.first_device = static_cast<std::uint32_t>(shapes.devices.size());
  std::vector<std::uint32_t> left = node.gres;
  const auto add = [&](GresId kind, std::uint32_t count, std::uint64_t sockets) {
    for (std::uint32_t i = 0; i < count; ++i) shapes.devices.push_back({kind, sockets, 0});
  };
  for (const GresDevices& some : node.devices) {
    if (!cluster.gres[some.kind].is_gpu() || index(some.kind) >= left.size()) continue;
    const std::uint32_t count = std::min(some.count, left[index(some.kind)]);
    add(some.kind, count, near_sockets(some.cores, shape));
    left[index(some.kind)] -= count;
  }
  std::uint32_t shards = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto kind = static_cast<GresId>(i);
    if (cluster.gres[kind].is_gpu()) add(kind, left[i], ~std::uint64_t{0});
    if (cluster.gres[kind].name == "shard") shards += left[i];
  }
  shape.devices = static_cast<std::uint32_t>(shapes.devices.size()) - shape.first_device;
  SIM_CHECK(shape.devices <= 64, "{} has over 64 GPUs", node.name);
  shape.first_type = static_cast<std::uint32_t>(shapes.types.size());
  for (std::uint32_t i = 0; i < shape.devices; ++i) {
    const GresId kind = shapes.devices[shape.first_device + i].kind;
    auto type = std::find_if(shapes.types.begin() + shape.first_type, shapes.types.end(),
                             [&](const DeviceType& known) { return known.kind == kind; });
    if (type == shapes.types.end()) type = shapes.types.insert(type, {kind, 0});
    type->devices |= std::uint64_t{1} << i;
  }
  shape.types = static_cast<std::uint32_t>(shapes.types.size()) - shape.first_type;
  // gres.conf Count=N of shards without File= is split evenly (gres.conf(5)).
  for (std::uint32_t i = 0; i < shape.devices; ++i) {
    shapes.devices[shape.first_device + i].shards =
        shards / shape.devices + (i < shards % shape.devices ? 1 : 0);
  }
}

/// cons_tres reserves whole cores for the system, the highest ones of each socket in turn.
void mark_usable(const Node& node, const Shape& shape, std::uint64_t* words) {
  for (std::uint32_t core = 0; core < shape.cores(); ++core) {
    words[core / 64] |= std::uint64_t{1} << (core % 64);
  }
  std::uint32_t left = std::min(node.reserved_cores, shape.cores());
  for (std::uint32_t round = 1; left > 0 && round <= shape.cores_per_socket; ++round) {
    for (std::uint32_t socket = shape.sockets; left > 0 && socket-- > 0; --left) {
      const std::uint32_t core = (socket + 1) * shape.cores_per_socket - round;
      words[core / 64] &= ~(std::uint64_t{1} << (core % 64));
    }
  }
}

Shape shape_of(const Node& node) {
  Shape shape;
  shape.sockets = std::max(node.sockets, 1U);
  shape.cores_per_socket = std::max(node.cores_per_socket, 1U);
  const std::uint32_t reserved = std::min(node.reserved_cores, shape.cores());
  // A YAML node may say nothing but CPUs; CPUs= equal to the cores of a node with threads counts
  // cores (slurm.conf(5)).
  if (shape.cores() - reserved > node.cpus) {
    shape.sockets = 1;
    shape.cores_per_socket = node.cpus;
  } else if (shape.cores() == 1 && node.threads_per_core == 1) {
    shape.cores_per_socket = node.cpus;
  }
  shape.usable_cores = shape.cores() - std::min(reserved, shape.cores());
  shape.threads = shape.usable_cores == 0 ? 1 : std::max(node.cpus / shape.usable_cores, 1U);
  shape.words = (shape.cores() + 63) / 64;
  shape.memory_mib = node.memory_mib;
  shape.weight = node.weight;
  return shape;
}

std::shared_ptr<const Shapes> shapes_of(const Cluster& cluster) {
  auto result = std::make_shared<Shapes>();
  std::size_t words = 0;
  for (const Node& node : cluster.nodes) {
    Shape shape = shape_of(node);
    shape.first_word = static_cast<std::uint32_t>(words);
    words += shape.words;
    result->usable.resize(words, 0);
    mark_usable(node, shape, &result->usable[shape.first_word]);
    add_devices(cluster, node, *result, shape);
    result->nodes.push_back(shape);
  }
  result->core_bits = 64 * words;
  result->bound_devices = std::any_of(result->devices.begin(), result->devices.end(),
                                      [](const Device& device) { return ~device.sockets != 0; });
  for (std::size_t i = 0; i < cluster.gres.size(); ++i) {
    const auto kind = static_cast<GresId>(i);
    if (cluster.gres[kind].name == "shard") {
      result->shard_kinds.push_back(kind);
    } else if (!cluster.gres[kind].is_gpu()) {
      result->counted.push_back(kind);
    }
  }
  for (std::size_t i = 0; i < cluster.partitions.size(); ++i) {
    const auto id = static_cast<PartitionId>(i);
    const Partition& partition = cluster.partitions[id];
    if (partition.max_cpus_per_node) result->capped.push_back(id);
    if (partition.jobs_on_cpu() > 1) result->sharing.push_back(id);
  }
  return result;
}

/// Where `item` is, or the size.
template <class T>
std::size_t place_of(const std::vector<T>& items, T item) {
  return static_cast<std::size_t>(std::find(items.begin(), items.end(), item) - items.begin());
}

}  // namespace

bool may_share(const Partition& partition, bool over_subscribe) {
  if (partition.over_subscribe == OverSubscribe::Force) return true;
  return over_subscribe && partition.jobs_on_cpu() > 1;
}

Machine::Machine(const Cluster& cluster) : cluster_(&cluster), shapes_(shapes_of(cluster)) {
  const std::size_t nodes = cluster.nodes.size();
  free_ = shapes_->usable;
  used_memory_.assign(nodes, 0);
  jobs_.assign(nodes, 0);
  for (const Shape& shape : shapes_->nodes) {
    free_cores_.push_back(shape.usable_cores);
    free_devices_.push_back(shape.devices == 64 ? ~std::uint64_t{0}
                                                : (std::uint64_t{1} << shape.devices) - 1);
  }
  if (!shapes_->shard_kinds.empty()) {
    used_shards_.assign(shapes_->devices.size(), 0);
    marked_cut_.assign(nodes, 0);
  }
  used_counts_.assign(nodes * shapes_->counted.size(), 0);
  partition_cores_.assign(nodes * shapes_->capped.size(), 0);
  known_.assign(shapes_->capped.size(), 0);
  sharers_.assign(shapes_->core_bits * shapes_->sharing.size(), 0);
  sharing_jobs_.assign(nodes * shapes_->sharing.size(), 0);
  unshared_.assign(nodes, 0);
  users_.assign(nodes, 0);
  users_squared_.assign(nodes, 0);
  owned_.assign(nodes, 0);
}

std::uint32_t Machine::used_count(NodeId node, GresId kind) const {
  const std::size_t at = place_of(shapes_->counted, kind);
  return used_counts_[index(node) * shapes_->counted.size() + at];
}

bool Machine::knows(PartitionId partition) const {
  return known_[place_of(shapes_->capped, partition)] != 0;
}

void Machine::rebuild() {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const auto first = partition_cores_.begin() + static_cast<std::ptrdiff_t>(i * jobs_.size());
    const auto last = first + static_cast<std::ptrdiff_t>(jobs_.size());
    known_[i] = std::any_of(first, last, [](std::uint32_t cores) { return cores > 0; }) ? 1 : 0;
  }
}

std::uint32_t Machine::cores_of_partition(NodeId node, PartitionId partition) const {
  const std::size_t at = place_of(shapes_->capped, partition);
  return partition_cores_[at * jobs_.size() + index(node)];
}

std::uint32_t Machine::sharers(NodeId node, PartitionId partition, std::uint32_t core) const {
  const std::size_t at = place_of(shapes_->sharing, partition);
  return sharers_[at * shapes_->core_bits + std::size_t{64} * shape(node).first_word + core];
}

bool Machine::is_shared_elsewhere(NodeId node, PartitionId partition) const {
  for (std::size_t i = 0; i < shapes_->sharing.size(); ++i) {
    if (shapes_->sharing[i] != partition && sharing_jobs_[i * jobs_.size() + index(node)] > 0) {
      return true;
    }
  }
  return false;
}

bool Machine::only_of(NodeId node, UserId user) const {
  const std::uint64_t number = index(user), jobs = jobs_[index(node)];
  return users_[index(node)] == jobs * number &&
         users_squared_[index(node)] == jobs * number * number;
}

void Machine::change(const Allocation& allocation, bool add) {
  const std::uint64_t user = index(allocation.user);
  const Partition& partition = cluster_->partitions[allocation.partition];
  const bool shares = !allocation.exclusive && may_share(partition, allocation.over_subscribe);
  const bool owned = allocation.exclusive_user || partition.exclusive_user;
  const std::size_t sharing = place_of(shapes_->sharing, allocation.partition);
  std::uint32_t* const sharing_jobs =
      sharing < shapes_->sharing.size() ? &sharing_jobs_[sharing * jobs_.size()] : nullptr;
  const std::uint32_t more = add ? 1U : ~0U;
  for (const Held& held : allocation.nodes) {
    const std::size_t node = index(held.node);
    change_cores(held, allocation.partition, add);
    change_gres(held, add);
    if (!shares) unshared_[node] += more;
    if (sharing_jobs != nullptr) sharing_jobs[node] += more;
    if (add) {
      used_memory_[node] += held.memory_mib;
      ++jobs_[node];
      users_[node] += user;
      users_squared_[node] += user * user;
      if (owned) ++owned_[node], ++owners_;
    } else {
      used_memory_[node] -= held.memory_mib;
      --jobs_[node];
      users_[node] -= user;
      users_squared_[node] -= user * user;
      if (owned) --owned_[node], --owners_;
    }
  }
}

void Machine::change_cores(const Held& held, PartitionId partition, bool add) {
  const Shape& own = shape(held.node);
  const std::size_t node = index(held.node);
  const std::size_t sharing = place_of(shapes_->sharing, partition);
  std::uint8_t* const counts =
      sharing < shapes_->sharing.size()
          ? &sharers_[sharing * shapes_->core_bits + std::size_t{64} * own.first_word]
          : nullptr;
  std::uint32_t cores = 0;
  for (std::uint32_t i = 0; i < own.words; ++i) {
    std::uint64_t changed = held.cores[i];
    cores += static_cast<std::uint32_t>(std::popcount(changed));
    for (std::uint64_t word = counts != nullptr ? changed : 0; word != 0; word &= word - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(word));
      std::uint8_t& jobs = counts[64 * i + bit];
      // The core changes hands with the first job on it and the last one.
      if ((add ? jobs++ : --jobs) > 0) changed &= ~(std::uint64_t{1} << bit);
    }
    std::uint64_t& free = free_[own.first_word + i];
    free = add ? free & ~changed : free | changed;
    const auto count = static_cast<std::uint32_t>(std::popcount(changed));
    free_cores_[node] = add ? free_cores_[node] - count : free_cores_[node] + count;
  }
  const std::size_t capped = place_of(shapes_->capped, partition);
  if (capped == shapes_->capped.size()) return;
  std::uint32_t& used = partition_cores_[capped * jobs_.size() + node];
  used = add ? used + cores : used - cores;
  if (add) known_[capped] = 1;
}

void Machine::change_gres(const Held& held, bool add) {
  const std::size_t node = index(held.node);
  for (const HeldGres& gres : held.gres) {
    const GresKind& kind = cluster_->gres[gres.kind];
    if (kind.is_gpu()) {
      free_devices_[node] =
          add ? free_devices_[node] & ~gres.devices : free_devices_[node] | gres.devices;
    } else if (kind.name == "shard") {
      const auto device = static_cast<std::uint32_t>(std::countr_zero(gres.devices));
      std::uint32_t& used = used_shards_[shape(held.node).first_device + device];
      used = add ? used + gres.count : used - gres.count;
      const std::uint64_t marked = marked_cut_[node];
      marked_cut_[node] = add ? marked | gres.devices : marked & ~gres.devices;
    } else {
      const std::size_t at = place_of(shapes_->counted, gres.kind);
      std::uint32_t& used = used_counts_[node * shapes_->counted.size() + at];
      used = add ? used + gres.count : used - gres.count;
    }
  }
}

}  // namespace rehearse::slurm
