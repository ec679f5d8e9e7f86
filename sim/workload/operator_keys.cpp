#include "sim/workload/operator_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {
namespace {

using enum OperatorValue;
using option_values::not_a;

constexpr OperatorKey kJob[] = {{"account"},
                                {"admincomment"},
                                {"arraytaskthrottle", Count},
                                {"comment"},
                                {"contiguous"},
                                {"corespec"},
                                {"cpus-per-task"},
                                {"cpuspertask"},
                                {"deadline", Instant},
                                {"dependency"},
                                {"eligibletime", Instant},
                                {"endtime", Instant},
                                {"excnodelist", Hosts},
                                {"features"},
                                {"gres"},
                                {"jobname"},
                                {"licenses"},
                                {"mincpusnode", Count},
                                {"minmemorycpu"},
                                {"minmemorynode"},
                                {"name"},
                                {"nice"},
                                {"nodelist", Hosts},
                                {"numcpus"},
                                {"numnodes"},
                                {"numtasks"},
                                {"oversubscribe"},
                                {"partition"},
                                {"prefer"},
                                {"priority"},
                                {"qos"},
                                {"reqnodelist", Hosts},
                                {"requeue"},
                                {"reservationname"},
                                {"resetaccruetime"},
                                {"sitefactor"},
                                {"starttime", Instant},
                                {"switches"},
                                {"timelimit", LengthChange},
                                {"timemin", Length},
                                {"tresperjob"},
                                {"trespernode"},
                                {"trespersocket"},
                                {"trespertask"},
                                {"userid"},
                                {"wait-for-switch"},
                                {"wckey"}};

constexpr OperatorKey kNode[] = {{"activefeatures"}, {"availablefeatures"},
                                 {"comment"},        {"cpubind"},
                                 {"extra"},          {"features"},
                                 {"gres"},           {"nodeaddr"},
                                 {"nodehostname"},   {"reason"},
                                 {"resumeafter"},    {"state", StateOfNode},
                                 {"weight", Count}};

constexpr OperatorKey kPartition[] = {{"allocnodes"},
                                      {"allowaccounts"},
                                      {"allowgroups"},
                                      {"allowqos"},
                                      {"alternate"},
                                      {"cpubind"},
                                      {"default"},
                                      {"defaulttime", Length},
                                      {"defmempercpu"},
                                      {"defmempernode"},
                                      {"denyaccounts"},
                                      {"denyqos"},
                                      {"disablerootjobs"},
                                      {"exclusiveuser"},
                                      {"gracetime", Count},
                                      {"hidden"},
                                      {"jobdefaults"},
                                      {"lln"},
                                      {"maxcpuspernode"},
                                      {"maxcpuspersocket"},
                                      {"maxmempercpu"},
                                      {"maxmempernode"},
                                      {"maxnodes"},
                                      {"maxtime", Length},
                                      {"minnodes"},
                                      {"nodes", Hosts},
                                      {"oversubscribe"},
                                      {"overtimelimit"},
                                      {"powerdownonidle"},
                                      {"preemptmode"},
                                      {"priority", Count},
                                      {"priorityjobfactor", Count},
                                      {"prioritytier", Count},
                                      {"qos"},
                                      {"reqresv"},
                                      {"rootonly"},
                                      {"shared"},
                                      {"state", StateOfPartition},
                                      {"tresbillingweights"}};

constexpr OperatorKey kReservation[] = {{"accounts"},
                                        {"burstbuffer"},
                                        {"corecnt"},
                                        {"duration", Length},
                                        {"endtime", Instant},
                                        {"features"},
                                        {"flags", ReservationFlags},
                                        {"groups"},
                                        {"licenses"},
                                        {"maxstartdelay", Length},
                                        {"nodecnt"},
                                        {"nodes", Hosts},
                                        {"partitionname"},
                                        {"skip"},
                                        {"starttime", Instant},
                                        {"tres"},
                                        {"users"},
                                        {"watts"}};

constexpr OperatorKey kAccounting[] = {{"adminlevel"},
                                       {"defaultaccount"},
                                       {"defaultqos"},
                                       {"description"},
                                       {"fairshare"},
                                       {"flags"},
                                       {"gracetime"},
                                       {"grpjobs"},
                                       {"grpjobsaccrue"},
                                       {"grpsubmit"},
                                       {"grpsubmitjobs"},
                                       {"grptres"},
                                       {"grptresmins"},
                                       {"grptresrunmins"},
                                       {"grpwall"},
                                       {"limitfactor"},
                                       {"maxjobs"},
                                       {"maxjobsaccrue"},
                                       {"maxjobsaccruepa"},
                                       {"maxjobsaccrueperaccount"},
                                       {"maxjobsaccrueperuser"},
                                       {"maxjobsaccruepu"},
                                       {"maxjobspa"},
                                       {"maxjobsperaccount"},
                                       {"maxjobsperuser"},
                                       {"maxjobspu"},
                                       {"maxsubmit"},
                                       {"maxsubmitjobs"},
                                       {"maxsubmitjobspa"},
                                       {"maxsubmitjobsperaccount"},
                                       {"maxsubmitjobsperuser"},
                                       {"maxsubmitjobspu"},
                                       {"maxsubmitpa"},
                                       {"maxsubmitpu"},
                                       {"maxtres"},
                                       {"maxtresmins"},
                                       {"maxtresminsperjob"},
                                       {"maxtrespa"},
                                       {"maxtresperaccount"},
                                       {"maxtresperjob"},
                                       {"maxtrespernode"},
                                       {"maxtresperuser"},
                                       {"maxtrespu"},
                                       {"maxtresrunmins"},
                                       {"maxtresrunminspa"},
                                       {"maxtresrunminspu"},
                                       {"maxwall"},
                                       {"maxwalldurationperjob"},
                                       {"minpriothresh"},
                                       {"minpriothreshold"},
                                       {"mintres"},
                                       {"mintresperjob"},
                                       {"organization"},
                                       {"parent"},
                                       {"preempt"},
                                       {"preemptexempttime"},
                                       {"preemptmode"},
                                       {"priority"},
                                       {"qos"},
                                       {"qoslevel"},
                                       {"rawusage"},
                                       {"share"},
                                       {"usagefactor"},
                                       {"usagethreshold"}};

constexpr std::string_view kNodeStates[] = {"CANCEL_REBOOT",   "DOWN",
                                            "DRAIN",           "FAIL",
                                            "FUTURE",          "IDLE",
                                            "NORESP",          "POWER_DOWN",
                                            "POWER_DOWN_ASAP", "POWER_DOWN_FORCE",
                                            "POWER_UP",        "RESUME",
                                            "UNDRAIN"};
constexpr std::string_view kPartitionStates[] = {"UP", "DOWN", "DRAIN", "INACTIVE"};
constexpr std::string_view kFlags[] = {"ANY_NODES",
                                       "DAILY",
                                       "FIRST_CORES",
                                       "FLEX",
                                       "FORCE_START",
                                       "HOURLY",
                                       "IGNORE_JOBS",
                                       "LICENSE_ONLY",
                                       "MAGNETIC",
                                       "MAINT",
                                       "NO_HOLD_JOBS_AFTER",
                                       "NO_HOLD_JOBS_AFTER_END",
                                       "OVERLAP",
                                       "PART_NODES",
                                       "PURGE_COMP",
                                       "REPLACE",
                                       "REPLACE_DOWN",
                                       "SPEC_NODES",
                                       "STATIC_ALLOC",
                                       "TIME_FLOAT",
                                       "USER_DELETE",
                                       "WEEKDAY",
                                       "WEEKEND",
                                       "WEEKLY"};

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return result;
}

std::optional<OptionProblem> one_of(std::string_view value, std::string_view what,
                                    std::span<const std::string_view> known) {
  if (std::ranges::count(known, upper(value)) > 0) return {};
  const auto near = near_match(upper(value), known);
  return not_a(value, what,
               near ? fmt::format("did you mean \"{}\"?", *near)
                    : fmt::format("write one of {}", fmt::join(known, ", ")));
}

std::optional<OptionProblem> check_flags(std::string_view value) {
  std::size_t offset = 0;
  for (const std::string_view piece : split(value, ',')) {
    const std::string_view sign_off =
        piece.starts_with('+') || piece.starts_with('-') ? piece.substr(1) : piece;
    if (auto problem =
            one_of(sign_off.substr(0, sign_off.find('=')), "a flag of a reservation", kFlags)) {
      problem->offset = offset + (piece.size() - sign_off.size());
      return problem;
    }
    offset += piece.size() + 1;
  }
  return {};
}

}  // namespace

const std::span<const OperatorKey> kJobKeys = kJob, kNodeKeys = kNode, kPartitionKeys = kPartition,
                                   kReservationKeys = kReservation, kAccountingKeys = kAccounting;

std::optional<OptionProblem> check_operator_value(OperatorValue takes, std::string_view value) {
  constexpr std::string_view kLength = "write minutes, HH:MM:SS, D-HH:MM:SS or UNLIMITED";
  switch (takes) {
    case Text:
      return {};
    case Instant:
      if (!parse_moment(value)) return not_a(value, "a time", kMomentHelp);
      return {};
    case LengthChange:
      if (value.starts_with('+') || value.starts_with('-')) value.remove_prefix(1);
      [[fallthrough]];
    case Length:
      if (!parse_time_limit(value)) return not_a(value, "a length of time", kLength);
      return {};
    case Count: {
      const auto count = parse_int64(value);
      if (!count || *count < 0) return not_a(value, "a number", "write a whole number from 0 on");
      return {};
    }
    case Hosts: {
      std::string ignored;
      return option_values::read_hosts(value, ignored);
    }
    case StateOfNode:
      return one_of(value, "a state of nodes", kNodeStates);
    case StateOfPartition:
      return one_of(value, "a state of partitions", kPartitionStates);
    case ReservationFlags:
      return check_flags(value);
  }
  return {};
}

}  // namespace rehearse
