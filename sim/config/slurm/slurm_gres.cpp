#include "sim/config/slurm/slurm_gres.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/cluster/gres.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"
#include "sim/config/slurm/slurm_keys.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kMaxIndex = 100'000;  // of a core, and most of them in a list

/// Takes "(S:0-1)" off the end of an item.
std::vector<std::uint32_t> take_sockets(SlurmWord& item, Diagnostics& diagnostics) {
  const std::size_t open = item.text.find('(');
  if (open == std::string::npos) return {};
  SlurmWord inside{item.text.substr(open + 1), item.line, item.at + open + 1};
  item.text.resize(open);
  if (inside.text.empty() || inside.text.back() != ')') {
    report(inside, "a parenthesis that is not closed", "write such as gpu:a100:4(S:0-1)",
           diagnostics);
    return {};
  }
  inside.text.pop_back();
  if (!inside.text.starts_with("S:")) return {};
  inside.text.erase(0, 2);
  inside.at += 2;
  return index_list(inside, diagnostics);
}

void erase_word(std::string& text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at != std::string::npos) text.erase(at, word.size());
}

/// Devices that a file name stands for: /dev/nvidia[0-3] is four.
std::int64_t device_count(const SlurmWord& file, Diagnostics& diagnostics) {
  const auto hosts = slurm_hosts(file, diagnostics);
  return hosts ? static_cast<std::int64_t>(hosts->size()) : 1;
}

void read_gres_line(const SlurmRecord& record, GresConf& conf, Diagnostics& diagnostics) {
  const SlurmWord* const name = record.find("name");
  if (name == nullptr) return;  // AutoDetect alone
  GresLine line{name->text, "", 1, {}};
  if (const SlurmWord* const type = record.find("type")) line.type = type->text;
  for (const char* const key : {"file", "multiplefiles"}) {
    if (const SlurmWord* const file = record.find(key)) {
      line.count = device_count(*file, diagnostics);
    }
  }
  if (const SlurmWord* const count = record.find("count")) {
    const std::string list = "gres:" + count->text;
    const GresList parsed = parse_gres(list);
    if (parsed.ok()) {
      line.count = parsed.items.empty() ? 0 : parsed.items[0].count;
    } else {
      report(*count, fmt::format("\"{}\" is not a count", count->text), "", diagnostics);
    }
  }
  for (const char* const key : {"cores", "cpus"}) {
    if (const SlurmWord* const cores = record.find(key)) {
      line.cores = index_list(*cores, diagnostics);
    }
  }
  const std::size_t position = conf.lines.size();
  conf.lines.push_back(std::move(line));
  const SlurmWord* const nodes = record.find("nodename");
  if (nodes == nullptr) {
    conf.everywhere.push_back(position);
  } else if (const auto hosts = slurm_hosts(*nodes, diagnostics)) {
    for (const std::string& host : *hosts) conf.by_node[host].push_back(position);
  }
}

/// Core numbers of a node with so many: CPU numbers of second threads stand for their cores.
std::vector<std::uint32_t> core_numbers(const std::vector<std::uint32_t>& written,
                                        std::uint32_t cores) {
  std::set<std::uint32_t> numbers;
  for (const std::uint32_t each : written) numbers.insert(each % cores);
  if (numbers.size() == cores) return {};
  return {numbers.begin(), numbers.end()};
}

}  // namespace

std::vector<const GresLine*> GresConf::of(const std::string& node) const {
  std::vector<std::size_t> positions = everywhere;
  if (const auto found = by_node.find(node); found != by_node.end()) {
    positions.insert(positions.end(), found->second.begin(), found->second.end());
  }
  std::sort(positions.begin(), positions.end());
  std::vector<const GresLine*> result;
  for (const std::size_t position : positions) result.push_back(&lines[position]);
  return result;
}

GresConf read_gres_conf(const std::string& file, SlurmConf& conf, Diagnostics& diagnostics) {
  static const SlurmKeys kKeys{"gres.conf",
                               {{"AutoDetect"},
                                {"Cores"},
                                {"Count"},
                                {"CPUs"},
                                {"File"},
                                {"Flags"},
                                {"Ignore"},
                                {"Link"},
                                {"Links"},
                                {"MultipleFiles"},
                                {"Name"},
                                {"NodeName"},
                                {"Type"}}};
  GresConf result;
  std::set<std::string> warned;
  for (const SlurmPairs& pairs : read_slurm_file(file, conf.files, diagnostics)) {
    SlurmRecord record{pairs.front().value};
    for (const SlurmPair& pair : pairs) {
      record.values[pair.name] = pair.value;
      if (kKeys.find(pair.name) == nullptr && warned.insert(pair.name).second) {
        warn(pair.key, fmt::format("unknown key \"{}\" of gres.conf", pair.key.text),
             near_help(pair.key.text, kKeys.names(), diagnostics), diagnostics);
      }
    }
    read_gres_line(record, result, diagnostics);
  }
  return result;
}

std::vector<NodeGres> read_node_gres(const SlurmWord& word, const std::vector<SlurmWord>& types,
                                     Diagnostics& diagnostics) {
  std::vector<NodeGres> result;
  for (SlurmWord& item : slurm_pieces(word, '(', ')')) {
    const std::vector<std::uint32_t> sockets = take_sockets(item, diagnostics);
    erase_word(item.text, ":no_consume");
    const GresList list = parse_gres(item.text);
    if (!list.ok()) {
      report(item, list.error, "write name:type:count, such as gpu:a100:8", diagnostics,
             list.offset);
      continue;
    }
    for (const GresCount& each : list.items) {
      const bool is_known = std::any_of(types.begin(), types.end(), [&](const SlurmWord& type) {
        return same_name(type.text, each.name);
      });
      if (!is_known) {
        std::vector<std::string_view> known;
        for (const SlurmWord& type : types) known.push_back(type.text);
        report(item, fmt::format("GRES \"{}\" is not in GresTypes", each.name),
               known.empty() ? fmt::format("write GresTypes={}", each.name)
                             : near_help(each.name, known, diagnostics),
               diagnostics);
      }
      result.push_back({each.name, each.type, each.count, sockets});
    }
  }
  return result;
}

void complete_types(std::vector<NodeGres>& gres, const std::vector<const GresLine*>& lines) {
  std::vector<NodeGres> result;
  for (NodeGres& item : gres) {
    std::int64_t typed = 0;
    bool all_typed = true;
    for (const GresLine* const line : lines) {
      if (line->name != item.name) continue;
      all_typed = all_typed && !line->type.empty();
      typed += line->count;
    }
    if (!item.type.empty() || !all_typed || typed != item.count) {
      result.push_back(std::move(item));
      continue;
    }
    for (const GresLine* const line : lines) {
      if (line->name != item.name) continue;
      const auto same = std::find_if(result.begin(), result.end(), [&](const NodeGres& each) {
        return each.name == line->name && each.type == line->type;
      });
      if (same != result.end()) {
        same->count += line->count;
      } else {
        result.push_back({line->name, line->type, line->count, item.sockets});
      }
    }
  }
  gres = std::move(result);
}

void place_devices(Node& node, const std::vector<NodeGres>& gres,
                   const std::vector<const GresLine*>& lines, Cluster& cluster) {
  const std::uint32_t cores = node.sockets * node.cores_per_socket;
  std::vector<GresDevices> devices;
  bool is_near_some = false;
  const auto add = [&](GresId kind, std::uint32_t count, const std::vector<std::uint32_t>& near) {
    if (count == 0) return;
    is_near_some = is_near_some || !near.empty();
    if (!devices.empty() && devices.back().kind == kind && devices.back().cores == near) {
      devices.back().count += count;
    } else {
      devices.push_back({kind, count, near});
    }
  };
  std::vector<std::uint32_t> left = node.gres;
  left.resize(cluster.gres.size(), 0);
  for (const GresLine* const line : lines) {
    std::int64_t on_line = line->count;
    for (const NodeGres& item : gres) {
      const bool same_type = line->type == item.type || line->type.empty() || item.type.empty();
      if (line->name != item.name || !same_type) continue;
      const GresId kind = gres_kind(cluster, item.name, item.type);
      const auto count =
          static_cast<std::uint32_t>(std::min<std::int64_t>(on_line, left[index(kind)]));
      left[index(kind)] -= count;
      on_line -= count;
      add(kind, count, core_numbers(line->cores, cores));
    }
  }
  for (const NodeGres& item : gres) {
    const GresId kind = gres_kind(cluster, item.name, item.type);
    std::vector<std::uint32_t> near;
    for (const std::uint32_t socket : item.sockets) {
      for (std::uint32_t i = 0; i < node.cores_per_socket; ++i) {
        near.push_back(socket * node.cores_per_socket + i);
      }
    }
    const auto count =
        static_cast<std::uint32_t>(std::min<std::int64_t>(item.count, left[index(kind)]));
    left[index(kind)] -= count;
    add(kind, count, core_numbers(near, cores));
  }
  if (is_near_some) node.devices = std::move(devices);
}

std::vector<std::uint32_t> index_list(const SlurmWord& word, Diagnostics& diagnostics) {
  std::vector<std::uint32_t> result;
  for (const SlurmWord& piece : slurm_list(word)) {
    const std::size_t dash = piece.text.find('-');
    const auto first = parse_int64(std::string_view(piece.text).substr(0, dash));
    const auto last = dash == std::string::npos
                          ? first
                          : parse_int64(std::string_view(piece.text).substr(dash + 1));
    const bool is_range = first && last && *first >= 0 && *last >= *first && *last <= kMaxIndex;
    if (!is_range || static_cast<std::int64_t>(result.size()) > kMaxIndex) {
      report(piece, fmt::format("\"{}\" is not a list of numbers", word.text),
             "write such as 0-3,8", diagnostics);
      return {};
    }
    for (std::int64_t i = *first; i <= *last; ++i) result.push_back(static_cast<std::uint32_t>(i));
  }
  return result;
}

}  // namespace rehearse
