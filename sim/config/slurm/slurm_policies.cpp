// How a site schedules: from slurm.conf to settings of the slots. Which key goes where is kRules
// alone; what follows it are keys that decide which policy a slot has.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

/// How a value is written, and what becomes of it.
enum class As : std::uint8_t {
  Flag,     ///< there: true
  Bool,     ///< YES or NO
  Count,    ///< a whole number, as it stands
  Number,   ///< any number
  Seconds,  ///< a length of time; a bare number is seconds
  Minutes,  ///< a length of time; a bare number is minutes
  Word,     ///< a text, in lower case
  Ignored,  ///< of no influence, or of none that could be replayed: wall clock, RPC counts
  NotSimulated,
};

struct Rule {
  std::string_view key;  ///< of SchedulerParameters, PriorityFlags, ...; else of slurm.conf
  As as;
  std::string_view slot{};
  std::string_view param{};  ///< empty: the key
};

constexpr Rule kOptions[] = {
    {"KillWait", As::Seconds, "scheduler", "kill_wait"},
    {"MinJobAge", As::Seconds, "scheduler", "min_job_age"},
    {"OverTimeLimit", As::Minutes, "scheduler", "over_time_limit"},
    {"CompleteWait", As::Seconds, "scheduler", "complete_wait"},
    {"JobRequeue", As::Bool, "scheduler", "job_requeue"},
    {"ReturnToService", As::Count, "scheduler", "return_to_service"},
    {"MaxArraySize", As::Count, "scheduler", "max_array_size"},
    {"PriorityCalcPeriod", As::Minutes, "scheduler", "priority_calc_period"},
    {"PriorityUsageResetPeriod", As::Word, "scheduler", "priority_usage_reset_period"},
    {"PriorityWeightAge", As::Number, "priority", "age_weight"},
    {"PriorityWeightAssoc", As::Number, "priority", "assoc_weight"},
    {"PriorityWeightFairshare", As::Number, "priority", "fair_share_weight"},
    {"PriorityWeightJobSize", As::Number, "priority", "job_size_weight"},
    {"PriorityWeightPartition", As::Number, "priority", "partition_weight"},
    {"PriorityWeightQOS", As::Number, "priority", "qos_weight"},
    {"PriorityMaxAge", As::Minutes, "priority", "max_age"},
    {"PriorityFavorSmall", As::Bool, "priority", "favor_small"},
    {"PriorityDecayHalfLife", As::Minutes, "scheduler", "decay_half_life"},
    {"FairShareDampeningFactor", As::Number, "scheduler", "fair_share_damping"},
    {"PreemptExemptTime", As::Minutes, "preemption", "exempt_time"},
};

constexpr Rule kSchedulerParameters[] = {
    {"assoc_limit_stop", As::Flag, "scheduler"},
    {"batch_sched_delay", As::Seconds, "scheduler"},
    {"bf_busy_nodes", As::Flag, "scheduler"},
    {"bf_continue", As::Flag, "scheduler"},
    {"bf_interval", As::Seconds, "scheduler"},
    {"bf_job_part_count_reserve", As::Count, "scheduler"},
    {"bf_licenses", As::Flag, "scheduler"},
    {"bf_max_job_array_resv", As::Count, "scheduler"},
    {"bf_max_job_assoc", As::Count, "scheduler"},
    {"bf_max_job_part", As::Count, "scheduler"},
    {"bf_max_job_start", As::Count, "scheduler"},
    {"bf_max_job_test", As::Count, "scheduler"},
    {"bf_max_job_user", As::Count, "scheduler"},
    {"bf_max_job_user_part", As::Count, "scheduler"},
    {"bf_min_age_reserve", As::Seconds, "scheduler"},
    {"bf_min_prio_reserve", As::Count, "scheduler"},
    {"bf_node_space_size", As::Count, "scheduler"},
    {"bf_one_resv_per_job", As::Flag, "scheduler"},
    {"bf_resolution", As::Seconds, "scheduler"},
    {"bf_running_job_reserve", As::Flag, "scheduler"},
    {"bf_window", As::Count, "scheduler"},
    {"bf_window_linear", As::Seconds, "scheduler"},
    {"default_queue_depth", As::Count, "scheduler"},
    {"defer", As::Flag, "scheduler"},
    {"defer_batch", As::Flag, "scheduler"},
    {"max_switch_wait", As::Seconds, "scheduler"},
    {"pack_serial_at_end", As::Flag, "scheduler"},
    {"partition_job_depth", As::Count, "scheduler"},
    {"preempt_reorder_count", As::Count, "scheduler"},
    {"preempt_strict_order", As::Flag, "scheduler"},
    {"preempt_youngest_first", As::Flag, "preemption", "youngest_first"},
    {"sched_interval", As::Seconds, "scheduler"},
    {"sched_max_job_start", As::Count, "scheduler"},
    {"sched_min_interval", As::Count, "scheduler"},
    {"allow_zero_lic", As::Ignored},
    {"bb_array_stage_cnt", As::Ignored},
    {"bf_max_time", As::Ignored},
    {"bf_yield_interval", As::Ignored},
    {"bf_yield_rpc_cnt", As::Ignored},
    {"bf_yield_sleep", As::Ignored},
    {"build_queue_timeout", As::Ignored},
    {"disable_hetjob_steps", As::Ignored},
    {"disable_job_shrink", As::Ignored},
    {"enable_hetjob_steps", As::Ignored},
    {"enable_job_state_cache", As::Ignored},
    {"enable_user_top", As::Ignored},
    {"Ignore_NUMA", As::Ignored},
    {"ignore_constraint_validation", As::Ignored},
    {"ignore_prefer_validation", As::Ignored},
    {"inventory_interval", As::Ignored},
    {"max_depend_depth", As::Ignored},
    {"max_rpc_cnt", As::Ignored},
    {"max_sched_time", As::Ignored},
    {"max_script_size", As::Ignored},
    {"max_submit_line_size", As::Ignored},
    {"no_backup_scheduling", As::Ignored},
    {"no_env_cache", As::Ignored},
    {"nohold_on_prolog_fail", As::Ignored},
    {"preempt_send_user_signal", As::Ignored},
    {"requeue_setup_env_fail", As::Ignored},
    {"salloc_wait_nodes", As::Ignored},
    {"sbatch_wait_nodes", As::Ignored},
    {"step_retry_count", As::Ignored},
    {"step_retry_time", As::Ignored},
    {"batch_sched_interval", As::Ignored},
    {"bf_allow_magnetic_slot", As::NotSimulated},
    {"bf_hetjob_immediate", As::NotSimulated},
    {"bf_hetjob_prio", As::NotSimulated},
    {"bf_ignore_newly_avail_nodes", As::NotSimulated},
    {"bf_topopt_enable", As::NotSimulated},
    {"bf_topopt_iterations", As::NotSimulated},
    {"correspond_after_task_cnt", As::NotSimulated},
    {"default_gbytes", As::NotSimulated},
    {"delay_boot", As::NotSimulated},
    {"extra_constraints", As::NotSimulated},
    {"hetjob_prio", As::NotSimulated},
    {"max_array_tasks", As::NotSimulated},
    {"reduce_completing_frag", As::NotSimulated},
    {"spec_cores_first", As::NotSimulated},
    {"time_min_as_soft_limit", As::NotSimulated},
    {"whole_hetjob", As::NotSimulated},
};

constexpr Rule kPreemptParameters[] = {
    {"min_exempt_priority", As::NotSimulated},
    {"reclaim_licenses", As::NotSimulated},
    {"reorder_count", As::Count, "scheduler", "preempt_reorder_count"},
    {"send_user_signal", As::Ignored},
    {"strict_order", As::Flag, "scheduler", "preempt_strict_order"},
    {"suspend_grace_time", As::NotSimulated},
    {"youngest_first", As::Flag, "preemption", "youngest_first"},
};

constexpr Rule kDependencyParameters[] = {
    {"disable_remote_singleton", As::Ignored},
    {"kill_invalid_depend", As::Flag, "scheduler"},
    {"max_depend_depth", As::Ignored},
};

constexpr Rule kPriorityFlags[] = {
    {"ACCRUE_ALWAYS", As::Flag, "priority", "accrue_always"},
    {"CALCULATE_RUNNING", As::Flag, "scheduler", "calculate_running"},
    {"DEPTH_OBLIVIOUS", As::NotSimulated},
    {"FAIR_TREE", As::Ignored},  // the default since 19.05
    {"INCR_ONLY", As::NotSimulated},
    {"MAX_TRES", As::NotSimulated},
    {"MAX_TRES_GRES", As::NotSimulated},
    {"NO_FAIR_TREE", As::Ignored},   // chooses the policy
    {"NO_NORMAL_ALL", As::Ignored},  // see below
    {"NO_NORMAL_ASSOC", As::Flag, "priority", "no_normal_assoc"},
    {"NO_NORMAL_PART", As::Flag, "priority", "no_normal_partition"},
    {"NO_NORMAL_QOS", As::Flag, "priority", "no_normal_qos"},
    {"NO_NORMAL_TRES", As::Flag, "priority", "no_normal_tres"},
    {"SMALL_RELATIVE_TO_TIME", As::Flag, "priority", "small_relative_to_time"},
};

class PoliciesReader {
 public:
  PoliciesReader(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics)
      : conf_(conf), cluster_(cluster), diagnostics_(diagnostics) {}

  PolicySettings read() {
    read_scheduler();
    read_topology();
    read_priority();
    read_preemption();
    for (const Rule& rule : kOptions) {
      if (const SlurmWord* const word = conf_.find(lower(rule.key))) apply(rule, *word);
    }
    read_list("schedulerparameters", kSchedulerParameters);
    read_list("preemptparameters", kPreemptParameters);
    read_list("dependencyparameters", kDependencyParameters);
    read_list("priorityflags", kPriorityFlags);
    keep_what_fits();
    return std::move(settings_);
  }

 private:
  /// The last piece of "priority/multifactor".
  static std::string plugin(const SlurmWord& word) {
    const std::string name = lower(word.text);
    return name.substr(name.rfind('/') + 1);
  }

  void use(const std::string& slot, std::string policy, const SlurmWord* place) {
    settings_[slot].use = placed_text(place != nullptr ? *place : SlurmWord{}, std::move(policy));
  }

  void put(std::string_view slot, std::string_view param, std::string text,
           const SlurmWord& place) {
    settings_[std::string(slot)].params[std::string(param)] = placed_text(place, std::move(text));
  }

  void read_scheduler() {
    const SlurmWord* const type = conf_.find("schedulertype");
    use("scheduler", "slurm", type);
    if (type == nullptr) return;
    const std::string name = plugin(*type);
    if (name != "backfill" && name != "builtin") {
      warn(*type, fmt::format("SchedulerType \"{}\" is taken for sched/builtin", type->text), "",
           diagnostics_);
    }
    put("scheduler", "backfill", name == "backfill" ? "true" : "false", *type);
  }

  void read_topology() {
    const SlurmWord* const param = conf_.find("topologyparam");
    if (param == nullptr) return;
    for (const SlurmWord& each : slurm_list(*param)) {
      if (same_name(each.text, "topooptional")) {
        put("scheduler", "topology_optional", "true", each);
      }
    }
  }

  void read_priority() {
    const SlurmWord* const type = conf_.find("prioritytype");
    is_multifactor_ = type != nullptr && plugin(*type) == "multifactor";
    if (type != nullptr && !is_multifactor_ && plugin(*type) != "basic") {
      warn(*type, fmt::format("PriorityType \"{}\" is taken for priority/basic", type->text), "",
           diagnostics_);
    }
    use("priority", is_multifactor_ ? "multifactor" : "basic", type);
    if (!is_multifactor_) return;
    const SlurmWord* const flags = conf_.find("priorityflags");
    const bool is_classic = has_flag("no_fair_tree") || has_flag("depth_oblivious");
    if (is_classic) put("scheduler", "fair_tree", "false", *flags);
    const SlurmWord* const weights = conf_.find("priorityweighttres");
    if (weights == nullptr) return;
    std::string text;
    const std::vector<double> parsed = slurm_weights(*weights, cluster_, diagnostics_);
    for (std::size_t i = 0; i < parsed.size(); ++i) {
      if (parsed[i] == 0) continue;
      text += fmt::format("{}{}={}", text.empty() ? "" : ",", cluster_.tres_name(i), parsed[i]);
    }
    if (!text.empty()) put("priority", "tres_weights", text, *weights);
  }

  bool has_flag(std::string_view name) const {
    const SlurmWord* const flags = conf_.find("priorityflags");
    if (flags == nullptr) return false;
    const std::vector<SlurmWord> list = slurm_list(*flags);
    return std::any_of(list.begin(), list.end(),
                       [&](const SlurmWord& each) { return same_name(each.text, name); });
  }

  void read_preemption() {
    const SlurmWord* const type = conf_.find("preempttype");
    const SlurmWord* const mode = conf_.find("preemptmode");
    const std::string name = type == nullptr ? "none" : plugin(*type);
    if (name != "none" && name != "qos" && name != "partition_prio") {
      warn(*type, fmt::format("PreemptType \"{}\" is taken for preempt/none", type->text), "",
           diagnostics_);
    }
    const bool by_qos = name == "qos";
    if (!by_qos && name != "partition_prio") return use("preemption", "never", type);
    use("preemption", by_qos ? "by-qos" : "by-partition", type);
    static constexpr const char* kModes[] = {"off", "cancel", "requeue"};
    PreemptMode found = PreemptMode::Off;
    if (mode != nullptr) {
      found = slurm_preempt_mode(*mode, cluster_, diagnostics_).value_or(PreemptMode::Off);
    }
    put("preemption", "mode", kModes[static_cast<std::size_t>(found)],
        mode != nullptr ? *mode : *type);
    if (mode == nullptr || !by_qos) return;
    for (const SlurmWord& each : slurm_list(*mode)) {
      if (same_name(each.text, "within")) put("preemption", "within", "true", each);
    }
  }

  template <std::size_t kCount>
  void read_list(std::string_view key, const Rule (&rules)[kCount]) {
    const SlurmWord* const list = conf_.find(key);
    if (list == nullptr) return;
    std::vector<std::string_view> known;
    for (const Rule& rule : rules) known.push_back(rule.key);
    for (const SlurmWord& item : slurm_list(*list)) {
      const std::size_t equals = std::min(item.text.find('='), item.text.size());
      const SlurmWord name{item.text.substr(0, equals), item.line, item.at};
      const SlurmWord value =
          equals == item.text.size()
              ? name
              : SlurmWord{item.text.substr(equals + 1), item.line, item.at + equals + 1};
      const auto* const rule =
          std::find_if(std::begin(rules), std::end(rules),
                       [&](const Rule& each) { return same_name(each.key, name.text); });
      if (rule != std::end(rules)) {
        apply(*rule, value);
      } else if (key == "priorityflags" && same_name(name.text, "increase_only")) {
        say_not_simulated(cluster_, "priorities may fall again (INCR_ONLY)");
      } else {
        warn(name, fmt::format("unknown parameter \"{}\"", name.text),
             near_help(name.text, known, diagnostics_), diagnostics_);
      }
    }
  }

  void apply(const Rule& rule, const SlurmWord& value) {
    if (rule.as == As::Ignored) return;
    if (rule.as == As::NotSimulated) {
      say_not_simulated(cluster_, fmt::format("{} has no influence", rule.key));
      return;
    }
    if (same_name(rule.key, "bf_interval") && value.text == "-1") {
      return put("scheduler", "backfill", "false", value);
    }
    const std::string_view param = rule.param.empty() ? rule.key : rule.param;
    if (const auto text = converted(rule.as, value)) put(rule.slot, param, *text, value);
  }

  std::optional<std::string> converted(As as, const SlurmWord& value) {
    switch (as) {
      case As::Flag:
        return "true";
      case As::Bool:
        if (const auto flag = slurm_bool(value, diagnostics_)) return param_text(*flag);
        return std::nullopt;
      case As::Count:
        if (const auto count =
                slurm_integer(value, -1, std::numeric_limits<std::int64_t>::max(), diagnostics_)) {
          return param_text(*count);
        }
        return std::nullopt;
      case As::Number:
        if (const auto number = slurm_number(value, diagnostics_)) return param_text(*number);
        return std::nullopt;
      case As::Seconds:
        return duration(value.text == "-1" ? kUnlimited : slurm_seconds(value, diagnostics_));
      case As::Minutes:
        return duration(value.text == "-1" ? Duration::zero() : slurm_minutes(value, diagnostics_));
      default:
        return lower(value.text);
    }
  }

  static std::optional<std::string> duration(std::optional<Duration> length) {
    if (!length) return std::nullopt;
    return param_text(*length);
  }

  /// Parameters that the chosen policy does not have, and weights that Slurm takes for 0.
  void keep_what_fits() {
    if (settings_["preemption"].use.text == "never") settings_["preemption"].params.clear();
    if (!is_multifactor_) {
      settings_["priority"].params.clear();
      return;
    }
    if (has_flag("no_normal_all")) {
      const SlurmWord& flags = *conf_.find("priorityflags");
      for (const char* const each :
           {"no_normal_assoc", "no_normal_partition", "no_normal_qos", "no_normal_tres"}) {
        put("priority", each, "true", flags);
      }
    }
    const SlurmWord* const storage = conf_.find("accountingstoragetype");
    if (storage == nullptr || plugin(*storage) == "slurmdbd") return;
    ParamTexts& params = settings_["priority"].params;
    params.erase("age_weight");
    params.erase("fair_share_weight");
  }

  const SlurmConf& conf_;
  Cluster& cluster_;
  Diagnostics& diagnostics_;
  PolicySettings settings_;
  bool is_multifactor_ = false;
};

}  // namespace

PolicySettings read_slurm_policies(const SlurmConf& conf, Cluster& cluster,
                                   Diagnostics& diagnostics) {
  return PoliciesReader(conf, cluster, diagnostics).read();
}

}  // namespace rehearse
