// Whether jobs ran where, and as whom, they may: the lists of accounts and QOS of partitions and
// associations, and that a job runs as what it was submitted as.
#include <fmt/format.h>

#include <algorithm>

#include "sim/audit/schedule.hpp"
#include "sim/base/text.hpp"

namespace rehearse::auditing {
namespace {

/// Slurm knows accounts, users and QOS in lower case.
bool has_name(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& each) { return same_name(each, name); });
}

/// Whether `names` has `account` or one above it.
bool names_account(const Cluster& cluster, const std::vector<std::string>& names,
                   const std::string& account) {
  if (has_name(names, account)) return true;
  const auto found = cluster.find_account(account);
  for (AssocId at = found.value_or(kNone<AssocId>); at != kNone<AssocId>;
       at = cluster.assocs[at].parent) {
    if (has_name(names, cluster.assocs[at].account)) return true;
  }
  return false;
}

}  // namespace

// Who may run there: the partition's lists, and the QOS of the association.
void check_access(const Schedule& schedule, Findings& findings) {
  const Cluster& cluster = schedule.cluster;
  for (const Attempt& attempt : schedule.attempts) {
    if (!attempt.started()) continue;
    const auto no = [&](std::string text) {
      findings.add("access", schedule, attempt, attempt.start, std::move(text));
    };
    const Partition& partition = schedule.partition(attempt);
    const Submission& submission = schedule.submission(schedule.job(attempt));
    const auto& names = schedule.workload.names;
    const auto differs = [&](NameId asked, const std::string& got) {
      return !names[asked].empty() && !same_name(names[asked], got);
    };
    if (differs(submission.user, attempt.user) || differs(submission.account, attempt.account) ||
        differs(submission.qos, attempt.qos)) {
      no(fmt::format("runs as {} of {} with QOS {}, the trace has {} of {} with {}", attempt.user,
                     attempt.account, attempt.qos, names[submission.user],
                     names[submission.account], names[submission.qos]));
    }
    const std::string asked = "," + names[submission.partition] + ",";
    if (asked == ",," ? !partition.is_default
                      : asked.find("," + partition.name + ",") == std::string::npos) {
      no(fmt::format("partition {}, it asked for {}", partition.name, names[submission.partition]));
    }
    if (!partition.allow_accounts.empty() &&
        !names_account(cluster, partition.allow_accounts, attempt.account)) {
      no(fmt::format("partition {} does not allow account {}", partition.name, attempt.account));
    }
    if (names_account(cluster, partition.deny_accounts, attempt.account)) {
      no(fmt::format("partition {} denies account {}", partition.name, attempt.account));
    }
    const auto has = [&](const std::vector<std::string>& list) {
      return has_name(list, attempt.qos);
    };
    if ((!partition.allow_qos.empty() && !has(partition.allow_qos)) || has(partition.deny_qos)) {
      no(fmt::format("partition {} does not allow QOS {}", partition.name, attempt.qos));
    }
    if (cluster.declares_accounts && !cluster.find_account(attempt.account)) {
      no(fmt::format("account {} is not declared", attempt.account));
    }
    const auto user = cluster.find_user(attempt.account, attempt.user, partition.name);
    AssocId level = user ? *user : cluster.find_account(attempt.account).value_or(AssocId{0});
    while (level != kNone<AssocId> && cluster.assocs[level].allow_qos.empty()) {
      level = cluster.assocs[level].parent;
    }
    if (level != kNone<AssocId> && !attempt.qos.empty() && !has(cluster.assocs[level].allow_qos)) {
      no(fmt::format("account {} may not use QOS {}", attempt.account, attempt.qos));
    }
  }
}

}  // namespace rehearse::auditing
