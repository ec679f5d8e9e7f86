#include "sim/study/job_witness.hpp"

#include <algorithm>
#include <set>

#include "sim/state/limit_rules.hpp"

namespace rehearse {
namespace {

// Whether the running job `other` counts towards the limit that holds `job`.
bool counts(const View& view, const LimitHit& hit, const limits::LimitName& limit, JobId job,
            JobId other) {
  const Job& its = view.job(other);
  const Job& held = view.job(job);
  if (hit.tres >= 0 && view.allocated(its.attempt)[static_cast<std::size_t>(hit.tres)] == 0) {
    return false;
  }
  if (hit.scope != LimitScope::Assoc) {
    const auto qos = static_cast<QosId>(hit.entity);
    const Payer payer = view.payer(other, its.partition);
    if (payer.job_qos != qos && payer.partition_qos != qos) return false;
    if (limit.whose == limits::Whose::User) return its.user == held.user;
    if (limit.whose == limits::Whose::Account) {
      return view.ledger().account(its.assoc) == view.ledger().account(held.assoc);
    }
    return true;
  }
  if (limit.whose == limits::Whose::User) return its.assoc == held.assoc;
  AssocId above = its.assoc;
  while (above != kNone<AssocId> && above != static_cast<AssocId>(hit.entity)) {
    above = view.assocs()[above].parent;
  }
  return above != kNone<AssocId>;
}

std::vector<JobId> users_of(const View& view, const LimitHit& hit, JobId job) {
  std::vector<JobId> users;
  const auto limit = limits::limit_of(hit.reason);
  const bool counts_running = limit && limit->whose != limits::Whose::Job &&
                              limit->of != limits::LimitName::Of::Wall &&
                              limit->of != limits::LimitName::Of::SubmittedJobs &&
                              limit->measure != limits::Measure::MinutesSpent;
  if (!counts_running) return users;
  for (const RunningJob& running : view.running()) {
    if (counts(view, hit, *limit, job, running.job)) users.push_back(running.job);
  }
  std::sort(users.begin(), users.end(), [&](JobId a, JobId b) {
    return std::pair(view.job(a).start, a) < std::pair(view.job(b).start, b);
  });
  return users;
}

void add(JobWitness::Capacity& sum, std::int64_t cpus, std::span<const std::uint32_t> gres,
         const Cluster& cluster) {
  sum.cpus += cpus;
  for (std::size_t kind = 0; kind < gres.size(); ++kind) {
    if (!cluster.gres[static_cast<GresId>(kind)].is_gpu()) continue;
    sum.gpus += gres[kind];
    if (cpus == 0) sum.gpus_without_cpu += gres[kind];
  }
}

/// Lets another scheduler decide, through a witness.
class Watched final : public Scheduler {
 public:
  Watched(std::unique_ptr<Scheduler> scheduler, JobWitness& witness)
      : scheduler_(std::move(scheduler)), witness_(witness) {}

  void equip(Slots slots) override { scheduler_->equip(std::move(slots)); }
  PassMode pass() const override { return scheduler_->pass(); }
  Lifecycle lifecycle() const override { return scheduler_->lifecycle(); }
  Duration requeue_delay() const override { return scheduler_->requeue_delay(); }
  void begin(Control& control, JudgesControl& judges) override {
    witness_.act_on(control);
    scheduler_->begin(witness_, judges);
  }
  void ending(JobId job) override { scheduler_->ending(job); }
  void on(const Changes& changes, Control& control) override {
    witness_.act_on(control);
    scheduler_->on(changes, witness_);
  }

 private:
  std::unique_ptr<Scheduler> scheduler_;
  JobWitness& witness_;
};

}  // namespace

std::unique_ptr<Scheduler> JobWitness::watch(std::unique_ptr<Scheduler> scheduler) {
  return std::make_unique<Watched>(std::move(scheduler), *this);
}

bool JobWitness::is_it(JobId id) {
  if (job_ != kNone<JobId>) return id == job_;
  const Submission& row = view().submission(id);
  std::string name = row.name == kNone<NameId> ? std::to_string(row.number) : view().name(row.name);
  const std::uint32_t task = view().entry(id).array_task;
  if (task != kNone<std::uint32_t>) name += "_" + std::to_string(task);
  if (name != name_) return false;
  job_ = id;
  return true;
}

void JobWitness::queue(std::span<const Place> places) {
  queue_at_ = view().now();
  ahead_.clear();
  place_.reset();
  const auto& partitions = view().cluster().partitions;
  NodeSet nodes(view().cluster().nodes.size());
  for (const Place& place : places) {
    if (!is_it(place.job)) continue;
    if (!place_) place_ = place;
    nodes |= partitions[place.partition].nodes;
  }
  if (!place_) return;
  for (const Place& place : places) {
    if (place.job == job_) return;
    if (nodes.intersects(partitions[place.partition].nodes)) ahead_.push_back(place);
  }
}

void JobWitness::plan(JobId id, Time at, std::span<const NodeId> nodes) {
  if (!is_it(id)) return;
  const AttemptId attempt = view().job(id).attempt;
  if (!plans_.empty() && plans_.back().attempt == attempt && plans_.back().start == at &&
      std::equal(nodes.begin(), nodes.end(), plans_.back().nodes.begin(),
                 plans_.back().nodes.end())) {
    return;
  }
  plans_.push_back({view().now(), attempt, at, {nodes.begin(), nodes.end()}});
}

void JobWitness::held(JobId id, const LimitHit& limit) {
  if (is_it(id)) held_ = limit;
}

void JobWitness::set_reason(JobId id, Reason reason) {
  const bool is_new = is_it(id) && view().reason(id) != reason;
  control_->set_reason(id, reason);
  const std::optional<LimitHit> limit = is_it(id) ? std::exchange(held_, std::nullopt) : held_;
  if (!is_new) return;
  const Job& job = view().job(id);
  const bool is_in_queue = place_ && queue_at_ == view().now();
  Change change{.at = view().now(), .attempt = job.attempt, .reason = reason, .limit = limit};
  change.partition = is_in_queue ? place_->partition : job.partition;
  if (limit) change.users = users_of(view(), *limit, id);
  if (is_in_queue) {
    change.asks = view().request(place_->request).tres;
    count_ahead(change);
  }
  if (change.partition != kNone<PartitionId>) count_free(change);
  changes_.push_back(std::move(change));
}

// Those ahead that have not started in the meantime, each once.
void JobWitness::count_ahead(Change& change) const {
  std::set<JobId> seen;
  for (const Place& place : ahead_) {
    if (view().job(place.job).state != JobState::Pending) continue;
    if (!seen.insert(place.job).second) continue;
    if (seen.size() > kFirst) continue;
    change.first_ahead.push_back({place.job, place.priority, view().request(place.request).tres});
  }
  change.ahead = static_cast<std::int64_t>(seen.size());
}

void JobWitness::count_free(Change& change) const {
  const Cluster& cluster = view().cluster();
  std::vector<std::uint32_t> free(cluster.gres.size());
  cluster.partitions[change.partition].nodes.for_each([&](NodeId node) {
    for (std::size_t kind = 0; kind < free.size(); ++kind) {
      free[kind] = view().resources().free_gres(node, static_cast<GresId>(kind));
    }
    add(change.free, view().resources().free_cpus(node), free, cluster);
    add(change.all, cluster.nodes[node].cpus, cluster.nodes[node].gres, cluster);
    return true;
  });
}

}  // namespace rehearse
