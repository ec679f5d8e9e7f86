// What a scheduler has in mind at a moment and the journal does not keep: the priority of what
// waits, what it is made of, starts that are planned, and how well each association was served.
// Snapshots (report/snapshot.hpp) print it as sprio, squeue and sshare do.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

/// What a priority is the sum of, each factor times its weight.
struct PriorityFactors {
  double age = 0, assoc = 0, fair_share = 0, job_size = 0, partition = 0, qos = 0;
  std::vector<double> tres;  ///< per TRES position; empty: none has a weight
  std::int32_t nice = 0;     ///< taken off
};

/// A pending job in one of its partitions, or a running one in its own.
struct Ranked {
  JobId job{};
  PartitionId partition{};
  double priority = 0;      ///< there
  double job_priority = 0;  ///< of the job as a whole
  Time planned = kNever;    ///< start that a pending one was promised
  bool competes = true;     ///< pending and eligible, not held: sprio lists it
  std::optional<PriorityFactors> factors{};
};

/// How an association stands among its siblings, and in the whole (sshare).
struct Standing {
  double norm_shares = 0;      ///< of its siblings' shares; classic: of the whole cluster
  double norm_usage = 0;       ///< of all use
  double effective_usage = 0;  ///< of its parent's use; classic: drawn towards its parent's
  double level = 0;            ///< norm_shares / effective_usage, infinite without use
  std::optional<double> factor = std::nullopt;  ///< the classic one; Fair Tree only ranks users
};

struct Outlook {
  std::vector<Ranked> jobs;                ///< partitions of a job in its own order
  IdVector<AssocId, double> raw_usage;     ///< billing-seconds, faded; empty: not known
  IdVector<AssocId, Standing> standing{};  ///< when factors were last worked out; may be empty
};

}  // namespace rehearse
