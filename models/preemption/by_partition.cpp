// Slurm's preempt/partition_prio: jobs of a partition of higher PriorityTier may preempt those of a
// lower one, unless the victim's partition has PreemptMode=OFF.
//
// Two rules that sites have on top of it (SkyNet's overcap queues):
//   same_account_only      jobs of these partitions make way only for jobs of their own account
//   relieves_account_cap   a job that the cap of its account holds may preempt too, since what its
//                          victims use counts towards the same cap. Stock Slurm leaves the job
//                          waiting, because victims still count as using (semantics 4.4)

#include <algorithm>
#include <string>
#include <vector>

#include "models/preemption/rivals.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/policy/registry.hpp"

namespace {

using rehearse::Candidate;
using rehearse::Job;
using rehearse::JobId;
using rehearse::Partition;
using rehearse::PartitionId;
using rehearse::PreemptMode;
using rehearse::Rival;
using rehearse::View;

class ByPartition final : public rehearse::PreemptionPolicy {
 public:
  struct Params {
    PreemptMode mode = PreemptMode::Requeue;
    bool youngest_first = false;
    rehearse::Duration exempt_time = rehearse::Duration::zero();
    std::string same_account_only{};
    bool relieves_account_cap = false;
    void visit(auto&& field) {
      field("mode", mode, "PreemptMode where the victim's partition sets none");
      field("youngest_first", youngest_first,
            "Latest start first, not lowest tier and fewest nodes");
      field("exempt_time", exempt_time, "PreemptExemptTime where no QOS of the victim sets it");
      field("same_account_only", same_account_only,
            "Partitions, by commas, whose jobs make way only for jobs of their own account");
      field("relieves_account_cap", relieves_account_cap,
            "Victims' use counts as gone for a job that the limits of its account hold");
    }
  };
  explicit ByPartition(const Params& params) : params_(params) {}

  void victims(const View& view, const Candidate& claimant,
               std::vector<rehearse::Victim>& victims) override {
    if (is_same_account_only_.empty()) read_partitions(view.cluster());
    if (!has_rivals_[claimant.partition]) return;
    std::vector<Rival> rivals;
    for (const rehearse::RunningJob& running : view.running()) {
      const JobId id = running.job;
      const Job& job = view.job(id);
      const Partition& partition = view.cluster().partitions[job.partition];
      const PreemptMode mode = mode_of(view, job);
      if (mode == PreemptMode::Off || !may_preempt(view, claimant, job)) continue;
      if (!rehearse::is_in_the_way(view, id, claimant)) continue;
      rivals.push_back({{id, mode, partition.grace_time},
                        job.start,
                        partition.priority_tier,
                        rehearse::held_nodes(view, id),
                        job.list_order});
    }
    rehearse::append_in_order(std::move(rivals), params_.youngest_first, victims);
  }
  PreemptMode mode_of(const View& view, const Job& job) const override {
    return view.cluster().partitions[job.partition].preempt_mode.value_or(params_.mode);
  }
  bool could_preempt(const View& view, const Candidate& claimant, const Candidate& other) override {
    const Partition& mine = view.cluster().partitions[claimant.partition];
    const Partition& its = view.cluster().partitions[other.partition];
    return outranks(mine, its);
  }
  bool relieves_account_limits() const override { return params_.relieves_account_cap; }

 private:
  static bool outranks(const Partition& mine, const Partition& its) {
    return mine.priority_tier > its.priority_tier && mine.nodes.intersects(its.nodes);
  }

  bool may_preempt(const View& view, const Candidate& claimant, const Job& job) const {
    const auto& partitions = view.cluster().partitions;
    if (partitions[job.partition].priority_tier >= partitions[claimant.partition].priority_tier) {
      return false;
    }
    if (rehearse::is_exempt(view, job, params_.exempt_time)) return false;
    if (!is_same_account_only_[job.partition]) return true;
    const rehearse::AssocId own = view.job(claimant.job).assoc;
    return view.assocs()[own].account == view.assocs()[job.assoc].account;
  }

  void read_partitions(const rehearse::Cluster& cluster) {
    is_same_account_only_.resize(cluster.partitions.size(), false);
    for (const std::string_view text : rehearse::split(params_.same_account_only, ',')) {
      const std::string_view name = rehearse::trim(text);
      if (name.empty()) continue;
      const auto found = cluster.find_partition(name);
      if (!found) {
        rehearse::fail(
            {.message = "same_account_only: there is no partition \"" + std::string(name) + "\""});
      }
      is_same_account_only_[*found] = true;
    }
    has_rivals_.resize(cluster.partitions.size(), false);
    for (std::size_t i = 0; i < has_rivals_.size(); ++i) {
      const Partition& mine = cluster.partitions[static_cast<PartitionId>(i)];
      has_rivals_[static_cast<PartitionId>(i)] =
          std::any_of(cluster.partitions.begin(), cluster.partitions.end(), [&](const auto& its) {
            return outranks(mine, its) &&
                   its.preempt_mode.value_or(params_.mode) != PreemptMode::Off;
          });
    }
  }

  Params params_;
  rehearse::IdVector<PartitionId, char> is_same_account_only_;
  rehearse::IdVector<PartitionId, char> has_rivals_;  ///< others whose jobs it may preempt
};

const rehearse::Register<rehearse::PreemptionPolicy, ByPartition> registered{
    "by-partition", "Partitions of a higher tier preempt those of a lower one"};

}  // namespace
