// Watches one job through a run, and keeps what nobody can tell afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/policy/witness.hpp"

namespace rehearse {

class JobWitness final : public Witness {
 public:
  static constexpr std::size_t kFirst = 3;  ///< jobs ahead that are kept

  struct Ahead {
    JobId job{};
    double priority = 0;
    TresCounts asks;
  };
  /// CPUs and GPUs of a partition.
  struct Capacity {
    std::int64_t cpus = 0, gpus = 0;
    std::int64_t gpus_without_cpu = 0;  ///< of these on nodes that have no CPU
  };
  /// A scheduler changed the job's reason.
  struct Change {
    Time at;
    AttemptId attempt{};
    Reason reason = Reason::None;
    PartitionId partition = kNone<PartitionId>;
    TresCounts asks{};
    std::optional<LimitHit> limit{};
    std::vector<JobId> users{};  ///< running jobs that count towards the limit
    std::int64_t ahead = 0;
    std::vector<Ahead> first_ahead{};
    Capacity free{}, all{};  ///< of the partition
  };
  struct Plan {
    Time told;
    AttemptId attempt{};
    Time start;
    std::vector<NodeId> nodes;
  };

  /// `name` as in jobs.csv.
  explicit JobWitness(std::string name) : name_(std::move(name)) {}

  /// `scheduler`, which acts through this witness from now on.
  std::unique_ptr<Scheduler> watch(std::unique_ptr<Scheduler> scheduler);
  void act_on(Control& control) { control_ = &control; }

  void queue(std::span<const Place>) override;
  void plan(JobId, Time at, std::span<const NodeId> nodes) override;
  void held(JobId, const LimitHit&) override;
  void set_reason(JobId, Reason) override;

  const View& view() const override { return control_->view(); }
  void start(const Candidate& candidate, std::span<const Share> shares, const GresArena& arena,
             StartedBy by) override {
    control_->start(candidate, shares, arena, by);
  }
  void start_pool(const Candidate& candidate, StartedBy by) override {
    control_->start_pool(candidate, by);
  }
  void evict(JobId id, PreemptMode mode, Duration grace, JobId claimant) override {
    control_->evict(id, mode, grace, claimant);
  }
  void set_fair_share(AssocId assoc, double factor) override {
    control_->set_fair_share(assoc, factor);
  }
  void wake(Time at) override { control_->wake(at); }
  Clairvoyance clairvoyance() override { return control_->clairvoyance(); }

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Plan>& plans() const { return plans_; }

 private:
  bool is_it(JobId);
  void count_ahead(Change&) const;
  void count_free(Change&) const;

  std::string name_;
  Control* control_ = nullptr;  // the engine's
  JobId job_ = kNone<JobId>;
  Time queue_at_ = kNever;        // when ahead_ was told
  std::vector<Place> ahead_;      // in its own queue, of jobs that share nodes with it
  std::optional<Place> place_;    // its own
  std::optional<LimitHit> held_;  // the reason follows
  std::vector<Change> changes_;
  std::vector<Plan> plans_;
};

}  // namespace rehearse
