// The limits of an association, a QOS or a partition (as its partition QOS): plain data, names as
// in sacctmgr(1). What they mean and in which order they are tried is state/limiter's business.
//
// Trackable resources (TRES) are a vector indexed by TresId positions: cpu, mem (MiB), node,
// billing, gres/gpu of any type, then one position per kind of GRES of the cluster.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

inline constexpr std::size_t kTresCpu = 0;
inline constexpr std::size_t kTresMem = 1;  // MiB
inline constexpr std::size_t kTresNode = 2;
inline constexpr std::size_t kTresBilling = 3;
inline constexpr std::size_t kTresGpu = 4;  // GPUs of any type
inline constexpr std::size_t kTresFirstGres = 5;

constexpr std::size_t tres_of(GresId gres) { return kTresFirstGres + index(gres); }

/// One count per TRES position; absent positions count as 0 (usage) or as no limit (limits).
using TresCounts = std::vector<std::int64_t>;
inline constexpr std::int64_t kNoLimit = -1;

/// Empty vectors and nullopt are "not set". A set limit of 0 is a limit.
struct Limits {
  TresCounts grp_tres;                            ///< GrpTRES: of all running jobs together
  TresCounts max_tres_per_job;                    ///< MaxTRESPerJob
  TresCounts max_tres_per_node;                   ///< MaxTRESPerNode: of one job on one node
  TresCounts max_tres_per_user;                   ///< MaxTRESPerUser (QOS and partition only)
  TresCounts max_tres_per_account;                ///< MaxTRESPerAccount (QOS and partition only)
  TresCounts min_tres_per_job;                    ///< MinTRESPerJob (QOS and partition only)
  TresCounts grp_tres_minutes;                    ///< GrpTRESMins: of all jobs, as it decays
  TresCounts grp_tres_run_minutes;                ///< GrpTRESRunMins: what running jobs have left
  TresCounts max_tres_minutes_per_job;            ///< MaxTRESMinsPerJob
  std::optional<std::int64_t> grp_jobs;           ///< running
  std::optional<std::int64_t> grp_submit_jobs;    ///< pending and running
  std::optional<std::int64_t> max_jobs;           ///< running, of one user (association)
  std::optional<std::int64_t> max_submit_jobs;    ///< of one user (association)
  std::optional<std::int64_t> max_jobs_per_user;  ///< QOS, partition
  std::optional<std::int64_t> max_jobs_per_account;         ///< QOS, partition
  std::optional<std::int64_t> max_submit_jobs_per_user;     ///< QOS, partition
  std::optional<std::int64_t> max_submit_jobs_per_account;  ///< QOS, partition
  std::optional<Duration> max_wall_per_job;                 ///< MaxWallDurationPerJob
  std::optional<Duration> grp_wall;                         ///< GrpWall: of all jobs, as it decays
  bool operator==(const Limits&) const = default;
};

}  // namespace rehearse
