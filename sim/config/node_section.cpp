// Nodes: their layout, GRES and devices.
#include <fmt/format.h>

#include <algorithm>

#include "sim/cluster/gres.hpp"
#include "sim/config/section_fields.hpp"

namespace rehearse {
namespace {

void add_gres(Cluster& cluster, const Yaml& yaml, const std::string& name, const std::string& type,
              std::int64_t count, NodeGroup& group, Diagnostics& diagnostics) {
  const bool is_new =
      group.gres.emplace(gres_kind(cluster, name, type), static_cast<std::uint32_t>(count)).second;
  if (!is_new) {
    report(yaml, fmt::format("{}{}{} is given twice", name, type.empty() ? "" : ":", type), "",
           diagnostics);
  }
  if (name == "shard") {
    say_not_simulated(cluster, "shards are counted apart from the GPUs that they are parts of");
  }
}

Field<NodeGroup> gpus(Cluster& cluster) {
  Shape count{Shape::Kind::Integer};
  count.min = 0;
  Shape mapping{Shape::Kind::Mapping};
  mapping.of = {count};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {count, mapping};
  return {std::move(shape),
          [&cluster](const Yaml& yaml, NodeGroup& group, Diagnostics& diagnostics) {
            const auto add = [&](const Yaml& at, const Yaml& value, const std::string& type) {
              const auto read = read_integer(value, 0, kMaxCpus, diagnostics);
              if (read) add_gres(cluster, at, "gpu", type, *read, group, diagnostics);
            };
            if (yaml.kind != Yaml::Kind::Map) return add(yaml, yaml, "");
            for (const Yaml::Member& each : yaml.members) {
              if (const auto type = read_name(each.key, diagnostics)) {
                add(each.key, each.value, *type);
              }
            }
          }};
}

Field<NodeGroup> gres(Cluster& cluster) {
  return {{Shape::Kind::Text},
          [&cluster](const Yaml& yaml, NodeGroup& group, Diagnostics& diagnostics) {
            const auto text = read_string(yaml, diagnostics);
            if (!text) return;
            const GresList list = parse_gres(*text);
            if (!list.ok()) {
              report(yaml, list.error, "write name:type:count, such as gpu:a40:8", diagnostics,
                     list.offset);
            }
            for (const GresCount& item : list.items) {
              add_gres(cluster, yaml, item.name, item.type, item.count, group, diagnostics);
            }
          }};
}

/// A text "0-15,32" as numbers.
std::optional<std::vector<std::uint32_t>> read_numbers(const Yaml& yaml, Diagnostics& diagnostics) {
  const auto text = read_string(yaml, diagnostics);
  if (!text) return std::nullopt;
  std::vector<std::uint32_t> numbers;
  for (const std::string_view piece : split(*text, ',')) {
    const std::size_t dash = std::min(piece.find('-'), piece.size());
    const auto first = parse_int64(piece.substr(0, dash));
    const auto last = dash == piece.size() ? first : parse_int64(piece.substr(dash + 1));
    const bool is_range = first && last && *first >= 0 && *last >= *first && *last < kMaxCpus;
    if (!is_range || numbers.size() > kMaxCpus) {
      report(yaml, fmt::format("\"{}\" is not a list of numbers", *text), "write such as 0-15,32",
             diagnostics);
      return std::nullopt;
    }
    for (std::int64_t i = *first; i <= *last; ++i) {
      numbers.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return numbers;
}

/// What one item of `devices` says.
struct DeviceEntry {
  std::string gres{};
  std::vector<std::uint32_t> cores{};
};

Field<NodeGroup> devices(Cluster& cluster) {
  const Section<DeviceEntry> section(
      "devices", {
                     {"gres", stored({Shape::Kind::Text}, &DeviceEntry::gres, read_string),
                      "Name, type and count: gpu:a40:4", true},
                     {"cores", stored({Shape::Kind::Text}, &DeviceEntry::cores, read_numbers),
                      "Cores that they are near, by number: 0-15; without it all"},
                 });
  return list_of<NodeGroup>(section.shape(), [section, &cluster](const Yaml& yaml, NodeGroup& group,
                                                                 Diagnostics& diagnostics) {
    DeviceEntry entry;
    section.read(yaml, entry, diagnostics);
    const GresList list = parse_gres(entry.gres);
    if (!list.ok()) {
      report(*yaml.find("gres"), list.error, "write name:type:count, such as gpu:a40:4",
             diagnostics, list.offset);
    }
    for (const GresCount& item : list.items) {
      group.devices.push_back({gres_kind(cluster, item.name, item.type),
                               static_cast<std::uint32_t>(item.count), entry.cores});
    }
  });
}

}  // namespace

Section<NodeGroup> node_section(Cluster& cluster) {
  Section<NodeGroup> section(
      "node group",
      {
          {"names", stored({Shape::Kind::Text}, &NodeGroup::names, read_hosts),
           "Names with ranges: gpu[001-048]", true},
          {"cpus", integer(&NodeGroup::cpus, 1, kMaxCpus), "CPUs: sockets x cores x threads"},
          {"sockets", integer(&NodeGroup::sockets, 1, kMaxCpus), "Sockets"},
          {"cores_per_socket", integer(&NodeGroup::cores_per_socket, 1, kMaxCpus),
           "Cores of each socket"},
          {"threads_per_core", integer(&NodeGroup::threads_per_core, 1, 1024),
           "Hardware threads of each core; each is a CPU"},
          {"reserved_cpus", integer(&NodeGroup::reserved_cpus, 0, kMaxCpus),
           "CPUs that jobs cannot use"},
          {"reserved_cores", integer(&NodeGroup::reserved_cores, 0, kMaxCpus),
           "CoreSpecCount: cores that jobs cannot use, the highest of each socket"},
          {"memory", memory(&NodeGroup::memory_mib), "Memory with its unit: 384G"},
          {"reserved_memory", memory(&NodeGroup::reserved_memory_mib),
           "Memory that jobs cannot use"},
          {"gpus", gpus(cluster), "GPUs by type, {a40: 8}, or a number of untyped ones"},
          {"gres", gres(cluster), "Generic resources in Slurm's notation: gpu:a40:8,license:2"},
          {"devices", devices(cluster),
           "Which cores the GRES are near, in the order of their numbers"},
          {"features", names<NodeGroup>(&NodeGroup::features, nullptr), "Words for --constraint"},
          {"weight", integer(&NodeGroup::weight, 0), "Lower is used first"},
          {"cloud", field(&NodeGroup::is_cloud),
           "State=CLOUD: powered down when the run begins; needs `power`"},
      });
  section.add(keys_not_simulated<NodeGroup>(cluster));
  return section;
}

}  // namespace rehearse
