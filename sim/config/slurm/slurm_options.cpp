// What slurm.conf says of the cluster as a whole.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

void read_select_parameters(const SlurmWord& word, Cluster& cluster, Diagnostics& diagnostics) {
  static constexpr std::string_view kKnown[] = {"CR_CPU",
                                                "CR_CPU_Memory",
                                                "CR_Core",
                                                "CR_Core_Memory",
                                                "CR_Socket",
                                                "CR_Socket_Memory",
                                                "CR_Memory",
                                                "CR_ONE_TASK_PER_CORE",
                                                "CR_LLN",
                                                "CR_Pack_Nodes",
                                                "LL_SHARED_GRES",
                                                "CR_CORE_DEFAULT_DIST_BLOCK",
                                                "CR_Board",
                                                "MULTIPLE_SHARING_GRES_PJ",
                                                "ENFORCE_BINDING_GRES",
                                                "ONE_TASK_PER_SHARING_GRES",
                                                "OTHER_CONS_RES",
                                                "OTHER_CONS_TRES",
                                                "NHC_NO",
                                                "NHC_NO_STEPS",
                                                "NHC_ABSOLUTELY_NO"};
  SelectParameters& select = cluster.select;
  cluster.tracks_memory = false;
  for (const SlurmWord& each : slurm_list(word)) {
    const std::string name = lower(each.text);
    if (name.starts_with("cr_cpu")) select.unit = ConsumableUnit::Cpu;
    if (name == "cr_core" || name == "cr_core_memory") select.unit = ConsumableUnit::Core;
    if (name.starts_with("cr_socket")) select.unit = ConsumableUnit::Socket;
    if (name.starts_with("cr_") && name.ends_with("memory")) cluster.tracks_memory = true;
    if (name == "cr_one_task_per_core") select.one_task_per_core = true;
    if (name == "cr_lln") select.least_loaded = true;
    if (name == "cr_pack_nodes") select.pack_nodes = true;
    if (name == "cr_core_default_dist_block") select.blocks_by_default = true;
    if (name == "ll_shared_gres" || name == "multiple_sharing_gres_pj") {
      say_not_simulated(cluster, fmt::format("shards are counted, whichever GPU they are of "
                                             "(SelectTypeParameters={})",
                                             each.text));
    }
    const bool is_known = std::any_of(std::begin(kKnown), std::end(kKnown),
                                      [&](auto known) { return same_name(known, name); });
    if (!is_known) {
      warn(each, fmt::format("unknown SelectTypeParameters \"{}\"", each.text),
           near_help(each.text, kKnown, diagnostics), diagnostics);
    }
  }
}

void read_select(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics) {
  static constexpr std::string_view kKnown[] = {"select/linear", "select/cons_res",
                                                "select/cons_tres"};
  cluster.select.whole_nodes = true;
  if (const SlurmWord* const type = conf.find("selecttype")) {
    const std::string name = lower(type->text);
    cluster.select.whole_nodes = name.ends_with("linear");
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
      warn(*type, fmt::format("SelectType \"{}\" is taken for select/cons_tres", type->text),
           near_help(name, kKnown, diagnostics), diagnostics);
    }
  }
  cluster.tracks_memory = !cluster.select.whole_nodes;  // CR_Core_Memory is cons_tres' default
  if (const SlurmWord* const word = conf.find("selecttypeparameters")) {
    read_select_parameters(*word, cluster, diagnostics);
  }
}

/// `name:count` or the older `name*count`, by commas; one without a count.
void read_licenses(const SlurmWord& word, Cluster& cluster, Diagnostics& diagnostics) {
  for (const SlurmWord& item : slurm_list(word)) {
    const std::size_t mark = item.text.find_first_of(":*=");
    License license{item.text.substr(0, mark), 1};
    if (mark != std::string::npos) {
      const SlurmWord count{item.text.substr(mark + 1), item.line, item.at + mark + 1};
      license.count = slurm_integer(count, 0, std::numeric_limits<std::int32_t>::max(), diagnostics)
                          .value_or(0);
    }
    const auto place = std::lower_bound(
        cluster.licenses.begin(), cluster.licenses.end(), license.name,
        [](const License& each, const std::string& name) { return each.name < name; });
    if (place != cluster.licenses.end() && place->name == license.name) {
      report(item, fmt::format("license \"{}\" is given twice", license.name), "", diagnostics);
      continue;
    }
    cluster.licenses.insert(place, std::move(license));
  }
}

}  // namespace

void read_slurm_options(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics) {
  const SlurmWord* const name = conf.find("clustername");
  if (name != nullptr && check_name(*name, diagnostics)) cluster.name = name->text;
  read_select(conf, cluster, diagnostics);
  if (const SlurmWord* const word = conf.find("licenses")) {
    read_licenses(*word, cluster, diagnostics);
  }
  cluster.limits_are_safe = slurm_enforce(conf, diagnostics).safe;
  const SlurmWord* const limits = conf.find("enforcepartlimits");
  if (limits == nullptr) return;
  if (same_name(limits->text, "any")) {
    cluster.enforce_part_limits = EnforcePartLimits::Any;
  } else if (same_name(limits->text, "all") || slurm_bool(*limits, diagnostics).value_or(false)) {
    cluster.enforce_part_limits = EnforcePartLimits::All;
  }
}

SlurmEnforce slurm_enforce(const SlurmConf& conf, Diagnostics& diagnostics) {
  static constexpr std::string_view kKnown[] = {
      "associations", "limits", "nojobs", "nosteps", "qos", "safe", "wckeys", "all", "none"};
  SlurmEnforce enforce;
  const SlurmWord* const word = conf.find("accountingstorageenforce");
  if (word == nullptr) return enforce;
  for (const SlurmWord& each : slurm_list(*word)) {
    const std::string name = lower(each.text);
    const bool all = name == "all";
    if (name == "0" || name == "no") continue;
    if (all || name == "qos") enforce.qos = true;
    if (all || name == "safe") enforce.safe = true;
    if (all || name == "safe" || name == "limits") enforce.limits = true;
    const bool is_known = std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
    if (name == "1" || (is_known && name != "none" && !name.starts_with("no"))) {
      enforce.associations = true;
    } else if (!is_known) {
      warn(each, fmt::format("unknown AccountingStorageEnforce \"{}\"", each.text),
           near_help(name, kKnown, diagnostics), diagnostics);
    }
  }
  return enforce;
}

std::optional<PreemptMode> slurm_preempt_mode(const SlurmWord& word, Cluster& cluster,
                                              Diagnostics& diagnostics) {
  static constexpr std::string_view kModes[] = {"OFF", "CANCEL", "REQUEUE"};
  std::optional<PreemptMode> mode;
  for (const SlurmWord& each : slurm_list(word)) {
    const std::string name = lower(each.text);
    if (name == "within" || name == "cluster") continue;
    if (name == "suspend" || name == "gang" || name == "priority") {
      if (name == "priority") continue;
      say_not_simulated(
          cluster,
          name == "gang"
              ? "jobs have no time slices: where PreemptMode=GANG those that share nodes by "
                "OverSubscribe=FORCE run side by side, each as fast as alone"
              : "jobs are not suspended: where PreemptMode=SUSPEND they run on, and those "
                "that would preempt them wait for free resources");
      if (!mode) mode = PreemptMode::Off;
      continue;
    }
    const auto* const found = std::find_if(std::begin(kModes), std::end(kModes),
                                           [&](auto known) { return same_name(known, name); });
    if (found == std::end(kModes)) {
      report(each, fmt::format("unknown PreemptMode \"{}\"", each.text),
             near_help(each.text, kModes, diagnostics), diagnostics);
    } else {
      mode = static_cast<PreemptMode>(found - std::begin(kModes));
    }
  }
  return mode;
}

}  // namespace rehearse
