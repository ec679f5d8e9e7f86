// slurm.conf as a whole: which keys there are, which of them are records, which are ignored.
#include "sim/config/slurm/slurm_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_keys.hpp"

namespace rehearse {
namespace {

/// Whether a setting that turns nothing on was given: NO, 0, none, (null).
bool is_off(const SlurmWord& value) {
  static constexpr std::array kOff{"0",      "no",       "none",      "false",
                                   "(null)", "infinite", "unlimited", "-1"};
  return std::any_of(kOff.begin(), kOff.end(),
                     [&](const char* off) { return same_name(value.text, off); });
}

/// Warns of keys that there are not, the first kMost one by one, or says what is not simulated.
class KeyCheck {
 public:
  KeyCheck(Cluster& cluster, Diagnostics& diagnostics)
      : cluster_(cluster), diagnostics_(diagnostics) {}

  void check(const SlurmPair& pair, const SlurmKeys& keys) {
    const SlurmKey* const key = keys.find(pair.name);
    if (key == nullptr) {
      if (!unknown_.insert(pair.name).second) return;
      if (unknown_.size() == kMost + 1) first_not_shown_ = pair.key;
      if (unknown_.size() > kMost) return;
      warn(pair.key, fmt::format("unknown key \"{}\" of {}", pair.key.text, keys.what),
           near_help(pair.key.text, keys.names(), diagnostics_), diagnostics_);
    } else if (!key->not_simulated.empty() && !is_off(pair.value)) {
      say_not_simulated(cluster_, fmt::format("{} ({})", key->not_simulated, key->name));
    }
  }

  void finish() {
    if (unknown_.size() <= kMost) return;
    const std::size_t more = unknown_.size() - kMost;
    warn(first_not_shown_, fmt::format("{} more unknown key{}", more, more == 1 ? "" : "s"), "",
         diagnostics_);
  }

 private:
  static constexpr std::size_t kMost = 20;
  Cluster& cluster_;
  Diagnostics& diagnostics_;
  std::set<std::string> unknown_;
  SlurmWord first_not_shown_;
};

/// Puts the pairs of a line into `record`, the first of which names it.
void fill(SlurmRecord& record, const SlurmPairs& line) {
  for (std::size_t i = 1; i < line.size(); ++i) record.values[line[i].name] = line[i].value;
}

}  // namespace

std::vector<SlurmRecord> slurm_records(const std::vector<SlurmPairs>& lines, std::string_view name,
                                       Diagnostics& diagnostics) {
  const bool is_host_list = name == "nodename" || name == "downnodes";
  std::vector<SlurmRecord> records;
  SlurmRecord defaults;
  for (const SlurmPairs& line : lines) {
    if (line.front().name != name) continue;
    if (same_name(line.front().value.text, "default")) {
      fill(defaults, line);
      continue;
    }
    if (!is_host_list && !check_name(line.front().value, diagnostics)) continue;
    SlurmRecord record = defaults;
    record.name = line.front().value;
    fill(record, line);
    records.push_back(std::move(record));
  }
  return records;
}

SlurmConf read_slurm_conf(const std::string& path, Cluster& cluster, Diagnostics& diagnostics) {
  SlurmConf conf;
  const std::vector<SlurmPairs> lines = read_slurm_file(path, conf.files, diagnostics);
  KeyCheck keys(cluster, diagnostics);
  for (const SlurmPairs& line : lines) {
    const SlurmKeys* const record = slurm_record_keys(line.front().name);
    for (std::size_t i = record != nullptr ? 1 : 0; i < line.size(); ++i) {
      const SlurmPair& pair = line[i];
      keys.check(pair, record != nullptr ? *record : slurm_option_keys());
      if (record != nullptr) continue;
      const auto [found, is_new] = conf.options.values.emplace(pair.name, pair.value);
      const bool may_repeat = pair.name == "slurmctldhost";
      if (!is_new && !may_repeat && found->second.text != pair.value.text) {
        warn(pair.key, fmt::format("{} is given again", pair.key.text), "the last one counts",
             diagnostics);
      }
      found->second = pair.value;
    }
  }
  keys.finish();
  conf.nodes = slurm_records(lines, "nodename", diagnostics);
  conf.node_sets = slurm_records(lines, "nodeset", diagnostics);
  conf.down_nodes = slurm_records(lines, "downnodes", diagnostics);
  conf.partitions = slurm_records(lines, "partitionname", diagnostics);
  return conf;
}

}  // namespace rehearse
