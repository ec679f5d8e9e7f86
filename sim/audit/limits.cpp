// Whether the limits of accounts and QOS were respected, by shared/semantics ch. 4: for each single
// limit the first of [partition QOS, job QOS] that sets it rules, the other way round with
// OverPartQOS; associations are asked only if neither does, for group limits at every level up to
// the root, for others at the user's own level, which inherits from the nearest account that sets
// it.
//
// Of use over time only what holds whatever was used before: what running jobs may still use beside
// the one that starts is within GrpTRESRunMins, and where limits are safe within GrpTRESMins, and
// its time limit within GrpWall. slurmctld takes off what jobs have used at its ticks only, so that
// it never allows more.
//
// Limits bind the job that starts, not those that run: a job under other limits may fill up what
// is used. Of jobs that start in one second the order is not known, so each group limit is held
// against what ran before and the jobs of that second that it rules.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "sim/audit/schedule.hpp"

namespace rehearse::auditing {
namespace {

/// Whose use is counted: an account, a user of an account, a QOS, or a user or an account of a QOS.
/// What does not matter is left empty.
enum class Of { Account, AccountUser, Qos, QosUser, QosAccount };
struct Entity {
  Of of;
  QosId qos = kNone<QosId>;
  std::string account{};
  std::string user{};
  auto operator<=>(const Entity&) const = default;
};

/// On whose account an attempt counts.
struct Payer {
  std::vector<QosId> qos;          ///< in the order in which they rule
  std::vector<AssocId> levels;     ///< declared associations, the user's own first, then up
  std::vector<Entity> accounts{};  ///< entities of the levels, the user's own first
  std::string user{}, account{};
};

Entity level_of(const Assoc& assoc) {
  return {assoc.is_user() ? Of::AccountUser : Of::Account, kNone<QosId>, assoc.account, assoc.user};
}

/// The whole of a QOS, or the payer's part of it.
Entity part_of(QosId qos, Of of, const Payer& payer) {
  return {of, qos, of == Of::QosAccount ? payer.account : "", of == Of::QosUser ? payer.user : ""};
}

/// A limit that rules a start, and how much of it the start asks for.
struct Claim {
  const char* limit;  ///< its name in sacctmgr(1)
  Entity entity;
  std::size_t tres;  ///< kJobs: a number of jobs
  std::int64_t bound;
  std::int64_t amount;
  bool of_minutes = false;  ///< TRES-minutes that jobs may still use
  bool operator<(const Claim& other) const {
    return std::tie(entity, limit, tres) < std::tie(other.entity, other.limit, other.tres);
  }
};
constexpr std::size_t kJobs = static_cast<std::size_t>(-1);

struct Use {
  std::int64_t jobs = 0;
  TresCounts tres;
  std::map<NodeId, std::int64_t> nodes;  ///< parts of jobs on each node
  std::vector<const Attempt*> running;
};

/// UNLIMITED counts as 2^32 seconds.
constexpr std::int64_t kLongest = std::int64_t{1} << 32U;

std::optional<std::int64_t> bound_of(const TresCounts& limits, std::size_t tres) {
  if (tres >= limits.size() || limits[tres] == kNoLimit) return std::nullopt;
  return limits[tres];
}

Payer payer_of(const Schedule& schedule, const Attempt& attempt) {
  const Cluster& cluster = schedule.cluster;
  Payer result;
  result.user = attempt.user;
  result.account = attempt.account;
  const auto job_qos = cluster.find_qos(attempt.qos);
  const QosId part_qos =
      attempt.partition == kNone<PartitionId> ? kNone<QosId> : schedule.partition(attempt).qos;
  if (part_qos != kNone<QosId>) result.qos.push_back(part_qos);
  if (job_qos && *job_qos != part_qos) result.qos.push_back(*job_qos);
  if (job_qos && cluster.qos[*job_qos].over_part_qos) {
    std::reverse(result.qos.begin(), result.qos.end());
  }
  result.accounts.push_back({Of::AccountUser, kNone<QosId>, attempt.account, attempt.user});
  const auto user =
      cluster.find_user(attempt.account, attempt.user,
                        attempt.partition == kNone<PartitionId> ? std::string_view()
                                                                : schedule.partition(attempt).name);
  const auto account = cluster.find_account(attempt.account);
  if (user) result.levels.push_back(*user);
  AssocId level = user ? cluster.assocs[*user].parent : account.value_or(AssocId{0});
  for (; level != kNone<AssocId>; level = cluster.assocs[level].parent) {
    result.levels.push_back(level);
    result.accounts.push_back({Of::Account, kNone<QosId>, cluster.assocs[level].account, ""});
  }
  return result;
}

class Limiting {
 public:
  Limiting(const Schedule& schedule, Findings& findings)
      : schedule_(schedule), cluster_(schedule.cluster), findings_(findings) {}

  void check_starts();
  void check_submissions();

 private:
  Payer payer(const Attempt& attempt) const { return payer_of(schedule_, attempt); }
  TresCounts amounts(const Attempt& attempt) const;
  void check_own(const Attempt& attempt, const Payer& payer, const TresCounts& tres);
  void check_own_tres(const Attempt& attempt, const Payer& payer, const TresCounts& tres,
                      std::size_t i);
  std::vector<Claim> claims(const Payer& payer, const TresCounts& tres) const;
  std::vector<Claim> minute_claims(const Payer& payer, const TresCounts& tres) const;
  std::vector<Claim> start_claims(const Attempt& attempt, const TresCounts& tres) const;
  std::vector<Claim> submit_claims(const Payer& payer) const;
  bool is_in_several_partitions(const Attempt& attempt) const;
  Payer submitter(const Attempt& attempt) const;
  void start_together(std::vector<const Attempt*> starting);
  std::int64_t used_with(const Claim& claim, const std::vector<const Attempt*>& ruled) const;
  std::int64_t left_with(const Claim& claim, const std::vector<const Attempt*>& ruled) const;
  double factor(const Attempt& attempt) const;
  std::optional<std::int64_t> multiplied(std::optional<std::int64_t> bound,
                                         const Payer& payer) const;
  void check_own_wall(const Attempt& attempt, const Payer& payer);
  void apply(const Attempt& attempt, std::int64_t sign);
  std::vector<Entity> entities(const Payer& payer) const;
  template <class Get>
  auto inherited(const Payer& payer, Get&& get) const -> decltype(get(Limits{}));
  template <class Get>
  auto by_qos(const Payer& payer, Get&& get) const -> decltype(get(Limits{}));

  const Schedule& schedule_;
  const Cluster& cluster_;
  Findings& findings_;
  std::map<Entity, Use> use_;  ///< of those that some limit binds
};

// The value of the nearest level that sets one. Group limits are not inherited.
template <class Get>
auto Limiting::inherited(const Payer& payer, Get&& get) const -> decltype(get(Limits{})) {
  for (const AssocId level : payer.levels) {
    if (const auto value = get(cluster_.assocs[level].limits)) return value;
  }
  return std::nullopt;
}

template <class Get>
auto Limiting::by_qos(const Payer& payer, Get&& get) const -> decltype(get(Limits{})) {
  for (const QosId qos : payer.qos) {
    if (const auto value = get(cluster_.qos[qos].limits)) return value;
  }
  return std::nullopt;
}

TresCounts Limiting::amounts(const Attempt& attempt) const {
  TresCounts tres(cluster_.tres_count(), 0);
  for (const Held& held : attempt.held) {
    tres[kTresCpu] += held.cpus;
    tres[kTresMem] += held.memory_mib;
    ++tres[kTresNode];
    for (std::size_t i = 0; i < held.gres.size(); ++i) {
      const auto kind = static_cast<GresId>(i);
      tres[tres_of(kind)] += held.gres[i];
      if (cluster_.gres[kind].is_gpu()) tres[kTresGpu] += held.gres[i];
    }
  }
  const std::vector<double>& weights = schedule_.partition(attempt).billing_weights;
  double billing = weights.empty() ? static_cast<double>(tres[kTresCpu]) : 0;
  for (std::size_t i = 0; i < std::min(weights.size(), tres.size()); ++i) {
    billing += weights[i] * static_cast<double>(tres[i]);
  }
  tres[kTresBilling] = static_cast<std::int64_t>(billing);
  return tres;
}

double Limiting::factor(const Attempt& attempt) const {
  const auto qos = cluster_.find_qos(attempt.qos);
  return qos ? cluster_.qos[*qos].usage_factor : 1;
}

// LimitFactor of the first QOS that has one multiplies GrpTRES and MaxTRES of associations.
std::optional<std::int64_t> Limiting::multiplied(std::optional<std::int64_t> bound,
                                                 const Payer& payer) const {
  for (const QosId qos : payer.qos) {
    const auto& by = cluster_.qos[qos].limit_factor;
    if (!by || !bound) continue;
    return *by > 0 ? static_cast<std::int64_t>(static_cast<double>(*bound) * *by) : *bound;
  }
  return bound;
}

void Limiting::check_own_wall(const Attempt& attempt, const Payer& payer) {
  const auto qos = cluster_.find_qos(attempt.qos);
  std::int64_t asked = attempt.limit;
  if (qos && cluster_.qos[*qos].usage_factor_safe && asked != kForever) {
    asked = static_cast<std::int64_t>(static_cast<double>(asked / 60) * factor(attempt)) * 60;
  }
  const auto check = [&](const char* limit, std::optional<Duration> most) {
    if (!most || asked <= whole_seconds(*most)) return;
    findings_.add(
        "limit", schedule_, attempt, attempt.start,
        fmt::format("{}: a limit of {} s, at most {}", limit, asked, whole_seconds(*most)));
  };
  const auto own = [](const Limits& limits) { return limits.max_wall_per_job; };
  const auto most = by_qos(payer, own);
  check("MaxWall", most ? most : inherited(payer, own));
  if (!cluster_.limits_are_safe) return;
  const auto group = [](const Limits& limits) { return limits.grp_wall; };
  const auto of_qos = by_qos(payer, group);
  check("GrpWall", of_qos);
  if (of_qos) return;
  for (const AssocId level : payer.levels) check("GrpWall", cluster_.assocs[level].limits.grp_wall);
}

void Limiting::check_own(const Attempt& attempt, const Payer& payer, const TresCounts& tres) {
  check_own_wall(attempt, payer);
  for (std::size_t i = 0; i < tres.size(); ++i) check_own_tres(attempt, payer, tres, i);
}

void Limiting::check_own_tres(const Attempt& attempt, const Payer& payer, const TresCounts& tres,
                              std::size_t i) {
  const auto bad = [&](const char* limit, std::int64_t asked, std::int64_t bound) {
    findings_.add(
        "limit", schedule_, attempt, attempt.start,
        fmt::format("{}: {} of {}, the limit is {}", limit, asked, cluster_.tres_name(i), bound));
  };
  const auto per_job = [i](const Limits& all) { return bound_of(all.max_tres_per_job, i); };
  auto most = by_qos(payer, per_job);
  if (!most) most = multiplied(inherited(payer, per_job), payer);
  if (most && tres[i] > *most) bad("MaxTRESPerJob", tres[i], *most);

  const auto minutes = [i](const Limits& all) { return bound_of(all.max_tres_minutes_per_job, i); };
  most = by_qos(payer, minutes);
  if (!most) most = inherited(payer, minutes);
  const double asked = static_cast<double>(std::min(attempt.limit, kLongest)) *
                       std::min(factor(attempt), 1.0) / 60 * static_cast<double>(tres[i]);
  if (most && std::floor(asked) > static_cast<double>(*most)) {
    bad("MaxTRESMinsPerJob", static_cast<std::int64_t>(asked), *most);
  }

  const auto least =
      by_qos(payer, [i](const Limits& all) { return bound_of(all.min_tres_per_job, i); });
  if (least && tres[i] < *least) bad("MinTRESPerJob", tres[i], *least);

  const auto per_node = [i](const Limits& all) { return bound_of(all.max_tres_per_node, i); };
  most = by_qos(payer, per_node);
  if (!most) most = inherited(payer, per_node);
  if (!most || i == kTresNode || i == kTresBilling) return;
  // slurmctld takes the mean.
  const std::int64_t here = tres[i] / std::max<std::int64_t>(tres[kTresNode], 1);
  if (here > *most) bad("MaxTRESPerNode", here, *most);
}

// The limits on sums that rule a start.
std::vector<Claim> Limiting::claims(const Payer& payer, const TresCounts& tres) const {
  std::vector<Claim> result;
  const auto claim = [&](const char* limit, Entity entity, std::size_t i,
                         std::optional<std::int64_t> bound) {
    if (bound) result.push_back({limit, std::move(entity), i, *bound, i == kJobs ? 1 : tres[i]});
    return bound.has_value();
  };
  const auto of_qos = [&](const char* limit, std::size_t i, auto&& get, Of of) {
    for (const QosId qos : payer.qos) {
      if (claim(limit, part_of(qos, of, payer), i, get(cluster_.qos[qos].limits))) return true;
    }
    return false;
  };
  const auto of_accounts = [&](const char* limit, std::size_t i, auto&& get) {
    for (const AssocId level : payer.levels) {
      const Assoc& assoc = cluster_.assocs[level];
      claim(limit, level_of(assoc), i, get(assoc.limits));
    }
  };
  for (std::size_t i = 0; i < tres.size(); ++i) {
    const auto group = [i](const Limits& all) { return bound_of(all.grp_tres, i); };
    const auto by_user = [i](const Limits& all) { return bound_of(all.max_tres_per_user, i); };
    const auto by_account = [i](const Limits& all) {
      return bound_of(all.max_tres_per_account, i);
    };
    if (!of_qos("GrpTRES", i, group, Of::Qos)) {
      of_accounts("GrpTRES", i, [&](const Limits& all) { return multiplied(group(all), payer); });
    }
    of_qos("MaxTRESPerUser", i, by_user, Of::QosUser);
    of_qos("MaxTRESPerAccount", i, by_account, Of::QosAccount);
  }
  const auto group = [](const Limits& all) { return all.grp_jobs; };
  const auto by_user = [](const Limits& all) { return all.max_jobs_per_user; };
  const auto by_account = [](const Limits& all) { return all.max_jobs_per_account; };
  if (!of_qos("GrpJobs", kJobs, group, Of::Qos)) of_accounts("GrpJobs", kJobs, group);
  const bool user_ruled = of_qos("MaxJobsPerUser", kJobs, by_user, Of::QosUser);
  const bool account_ruled = of_qos("MaxJobsPerAccount", kJobs, by_account, Of::QosAccount);
  if (!user_ruled && !account_ruled) {
    claim("MaxJobs", payer.accounts.front(), kJobs,
          inherited(payer, [](const Limits& all) { return all.max_jobs; }));
  }
  return result;
}

// What running jobs may still use: limits on it, of those whose use counts.
std::vector<Claim> Limiting::minute_claims(const Payer& payer, const TresCounts& tres) const {
  std::vector<Claim> result;
  const auto add = [&](const char* limit, TresCounts Limits::* bounds, std::size_t i) {
    const auto claim = [&](Entity entity, const Limits& all) {
      const auto bound = bound_of(all.*bounds, i);
      if (bound) result.push_back({limit, std::move(entity), i, *bound, tres[i], true});
      return bound.has_value();
    };
    for (const QosId qos : payer.qos) {
      if (claim(part_of(qos, Of::Qos, payer), cluster_.qos[qos].limits)) return;
    }
    for (const AssocId level : payer.levels) {
      claim(level_of(cluster_.assocs[level]), cluster_.assocs[level].limits);
    }
  };
  for (std::size_t i = 0; i < tres.size(); ++i) {
    add("GrpTRESRunMins", &Limits::grp_tres_run_minutes, i);
    if (cluster_.limits_are_safe) add("GrpTRESMins", &Limits::grp_tres_minutes, i);
  }
  return result;
}

std::vector<Claim> Limiting::submit_claims(const Payer& payer) const {
  std::vector<Claim> result;
  const auto claim = [&](const char* limit, Entity entity, std::optional<std::int64_t> bound) {
    if (bound) result.push_back({limit, std::move(entity), kJobs, *bound, 1});
    return bound.has_value();
  };
  bool group = false, by_user = false, by_account = false;
  for (const QosId qos : payer.qos) {
    const Limits& all = cluster_.qos[qos].limits;
    group = group || claim("GrpSubmitJobs", part_of(qos, Of::Qos, payer), all.grp_submit_jobs);
    by_user = by_user || claim("MaxSubmitJobsPerUser", part_of(qos, Of::QosUser, payer),
                               all.max_submit_jobs_per_user);
    by_account = by_account || claim("MaxSubmitJobsPerAccount", part_of(qos, Of::QosAccount, payer),
                                     all.max_submit_jobs_per_account);
  }
  for (const AssocId level : payer.levels) {
    const Assoc& assoc = cluster_.assocs[level];
    if (!group) {
      claim("GrpSubmitJobs", level_of(assoc), assoc.limits.grp_submit_jobs);
    }
  }
  if (!by_user && !by_account) {
    claim("MaxSubmitJobs", payer.accounts.front(),
          inherited(payer, [](const Limits& all) { return all.max_submit_jobs; }));
  }
  return result;
}

std::vector<Entity> Limiting::entities(const Payer& payer) const {
  std::vector<Entity> result = payer.accounts;
  for (const QosId qos : payer.qos) {
    for (const Of of : {Of::Qos, Of::QosUser, Of::QosAccount}) {
      result.push_back(part_of(qos, of, payer));
    }
  }
  return result;
}

void Limiting::apply(const Attempt& attempt, std::int64_t sign) {
  const TresCounts tres = amounts(attempt);
  for (const Entity& entity : entities(payer(attempt))) {
    const auto limited = use_.find(entity);
    if (limited == use_.end()) continue;
    Use& use = limited->second;
    use.jobs += sign;
    use.tres.resize(tres.size(), 0);
    for (std::size_t i = 0; i < tres.size(); ++i) use.tres[i] += sign * tres[i];
    for (const Held& held : attempt.held) {
      if ((use.nodes[held.node] += sign) == 0) use.nodes.erase(held.node);
    }
    if (sign > 0) use.running.push_back(&attempt);
    if (sign < 0) std::erase(use.running, &attempt);
  }
}

std::vector<Claim> Limiting::start_claims(const Attempt& attempt, const TresCounts& tres) const {
  const Payer who = payer(attempt);
  std::vector<Claim> result = claims(who, tres);
  if (factor(attempt) == 0) return result;  // held by no use over time
  for (Claim& claim : minute_claims(who, tres)) result.push_back(std::move(claim));
  return result;
}

// TRES-minutes that all may still use once `ruled` run. Of these one is measured before its
// UsageFactor counts, hence at most 1.
std::int64_t Limiting::left_with(const Claim& claim,
                                 const std::vector<const Attempt*>& ruled) const {
  double seconds = 0;
  const std::int64_t now = ruled.front()->start;
  for (const Attempt* attempt : use_.at(claim.entity).running) {
    const std::int64_t left = attempt->start + std::min(attempt->limit, kLongest) - now;
    seconds +=
        static_cast<double>(std::max<std::int64_t>(left, 0) * amounts(*attempt)[claim.tres]) *
        factor(*attempt);
  }
  for (const Attempt* attempt : ruled) {
    seconds +=
        static_cast<double>(std::min(attempt->limit, kLongest) * amounts(*attempt)[claim.tres]) *
        std::min(factor(*attempt), 1.0);
  }
  return static_cast<std::int64_t>(seconds / 60);
}

// What is used of a claim's limit once all of `ruled` run. A node that several jobs use is one.
std::int64_t Limiting::used_with(const Claim& claim,
                                 const std::vector<const Attempt*>& ruled) const {
  const Use& before = use_.at(claim.entity);
  if (claim.of_minutes) return left_with(claim, ruled);
  if (claim.tres == kJobs) return before.jobs + static_cast<std::int64_t>(ruled.size());
  if (claim.tres == kTresNode) {
    std::set<NodeId> nodes;
    for (const auto& [node, jobs] : before.nodes) nodes.insert(node);
    for (const Attempt* attempt : ruled) {
      for (const Held& held : attempt->held) nodes.insert(held.node);
    }
    return static_cast<std::int64_t>(nodes.size());
  }
  std::int64_t sum = before.tres.empty() ? 0 : before.tres[claim.tres];
  for (const Attempt* attempt : ruled) sum += amounts(*attempt)[claim.tres];
  return sum;
}

void Limiting::start_together(std::vector<const Attempt*> starting) {
  std::map<Claim, std::vector<const Attempt*>> ruled;
  for (const Attempt* attempt : starting) {
    const Payer who = payer(*attempt);
    const TresCounts tres = amounts(*attempt);
    check_own(*attempt, who, tres);
    for (const Claim& claim : start_claims(*attempt, tres)) {
      if (claim.amount > 0) ruled[claim].push_back(attempt);
    }
  }
  for (const auto& [claim, attempts] : ruled) {
    const std::int64_t used = used_with(claim, attempts);
    if (used <= claim.bound) continue;
    findings_.add(
        "limit", schedule_, *attempts.back(), attempts.back()->start,
        fmt::format("{}{}{}{}: {} {} in use, the limit is {}", claim.limit,
                    claim.entity.qos == kNone<QosId>
                        ? ""
                        : " of QOS " + cluster_.qos[claim.entity.qos].name,
                    claim.entity.account.empty() ? "" : " of account ", claim.entity.account, used,
                    claim.tres == kJobs ? "jobs" : cluster_.tres_name(claim.tres), claim.bound));
  }
  for (const Attempt* attempt : starting) apply(*attempt, 1);
}

void Limiting::check_starts() {
  std::vector<const Attempt*> starts;
  for (const Attempt& attempt : schedule_.attempts) {
    if (!attempt.started() || attempt.end_or_forever() <= attempt.start) continue;
    starts.push_back(&attempt);
    for (const Claim& claim : start_claims(attempt, amounts(attempt))) use_[claim.entity];
  }
  std::vector<const Attempt*> ends = starts;
  std::stable_sort(starts.begin(), starts.end(),
                   [](const Attempt* a, const Attempt* b) { return a->start < b->start; });
  std::stable_sort(ends.begin(), ends.end(), [](const Attempt* a, const Attempt* b) {
    return a->end_or_forever() < b->end_or_forever();
  });
  std::size_t ended = 0;
  for (std::size_t i = 0; i < starts.size();) {
    const std::int64_t now = starts[i]->start;
    for (; ends[ended]->end_or_forever() <= now; ++ended) apply(*ends[ended], -1);
    std::vector<const Attempt*> together;
    for (; i < starts.size() && starts[i]->start == now; ++i) together.push_back(starts[i]);
    start_together(std::move(together));
  }
}

bool Limiting::is_in_several_partitions(const Attempt& attempt) const {
  const Submission& submission = schedule_.submission(schedule_.job(attempt));
  return schedule_.workload.names[submission.partition].find(',') != std::string::npos;
}

// Of a job in several partitions it is not known which one's QOS counted it at its submission.
Payer Limiting::submitter(const Attempt& attempt) const {
  Payer result = payer(attempt);
  if (is_in_several_partitions(attempt)) result.qos.clear();
  return result;
}

// Jobs in the system, from submission to the end. What was refused does not count.
void Limiting::check_submissions() {
  struct Stay {
    std::int64_t from, to;
    const Attempt* attempt;
  };
  std::vector<Stay> stays;
  for (const Job& job : schedule_.jobs) {
    const Attempt* first = schedule_.first(job);
    if (first == nullptr || first->state == "REJECTED") continue;
    stays.push_back({whole_seconds(schedule_.submission(job).submit),
                     schedule_.last(job)->end_or_forever(), first});
  }
  std::vector<Stay> leaving = stays;
  std::stable_sort(stays.begin(), stays.end(),
                   [](const Stay& a, const Stay& b) { return a.from < b.from; });
  std::stable_sort(leaving.begin(), leaving.end(),
                   [](const Stay& a, const Stay& b) { return a.to < b.to; });
  std::map<Entity, std::int64_t> inside;
  const auto count = [&](const Stay& stay, std::int64_t sign) {
    for (const Entity& entity : entities(submitter(*stay.attempt))) inside[entity] += sign;
  };
  std::size_t left = 0;
  for (std::size_t i = 0; i < stays.size();) {
    const std::int64_t now = stays[i].from;
    for (; left < leaving.size() && leaving[left].to <= now; ++left) count(leaving[left], -1);
    std::map<Claim, std::vector<const Attempt*>> ruled;
    const std::size_t first = i;
    for (; i < stays.size() && stays[i].from == now; ++i) {
      if (is_in_several_partitions(*stays[i].attempt)) continue;
      for (const Claim& claim : submit_claims(submitter(*stays[i].attempt))) {
        ruled[claim].push_back(stays[i].attempt);
      }
    }
    for (const auto& [claim, attempts] : ruled) {
      const std::int64_t jobs = inside[claim.entity] + static_cast<std::int64_t>(attempts.size());
      if (jobs <= claim.bound) continue;
      findings_.add("submit-limit", schedule_, *attempts.back(), now,
                    fmt::format("{}: {} jobs in the system, the limit is {}", claim.limit, jobs,
                                claim.bound));
    }
    for (std::size_t each = first; each < i; ++each) count(stays[each], 1);
  }
}

}  // namespace

bool may_be_used_up(const Schedule& schedule, const Attempt& attempt) {
  const Cluster& cluster = schedule.cluster;
  if (cluster.limits_are_safe) return false;
  const auto limits_use = [](const Limits& limits) {
    return limits.grp_wall || !limits.grp_tres_minutes.empty() ||
           !limits.max_tres_minutes_per_job.empty();
  };
  const Payer payer = payer_of(schedule, attempt);
  return std::any_of(payer.qos.begin(), payer.qos.end(),
                     [&](QosId qos) { return limits_use(cluster.qos[qos].limits); }) ||
         std::any_of(payer.levels.begin(), payer.levels.end(),
                     [&](AssocId level) { return limits_use(cluster.assocs[level].limits); });
}

void check_limits(const Schedule& schedule, Findings& findings) {
  Limiting limiting(schedule, findings);
  limiting.check_starts();
  limiting.check_submissions();
}

}  // namespace rehearse::auditing
