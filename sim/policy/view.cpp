#include "sim/policy/view.hpp"

#include <algorithm>

namespace rehearse {
namespace {

bool sets_any(const Limits& limits) { return !(limits == Limits{}); }

bool any_limit(const Cluster& cluster) {
  const auto sets = [](const auto& each) { return sets_any(each.limits); };
  return std::any_of(cluster.qos.begin(), cluster.qos.end(), sets) ||
         std::any_of(cluster.assocs.begin(), cluster.assocs.end(), sets);
}

}  // namespace

State::State(const Cluster& its_cluster)
    : cluster(its_cluster),
      requests(its_cluster),
      resources(its_cluster),
      ledger(its_cluster),
      journal(its_cluster.gres.size()),
      limiter(its_cluster, journal.assocs) {
  has_limits = any_limit(its_cluster);
  journal.assocs = its_cluster.assocs;
  fair_share.resize(journal.assocs.size(), 1.0);
}

TresCounts View::allocated(AttemptId id) const {
  return allocated_tres(cluster(), state_.journal, state_.journal.attempts[id]);
}

Payer View::payer(JobId id, PartitionId partition) const {
  const Job& of = job(id);
  return {of.assoc, of.user, of.qos, cluster().partitions[partition].qos};
}

}  // namespace rehearse
