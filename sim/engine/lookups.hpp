// What the engine looks up in its tables: the truth of a job, the nodes of shares, the order of
// submissions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "sim/policy/scheduler.hpp"
#include "sim/state/journal.hpp"
#include "sim/state/resources.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// How long a job, or this task of an array, really runs.
inline TaskTruth truth_of(const Workload& workload, const JobEntry& entry) {
  if (entry.array_task == kNone<std::uint32_t>) return workload.truth.of(entry.submission);
  const std::vector<std::uint32_t>& tasks = workload.special(entry.submission)->array_tasks;
  const auto at = std::find(tasks.begin(), tasks.end(), entry.array_task);
  return workload.truth.of(entry.submission, static_cast<std::size_t>(at - tasks.begin()));
}

/// How long a job of this truth runs if nobody interferes.
inline Duration run_length(const TaskTruth& truth, Duration time_limit,
                           const Lifecycle& lifecycle) {
  if (!lifecycle.judges) return std::min(truth.run_time, time_limit);
  return truth.run_time < kUnlimited ? truth.run_time + lifecycle.overhead : truth.run_time;
}

/// REQUIRES: each share is of one node.
inline std::vector<NodeId> nodes_of(std::span<const Share> shares) {
  std::vector<NodeId> nodes;
  for (const Share& share : shares) nodes.push_back(share.first);
  return nodes;
}

/// By (submit, number, row).
inline std::vector<SubmissionId> in_order_of_submission(const Workload& workload) {
  std::vector<SubmissionId> order(workload.submissions.size());
  for (std::size_t row = 0; row < order.size(); ++row) order[row] = static_cast<SubmissionId>(row);
  std::sort(order.begin(), order.end(), [&](SubmissionId a, SubmissionId b) {
    const Submission& left = workload.submissions[a];
    const Submission& right = workload.submissions[b];
    return std::tie(left.submit, left.number, a) < std::tie(right.submit, right.number, b);
  });
  return order;
}

}  // namespace rehearse
