// The options of sacctmgr(1): every name that it takes for a limit, and what else an account, a
// user or a QOS may have.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <variant>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_accounting.hpp"

namespace rehearse {
namespace {

using TresMember = TresCounts Limits::*;
using JobsMember = std::optional<std::int64_t> Limits::*;
using WallMember = std::optional<Duration> Limits::*;
/// An old name of a limit of one TRES: GrpCPUs is GrpTRES=cpu.
struct OneTres {
  TresMember member;
  std::string_view tres;
};
struct NotSimulated {};

enum class Whose : std::uint8_t { Assoc, Qos, Both };
struct LimitOption {
  std::string_view names;  ///< by blanks; the first is sacctmgr's own
  Whose whose;
  std::variant<TresMember, OneTres, JobsMember, WallMember, NotSimulated> target;
};

const LimitOption kLimits[] = {
    {"GrpTRES", Whose::Both, &Limits::grp_tres},
    {"GrpTRESMins GrpTRESMin", Whose::Both, &Limits::grp_tres_minutes},
    {"GrpTRESRunMins GrpTRESRunMin", Whose::Both, &Limits::grp_tres_run_minutes},
    {"MaxTRES MaxTRESPerJob MaxTRESPJ", Whose::Both, &Limits::max_tres_per_job},
    {"MaxTRESPerNode MaxTRESPN", Whose::Both, &Limits::max_tres_per_node},
    {"MaxTRESMins MaxTRESMinsPerJob MaxTRESMinsPJ", Whose::Both, &Limits::max_tres_minutes_per_job},
    {"MaxTRESPerUser MaxTRESPU", Whose::Qos, &Limits::max_tres_per_user},
    {"MaxTRESPerAccount MaxTRESPA", Whose::Qos, &Limits::max_tres_per_account},
    {"MinTRES MinTRESPerJob MinTRESPJ", Whose::Qos, &Limits::min_tres_per_job},
    {"GrpCPUs", Whose::Both, OneTres{&Limits::grp_tres, "cpu"}},
    {"GrpMemory GrpMem", Whose::Both, OneTres{&Limits::grp_tres, "mem"}},
    {"GrpNodes", Whose::Both, OneTres{&Limits::grp_tres, "node"}},
    {"GrpCPUMins", Whose::Both, OneTres{&Limits::grp_tres_minutes, "cpu"}},
    {"GrpCPURunMins", Whose::Both, OneTres{&Limits::grp_tres_run_minutes, "cpu"}},
    {"MaxCPUs MaxCPUsPerJob", Whose::Both, OneTres{&Limits::max_tres_per_job, "cpu"}},
    {"MaxNodes MaxNodesPerJob", Whose::Both, OneTres{&Limits::max_tres_per_job, "node"}},
    {"MaxCPUMins MaxCPUMinsPerJob", Whose::Both, OneTres{&Limits::max_tres_minutes_per_job, "cpu"}},
    {"MaxCPUsPerUser MaxCPUsPU", Whose::Qos, OneTres{&Limits::max_tres_per_user, "cpu"}},
    {"MaxNodesPerUser MaxNodesPU", Whose::Qos, OneTres{&Limits::max_tres_per_user, "node"}},
    {"MinCPUs MinCPUsPerJob", Whose::Qos, OneTres{&Limits::min_tres_per_job, "cpu"}},
    {"MinNodes MinNodesPerJob", Whose::Qos, OneTres{&Limits::min_tres_per_job, "node"}},
    {"GrpJobs", Whose::Both, &Limits::grp_jobs},
    {"GrpSubmitJobs GrpSubmit GrpSubmitJob", Whose::Both, &Limits::grp_submit_jobs},
    {"MaxJobs", Whose::Assoc, &Limits::max_jobs},
    {"MaxSubmitJobs MaxSubmit MaxSubmitJob", Whose::Assoc, &Limits::max_submit_jobs},
    {"MaxJobsPerUser MaxJobsPU MaxJobs", Whose::Qos, &Limits::max_jobs_per_user},
    {"MaxJobsPerAccount MaxJobsPA", Whose::Qos, &Limits::max_jobs_per_account},
    {"MaxSubmitJobsPerUser MaxSubmitJobsPU MaxSubmitPU MaxSubmitPerUser MaxSubmitJobs MaxSubmit",
     Whose::Qos, &Limits::max_submit_jobs_per_user},
    {"MaxSubmitJobsPerAccount MaxSubmitJobsPA MaxSubmitPA MaxSubmitPerAccount", Whose::Qos,
     &Limits::max_submit_jobs_per_account},
    {"MaxWall MaxWallDurationPerJob MaxWallDuration MaxWallPerJob MaxWallPJ", Whose::Both,
     &Limits::max_wall_per_job},
    {"GrpWall GrpWallMins", Whose::Both, &Limits::grp_wall},
    {"GrpJobsAccrue", Whose::Both, NotSimulated{}},
    {"MaxJobsAccrue", Whose::Assoc, NotSimulated{}},
    {"MaxJobsAccruePerUser MaxJobsAccruePU MaxJobsAccrue", Whose::Qos, NotSimulated{}},
    {"MaxJobsAccruePerAccount MaxJobsAccruePA", Whose::Qos, NotSimulated{}},
    {"MaxTRESRunMins MaxTRESRunMin", Whose::Assoc, NotSimulated{}},
    {"MaxTRESRunMinsPerUser MaxTRESRunMinsPU", Whose::Qos, NotSimulated{}},
    {"MaxTRESRunMinsPerAccount MaxTRESRunMinsPA", Whose::Qos, NotSimulated{}},
};

bool is_named(std::string_view names, std::string_view lower_name) {
  for (const std::string_view name : split(names, ' ')) {
    if (same_name(name, lower_name)) return true;
  }
  return false;
}

bool is_clearing(const SlurmWord& value) {
  return value.text.empty() || value.text == "-1" || is_unlimited(value.text);
}

void set_tres(TresCounts& counts, const SlurmWord& value, Cluster& cluster,
              Diagnostics& diagnostics) {
  if (is_clearing(value)) {
    counts.clear();
    return;
  }
  for (const auto& [position, amount] : slurm_tres(value, cluster, diagnostics)) {
    if (counts.empty()) counts.assign(cluster.tres_count(), kNoLimit);
    counts[position] = amount;
  }
  const bool is_nothing =
      std::all_of(counts.begin(), counts.end(), [](std::int64_t each) { return each == kNoLimit; });
  if (is_nothing) counts.clear();
}

template <class T>
void set_flag_list(const SlurmOption& option, T&& set) {
  for (const SlurmWord& word : slurm_list(option.value)) set(word);
}

/// A flag of a QOS; null if it is none that the simulator has.
bool* qos_flag(Qos& qos, std::string_view name) {
  const std::pair<std::string_view, bool*> flags[] = {
      {"DenyOnLimit", &qos.deny_on_limit},
      {"NoDecay", &qos.no_decay},
      {"NoReserve", &qos.no_reserve},
      {"OverPartQOS", &qos.over_part_qos},
      {"PartitionMaxNodes", &qos.partition_max_nodes},
      {"PartitionMinNodes", &qos.partition_min_nodes},
      {"PartitionTimeLimit", &qos.partition_time_limit},
      {"RequiresReservation", &qos.requires_reservation},
      {"RequiresRes", &qos.requires_reservation},
      {"UsageFactorSafe", &qos.usage_factor_safe},
  };
  for (const auto& [known, flag] : flags) {
    if (same_name(known, name)) return flag;
  }
  return nullptr;
}

constexpr std::string_view kQosFlags[] = {
    "DenyOnLimit",         "EnforceUsageThreshold", "NoDecay",           "NoReserve",
    "OverPartQOS",         "PartitionMaxNodes",     "PartitionMinNodes", "PartitionTimeLimit",
    "RequiresReservation", "UsageFactorSafe",       "Relative",          "PartitionQOS"};

void set_qos_flags(Qos& qos, const SlurmOption& option, Cluster& cluster,
                   Diagnostics& diagnostics) {
  if (option.op == '=') {
    for (const std::string_view name : kQosFlags) {
      if (bool* const flag = qos_flag(qos, name)) *flag = false;
    }
  }
  for (const SlurmWord& word : slurm_list(option.value)) {
    if (bool* const flag = qos_flag(qos, word.text)) {
      *flag = option.op != '-';
    } else if (same_name(word.text, "enforceusagethreshold")) {
      if (!qos.usage_threshold) qos.usage_threshold = 0;
    } else if (same_name(word.text, "relative")) {
      say_not_simulated(cluster, "limits of a QOS are counts, not parts of the cluster (Relative)");
    } else if (word.text != "-1" && !same_name(word.text, "partitionqos")) {
      warn(word, fmt::format("unknown flag \"{}\" of a QOS", word.text),
           near_help(word.text, kQosFlags, diagnostics), diagnostics);
    }
  }
}

std::string tres_text(const TresCounts& counts, const Cluster& cluster) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == kNoLimit) continue;
    const std::string unit = i == kTresMem ? "M" : "";
    items.push_back(fmt::format("{}={}{}", cluster.tres_name(i), counts[i], unit));
  }
  return fmt::format("{}", fmt::join(items, ","));
}

/// "" if it is not set, or if it is another name of one that is told already.
std::string limit_text(const Limits& limits, const LimitOption& limit, const Cluster& cluster) {
  if (const auto* const tres = std::get_if<TresMember>(&limit.target)) {
    return tres_text(limits.**tres, cluster);
  }
  if (const auto* const jobs = std::get_if<JobsMember>(&limit.target)) {
    return limits.**jobs ? std::to_string(*(limits.**jobs)) : "";
  }
  if (const auto* const wall = std::get_if<WallMember>(&limit.target)) {
    return limits.**wall ? format_slurm_seconds(whole_seconds(*(limits.**wall))) : "";
  }
  return {};
}

constexpr std::string_view kAssocWords =
    "Partition Partitions Cluster Clusters AdminLevel Admin "
    "Coordinator Coordinators DefaultWCKey WCKeys WithCoord RawUsage Comment Lineage Name Names "
    "Account Accounts User Users Flags Classification Format";

}  // namespace

std::vector<std::pair<std::string, std::string>> limit_texts(const Limits& limits, bool is_qos,
                                                             const Cluster& cluster) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const LimitOption& limit : kLimits) {
    if (limit.whose == (is_qos ? Whose::Assoc : Whose::Qos)) continue;
    std::string text = limit_text(limits, limit, cluster);
    if (!text.empty()) result.emplace_back(split(limit.names, ' ')[0], std::move(text));
  }
  return result;
}

std::vector<std::string> qos_flag_names(Qos qos) {
  std::vector<std::string> names;
  for (const std::string_view name : kQosFlags) {
    if (const bool* const flag = qos_flag(qos, name); flag != nullptr && *flag) {
      names.emplace_back(name);
    }
  }
  return names;
}

bool SlurmAccounting::set_limit(Limits& limits, bool is_qos, const SlurmOption& option) {
  for (const LimitOption& limit : kLimits) {
    if (limit.whose == (is_qos ? Whose::Assoc : Whose::Qos)) continue;
    if (!is_named(limit.names, option.name)) continue;
    const SlurmWord& value = option.value;
    if (const auto* const tres = std::get_if<TresMember>(&limit.target)) {
      set_tres(limits.**tres, value, cluster_, diagnostics_);
    } else if (const auto* const one = std::get_if<OneTres>(&limit.target)) {
      SlurmWord list{fmt::format("{}={}", one->tres, value.text), value.line, value.at};
      set_tres(limits.*one->member, list, cluster_, diagnostics_);
    } else if (const auto* const jobs = std::get_if<JobsMember>(&limit.target)) {
      (limits.**jobs).reset();
      if (!is_clearing(value)) {
        limits.** jobs =
            slurm_integer(value, 0, std::numeric_limits<std::int32_t>::max(), diagnostics_);
      }
    } else if (const auto* const wall = std::get_if<WallMember>(&limit.target)) {
      (limits.**wall).reset();
      if (!is_clearing(value)) limits.** wall = slurm_minutes(value, diagnostics_);
    } else if (!is_clearing(value)) {
      say_not_simulated(cluster_, fmt::format("{} limits nothing", split(limit.names, ' ')[0]));
    }
    return true;
  }
  return false;
}

void SlurmAccounting::set(QosDraft& draft, const SlurmOption& option) {
  constexpr std::int64_t kMaxPriority = std::numeric_limits<std::int32_t>::max();
  Qos& qos = draft.qos;
  const SlurmWord& value = option.value;
  const std::string_view name = option.name;
  if (set_limit(qos.limits, true, option)) return;
  if (name == "priority") {
    const auto number =
        value.text == "-1" ? 0 : slurm_integer(value, 0, kMaxPriority, diagnostics_);
    qos.priority = static_cast<std::int32_t>(number.value_or(0));
  } else if (name == "flags") {
    set_qos_flags(qos, option, cluster_, diagnostics_);
  } else if (name == "preempt") {
    if (option.op == '=') draft.preempts.clear();
    for (SlurmWord& word : slurm_list(value)) {
      if (option.op == '-') {
        std::erase_if(draft.preempts,
                      [&](const SlurmWord& each) { return same_name(each.text, word.text); });
      } else {
        draft.preempts.push_back(std::move(word));
      }
    }
  } else if (name == "preemptmode") {
    qos.preempt_mode = same_name(value.text, "cluster") || value.text == "-1"
                           ? std::nullopt
                           : slurm_preempt_mode(value, cluster_, diagnostics_);
  } else if (name == "gracetime") {
    qos.grace_time = is_clearing(value) ? std::nullopt : slurm_seconds(value, diagnostics_);
    if (qos.grace_time == Duration::zero()) qos.grace_time.reset();
  } else if (name == "preemptexempttime") {
    qos.preempt_exempt_time =
        is_clearing(value) ? std::nullopt : slurm_minutes(value, diagnostics_);
  } else if (name == "usagefactor") {
    qos.usage_factor = value.text == "-1" ? 1 : slurm_number(value, diagnostics_).value_or(1);
  } else if (name == "limitfactor") {
    qos.limit_factor = is_clearing(value) ? std::nullopt : slurm_number(value, diagnostics_);
  } else if (name == "usagethreshold" || name == "usagethres") {
    qos.usage_threshold = is_clearing(value) ? std::nullopt : slurm_number(value, diagnostics_);
  } else if (name == "minpriothreshold" || name == "minpriothresh") {
    qos.min_priority =
        is_clearing(value) ? std::nullopt : slurm_integer(value, 0, kMaxPriority, diagnostics_);
  } else if (!is_named("Description Name Names ID Format", name)) {
    std::vector<std::string_view> known{"Priority",    "Flags",       "Preempt",
                                        "PreemptMode", "GraceTime",   "PreemptExemptTime",
                                        "UsageFactor", "LimitFactor", "UsageThreshold"};
    for (const LimitOption& limit : kLimits) {
      if (limit.whose != Whose::Assoc) known.push_back(split(limit.names, ' ')[0]);
    }
    warn(option.key, fmt::format("unknown option \"{}\" of a QOS", option.key.text),
         near_help(option.key.text, known, diagnostics_), diagnostics_);
  }
}

bool SlurmAccounting::set_label(AssocDraft& draft, const SlurmOption& option) {
  if (is_named("Description Desc", option.name)) {
    draft.label.description = option.value.text;
  } else if (is_named("Organization Org", option.name)) {
    draft.label.organization = option.value.text;
  } else if (is_named("DefaultAccount DefAccount", option.name)) {
    default_accounts_[draft.assoc.user] = lower(option.value.text);
  } else {
    return false;
  }
  return true;
}

void SlurmAccounting::set(AssocDraft& draft, const SlurmOption& option) {
  constexpr std::int64_t kMaxShares = std::numeric_limits<std::int32_t>::max();
  const SlurmWord& value = option.value;
  const std::string_view name = option.name;
  if (set_limit(draft.assoc.limits, false, option)) return;
  if (is_named("Fairshare Shares RawShares", name)) {
    const bool as_parent = same_name(value.text, "parent") || value.text == "2147483647";
    draft.assoc.shares_as_parent = as_parent;
    draft.assoc.shares = 1;
    if (!as_parent && value.text != "-1") {
      draft.assoc.shares = slurm_integer(value, 0, kMaxShares, diagnostics_).value_or(1);
    }
  } else if (is_named("Parent ParentName", name)) {
    if (draft.assoc.is_user()) return;
    if (find_account(lower(value.text)) == nullptr) return report_unknown_account(value);
    draft.parent = lower(value.text);
    draft.parent_place = value;
  } else if (is_named("QOS QOSLevel", name)) {
    if (option.op == '=') {
      draft.qos.reset();
      draft.qos_changes.clear();
    }
    for (SlurmWord& word : slurm_list(value)) {
      char op = option.op;
      if (word.text.front() == '+' || word.text.front() == '-') {
        op = word.text.front();
        word.text.erase(0, 1);
        ++word.at;
      }
      if (word.text.empty() || word.text == "1") continue;  // of -1
      if (op != '=') {
        draft.qos_changes.emplace_back(op, std::move(word));
      } else {
        if (!draft.qos) draft.qos.emplace();
        draft.qos->push_back(std::move(word));
      }
    }
  } else if (is_named("DefaultQOS DefQOS", name)) {
    draft.default_qos = is_clearing(value) ? std::nullopt : std::optional(value);
  } else if (name == "priority") {
    draft.priority.reset();
    if (const auto number =
            value.text == "-1" ? std::nullopt : slurm_integer(value, 0, kMaxShares, diagnostics_)) {
      draft.priority = static_cast<std::int32_t>(*number);
    }
  } else if (!set_label(draft, option) && !is_named(kAssocWords, name)) {
    std::vector<std::string_view> known{"Fairshare", "Parent", "QOS", "DefaultQOS", "Priority"};
    for (const LimitOption& limit : kLimits) {
      if (limit.whose != Whose::Qos) known.push_back(split(limit.names, ' ')[0]);
    }
    warn(option.key, fmt::format("unknown option \"{}\"", option.key.text),
         near_help(option.key.text, known, diagnostics_), diagnostics_);
  }
}

}  // namespace rehearse
