// What operators did while the jobs of a trace ran: scontrol, scancel and sacctmgr commands, each
// at a time. Texts that need the cluster (host lists, partition settings) stay texts, checked when
// they are read and resolved by the scheduler that carries them out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

/// A job of the trace, or one task of its array.
struct JobName {
  SubmissionId submission{};
  std::uint32_t array_task = kNone<std::uint32_t>;
  bool operator==(const JobName&) const = default;
};

/// Keys as scontrol and sacctmgr have them, in lower case: {"state", "DRAIN"}.
using Settings = std::map<std::string, std::string>;

/// scancel: these jobs, or all that match; empty texts match everything.
struct CancelJobs {
  std::vector<JobName> jobs{};
  std::string user{}, account{}, partition{}, qos{}, name{};
  bool pending = true, running = true;  ///< -t
};
struct HoldJobs {
  std::vector<JobName> jobs{};
};
struct ReleaseJobs {
  std::vector<JobName> jobs{};
};
struct RequeueJobs {
  std::vector<JobName> jobs{};
  bool hold = false;  ///< requeuehold
};
/// scontrol suspend, resume.
struct SuspendJobs {
  std::vector<JobName> jobs{};
  bool resume = false;
};
struct UpdateJob {
  JobName job{};
  Settings settings{};
};
struct UpdateNodes {
  std::string nodes{};  ///< host list
  Settings settings{};
};
struct UpdatePartition {
  std::string partition{};
  Settings settings{};
};
/// scontrol create, update and delete reservation. `start` and `end` of the settings are resolved.
struct ChangeReservation {
  enum class Verb : std::uint8_t { Create, Update, Delete };
  Verb verb = Verb::Create;
  std::string name{};
  Time start = kNever;  ///< kNever: not given
  Time end = kNever;
  Duration duration = kUnset;
  Settings settings{};  ///< nodes, nodecnt, users, accounts, flags, partitionname, licenses, ...
};
/// sacctmgr modify qos|account|user WHO set ...
struct ModifyAccounting {
  std::string kind{}, who{}, where{};
  Settings settings{};
};

struct Operation {
  Time at;
  std::uint32_t line = 0;
  std::string text{};  ///< as written
  std::variant<CancelJobs, HoldJobs, ReleaseJobs, RequeueJobs, SuspendJobs, UpdateJob, UpdateNodes,
               UpdatePartition, ChangeReservation, ModifyAccounting>
      action{};
};

}  // namespace rehearse
