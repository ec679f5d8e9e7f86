#include "sim/state/limit_rules.hpp"

#include <algorithm>

namespace rehearse::limits {
namespace {

constexpr std::int64_t kInfinite = 0xffffffff;

bool sets_any_tres(const Limits& limits, const TresRule& rule) {
  const TresCounts& bounds = limits.*rule.bounds;
  return std::any_of(bounds.begin(), bounds.end(), [](auto bound) { return bound != kNoLimit; });
}

}  // namespace

std::optional<LimitName> limit_of(Reason reason) {
  using Of = LimitName::Of;
  struct NamedTres {
    const TresRule& rule;
    std::string_view name;
  };
  static constexpr NamedTres kTres[] = {
      {kGrpTresMins, "GrpTRESMins"},       {kGrpTres, "GrpTRES"},
      {kGrpTresRunMins, "GrpTRESRunMins"}, {kMaxTresMinsPerJob, "MaxTRESMinsPerJob"},
      {kMaxTresPerJob, "MaxTRESPerJob"},   {kMaxTresPerNode, "MaxTRESPerNode"},
      {kMinTresPerJob, "MinTRESPerJob"},   {kMaxTresPerAccount, "MaxTRESPerAccount"},
      {kMaxTresPerUser, "MaxTRESPerUser"},
  };
  struct NamedReason {
    Reason reason;
    LimitName limit;
  };
  static constexpr NamedReason kOthers[] = {
      {Reason::QOSGrpJobsLimit, {"GrpJobs", Of::Jobs, Whose::Group}},
      {Reason::AssocGrpJobsLimit, {"GrpJobs", Of::Jobs, Whose::Group}},
      {Reason::AssocMaxJobsLimit, {"MaxJobs", Of::Jobs, Whose::User}},
      {Reason::QOSMaxJobsPerUserLimit, {"MaxJobsPerUser", Of::Jobs, Whose::User}},
      {Reason::MaxJobsPerAccount, {"MaxJobsPerAccount", Of::Jobs, Whose::Account}},
      {Reason::QOSGrpSubmitJobsLimit, {"GrpSubmitJobs", Of::SubmittedJobs, Whose::Group}},
      {Reason::AssocGrpSubmitJobsLimit, {"GrpSubmitJobs", Of::SubmittedJobs, Whose::Group}},
      {Reason::AssocMaxSubmitJobLimit, {"MaxSubmitJobs", Of::SubmittedJobs, Whose::User}},
      {Reason::QOSMaxSubmitJobPerUserLimit,
       {"MaxSubmitJobsPerUser", Of::SubmittedJobs, Whose::User}},
      {Reason::MaxSubmitJobsPerAccount,
       {"MaxSubmitJobsPerAccount", Of::SubmittedJobs, Whose::Account}},
      {Reason::QOSMaxWallDurationPerJobLimit, {"MaxWallDurationPerJob", Of::Wall}},
      {Reason::AssocMaxWallDurationPerJobLimit, {"MaxWallDurationPerJob", Of::Wall}},
      {Reason::QOSGrpWallLimit, {"GrpWall", Of::Wall, Whose::Group}},
      {Reason::AssocGrpWallLimit, {"GrpWall", Of::Wall, Whose::Group}},
  };
  if (reason == Reason::None) return std::nullopt;
  for (const auto& [rule, name] : kTres) {
    for (const TresReasons& reasons : {rule.qos_reasons, rule.assoc_reasons}) {
      if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) continue;
      return LimitName{name, Of::Tres, rule.whose, rule.measure};
    }
  }
  for (const NamedReason& each : kOthers) {
    if (each.reason == reason) return each.limit;
  }
  return std::nullopt;
}

std::int64_t begun_minutes(Duration length) {
  if (length == kUnlimited) return kInfinite;
  return std::min<std::int64_t>(std::chrono::ceil<Minutes>(length).count(), kInfinite);
}

Duration of_minutes(std::int64_t minutes) {
  return minutes >= kInfinite ? kUnlimited : Duration(Minutes(minutes));
}

Bound tres_bound(const Limits& limits, const TresRule& rule, std::size_t tres) {
  const TresCounts& bounds = limits.*rule.bounds;
  if (tres >= bounds.size() || bounds[tres] == kNoLimit) return std::nullopt;
  return bounds[tres];
}

bool sets_any(const Limits& limits) {
  for (const TresRule* rule : kQosTresRules) {
    if (sets_any_tres(limits, *rule)) return true;
  }
  for (const JobsRule* rule : {&kGrpJobs, &kMaxJobsPerAccount, &kMaxJobsPerUser, &kGrpSubmit,
                               &kMaxSubmitPerAccount, &kMaxSubmitPerUser}) {
    if (limits.*rule->bound) return true;
  }
  return limits.max_jobs || limits.max_submit_jobs || limits.max_wall_per_job || limits.grp_wall;
}

bool sets_usage(const Limits& limits) {
  return limits.grp_wall || sets_any_tres(limits, kGrpTresMins) ||
         sets_any_tres(limits, kGrpTresRunMins);
}

std::int64_t Asking::of(const TresRule& rule, std::size_t position, const Use& use) const {
  switch (rule.measure) {
    case Measure::PerNode:
      if (!is_submission()) return at(*per_node, position);
      return at(tres, position) / std::max<std::int64_t>(1, at(tres, kTresNode));
    case Measure::Count:
      if (position != kTresNode || rule.whose == Whose::Job || nodes.empty()) break;
      return std::count_if(nodes.begin(), nodes.end(), [&](auto node) { return !use.uses(node); });
    case Measure::Minimum:
      break;
    default:
      return at(tres, position) * minutes;
  }
  return at(tres, position);
}

Comparison compare(const TresRule& rule, std::size_t tres, std::int64_t bound, const Asking& asking,
                   const Use& use, const Spent& spent) {
  const std::int64_t asked = asking.of(rule, tres, use);
  if (rule.measure == Measure::Minimum) return {0, asked, asked < bound};
  const bool counts_use = rule.whose != Whose::Job && !asking.is_submission();
  const auto of_use = [&](std::int64_t used) { return counts_use && !asking.is_free ? used : 0; };
  if (rule.measure == Measure::MinutesSpent && counts_use) {
    const std::int64_t used = of_use(spent_minutes(spent.tres_seconds[tres]));
    const std::int64_t left = of_use(spent.left[tres] / 60);
    const bool is_unsafe = asking.is_safe && asked + left > bound - used;
    return {used, asked, asked > 0 && (used >= bound || is_unsafe)};
  }
  std::int64_t used = counts_use ? at(use.tres, tres) : 0;
  if (rule.measure == Measure::MinutesLeft) used = of_use(spent.left[tres] / 60);
  return {used, asked, (asked > 0 || asking.holds_unasked) && used + asked > bound};
}

}  // namespace rehearse::limits
