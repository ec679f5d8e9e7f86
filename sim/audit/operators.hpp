// What operators' commands (Workload::operations) mean for the schedule. Of what happens within one
// second the order is not known: whatever some order allows is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/audit/schedule.hpp"

namespace rehearse::auditing {

/// What a partition allows at some time; of several states within a second the most lenient.
struct PartitionTerms {
  Duration max_time = kUnlimited;
  std::uint32_t min_nodes = 0;
  std::optional<std::uint32_t> max_nodes{};
  bool may_start = true;
};

class Operators {
 public:
  explicit Operators(const Schedule& schedule);

  PartitionTerms terms(PartitionId partition, std::int64_t at) const;
  /// Whether the node is drained or down throughout this second.
  bool is_off(NodeId node, std::int64_t at) const;
  /// Whether the attempt started while somebody held the job.
  bool is_held(const Attempt& attempt) const;
  /// Time limits that the job was given, in seconds, until `until`.
  std::vector<std::int64_t> limits_given(const Job& job, std::int64_t until) const;
  /// How long the attempt was suspended; whether it ever was.
  std::int64_t paused(const Attempt& attempt) const;
  bool was_suspended(const Attempt& attempt) const;
  /// The limit that the job may have had when it started; `limit` of jobs.csv is the last one.
  std::int64_t limit_at_start(const Attempt& attempt) const;
  /// Whether a command ended the attempt: scancel, requeue, a node that goes down.
  bool explains_cancel(const Attempt& attempt) const;
  bool explains_requeue(const Attempt& attempt) const;
  bool explains_node_fail(const Attempt& attempt) const;

 private:
  void note(const Operation& operation);
  bool any_failed_on(NodeId node, std::int64_t at) const;
  bool names(const std::vector<JobName>& jobs, const Job& job) const;
  bool matches(const CancelJobs& cancel, const Attempt& attempt) const;
  template <class Action, class Matches>
  bool some_at(std::int64_t at, Matches&& matching) const;

  const Schedule& schedule_;
  std::vector<const Operation*> of_jobs_;  ///< in order of time, as the following
  IdVector<PartitionId, std::vector<std::pair<std::int64_t, PartitionTerms>>> terms_;
  IdVector<NodeId, std::vector<std::pair<std::int64_t, bool>>> off_;
};

}  // namespace rehearse::auditing
