#include "sim/engine/admission.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& each) { return same_name(each, name); });
}

// Reasons of the job's own making: no change of the cluster's limits would let it start.
bool is_impossible(Reason reason) {
  return reason == Reason::BadConstraints || reason == Reason::MaxCpusPerGpu;
}

}  // namespace

const Admission& Admissions::judge(SubmissionId submission) {
  const Submission& row = workload_.submissions[submission];
  const bool known = find_who_and_where(row);
  if (workload_.is_component(submission)) {
    admission_.reason = Reason::BadConstraints;
    admission_.detail = "heterogeneous jobs are simulated by scheduler: slurm only";
  }
  const Names& names = partitions(row.partition);
  Reason first = admission_.reason;
  if (known && first == Reason::None) {
    const auto enforce = state_.cluster.enforce_part_limits;
    for (const PartitionId partition : names.partitions) {
      admission_.reason = Reason::None;
      try_partition(row, partition);
      if (first == Reason::None) first = admission_.reason;
    }
    const bool none = admission_.candidates.empty();
    const bool refused = none || (enforce == EnforcePartLimits::All && first != Reason::None);
    admission_.reason = refused ? first : Reason::None;
    admission_.waits_for_ever =
        refused && enforce == EnforcePartLimits::No && !is_impossible(first);
  }
  if (admission_.reason != Reason::None) {
    if (!admission_.waits_for_ever) {
      count_refusal(admission_.reason, admission_.detail, submission);
    }
    if (admission_.candidates.empty() && !names.partitions.empty()) {
      admission_.candidates.push_back({{}, names.partitions.front(), {}, 0, 0});
    }
    return admission_;
  }
  const Candidate& best = admission_.candidates.front();
  const Payer payer{admission_.assoc, admission_.user, admission_.qos,
                    state_.cluster.partitions[best.partition].qos};
  if (state_.has_limits) {
    const Special* const special = workload_.special(submission);
    const auto jobs = special == nullptr || special->array_tasks.empty()
                          ? std::int64_t{1}
                          : static_cast<std::int64_t>(special->array_tasks.size());
    if (const auto hit =
            state_.limiter.at_submit(state_.ledger, payer, jobs, state_.requests[best.request].tres,
                                     admission_.time_limit)) {
      admission_.reason = hit->reason;
      count(std::string(reason_name(hit->reason)), submission);
    }
  }
  return admission_;
}

const Admission& Admissions::identify(SubmissionId submission) {
  const Submission& row = workload_.submissions[submission];
  find_who_and_where(row);
  if (admission_.time_limit == kUnset) admission_.time_limit = kUnlimited;
  if (admission_.reason != Reason::None) {
    count_refusal(admission_.reason, admission_.detail, submission);
  }
  for (const PartitionId partition : partitions(row.partition).partitions) {
    admission_.candidates.push_back({{}, partition, {}, 0, 0});
    if (row.partition == NameId{0}) break;
  }
  return admission_;
}

void Admissions::count_refusal(Reason reason, const std::string& message, SubmissionId submission) {
  count(fmt::format("{}{}{}", reason_name(reason), message.empty() ? "" : ": ", message),
        submission);
}

// Whether its account and QOS are known; a partition that is not is a reason to refuse it too.
bool Admissions::find_who_and_where(const Submission& row) {
  admission_.reason = Reason::None;
  admission_.waits_for_ever = false;
  admission_.detail.clear();
  admission_.candidates.clear();
  admission_.time_limit = row.time_limit;
  const bool known = find_payer(row) && find_qos(row);
  const Names& names = partitions(row.partition);
  if (known && (names.unknown || names.partitions.empty())) {
    admission_.reason = Reason::PartitionConfig;
    admission_.detail = fmt::format("there is no partition \"{}\"", workload_.names[row.partition]);
  }
  return known;
}

bool Admissions::find_payer(const Submission& row) {
  const auto [user, new_user] = users_.try_emplace(row.user);
  if (new_user) user->second = state_.journal.users.push_back(workload_.names[row.user]);
  admission_.user = user->second;
  const auto [found, inserted] =
      payers_.try_emplace({row.account, row.user, row.partition}, kNone<AssocId>);
  if (inserted) found->second = payer_of(row);
  admission_.assoc = found->second == kNone<AssocId> ? AssocId{0} : found->second;
  if (found->second != kNone<AssocId>) return true;
  admission_.reason = Reason::InvalidAccount;
  const std::string& account = workload_.names[row.account];
  admission_.detail = account.empty()
                          ? fmt::format("user {} has no account", workload_.names[row.user])
                          : fmt::format("there is no account \"{}\"", account);
  return false;
}

// The association that pays for `row`; a new one below its account if the user has none.
AssocId Admissions::payer_of(const Submission& row) {
  const std::string& account = workload_.names[row.account];
  const std::string& user = workload_.names[row.user];
  const Names& where = partitions(row.partition);
  const std::string_view partition = where.partitions.empty()
                                         ? std::string_view()
                                         : state_.cluster.partitions[where.partitions.front()].name;
  if (const AssocId own = find_assoc(account, user, partition); own != kNone<AssocId>) return own;
  AssocId below = find_assoc(account, "", "");
  if (below == kNone<AssocId> && !state_.cluster.declares_accounts) {
    below = account.empty() ? AssocId{0} : add_assoc(account, "", AssocId{0});
  }
  return below == kNone<AssocId> ? below : add_assoc(account, user, below);
}

// Of several associations of a user that of the default account counts, else the first; in an
// account the one of the partition. Without a user: the account's own.
AssocId Admissions::find_assoc(const std::string& account, const std::string& user,
                               std::string_view partition) const {
  const bool any_account = account.empty() && state_.cluster.declares_accounts && !user.empty();
  AssocId best = kNone<AssocId>;
  int best_rank = -1;
  for (std::size_t i = 0; i < state_.journal.assocs.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    const Assoc& each = state_.journal.assocs[id];
    if (!same_name(each.user, user) || !(any_account || same_name(each.account, account))) continue;
    if (!each.partition.empty() && !same_name(each.partition, partition)) continue;
    const int rank = (any_account && each.is_default ? 2 : 0) + (each.partition.empty() ? 0 : 1);
    if (rank <= best_rank) continue;
    best = id;
    best_rank = rank;
  }
  return best;
}

AssocId Admissions::add_assoc(std::string account, std::string user, AssocId parent) {
  Assoc assoc;
  assoc.account = std::move(account);
  assoc.user = std::move(user);
  assoc.parent = parent;
  const AssocId id = state_.journal.assocs.push_back(std::move(assoc));
  state_.ledger.add_assoc(id, parent);
  state_.fair_share.push_back(1.0);
  return id;
}

// The first non-empty answer from the association up to the root.
template <class Get>
std::string Admissions::nearest(AssocId assoc, Get&& get) const {
  for (; assoc != kNone<AssocId>; assoc = state_.journal.assocs[assoc].parent) {
    std::string answer = get(state_.journal.assocs[assoc]);
    if (!answer.empty()) return answer;
  }
  return {};
}

bool Admissions::find_qos(const Submission& row) {
  admission_.qos = kNone<QosId>;
  if (state_.cluster.qos.empty() && row.qos == NameId{0}) return true;
  std::string name = workload_.names[row.qos];
  const bool asked = !name.empty();
  if (!asked) {
    name = nearest(admission_.assoc, [](const Assoc& each) { return each.default_qos; });
    if (name.empty()) name = "normal";
  }
  const auto qos = state_.cluster.find_qos(name);
  if (!qos && !asked) return true;
  // The nearest list rules, as associations inherit theirs until they have one of their own.
  AssocId ruling = admission_.assoc;
  while (ruling != kNone<AssocId> && state_.journal.assocs[ruling].allow_qos.empty()) {
    ruling = state_.journal.assocs[ruling].parent;
  }
  const bool refused =
      ruling != kNone<AssocId> && !contains(state_.journal.assocs[ruling].allow_qos, name);
  const std::string refused_by = refused ? state_.journal.assocs[ruling].account : std::string();
  if (qos && (refused_by.empty() || !asked)) {
    admission_.qos = *qos;
    return true;
  }
  admission_.reason = Reason::InvalidQOS;
  admission_.detail = qos ? fmt::format("account {} may not use QOS {}", refused_by, name)
                          : fmt::format("there is no QOS \"{}\"", name);
  return false;
}

const Admissions::Names& Admissions::partitions(NameId text) {
  const auto [found, inserted] = partitions_.try_emplace(text);
  Names& names = found->second;
  if (!inserted) return names;
  const Cluster& cluster = state_.cluster;
  if (workload_.names[text].empty()) {  // all default partitions, in the file's order
    for (std::size_t i = 0; i < cluster.partitions.size(); ++i) {
      const auto id = static_cast<PartitionId>(i);
      if (cluster.partitions[id].is_default) names.partitions.push_back(id);
    }
    return names;
  }
  for (const std::string_view name : split(workload_.names[text], ',')) {
    if (const auto id = cluster.find_partition(name)) {
      names.partitions.push_back(*id);
    } else {
      names.unknown = true;
    }
  }
  return names;
}

void Admissions::try_partition(const Submission& row, PartitionId id) {
  const Partition& partition = state_.cluster.partitions[id];
  const auto refuse = [&](Reason reason, const std::string& detail) {
    admission_.reason = reason;
    if (admission_.detail.empty()) admission_.detail = detail;
  };
  if (const Reason reason = View(state_).forbidden(admission_.assoc, admission_.qos, partition);
      reason != Reason::None) {
    return refuse(reason, "partition " + partition.name);
  }
  Duration limit = row.time_limit;
  if (limit == kUnset) {
    const Duration wall = state_.limiter.wall_limit(
        {admission_.assoc, admission_.user, admission_.qos, partition.qos});
    limit = partition.default_time != kUnset ? partition.default_time
                                             : std::min(partition.max_time, wall);
  }
  if (limit > partition.max_time) {
    return refuse(Reason::PartitionTimeLimit, "partition " + partition.name);
  }
  const Resolution& resolution = state_.requests.resolve(workload_, row.asked, id);
  if (!resolution.request) return refuse(resolution.reason, resolution.detail);
  if (admission_.candidates.empty()) {
    admission_.time_limit = limit;
    if (resolution.over_ratio) {
      const bool trimmed = partition.max_cpus_per_gpu->on_violation == OnViolation::Trim;
      count(trimmed ? "CPUs cut to max_cpus_per_gpu" : "more CPUs than max_cpus_per_gpu",
            static_cast<SubmissionId>(&row - &*workload_.submissions.begin()));
    }
  }
  const Request& request = state_.requests[*resolution.request];
  admission_.candidates.push_back(
      {{}, id, *resolution.request, static_cast<std::uint32_t>(request.tres[kTresCpu]), 0});
}

void Admissions::count(const std::string& what, SubmissionId submission) {
  const auto [found, inserted] = counted_.try_emplace(what);
  Counted& counted = found->second;
  if (inserted) counted.first = submission;
  if (inserted || counted.last != submission) ++counted.submissions;  // not each task of an array
  counted.last = submission;
}

std::vector<std::string> Admissions::notes() const {
  std::vector<std::string> result;
  for (const auto& [what, counted] : counted_) {
    result.push_back(fmt::format("{}: {} submission{}, first {}", what, counted.submissions,
                                 counted.submissions == 1 ? "" : "s",
                                 workload_.id_text(counted.first)));
  }
  return result;
}

}  // namespace rehearse
