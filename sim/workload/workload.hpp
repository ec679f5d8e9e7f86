// What was asked (Submissions) and how long it really ran (Truth): two types (D14), so that no
// decision can read a run time by accident. Both are append-only and indexed by SubmissionId, the
// order of the rows in the file; the engine sorts by (submit, SubmissionId).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

/// One row of the trace, as the user asked for it. 40 bytes.
struct Submission {
  Time submit;
  Duration time_limit;  ///< kUnlimited if none was given
  std::uint32_t cpus;   ///< one-CPU tasks, which may lie on any nodes
  NameId user;
  NameId account;
  NameId queue;
  std::uint64_t number;  ///< the job's number in the trace
};

/// What no decision may see.
struct Truth {
  IdVector<SubmissionId, Duration> run_time;
};

/// A named repair of dirty rows: how often it was applied, and the line of the first row.
struct Repair {
  std::int64_t count = 0;
  std::int64_t first_line = 0;
};

struct Workload {
  IdVector<SubmissionId, Submission> submissions;
  Truth truth;
  IdVector<NameId, std::string> names;
  std::int64_t max_procs = 0;         ///< MaxProcs of the header, 0 if it does not say
  std::int64_t unix_start_time = -1;  ///< UnixStartTime of the header, -1 if it does not say
  std::map<std::string, Repair, std::less<>> repairs;
};

}  // namespace rehearse
