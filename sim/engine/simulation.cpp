#include "sim/engine/simulation.hpp"

#include <algorithm>
#include <queue>
#include <tuple>
#include <vector>

#include "sim/base/check.hpp"

namespace rehearse {
namespace {

class Simulation final : public View, public Control {
 public:
  Simulation(const FlatCluster& cluster, const Workload& workload, Scheduler& scheduler)
      : workload_(workload),
        scheduler_(scheduler),
        resources_(cluster.nodes, cluster.cpus_per_node) {
    create_jobs();
  }

  Journal run(PassMode mode) {
    while (next_submission_ < journal_.jobs.size() || !ends_.empty()) {
      now_ = std::min(next_submit(), ends_.empty() ? kNever : ends_.top().at);
      if (mode == PassMode::Instant) {
        one_instant();
      } else {
        one_event();
      }
    }
    return std::move(journal_);
  }

  Time now() const override { return now_; }
  std::int64_t free_cpus() const override { return resources_.free_cpus(); }
  std::span<const RunningJob> running() const override { return running_; }
  const View& view() const override { return *this; }
  JobView job(JobId id) const override {
    const Submission& asked = asked_for(id);
    return {asked.submit, asked.time_limit, asked.cpus};
  }

  bool start(JobId id, StartedBy by) override {
    JobEntry& entry = journal_.jobs[id];
    const Submission& asked = asked_for(id);
    SIM_CHECK(entry.state == JobState::Pending, "job {} is started twice", asked.number);
    if (asked.cpus > resources_.free_cpus()) return false;
    entry.first_share = static_cast<std::uint32_t>(journal_.shares.size());
    resources_.take(asked.cpus, journal_.shares);
    entry.share_count = static_cast<std::uint32_t>(journal_.shares.size()) - entry.first_share;
    entry.state = JobState::Running;
    entry.started_by = by;
    entry.start = now_;
    const Duration run_time = workload_.truth.run_time[entry.submission];
    ends_.push({end_of(now_, std::min(run_time, asked.time_limit)), id});
    const RunningJob running{end_of(now_, asked.time_limit), id, asked.cpus};
    running_.insert(std::lower_bound(running_.begin(), running_.end(), running, earlier), running);
    return true;
  }

 private:
  struct End {
    Time at;
    JobId job;
    bool operator>(const End& other) const {
      return std::tie(at, job) > std::tie(other.at, other.job);
    }
  };

  static bool earlier(const RunningJob& a, const RunningJob& b) {
    return std::tie(a.expected_end, a.job) < std::tie(b.expected_end, b.job);
  }

  void create_jobs() {
    std::vector<SubmissionId> order(workload_.submissions.size());
    for (std::size_t row = 0; row < order.size(); ++row)
      order[row] = static_cast<SubmissionId>(row);
    std::sort(order.begin(), order.end(), [&](SubmissionId a, SubmissionId b) {
      const Submission& left = workload_.submissions[a];
      const Submission& right = workload_.submissions[b];
      return std::tie(left.submit, left.number, a) < std::tie(right.submit, right.number, b);
    });
    journal_.jobs.reserve(order.size());
    journal_.shares.reserve(order.size());
    for (const SubmissionId row : order) journal_.jobs.push_back({.submission = row});
  }

  const Submission& asked_for(JobId id) const {
    return workload_.submissions[journal_.jobs[id].submission];
  }

  Time next_submit() const {
    if (next_submission_ == journal_.jobs.size()) return kNever;
    return asked_for(static_cast<JobId>(next_submission_)).submit;
  }

  void one_instant() {
    submitted_.clear();
    bool freed = false;
    while (!ends_.empty() && ends_.top().at == now_) {
      finish(pop_end());
      freed = true;
    }
    while (next_submit() == now_) submit();
    scheduler_.on({submitted_, freed}, *this);
  }

  void one_event() {
    submitted_.clear();
    free_those_due();
    if (next_submit() == now_) {
      submit();
      scheduler_.on({submitted_, false}, *this);
    } else {
      finish(pop_end());
      scheduler_.on({submitted_, true}, *this);
    }
  }

  JobId pop_end() {
    const JobId id = ends_.top().job;
    ends_.pop();
    return id;
  }

  void submit() {
    const auto id = static_cast<JobId>(next_submission_++);
    if (asked_for(id).cpus > resources_.total_cpus()) {
      journal_.jobs[id].state = JobState::Rejected;  // it could never run
    } else {
      submitted_.push_back(id);
    }
  }

  // A job whose time limit is over now ends now, whichever event of this instant comes first.
  void free_those_due() {
    while (!running_.empty() && running_.front().expected_end == now_) {
      release(running_.front().job);
    }
  }

  void release(JobId id) {
    const JobEntry& entry = journal_.jobs[id];
    const RunningJob key{end_of(entry.start, asked_for(id).time_limit), id, 0};
    const auto found = std::lower_bound(running_.begin(), running_.end(), key, earlier);
    if (found == running_.end() || found->job != id) return;  // freed earlier in this instant
    running_.erase(found);
    resources_.give(journal_.held(id));
  }

  void finish(JobId id) {
    release(id);
    JobEntry& entry = journal_.jobs[id];
    const Duration limit = asked_for(id).time_limit;
    const bool over = workload_.truth.run_time[entry.submission] > limit;
    entry.state = over ? JobState::Timeout : JobState::Completed;
    entry.end = now_;
  }

  const Workload& workload_;
  Scheduler& scheduler_;
  Resources resources_;
  Journal journal_;
  Time now_{};
  std::size_t next_submission_ = 0;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::vector<RunningJob> running_;  // by expected end
  std::vector<JobId> submitted_;     // of this instant or event
};

}  // namespace

Journal simulate(const FlatCluster& cluster, const Workload& workload, Scheduler& scheduler,
                 PassMode mode) {
  return Simulation(cluster, workload, scheduler).run(mode);
}

}  // namespace rehearse
