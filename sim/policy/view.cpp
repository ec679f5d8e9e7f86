#include "sim/policy/view.hpp"

namespace rehearse {

State::State(const Cluster& its_cluster, const Workload& its_workload)
    : cluster(its_cluster),
      workload(its_workload),
      requests(its_cluster),
      resources(its_cluster),
      ledger(its_cluster),
      journal(its_cluster.gres.size()),
      limiter(its_cluster, journal.assocs) {
  has_limits = limiter.has_limits();
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
