#include "sim/config/slurm/slurm_accounting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"

namespace rehearse {

SlurmAccounting::SlurmAccounting(Cluster& cluster, Diagnostics& diagnostics)
    : cluster_(cluster), diagnostics_(diagnostics) {
  add_qos("normal");
  add_account("root", "");
  add_user("root", "root");
}

QosDraft* SlurmAccounting::find_qos(std::string_view lower_name) {
  const auto found = qos_by_name_.find(lower_name);
  return found == qos_by_name_.end() ? nullptr : &qos_[found->second];
}

AssocDraft* SlurmAccounting::find_account(std::string_view lower_name) {
  const auto found = account_by_name_.find(lower_name);
  if (found == account_by_name_.end() || accounts_[found->second].is_removed) return nullptr;
  return &accounts_[found->second];
}

AssocDraft* SlurmAccounting::find_user(std::string_view lower_account, std::string_view lower_user,
                                       std::string_view partition) {
  const auto found = user_by_name_.find(
      {std::string(lower_account), std::string(lower_user), std::string(partition)});
  if (found == user_by_name_.end() || users_[found->second].is_removed) return nullptr;
  return &users_[found->second];
}

QosDraft& SlurmAccounting::add_qos(const std::string& lower_name) {
  if (QosDraft* const found = find_qos(lower_name)) return *found;
  qos_by_name_[lower_name] = qos_.size();
  qos_.emplace_back().qos.name = lower_name;
  return qos_.back();
}

AssocDraft& SlurmAccounting::add_account(const std::string& lower_name, std::string parent,
                                         const SlurmWord& place) {
  if (AssocDraft* const found = find_account(lower_name)) return *found;
  account_by_name_[lower_name] = accounts_.size();
  AssocDraft& draft = accounts_.emplace_back();
  draft.assoc.account = lower_name;
  draft.parent = std::move(parent);
  draft.parent_place = place;
  return draft;
}

AssocDraft& SlurmAccounting::add_user(const std::string& lower_account,
                                      const std::string& lower_user, const std::string& partition) {
  if (AssocDraft* const found = find_user(lower_account, lower_user, partition)) return *found;
  user_by_name_[{lower_account, lower_user, partition}] = users_.size();
  AssocDraft& draft = users_.emplace_back();
  draft.assoc.account = lower_account;
  draft.assoc.user = lower_user;
  draft.assoc.partition = partition;
  return draft;
}

void SlurmAccounting::remove_qos(std::string_view lower_name) {
  std::erase_if(qos_, [&](const QosDraft& each) { return each.qos.name == lower_name; });
  qos_by_name_.clear();
  for (const QosDraft& each : qos_) qos_by_name_[each.qos.name] = qos_by_name_.size();
}

void SlurmAccounting::report_unknown_account(const SlurmWord& word) {
  std::vector<std::string_view> known;
  if (diagnostics_.error_count() < Diagnostics::kMaxRenderedErrors) {
    for (const AssocDraft& each : accounts_) known.push_back(each.assoc.account);
  }
  report(word, fmt::format("unknown account \"{}\"", word.text),
         near_help(lower(word.text), known, diagnostics_), diagnostics_);
}

void SlurmAccounting::check_qos(const SlurmWord& word) {
  const std::string name = lower(word.text);
  if (find_qos(name) != nullptr) return;
  if (!knows_all_qos) {
    warn(word, fmt::format("no file tells the limits of QOS \"{}\"", word.text),
         "put `sacctmgr -P show qos` into qos.txt beside slurm.conf", diagnostics_);
    cluster_.qos.push_back(add_qos(name).qos);
    return;
  }
  std::vector<std::string_view> known;
  for (const QosDraft& each : qos_) known.push_back(each.qos.name);
  report(word, fmt::format("unknown QOS \"{}\"", word.text), near_help(name, known, diagnostics_),
         diagnostics_);
}

// The result.

void SlurmAccounting::finish_qos(const SlurmEnforce& enforce) {
  for (QosDraft& draft : qos_) {
    if (!enforce.limits) draft.qos.limits = {};
    cluster_.qos.push_back(draft.qos);
  }
  for (std::size_t i = 0; i < qos_.size(); ++i) {
    for (const SlurmWord& word : qos_[i].preempts) {
      check_qos(word);
      const auto other = cluster_.find_qos(lower(word.text));
      if (other) cluster_.qos[static_cast<QosId>(i)].preempts.push_back(*other);
    }
  }
}

std::vector<std::string> SlurmAccounting::allowed_qos(const AssocDraft& draft,
                                                      const std::vector<std::string>& above) {
  std::vector<std::string> allowed = above;
  if (draft.qos) {
    allowed.clear();
    for (const SlurmWord& word : *draft.qos) {
      check_qos(word);
      allowed.push_back(lower(word.text));
    }
  }
  for (const auto& [op, word] : draft.qos_changes) {
    check_qos(word);
    const std::string name = lower(word.text);
    const bool has = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    if (op == '+' && !has) allowed.push_back(name);
    if (op == '-' && has) std::erase(allowed, name);
  }
  return allowed;
}

std::vector<const AssocDraft*> SlurmAccounting::parents_first() {
  std::vector<const AssocDraft*> order;
  std::set<std::string> done;
  for (const AssocDraft& start : accounts_) {
    std::vector<const AssocDraft*> chain;
    std::set<const AssocDraft*> in_chain;
    for (const AssocDraft* at = &start; at != nullptr && !at->is_removed;) {
      if (done.count(at->assoc.account) > 0) break;
      if (!in_chain.insert(at).second) {
        report(at->parent_place, fmt::format("account \"{}\" is below itself", at->assoc.account),
               "every account must lead up to root", diagnostics_);
        return order;
      }
      chain.push_back(at);
      at = at->parent.empty() ? nullptr : find_account(at->parent);
    }
    for (auto each = chain.rbegin(); each != chain.rend(); ++each) {
      order.push_back(*each);
      done.insert((*each)->assoc.account);
    }
  }
  return order;
}

void SlurmAccounting::finish(const SlurmEnforce& enforce) {
  finish_qos(enforce);
  cluster_.declares_accounts = enforce.associations;
  if (!root().qos && find_qos("normal") != nullptr) root().qos = {SlurmWord{"normal"}};
  std::map<std::string, AssocId> ids;
  std::map<std::string, std::vector<std::string>> allowed;
  const auto add = [&](const AssocDraft& draft, const std::string& parent) {
    Assoc assoc = draft.assoc;
    if (!enforce.limits) assoc.limits = {};
    const auto above = ids.find(parent);
    assoc.parent = above == ids.end() ? kNone<AssocId> : above->second;
    if (!assoc.is_user() && assoc.parent == kNone<AssocId> && assoc.account != "root") {
      assoc.parent = AssocId{0};
    }
    std::vector<std::string> qos = allowed_qos(draft, allowed[parent]);
    if (draft.default_qos) {
      check_qos(*draft.default_qos);
      assoc.default_qos = lower(draft.default_qos->text);
      const bool may =
          qos.empty() || std::find(qos.begin(), qos.end(), assoc.default_qos) != qos.end();
      if (!may) qos.push_back(assoc.default_qos);  // as slurmdbd does
    } else if (assoc.parent != kNone<AssocId>) {
      assoc.default_qos = cluster_.assocs[assoc.parent].default_qos;
    }
    if (draft.priority) {
      assoc.priority = *draft.priority;
    } else if (assoc.parent != kNone<AssocId>) {
      assoc.priority = cluster_.assocs[assoc.parent].priority;
    }
    if (!assoc.is_user()) allowed[assoc.account] = qos;
    if (enforce.qos) assoc.allow_qos = std::move(qos);
    const auto own = default_accounts_.find(assoc.user);
    assoc.is_default = own != default_accounts_.end() && own->second == assoc.account;
    const AssocId id = cluster_.assocs.push_back(std::move(assoc));
    labels_.push_back(draft.label);
    if (!draft.assoc.is_user()) ids[draft.assoc.account] = id;
  };
  for (const AssocDraft* const draft : parents_first()) add(*draft, draft->parent);
  for (const AssocDraft& draft : users_) {
    if (!draft.is_removed && ids.count(draft.assoc.account) > 0) add(draft, draft.assoc.account);
  }
}

}  // namespace rehearse
