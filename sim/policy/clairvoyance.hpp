// The key to true run times (D14). Only the engine makes one, on request, and the journal then says
// so: the report's first line names a run in which a policy could see the future.
#pragma once

#include <functional>
#include <utility>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

class Clairvoyance {
 public:
  explicit Clairvoyance(std::function<Duration(JobId)> run_time) : run_time_(std::move(run_time)) {}
  /// How long the job will really run, its time limit apart.
  Duration run_time(JobId job) const { return run_time_(job); }

 private:
  std::function<Duration(JobId)> run_time_;
};

}  // namespace rehearse
