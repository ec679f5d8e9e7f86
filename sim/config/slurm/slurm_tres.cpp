// TRES lists of slurm.conf and sacctmgr, item by item: one that is not simulated does not cost the
// others.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "sim/base/text.hpp"
#include "sim/cluster/gres.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

/// Whether Slurm counts what the simulator does not: licenses, burst buffers, energy, ...
bool is_not_counted(std::string_view lower_name) {
  static constexpr std::string_view kNotCounted[] = {"license/", "bb/",   "energy", "fs/",
                                                     "ic/",      "pages", "vmem"};
  return std::any_of(std::begin(kNotCounted), std::end(kNotCounted),
                     [&](std::string_view start) { return lower_name.starts_with(start); });
}

/// The items of `word` that the simulator counts.
std::vector<SlurmWord> counted_items(const SlurmWord& word, Cluster& cluster,
                                     Diagnostics& diagnostics) {
  std::vector<SlurmWord> result;
  for (SlurmWord& item : slurm_list(word)) {
    const std::string name = lower(item.text.substr(0, item.text.find('=')));
    if (is_not_counted(name)) {
      say_not_simulated(cluster, fmt::format("limits and weights of {} do not count", name));
    } else if (name.starts_with("gres/") && !parse_tres(name + "=0", cluster).ok()) {
      warn(item, fmt::format("no node has \"{}\"", name), "what is said of it does not count",
           diagnostics);
    } else {
      if (name.starts_with("gres/")) item.text.replace(0, name.size(), name);
      result.push_back(std::move(item));
    }
  }
  return result;
}

}  // namespace

std::vector<std::pair<std::size_t, std::int64_t>> slurm_tres(const SlurmWord& word,
                                                             Cluster& cluster,
                                                             Diagnostics& diagnostics) {
  std::vector<std::pair<std::size_t, std::int64_t>> result;
  for (const SlurmWord& item : counted_items(word, cluster, diagnostics)) {
    const TresParse parsed = parse_tres(item.text, cluster);
    if (!parsed.ok()) {
      report(item, parsed.error, "write such as cpu=112,mem=128G,gres/gpu:a40=4", diagnostics,
             parsed.offset);
      continue;
    }
    const std::string name = item.text.substr(0, item.text.find('='));
    const TresParse zero = parse_tres(name + "=0", cluster);
    for (std::size_t i = 0; i < zero.counts.size(); ++i) {
      if (zero.counts[i] == 0) result.emplace_back(i, parsed.counts[i]);
    }
  }
  return result;
}

void check_tracked_tres(const SlurmConf& conf, Diagnostics& diagnostics) {
  const SlurmWord* const list = conf.find("accountingstoragetres");
  if (list == nullptr) return;
  std::vector<std::string> known{"cpu", "mem", "node", "billing", "gres/gpu", "gres/mps"};
  if (const SlurmWord* const types = conf.find("grestypes")) {
    for (const SlurmWord& type : slurm_list(*types)) known.push_back("gres/" + lower(type.text));
  }
  for (const SlurmWord& item : slurm_list(*list)) {
    const std::string name = lower(item.text.substr(0, item.text.find(':')));
    if (is_not_counted(name) || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    warn(item, fmt::format("unknown TRES \"{}\"", item.text),
         name.starts_with("gres/") ? "GresTypes does not name it" : "", diagnostics);
  }
}

std::vector<double> slurm_weights(const SlurmWord& word, Cluster& cluster,
                                  Diagnostics& diagnostics) {
  std::vector<double> weights(cluster.tres_count(), 0.0);
  for (const SlurmWord& item : counted_items(word, cluster, diagnostics)) {
    const WeightParse parsed = parse_billing_weights(item.text, cluster);
    if (!parsed.ok()) {
      report(item, parsed.error, "write such as CPU=1.0,Mem=0.25G,GRES/gpu=2.0", diagnostics,
             parsed.offset);
    }
    for (std::size_t i = 0; i < parsed.weights.size(); ++i) weights[i] += parsed.weights[i];
  }
  return weights;
}

}  // namespace rehearse
