#include "sim/report/deliveries.hpp"

#include <algorithm>

#include "sim/report/held.hpp"

namespace rehearse {
namespace {

struct DemandChange {
  std::int64_t at;
  AssocId account;
  std::int64_t amount;
};

// The GPUs (or CPUs) that a request names, on the least number of nodes.
std::int64_t asked_amount(const Asked& asked, bool gpus) {
  const std::int64_t nodes = std::max<std::int64_t>(asked.min_nodes, 1);
  const std::int64_t tasks = std::max<std::int64_t>(
      {asked.tasks, nodes * std::max<std::int64_t>(asked.tasks_per_node, 1)});
  if (!gpus) return tasks * std::max<std::int64_t>(asked.cpus_per_task, 1);
  std::int64_t sum = 0;
  const auto add = [&](const std::vector<GresCount>& list, std::int64_t times) {
    for (const GresCount& each : list) {
      if (each.name == "gpu") sum += each.count * times;
    }
  };
  add(asked.gres_per_node, nodes);
  add(asked.gres_per_task, tasks);
  add(asked.gres_per_job, 1);
  return sum;
}

// The account's own cap of the resource, or -1.
std::int64_t cap_of(const Cluster& cluster, const TresCounts& limits, bool gpus) {
  const auto limit = [&](std::size_t tres) {
    return tres < limits.size() ? limits[tres] : kNoLimit;
  };
  if (!gpus) return limit(kTresCpu);
  if (limit(kTresGpu) != kNoLimit) return limit(kTresGpu);
  std::int64_t sum = kNoLimit;  // caps by type add up
  for (std::size_t k = 0; k < cluster.gres.size(); ++k) {
    const auto kind = static_cast<GresId>(k);
    const std::int64_t cap = limit(tres_of(kind));
    if (cluster.gres[kind].is_gpu() && cap != kNoLimit) sum = std::max<std::int64_t>(sum, 0) + cap;
  }
  return sum;
}

class Accounts {
 public:
  Accounts(const Cluster& cluster, const Journal& journal, bool gpus) {
    const std::int64_t capacity = cluster.totals()[gpus ? kTresGpu : kTresCpu];
    const std::size_t count = cluster.assocs.size();
    std::vector<std::int64_t> children(count, 0);  // sum of their shares
    for (const Assoc& assoc : cluster.assocs) {
      if (!assoc.is_user() && assoc.parent != kNone<AssocId>) {
        children[index(assoc.parent)] += assoc.shares;
      }
    }
    std::vector<double> norm(count, 1);
    states_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const Assoc& assoc = cluster.assocs[static_cast<AssocId>(i)];
      if (assoc.is_user() || assoc.parent == kNone<AssocId>) continue;
      const std::size_t up = index(assoc.parent);
      if (children[up] > 0) {
        norm[i] = norm[up] * static_cast<double>(assoc.shares) / static_cast<double>(children[up]);
      }
      const std::int64_t cap = cap_of(cluster, assoc.limits.grp_tres, gpus);
      State& state = states_[i];
      state.is_account = true;
      state.delivery.account = assoc.account;
      state.delivery.is_cap = cap != kNoLimit;
      state.delivery.guarantee = cap != kNoLimit ? static_cast<double>(std::min(cap, capacity))
                                                 : norm[i] * static_cast<double>(capacity);
    }
    for (const Assoc& assoc : journal.assocs) parents_.push_back(assoc.parent);
  }

  // Calls visit(State&) for the account of `assoc` and those above it.
  template <class Visit>
  void upwards(AssocId assoc, Visit&& visit) {
    for (; assoc != kNone<AssocId>; assoc = parents_[assoc]) {
      if (index(assoc) < states_.size() && states_[index(assoc)].is_account) {
        visit(states_[index(assoc)]);
      }
    }
  }

  struct State {
    bool is_account = false;
    std::int64_t demand = 0;
    std::int64_t since = 0;
    Delivery delivery;

    void accrue(std::int64_t now) {
      if (now <= since) return;
      delivery.promised_seconds += std::min(delivery.guarantee, static_cast<double>(demand)) *
                                   static_cast<double>(now - since);
      since = now;
    }
  };
  std::vector<State>& states() { return states_; }

 private:
  std::vector<State> states_;           // of the cluster's associations
  IdVector<AssocId, AssocId> parents_;  // of the journal's
};

}  // namespace

std::vector<Delivery> deliveries(const Cluster& cluster, const Workload& workload,
                                 const Journal& journal, std::int64_t begin, std::int64_t end) {
  if (!cluster.declares_accounts) return {};
  const bool gpus = cluster.totals()[kTresGpu] > 0;
  Accounts accounts(cluster, journal, gpus);
  for (Accounts::State& state : accounts.states()) state.since = begin;

  std::vector<DemandChange> changes;
  for (const Attempt& attempt : journal.attempts) {
    if (attempt.eligible == kNever || attempt.state == JobState::Rejected) continue;
    const JobEntry& job = journal.jobs[attempt.job];
    const Held held = held_by(cluster, journal, attempt);
    std::int64_t amount = gpus ? held.gpus : held.cpus;
    if (attempt.start == kNever) {
      amount = asked_amount(workload.asked[workload.submissions[job.submission].asked], gpus);
    }
    if (amount == 0) continue;
    changes.push_back({whole_seconds(attempt.eligible), job.assoc, amount});
    if (attempt.end != kNever) changes.push_back({whole_seconds(attempt.end), job.assoc, -amount});
    if (attempt.start == kNever) continue;
    const auto given = static_cast<double>(amount * seconds_held(journal, attempt));
    accounts.upwards(job.assoc,
                     [&](Accounts::State& state) { state.delivery.delivered_seconds += given; });
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const DemandChange& a, const DemandChange& b) { return a.at < b.at; });
  for (const DemandChange& change : changes) {
    accounts.upwards(change.account, [&](Accounts::State& state) {
      state.accrue(std::min(change.at, end));
      state.demand += change.amount;
    });
  }
  std::vector<Delivery> result;
  for (Accounts::State& state : accounts.states()) {
    state.accrue(end);
    if (state.is_account) result.push_back(std::move(state.delivery));
  }
  return result;
}

}  // namespace rehearse
