#include "sim/policy/view.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "sim/base/text.hpp"

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

Reason View::forbidden(AssocId assoc, QosId qos, const Partition& partition) const {
  const auto contains = [](const std::vector<std::string>& list, std::string_view name) {
    return std::any_of(list.begin(), list.end(),
                       [&](const std::string& each) { return same_name(each, name); });
  };
  bool allowed = partition.allow_accounts.empty(), denied = false;
  for (AssocId at = assoc; at != kNone<AssocId>; at = assocs()[at].parent) {
    allowed = allowed || contains(partition.allow_accounts, assocs()[at].account);
    denied = denied || contains(partition.deny_accounts, assocs()[at].account);
  }
  if (!allowed || denied) return Reason::AccountNotAllowed;
  const std::string_view name =
      qos == kNone<QosId> ? "" : std::string_view(cluster().qos[qos].name);
  if (!partition.allow_qos.empty() && !contains(partition.allow_qos, name)) {
    return Reason::QOSNotAllowed;
  }
  return contains(partition.deny_qos, name) ? Reason::QOSNotAllowed : Reason::None;
}

}  // namespace rehearse
