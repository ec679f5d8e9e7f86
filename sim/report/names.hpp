// The names under which reports know a job, its account, QOS and partition: as the run resolved
// them, or as the trace wrote them where the run could not.
#pragma once

#include <string>
#include <string_view>

#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// "J042", "17", "A03_7".
inline std::string job_name(const Workload& workload, const JobEntry& job) {
  return workload.task_text(job.submission, job.array_task);
}

/// The account's association; none if the job was put on no account (it is the root's).
inline AssocId account_of(const Journal& journal, const JobEntry& job) {
  if (job.assoc == kNone<AssocId> || index(job.assoc) >= journal.assocs.size()) {
    return kNone<AssocId>;
  }
  const Assoc& assoc = journal.assocs[job.assoc];
  const AssocId account = assoc.is_user() ? assoc.parent : job.assoc;
  return account == AssocId{0} ? kNone<AssocId> : account;
}

inline std::string_view account_name(const Workload& workload, const Journal& journal,
                                     const JobEntry& job) {
  const AssocId account = account_of(journal, job);
  return account != kNone<AssocId> ? std::string_view(journal.assocs[account].account)
                                   : workload.names[workload.submissions[job.submission].account];
}

inline std::string_view qos_name(const Cluster& cluster, const Workload& workload,
                                 const JobEntry& job) {
  return job.qos != kNone<QosId> ? std::string_view(cluster.qos[job.qos].name)
                                 : workload.names[workload.submissions[job.submission].qos];
}

inline std::string_view partition_name(const Cluster& cluster, const Workload& workload,
                                       const Journal& journal, const Attempt& attempt) {
  if (attempt.partition != kNone<PartitionId>) return cluster.partitions[attempt.partition].name;
  const JobEntry& job = journal.jobs[attempt.job];
  return workload.names[workload.submissions[job.submission].partition];
}

/// `text` as a terminal may show it: control characters, which it would obey, become '?'.
inline std::string printable(std::string_view text) {
  std::string result(text);
  for (char& each : result) {
    if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) each = '?';
  }
  return result;
}

}  // namespace rehearse
