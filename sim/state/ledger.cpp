#include "sim/state/ledger.hpp"

#include "sim/base/check.hpp"

namespace rehearse {
namespace {

void change_tres(TresCounts& counts, const TresCounts& by, std::int64_t sign) {
  for (std::size_t i = 0; i < by.size(); ++i) counts[i] += sign * by[i];
}

template <class Map, class Key>
const Use& find_or(const Map& map, const Key& key, const Use& otherwise) {
  const auto found = map.find(key);
  return found == map.end() ? otherwise : found->second;
}

}  // namespace

Ledger::Ledger(const Cluster& cluster) : tres_count_(cluster.tres_count()) {
  nothing_.tres.resize(tres_count_, 0);
  qos_.resize(cluster.qos.size(), nothing_);
  assocs_.resize(cluster.assocs.size(), nothing_);
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

void Ledger::started(const Payer& payer, const TresCounts& tres) {
  for_all(payer, [&](Use& use) {
    ++use.running;
    change_tres(use.tres, tres, 1);
  });
}

void Ledger::ended(const Payer& payer, const TresCounts& tres) {
  for_all(payer, [&](Use& use) {
    --use.running;
    SIM_CHECK(use.running >= 0, "{} jobs running", use.running);
    change_tres(use.tres, tres, -1);
  });
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
