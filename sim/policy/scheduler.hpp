// The seam for whole schedulers (D3): look through a View, act through a Control (D2). A scheduler
// cannot start a job twice or over-allocate: a wrong policy gives a bad schedule, never a corrupt
// run. Run times are not reachable from here (D14): an expected end is start + time limit.
#pragma once

#include <cstdint>
#include <span>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/state/journal.hpp"

namespace rehearse {

/// What a decision may know of a job.
struct JobView {
  Time submit;
  Duration time_limit;
  std::uint32_t cpus;
};

struct RunningJob {
  Time expected_end;  ///< start + time limit, kNever without one
  JobId job;
  std::uint32_t cpus;
};

class View {
 public:
  virtual ~View() = default;
  virtual Time now() const = 0;
  virtual JobView job(JobId) const = 0;
  virtual std::int64_t free_cpus() const = 0;
  /// In order of (expected end, id).
  virtual std::span<const RunningJob> running() const = 0;
};

class Control {
 public:
  virtual ~Control() = default;
  virtual const View& view() const = 0;
  /// Starts a pending job now, first fit. False, and nothing changes, if it does not fit.
  virtual bool start(JobId, StartedBy) = 0;
};

/// What happened since the last pass. Spans are valid during the call only.
struct Changes {
  std::span<const JobId> submitted;
  bool resources_freed = false;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual void on(const Changes&, Control&) = 0;
};

}  // namespace rehearse
