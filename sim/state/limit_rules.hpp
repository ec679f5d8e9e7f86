// The limits of sacctmgr(1) as tables, for the limiter: where a limit is kept, what is compared
// with it, and the reasons that it gives.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/base/time.hpp"
#include "sim/cluster/limits.hpp"
#include "sim/state/ledger.hpp"
#include "sim/state/reason.hpp"

namespace rehearse::limits {

using Bound = std::optional<std::int64_t>;

/// Whose use counts towards a limit besides what the job asks for.
enum class Whose : std::uint8_t { Job, Group, Account, User };

/// A limit of jobs, as a QOS has it.
struct JobsRule {
  Bound Limits::* bound;
  std::int64_t Use::* used;
  Whose whose;
  Reason reason;
};

/// What of the job is compared: how much, on one node, at least; or times its time limit in
/// minutes, alone, beside what running jobs have left, or beside what was used so far.
enum class Measure : std::uint8_t { Count, PerNode, Minimum, Minutes, MinutesLeft, MinutesSpent };

/// One reason each for CPUs, memory, nodes, billing and GRES; None: there is no such limit.
using TresReasons = std::array<Reason, 5>;
inline constexpr TresReasons kNotOfAssocs{};

struct TresRule {
  TresCounts Limits::* bounds;
  Whose whose;
  Measure measure;
  bool takes_factor;  ///< LimitFactor multiplies it, of associations
  TresReasons qos_reasons;
  TresReasons assoc_reasons;
};

inline constexpr TresRule kGrpTresMins{
    &Limits::grp_tres_minutes,
    Whose::Group,
    Measure::MinutesSpent,
    false,
    {Reason::QOSGrpCPUMinutesLimit, Reason::QOSGrpMemoryMinutes, Reason::QOSGrpNodeMinutes,
     Reason::QOSGrpBillingMinutes, Reason::QOSGrpGRESMinutes},
    {Reason::AssocGrpCPUMinutesLimit, Reason::AssocGrpMemMinutes, Reason::AssocGrpNodeMinutes,
     Reason::AssocGrpBillingMinutes, Reason::AssocGrpGRESMinutes}};
inline constexpr TresRule kGrpTres{
    &Limits::grp_tres,
    Whose::Group,
    Measure::Count,
    true,
    {Reason::QOSGrpCpuLimit, Reason::QOSGrpMemLimit, Reason::QOSGrpNodeLimit, Reason::QOSGrpBilling,
     Reason::QOSGrpGRES},
    {Reason::AssocGrpCpuLimit, Reason::AssocGrpMemLimit, Reason::AssocGrpNodeLimit,
     Reason::AssocGrpBilling, Reason::AssocGrpGRES}};
inline constexpr TresRule kGrpTresRunMins{
    &Limits::grp_tres_run_minutes,
    Whose::Group,
    Measure::MinutesLeft,
    false,
    {Reason::QOSGrpCPURunMinutesLimit, Reason::QOSGrpMemoryRunMinutes, Reason::QOSGrpNodeRunMinutes,
     Reason::QOSGrpBillingRunMinutes, Reason::QOSGrpGRESRunMinutes},
    {Reason::AssocGrpCPURunMinutesLimit, Reason::AssocGrpMemRunMinutes,
     Reason::AssocGrpNodeRunMinutes, Reason::AssocGrpBillingRunMinutes,
     Reason::AssocGrpGRESRunMinutes}};
inline constexpr TresRule kMaxTresMinsPerJob{
    &Limits::max_tres_minutes_per_job,
    Whose::Job,
    Measure::Minutes,
    false,
    {Reason::QOSMaxCpuMinutesPerJobLimit, Reason::QOSMaxMemoryMinutesPerJob,
     Reason::QOSMaxNodeMinutesPerJob, Reason::QOSMaxBillingMinutesPerJob,
     Reason::QOSMaxGRESMinutesPerJob},
    {Reason::AssocMaxCpuMinutesPerJobLimit, Reason::AssocMaxMemMinutesPerJob,
     Reason::AssocMaxNodeMinutesPerJob, Reason::AssocMaxBillingMinutesPerJob,
     Reason::AssocMaxGRESMinutesPerJob}};
inline constexpr TresRule kMaxTresPerJob{
    &Limits::max_tres_per_job,
    Whose::Job,
    Measure::Count,
    true,
    {Reason::QOSMaxCpuPerJobLimit, Reason::QOSMaxMemoryPerJob, Reason::QOSMaxNodePerJobLimit,
     Reason::QOSMaxBillingPerJob, Reason::QOSMaxGRESPerJob},
    {Reason::AssocMaxCpuPerJobLimit, Reason::AssocMaxMemPerJob, Reason::AssocMaxNodePerJobLimit,
     Reason::AssocMaxBillingPerJob, Reason::AssocMaxGRESPerJob}};
inline constexpr TresRule kMaxTresPerNode{
    &Limits::max_tres_per_node,
    Whose::Job,
    Measure::PerNode,
    false,
    {Reason::QOSMaxCpuPerNode, Reason::QOSMaxMemoryPerNode, Reason::None, Reason::None,
     Reason::QOSMaxGRESPerNode},
    {Reason::AssocMaxCpuPerNode, Reason::AssocMaxMemPerNode, Reason::None, Reason::None,
     Reason::AssocMaxGRESPerNode}};
inline constexpr TresRule kMinTresPerJob{
    &Limits::min_tres_per_job,
    Whose::Job,
    Measure::Minimum,
    false,
    {Reason::QOSMinCpuNotSatisfied, Reason::QOSMinMemory, Reason::QOSMinNode, Reason::QOSMinBilling,
     Reason::QOSMinGRES},
    kNotOfAssocs};
inline constexpr TresRule kMaxTresPerAccount{
    &Limits::max_tres_per_account,
    Whose::Account,
    Measure::Count,
    false,
    {Reason::MaxCpuPerAccount, Reason::MaxMemoryPerAccount, Reason::MaxNodePerAccount,
     Reason::MaxBillingPerAccount, Reason::MaxGRESPerAccount},
    kNotOfAssocs};
inline constexpr TresRule kMaxTresPerUser{
    &Limits::max_tres_per_user,
    Whose::User,
    Measure::Count,
    false,
    {Reason::QOSMaxCpuPerUserLimit, Reason::QOSMaxMemoryPerUser, Reason::QOSMaxNodePerUserLimit,
     Reason::QOSMaxBillingPerUser, Reason::QOSMaxGRESPerUser},
    kNotOfAssocs};

// In the order in which Slurm tries them once nodes are chosen (4.4).
inline constexpr const TresRule* kQosTresRules[] = {
    &kGrpTresMins,    &kGrpTres,       &kGrpTresRunMins,    &kMaxTresMinsPerJob, &kMaxTresPerJob,
    &kMaxTresPerNode, &kMinTresPerJob, &kMaxTresPerAccount, &kMaxTresPerUser};
inline constexpr const TresRule* kLevelTresRules[] = {&kGrpTresMins, &kGrpTres, &kGrpTresRunMins};
inline constexpr const TresRule* kOwnTresRules[] = {&kMaxTresMinsPerJob, &kMaxTresPerJob,
                                                    &kMaxTresPerNode};

inline constexpr JobsRule kGrpJobs{&Limits::grp_jobs, &Use::running, Whose::Group,
                                   Reason::QOSGrpJobsLimit};
inline constexpr JobsRule kMaxJobsPerAccount{&Limits::max_jobs_per_account, &Use::running,
                                             Whose::Account, Reason::MaxJobsPerAccount};
inline constexpr JobsRule kMaxJobsPerUser{&Limits::max_jobs_per_user, &Use::running, Whose::User,
                                          Reason::QOSMaxJobsPerUserLimit};
inline constexpr JobsRule kGrpSubmit{&Limits::grp_submit_jobs, &Use::submitted, Whose::Group,
                                     Reason::QOSGrpSubmitJobsLimit};
inline constexpr JobsRule kMaxSubmitPerAccount{&Limits::max_submit_jobs_per_account,
                                               &Use::submitted, Whose::Account,
                                               Reason::MaxSubmitJobsPerAccount};
inline constexpr JobsRule kMaxSubmitPerUser{&Limits::max_submit_jobs_per_user, &Use::submitted,
                                            Whose::User, Reason::QOSMaxSubmitJobPerUserLimit};

using Minutes = std::chrono::duration<std::int64_t, std::ratio<60>>;

// A time limit in minutes, and back; slurmctld's INFINITE is 2^32 - 1.
std::int64_t begun_minutes(Duration length);
Duration of_minutes(std::int64_t minutes);
/// Use is compared in whole minutes.
constexpr std::int64_t spent_minutes(double seconds) {
  return static_cast<std::int64_t>(seconds / 60.0);
}

constexpr std::int64_t at(const TresCounts& counts, std::size_t tres) {
  return tres < counts.size() ? counts[tres] : 0;
}
Bound tres_bound(const Limits& limits, const TresRule& rule, std::size_t tres);

/// The limit that gives a reason, under sacctmgr(1)'s name for it.
struct LimitName {
  enum class Of : std::uint8_t { Tres, Jobs, SubmittedJobs, Wall };
  std::string_view name;
  Of of = Of::Tres;
  Whose whose = Whose::Job;
  Measure measure = Measure::Count;
};
/// Nothing if `reason` is not that of a limit of a QOS or an association. O(limits).
std::optional<LimitName> limit_of(Reason reason);

/// Whether any limit is set, and whether any on use over time.
bool sets_any(const Limits& limits);
bool sets_usage(const Limits& limits);

/// What a job asks for. Without `per_node` it is a submission, compared as if alone.
struct Asking {
  const TresCounts& tres;
  std::int64_t minutes = 0;  ///< of its time limit
  const TresCounts* per_node = nullptr;
  std::span<const NodeId> nodes{};
  bool is_free = false;  ///< UsageFactor is 0: what was used does not count
  bool is_safe = false;
  bool holds_unasked = false;  ///< what it has nothing of is compared too

  bool is_submission() const { return per_node == nullptr; }
  std::int64_t of(const TresRule& rule, std::size_t position, const Use& use) const;
};

/// Two amounts that are compared with a bound, and whether they hold the job.
struct Comparison {
  std::int64_t used = 0, asked = 0;
  bool holds = false;
};
Comparison compare(const TresRule& rule, std::size_t tres, std::int64_t bound, const Asking& asking,
                   const Use& use, const Spent& spent);

}  // namespace rehearse::limits
