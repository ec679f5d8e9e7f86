// Slurm's preempt/qos: a job may preempt jobs of the QOS that its own QOS lists (Preempt), whatever
// their partitions.

#include <algorithm>
#include <vector>

#include "models/preemption/rivals.hpp"
#include "sim/policy/registry.hpp"

namespace {

using rehearse::Candidate;
using rehearse::Job;
using rehearse::JobId;
using rehearse::PreemptMode;
using rehearse::Qos;
using rehearse::QosId;
using rehearse::Rival;
using rehearse::View;

class ByQos final : public rehearse::PreemptionPolicy {
 public:
  struct Params {
    PreemptMode mode = PreemptMode::Requeue;
    bool youngest_first = false;
    rehearse::Duration exempt_time = rehearse::Duration::zero();
    bool within = false;
    bool relieves_account_cap = false;
    void visit(auto&& field) {
      field("mode", mode, "PreemptMode where the victim's QOS sets none");
      field("youngest_first", youngest_first,
            "Latest start first, not lowest QOS and fewest nodes");
      field("exempt_time", exempt_time, "PreemptExemptTime where no QOS of the victim sets it");
      field("within", within,
            "Jobs of the same QOS preempt each other, by --priority and then --nice");
      field("relieves_account_cap", relieves_account_cap,
            "Victims' use counts as gone for a job that the limits of its account hold");
    }
  };
  explicit ByQos(const Params& params) : params_(params) {}

  void victims(const View& view, const Candidate& claimant,
               std::vector<rehearse::Victim>& victims) override {
    const Job& claiming = view.job(claimant.job);
    if (claiming.qos == rehearse::kNone<QosId>) return;
    std::vector<Rival> rivals;
    for (const rehearse::RunningJob& running : view.running()) {
      const JobId id = running.job;
      const Job& job = view.job(id);
      if (job.qos == rehearse::kNone<QosId> || !may_preempt(view, claiming, job)) continue;
      const Qos& qos = view.cluster().qos[job.qos];
      const PreemptMode mode = mode_of(view, job);
      if (mode == PreemptMode::Off || !rehearse::is_in_the_way(view, id, claimant)) continue;
      if (rehearse::is_exempt(view, job, params_.exempt_time)) continue;
      rivals.push_back({{id, mode, qos.grace_time.value_or(rehearse::Duration::zero())},
                        job.start,
                        qos.priority,
                        rehearse::held_nodes(view, id),
                        job.list_order});
    }
    rehearse::append_in_order(std::move(rivals), params_.youngest_first, victims);
  }
  PreemptMode mode_of(const View& view, const Job& job) const override {
    if (job.qos == rehearse::kNone<QosId>) return params_.mode;
    return view.cluster().qos[job.qos].preempt_mode.value_or(params_.mode);
  }
  bool could_preempt(const View& view, const Candidate& claimant, const Candidate& other) override {
    const Job& claiming = view.job(claimant.job);
    const Job& job = view.job(other.job);
    return claiming.qos != rehearse::kNone<QosId> && job.qos != rehearse::kNone<QosId> &&
           may_preempt(view, claiming, job);
  }
  bool relieves_account_limits() const override { return params_.relieves_account_cap; }

 private:
  bool may_preempt(const View& view, const Job& claiming, const Job& job) const {
    const std::vector<QosId>& preempts = view.cluster().qos[claiming.qos].preempts;
    if (std::find(preempts.begin(), preempts.end(), job.qos) != preempts.end()) return true;
    if (!params_.within || claiming.qos != job.qos) return false;
    if (claiming.admin_priority != job.admin_priority) {
      return claiming.admin_priority > job.admin_priority;
    }
    return claiming.nice < job.nice;
  }

  Params params_;
};

const rehearse::Register<rehearse::PreemptionPolicy, ByQos> registered{
    "by-qos", "QOS preempt the QOS that they list"};

}  // namespace
