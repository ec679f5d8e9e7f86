#include "sim/state/ledger.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace rehearse {
namespace {

void change_tres(TresCounts& counts, const TresCounts& by, std::int64_t sign) {
  for (std::size_t i = 0; i < by.size(); ++i) counts[i] += sign * by[i];
}

// A node of several jobs is one node.
void add_nodes(Use& use, std::int64_t counted, std::span<const NodeId> nodes) {
  if (nodes.empty()) return;
  use.tres[kTresNode] -= counted;
  for (const NodeId node : nodes) {
    if (use.jobs_on.size() <= index(node)) use.jobs_on.resize(index(node) + 1);
    if (++use.jobs_on[index(node)] == 1) ++use.tres[kTresNode];
  }
}

void remove_nodes(Use& use, std::int64_t counted, std::span<const NodeId> nodes) {
  if (nodes.empty()) return;
  use.tres[kTresNode] += counted;
  for (const NodeId node : nodes) {
    SIM_CHECK(use.uses(node), "no job on node {}", index(node));
    if (--use.jobs_on[index(node)] == 0) --use.tres[kTresNode];
  }
}

template <class Map, class Key>
const Use& find_or(const Map& map, const Key& key, const Use& otherwise) {
  const auto found = map.find(key);
  return found == map.end() ? otherwise : found->second;
}

}  // namespace

Ledger::Ledger(const Cluster& cluster) {
  nothing_.tres.resize(cluster.tres_count(), 0);
  unspent_.tres_seconds.resize(cluster.tres_count(), 0);
  unspent_.left.resize(cluster.tres_count(), 0);
  for (const Qos& qos : cluster.qos) terms_.push_back({qos.usage_factor, qos.no_decay});
  qos_.resize(cluster.qos.size(), nothing_);
  spent_by_qos_.resize(cluster.qos.size(), unspent_);
  assocs_.resize(cluster.assocs.size(), nothing_);
  spent_by_assoc_.resize(cluster.assocs.size(), unspent_);
  for (const Assoc& assoc : cluster.assocs) {
    const auto id = static_cast<AssocId>(parents_.size());
    parents_.push_back(assoc.parent);
    accounts_.push_back(assoc.is_user() ? assoc.parent : id);
  }
}

void Ledger::add_assoc(AssocId id, AssocId parent) {
  SIM_CHECK(index(id) == parents_.size(), "association {} comes after {} others", index(id),
            parents_.size());
  parents_.push_back(parent);
  accounts_.push_back(parent);
  assocs_.push_back(nothing_);
  spent_by_assoc_.push_back(unspent_);
}

template <class Change>
void Ledger::for_all(const Payer& payer, Change&& change) {
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = parents_[id]) change(assocs_[id]);
  const auto in_qos = [&](QosId qos) {
    change(qos_[qos]);
    change(qos_users_.try_emplace({qos, payer.user}, nothing_).first->second);
    change(qos_accounts_.try_emplace({qos, accounts_[payer.assoc]}, nothing_).first->second);
  };
  if (payer.partition_qos != kNone<QosId>) in_qos(payer.partition_qos);
  if (payer.job_qos != kNone<QosId> && payer.job_qos != payer.partition_qos) in_qos(payer.job_qos);
}

void Ledger::submitted(const Payer& payer, std::int64_t jobs) {
  for_all(payer, [jobs](Use& use) {
    use.submitted += jobs;
    SIM_CHECK(use.submitted >= 0, "{} jobs submitted", use.submitted);
  });
}

template <class Change>
void Ledger::for_spent(const Payer& payer, Change&& change) {
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = parents_[id]) {
    change(spent_by_assoc_[id], false);
  }
  const auto in_qos = [&](QosId qos) { change(spent_by_qos_[qos], terms_[qos].no_decay); };
  if (payer.partition_qos != kNone<QosId>) in_qos(payer.partition_qos);
  if (payer.job_qos != kNone<QosId> && payer.job_qos != payer.partition_qos) in_qos(payer.job_qos);
}

double Ledger::usage_factor(const Payer& payer) const {
  return payer.job_qos == kNone<QosId> ? 1 : terms_[payer.job_qos].usage_factor;
}

std::int64_t Ledger::counted_seconds(const Payer& payer, Duration length) const {
  const std::int64_t seconds = whole_seconds(left_of_limit(length, Duration::zero()));
  return static_cast<std::int64_t>(static_cast<double>(seconds) * usage_factor(payer));
}

void Ledger::started(const Payer& payer, const TresCounts& tres, Duration time_limit,
                     std::span<const NodeId> nodes) {
  for_all(payer, [&](Use& use) {
    ++use.running;
    change_tres(use.tres, tres, 1);
    add_nodes(use, tres[kTresNode], nodes);
  });
  const std::int64_t seconds = counted_seconds(payer, time_limit);
  if (seconds == 0) return;
  for_spent(payer, [&](Spent& spent, bool) { change_tres(spent.left, tres, seconds); });
}

void Ledger::ended(const Payer& payer, const TresCounts& tres, Duration unused,
                   std::span<const NodeId> nodes) {
  for_all(payer, [&](Use& use) {
    --use.running;
    SIM_CHECK(use.running >= 0, "{} jobs running", use.running);
    change_tres(use.tres, tres, -1);
    remove_nodes(use, tres[kTresNode], nodes);
  });
  ran(payer, tres, unused);
}

void Ledger::ran(const Payer& payer, const TresCounts& tres, Duration length) {
  const std::int64_t seconds = counted_seconds(payer, length);
  if (seconds <= 0) return;
  for_spent(payer, [&](Spent& spent, bool) {
    for (std::size_t i = 0; i < tres.size(); ++i) {
      spent.left[i] = std::max<std::int64_t>(0, spent.left[i] - seconds * tres[i]);
    }
  });
}

void Ledger::charge(const Payer& payer, const TresCounts& tres, double seconds, double decayed) {
  const double factor = usage_factor(payer);
  for_spent(payer, [&](Spent& spent, bool no_decay) {
    const double worth = (no_decay ? seconds : decayed) * factor;
    spent.wall_seconds += worth;
    for (std::size_t i = 0; i < tres.size(); ++i) {
      spent.tres_seconds[i] += worth * static_cast<double>(tres[i]);
    }
  });
}

void Ledger::decay(double factor) {
  const auto fade = [factor](Spent& spent) {
    spent.wall_seconds *= factor;
    for (double& seconds : spent.tres_seconds) seconds *= factor;
  };
  for (Spent& spent : spent_by_assoc_) fade(spent);
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    const auto qos = static_cast<QosId>(i);
    if (!terms_[qos].no_decay) fade(spent_by_qos_[qos]);
  }
}

void Ledger::reset_usage() {
  const auto forget = [](Spent& spent) {
    spent.wall_seconds = 0;
    std::fill(spent.tres_seconds.begin(), spent.tres_seconds.end(), 0.0);
  };
  for (Spent& spent : spent_by_assoc_) forget(spent);
  for (Spent& spent : spent_by_qos_) forget(spent);
}

const Use& Ledger::of_assoc(AssocId assoc) const { return assocs_[assoc]; }

const Use& Ledger::of_qos(QosId qos) const { return qos_[qos]; }

const Use& Ledger::of_qos_user(QosId qos, UserId user) const {
  return find_or(qos_users_, std::pair{qos, user}, nothing_);
}

const Use& Ledger::of_qos_account(QosId qos, AssocId account) const {
  return find_or(qos_accounts_, std::pair{qos, account}, nothing_);
}

}  // namespace rehearse
