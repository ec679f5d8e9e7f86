#include "sim/state/limiter.hpp"

#include <algorithm>
#include <array>

namespace rehearse {
namespace {

using Bound = std::optional<std::int64_t>;

/// Whose use counts towards a limit besides what the job asks for.
enum class Whose : std::uint8_t { Job, Node, Group, Account, User };

/// A limit of jobs, as a QOS has it.
struct JobsRule {
  Bound Limits::* bound;
  std::int64_t Use::* used;
  Whose whose;
  Reason reason;
};

/// One reason each for CPUs, memory, nodes, billing and GRES; None: there is no such limit.
using TresReasons = std::array<Reason, 5>;

struct TresRule {
  TresCounts Limits::* bounds;
  Whose whose;
  bool is_minimum;
  TresReasons qos_reasons;
  TresReasons assoc_reasons;
};

constexpr TresReasons kNotOfAssocs{};

constexpr TresRule kGrpTres{
    &Limits::grp_tres,
    Whose::Group,
    false,
    {Reason::QOSGrpCpuLimit, Reason::QOSGrpMemLimit, Reason::QOSGrpNodeLimit, Reason::QOSGrpBilling,
     Reason::QOSGrpGRES},
    {Reason::AssocGrpCpuLimit, Reason::AssocGrpMemLimit, Reason::AssocGrpNodeLimit,
     Reason::AssocGrpBilling, Reason::AssocGrpGRES}};
constexpr TresRule kMaxTresPerJob{
    &Limits::max_tres_per_job,
    Whose::Job,
    false,
    {Reason::QOSMaxCpuPerJobLimit, Reason::QOSMaxMemoryPerJob, Reason::QOSMaxNodePerJobLimit,
     Reason::QOSMaxBillingPerJob, Reason::QOSMaxGRESPerJob},
    {Reason::AssocMaxCpuPerJobLimit, Reason::AssocMaxMemPerJob, Reason::AssocMaxNodePerJobLimit,
     Reason::AssocMaxBillingPerJob, Reason::AssocMaxGRESPerJob}};
constexpr TresRule kMaxTresPerNode{&Limits::max_tres_per_node,
                                   Whose::Node,
                                   false,
                                   {Reason::QOSMaxCpuPerNode, Reason::QOSMaxMemoryPerNode,
                                    Reason::None, Reason::None, Reason::QOSMaxGRESPerNode},
                                   {Reason::AssocMaxCpuPerNode, Reason::AssocMaxMemPerNode,
                                    Reason::None, Reason::None, Reason::AssocMaxGRESPerNode}};
constexpr TresRule kMinTresPerJob{&Limits::min_tres_per_job,
                                  Whose::Job,
                                  true,
                                  {Reason::QOSMinCpuNotSatisfied, Reason::QOSMinMemory,
                                   Reason::QOSMinNode, Reason::QOSMinBilling, Reason::QOSMinGRES},
                                  kNotOfAssocs};
constexpr TresRule kMaxTresPerAccount{
    &Limits::max_tres_per_account,
    Whose::Account,
    false,
    {Reason::MaxCpuPerAccount, Reason::MaxMemoryPerAccount, Reason::MaxNodePerAccount,
     Reason::MaxBillingPerAccount, Reason::MaxGRESPerAccount},
    kNotOfAssocs};
constexpr TresRule kMaxTresPerUser{
    &Limits::max_tres_per_user,
    Whose::User,
    false,
    {Reason::QOSMaxCpuPerUserLimit, Reason::QOSMaxMemoryPerUser, Reason::QOSMaxNodePerUserLimit,
     Reason::QOSMaxBillingPerUser, Reason::QOSMaxGRESPerUser},
    kNotOfAssocs};

// In the order in which Slurm tries them.
constexpr const TresRule* kQosTresRules[] = {&kGrpTres,           &kMaxTresPerJob,
                                             &kMaxTresPerNode,    &kMinTresPerJob,
                                             &kMaxTresPerAccount, &kMaxTresPerUser};
constexpr const TresRule* kOwnTresRules[] = {&kMaxTresPerJob, &kMaxTresPerNode};

constexpr JobsRule kGrpJobs{&Limits::grp_jobs, &Use::running, Whose::Group,
                            Reason::QOSGrpJobsLimit};
constexpr JobsRule kMaxJobsPerAccount{&Limits::max_jobs_per_account, &Use::running, Whose::Account,
                                      Reason::MaxJobsPerAccount};
constexpr JobsRule kMaxJobsPerUser{&Limits::max_jobs_per_user, &Use::running, Whose::User,
                                   Reason::QOSMaxJobsPerUserLimit};
constexpr JobsRule kGrpSubmit{&Limits::grp_submit_jobs, &Use::submitted, Whose::Group,
                              Reason::QOSGrpSubmitJobsLimit};
constexpr JobsRule kMaxSubmitPerAccount{&Limits::max_submit_jobs_per_account, &Use::submitted,
                                        Whose::Account, Reason::MaxSubmitJobsPerAccount};
constexpr JobsRule kMaxSubmitPerUser{&Limits::max_submit_jobs_per_user, &Use::submitted,
                                     Whose::User, Reason::QOSMaxSubmitJobPerUserLimit};

Bound tres_bound(const Limits& limits, const TresRule& rule, std::size_t tres) {
  const TresCounts& bounds = limits.*rule.bounds;
  if (tres >= bounds.size() || bounds[tres] == kNoLimit) return std::nullopt;
  return bounds[tres];
}

std::int64_t at(const TresCounts& counts, std::size_t tres) {
  return tres < counts.size() ? counts[tres] : 0;
}

bool sets_any(const Limits& limits) {
  for (const TresRule* rule : kQosTresRules) {
    const TresCounts& bounds = limits.*rule->bounds;
    if (std::any_of(bounds.begin(), bounds.end(), [](auto bound) { return bound != kNoLimit; })) {
      return true;
    }
  }
  for (const JobsRule* rule : {&kGrpJobs, &kMaxJobsPerAccount, &kMaxJobsPerUser, &kGrpSubmit,
                               &kMaxSubmitPerAccount, &kMaxSubmitPerUser}) {
    if (limits.*rule->bound) return true;
  }
  return limits.max_jobs || limits.max_submit_jobs || limits.max_wall_per_job;
}

/// What a job asks for. Without `max_per_node` it is a submission, compared as if alone.
struct Asking {
  const TresCounts& tres;
  const TresCounts* max_per_node;

  bool is_submission() const { return max_per_node == nullptr; }
  std::int64_t of(const TresRule& rule, std::size_t position) const {
    if (rule.whose != Whose::Node) return at(tres, position);
    if (max_per_node != nullptr) return at(*max_per_node, position);
    return at(tres, position) / std::max<std::int64_t>(1, at(tres, kTresNode));
  }
};

/// The limits of one payer: its QOS in order of precedence, then its associations. A QOS here is a
/// layer, 0 or 1; `kAssocs` stands for what comes after all of them.
class Layers {
 public:
  static constexpr std::size_t kAssocs = 2;

  Layers(const Cluster& cluster, const IdVector<AssocId, Assoc>& assocs, const Ledger* ledger,
         const Payer& payer)
      : cluster_(cluster), assocs_(assocs), ledger_(ledger), payer_(payer) {
    if (payer.partition_qos != kNone<QosId>) {
      qos_[count_++] = {payer.partition_qos, LimitScope::PartitionQos};
    }
    if (payer.job_qos == kNone<QosId> || payer.job_qos == payer.partition_qos) return;
    qos_[count_++] = {payer.job_qos, LimitScope::JobQos};
    if (cluster.qos[payer.job_qos].over_part_qos) std::swap(qos_[0], qos_[count_ - 1]);
  }

  std::size_t count() const { return count_; }

  bool is_strict() const {
    if (count_ == 0) return true;
    return std::any_of(qos_.begin(), qos_.begin() + count_,
                       [&](const Layer& layer) { return cluster_.qos[layer.qos].deny_on_limit; });
  }

  std::optional<LimitHit> qos_jobs(std::size_t layer, const JobsRule& rule,
                                   std::int64_t asked) const {
    const auto get = [&](const Limits& limits) { return limits.*rule.bound; };
    const Bound bound = get(limits(layer));
    const std::int64_t used = bound ? use(layer, rule.whose).*rule.used : 0;
    if (!bound || is_set_before(layer, get) || used + asked <= *bound) return std::nullopt;
    return hit(layer, rule.reason, -1, used, asked, *bound);
  }

  std::optional<LimitHit> qos_tres(std::size_t layer, const TresRule& rule,
                                   const Asking& asking) const {
    for (std::size_t tres = 0; tres < (limits(layer).*rule.bounds).size(); ++tres) {
      const auto get = [&](const Limits& each) { return tres_bound(each, rule, tres); };
      const Reason reason = rule.qos_reasons[std::min(tres, kTresGpu)];
      const Bound bound = get(limits(layer));
      if (!bound || reason == Reason::None || is_set_before(layer, get)) continue;
      const std::int64_t used = asking.is_submission() ? 0 : at(use(layer, rule.whose).tres, tres);
      const std::int64_t asked = asking.of(rule, tres);
      if (rule.is_minimum ? asked >= *bound : used + asked <= *bound) continue;
      return hit(layer, reason, static_cast<std::int32_t>(tres), used, asked, *bound);
    }
    return std::nullopt;
  }

  std::optional<LimitHit> qos_wall(std::size_t layer, Duration asked) const {
    const auto& bound = limits(layer).max_wall_per_job;
    if (!bound || is_set_before(layer, wall_bound) || asked <= *bound) return std::nullopt;
    return hit(layer, Reason::QOSMaxWallDurationPerJobLimit, -1, 0, whole_seconds(asked),
               whole_seconds(*bound));
  }

  /// A group limit of jobs of one association.
  std::optional<LimitHit> assoc_jobs(AssocId assoc, const JobsRule& rule, Reason reason,
                                     std::int64_t asked) const {
    const auto get = [&](const Limits& limits) { return limits.*rule.bound; };
    const Bound bound = get(assocs_[assoc].limits);
    const std::int64_t used = ledger_->of_assoc(assoc).*rule.used;
    if (!bound || is_set_before(kAssocs, get) || used + asked <= *bound) return std::nullopt;
    return hit(assoc, reason, -1, used, asked, *bound);
  }

  /// A limit of the jobs of the payer's own association, which gives way to either of two of a QOS.
  std::optional<LimitHit> own_jobs(Bound Limits::* own, const JobsRule& per_account,
                                   const JobsRule& per_user, Reason reason,
                                   std::int64_t asked) const {
    const auto is_set = [&](const Limits& limits) {
      return limits.*per_account.bound ? limits.*per_account.bound : limits.*per_user.bound;
    };
    const AssocId setter = nearest([&](const Limits& limits) { return limits.*own; });
    if (setter == kNone<AssocId> || is_set_before(kAssocs, is_set)) return std::nullopt;
    const Bound bound = assocs_[setter].limits.*own;
    const std::int64_t used = ledger_->of_assoc(payer_.assoc).*per_user.used;
    if (!bound || used + asked <= *bound) return std::nullopt;
    return hit(setter, reason, -1, used, asked, *bound);
  }

  /// A TRES limit of an association: its own if it is a group limit, else as inherited.
  std::optional<LimitHit> assoc_tres(AssocId assoc, const TresRule& rule,
                                     const Asking& asking) const {
    const bool is_group = rule.whose == Whose::Group;
    std::size_t positions = (assocs_[assoc].limits.*rule.bounds).size();
    for (AssocId up = assocs_[assoc].parent; !is_group && up != kNone<AssocId>;
         up = assocs_[up].parent) {
      positions = std::max(positions, (assocs_[up].limits.*rule.bounds).size());
    }
    for (std::size_t tres = 0; tres < positions; ++tres) {
      const auto get = [&](const Limits& limits) { return tres_bound(limits, rule, tres); };
      const AssocId setter = is_group ? assoc : nearest(get);
      const Reason reason = rule.assoc_reasons[std::min(tres, kTresGpu)];
      if (setter == kNone<AssocId> || reason == Reason::None) continue;
      const Bound bound = get(assocs_[setter].limits);
      if (!bound || is_set_before(kAssocs, get)) continue;
      const bool counts_use = is_group && !asking.is_submission();
      const std::int64_t used = counts_use ? at(ledger_->of_assoc(assoc).tres, tres) : 0;
      const std::int64_t asked = asking.of(rule, tres);
      if (used + asked <= *bound) continue;
      return hit(setter, reason, static_cast<std::int32_t>(tres), used, asked, *bound);
    }
    return std::nullopt;
  }

  std::optional<LimitHit> assoc_wall(Duration asked) const {
    const AssocId setter = nearest(wall_bound);
    if (setter == kNone<AssocId> || is_set_before(kAssocs, wall_bound)) return std::nullopt;
    const auto bound = wall_bound(assocs_[setter].limits);
    if (!bound || asked <= *bound) return std::nullopt;
    return hit(setter, Reason::AssocMaxWallDurationPerJobLimit, -1, 0, whole_seconds(asked),
               whole_seconds(*bound));
  }

  Duration wall_limit() const {
    for (std::size_t layer = 0; layer < count_; ++layer) {
      if (const auto& bound = limits(layer).max_wall_per_job) return *bound;
    }
    const AssocId setter = nearest(wall_bound);
    if (setter == kNone<AssocId>) return kUnlimited;
    return wall_bound(assocs_[setter].limits).value_or(kUnlimited);
  }

 private:
  struct Layer {
    QosId qos{};
    LimitScope scope = LimitScope::JobQos;
  };

  static std::optional<Duration> wall_bound(const Limits& limits) {
    return limits.max_wall_per_job;
  }

  const Limits& limits(std::size_t layer) const { return cluster_.qos[qos_[layer].qos].limits; }

  /// Whether a QOS before `layer` sets the limit that `get` reads.
  template <class Get>
  bool is_set_before(std::size_t layer, Get get) const {
    for (std::size_t i = 0; i < std::min(layer, count_); ++i) {
      if (get(limits(i))) return true;
    }
    return false;
  }

  /// The nearest association from the payer's up that sets the limit that `get` reads, or none.
  template <class Get>
  AssocId nearest(Get get) const {
    AssocId assoc = payer_.assoc;
    while (assoc != kNone<AssocId> && !get(assocs_[assoc].limits)) assoc = assocs_[assoc].parent;
    return assoc;
  }

  const Use& use(std::size_t layer, Whose whose) const {
    static const Use kNothing;
    const QosId qos = qos_[layer].qos;
    if (whose == Whose::Group) return ledger_->of_qos(qos);
    if (whose == Whose::User) return ledger_->of_qos_user(qos, payer_.user);
    if (whose == Whose::Account) {
      return ledger_->of_qos_account(qos, ledger_->account(payer_.assoc));
    }
    return kNothing;
  }

  LimitHit hit(std::size_t layer, Reason reason, std::int32_t tres, std::int64_t used,
               std::int64_t asked, std::int64_t bound) const {
    const auto entity = static_cast<std::uint32_t>(qos_[layer].qos);
    return {reason, qos_[layer].scope, entity, tres, used, asked, bound};
  }
  LimitHit hit(AssocId assoc, Reason reason, std::int32_t tres, std::int64_t used,
               std::int64_t asked, std::int64_t bound) const {
    return {reason, LimitScope::Assoc, static_cast<std::uint32_t>(assoc), tres, used, asked, bound};
  }

  const Cluster& cluster_;
  const IdVector<AssocId, Assoc>& assocs_;
  const Ledger* ledger_;  // null: only bounds are asked for
  const Payer& payer_;
  std::array<Layer, 2> qos_;
  std::size_t count_ = 0;
};

}  // namespace

Limiter::Limiter(const Cluster& cluster, const IdVector<AssocId, Assoc>& assocs)
    : cluster_(cluster), assocs_(assocs) {
  const auto sets_limits = [](const auto& each) { return sets_any(each.limits); };
  has_limits_ = std::any_of(cluster.qos.begin(), cluster.qos.end(), sets_limits) ||
                std::any_of(cluster.assocs.begin(), cluster.assocs.end(), sets_limits);
}

std::optional<LimitHit> Limiter::at_submit(const Ledger& ledger, const Payer& payer,
                                           std::int64_t jobs, const TresCounts& tres,
                                           Duration time_limit) const {
  if (!has_limits_) return std::nullopt;
  const Layers layers(cluster_, assocs_, &ledger, payer);
  const Asking asking{tres, nullptr};
  const bool strict = layers.is_strict();
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    for (const JobsRule* rule : {&kGrpSubmit, &kMaxSubmitPerAccount, &kMaxSubmitPerUser}) {
      if (const auto hit = layers.qos_jobs(layer, *rule, jobs)) return hit;
    }
    if (!strict) continue;
    for (const TresRule* rule : kQosTresRules) {
      if (const auto hit = layers.qos_tres(layer, *rule, asking)) return hit;
    }
    if (const auto hit = layers.qos_wall(layer, time_limit)) return hit;
  }
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
    if (const auto hit = layers.assoc_jobs(id, kGrpSubmit, Reason::AssocGrpSubmitJobsLimit, jobs)) {
      return hit;
    }
    if (id == payer.assoc) {
      if (const auto hit =
              layers.own_jobs(&Limits::max_submit_jobs, kMaxSubmitPerAccount, kMaxSubmitPerUser,
                              Reason::AssocMaxSubmitJobLimit, jobs)) {
        return hit;
      }
    }
    if (!strict) continue;
    if (const auto hit = layers.assoc_tres(id, kGrpTres, asking)) return hit;
    if (id != payer.assoc) continue;
    for (const TresRule* rule : kOwnTresRules) {
      if (const auto hit = layers.assoc_tres(id, *rule, asking)) return hit;
    }
    if (const auto hit = layers.assoc_wall(time_limit)) return hit;
  }
  return std::nullopt;
}

std::optional<LimitHit> Limiter::before_select(const Ledger& ledger, const Payer& payer,
                                               Duration time_limit) const {
  if (!has_limits_) return std::nullopt;
  const Layers layers(cluster_, assocs_, &ledger, payer);
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    for (const JobsRule* rule : {&kGrpJobs, &kMaxJobsPerAccount, &kMaxJobsPerUser}) {
      if (const auto hit = layers.qos_jobs(layer, *rule, 1)) return hit;
    }
    if (const auto hit = layers.qos_wall(layer, time_limit)) return hit;
  }
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
    if (const auto hit = layers.assoc_jobs(id, kGrpJobs, Reason::AssocGrpJobsLimit, 1)) return hit;
    if (id != payer.assoc) continue;
    if (const auto hit = layers.own_jobs(&Limits::max_jobs, kMaxJobsPerAccount, kMaxJobsPerUser,
                                         Reason::AssocMaxJobsLimit, 1)) {
      return hit;
    }
    if (const auto hit = layers.assoc_wall(time_limit)) return hit;
  }
  return std::nullopt;
}

std::optional<LimitHit> Limiter::after_select(const Ledger& ledger, const Payer& payer,
                                              const TresCounts& tres,
                                              const TresCounts& max_per_node) const {
  if (!has_limits_) return std::nullopt;
  const Layers layers(cluster_, assocs_, &ledger, payer);
  const Asking asking{tres, &max_per_node};
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    for (const TresRule* rule : kQosTresRules) {
      if (const auto hit = layers.qos_tres(layer, *rule, asking)) return hit;
    }
  }
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
    if (const auto hit = layers.assoc_tres(id, kGrpTres, asking)) return hit;
    if (id != payer.assoc) continue;
    for (const TresRule* rule : kOwnTresRules) {
      if (const auto hit = layers.assoc_tres(id, *rule, asking)) return hit;
    }
  }
  return std::nullopt;
}

Duration Limiter::wall_limit(const Payer& payer) const {
  if (!has_limits_) return kUnlimited;
  return Layers(cluster_, assocs_, nullptr, payer).wall_limit();
}

}  // namespace rehearse
