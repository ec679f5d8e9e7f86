// One pass over a pool: every request is one-CPU tasks that may lie anywhere, nothing is limited
// and nothing preempted, so free CPUs tell everything and a step function is the whole future.
// This is the machine of the papers, and the fast one.
#pragma once

#include <span>
#include <vector>

#include "models/event/reasons.hpp"
#include "sim/policy/scheduler.hpp"
#include "sim/state/profile.hpp"

namespace rehearse::event {

class PoolPass final : public Pass {
 public:
  /// Jobs that are started are appended to `started`.
  PoolPass(Control& control, Reasons& reasons, std::vector<JobId>& started)
      : control_(control), view_(control.view()), reasons_(reasons), started_(started) {}

  void begin(std::span<const Candidate> queue) {
    queue_ = queue;
    reserved_.clear();
    blocked_ = false;
  }

  const View& view() const override { return view_; }
  std::span<const Candidate> queue() const override { return queue_; }
  bool start(const Candidate&) override;
  bool reserve(const Candidate&) override;
  bool is_blocked(const Candidate&) const override { return true; }
  bool is_full() const override { return view_.resources().free_cpus() == 0; }

 private:
  struct Promise {
    Time at;
    Duration length;
    std::int64_t cpus;
  };
  bool is_harmless(const Candidate&) const;
  void reserve_first(const Promise&);
  bool tell(const Candidate&);
  void build_profile();

  Control& control_;
  const View& view_;
  Reasons& reasons_;
  std::vector<JobId>& started_;
  std::span<const Candidate> queue_;
  std::vector<Promise> reserved_;
  std::int64_t spare_ = 0;  // with one reservation: CPUs free at its time that it does not need
  Profile profile_;         // with more of them: the future
  bool blocked_ = false;
};

}  // namespace rehearse::event
