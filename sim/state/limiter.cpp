#include "sim/state/limiter.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "sim/state/limit_rules.hpp"

namespace rehearse {
namespace {

using namespace limits;

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

  double usage_factor() const {
    return payer_.job_qos == kNone<QosId> ? 1 : cluster_.qos[payer_.job_qos].usage_factor;
  }

  /// A time limit as it is compared when a job may start: UsageFactorSafe multiplies it.
  Duration counted(Duration time_limit) const {
    if (payer_.job_qos == kNone<QosId> || !cluster_.qos[payer_.job_qos].usage_factor_safe) {
      return time_limit;
    }
    const double factor = usage_factor();
    if (time_limit == kUnlimited && factor >= 1) return kUnlimited;
    return of_minutes(
        static_cast<std::int64_t>(static_cast<double>(begun_minutes(time_limit)) * factor));
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
      const Comparison result = compare(rule, tres, *bound, asking, use(layer, rule.whose),
                                        ledger_->spent_by(qos_[layer].qos));
      if (!result.holds) continue;
      return hit(layer, reason, static_cast<std::int32_t>(tres), result.used, result.asked, *bound);
    }
    return std::nullopt;
  }

  std::optional<LimitHit> qos_wall(std::size_t layer, Duration asked) const {
    const auto& bound = limits(layer).max_wall_per_job;
    if (!bound || is_set_before(layer, wall_bound) || asked <= *bound) return std::nullopt;
    return hit(layer, Reason::QOSMaxWallDurationPerJobLimit, -1, 0, whole_seconds(asked),
               whole_seconds(*bound));
  }

  /// GrpWall beside what was used, which does not count at submission.
  std::optional<LimitHit> qos_grp_wall(std::size_t layer, Duration asked, bool at_submit) const {
    const auto& bound = limits(layer).grp_wall;
    if (!bound || is_set_before(layer, grp_wall_bound)) return std::nullopt;
    const Duration used =
        at_submit ? Duration::zero() : used_wall(ledger_->spent_by(qos_[layer].qos));
    if (!is_over_wall(used, asked, *bound, at_submit)) return std::nullopt;
    return hit(layer, Reason::QOSGrpWallLimit, -1, whole_seconds(used), whole_seconds(asked),
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
      const Bound bound = factored(get(assocs_[setter].limits), rule);
      if (!bound || is_set_before(kAssocs, get)) continue;
      const Comparison result =
          compare(rule, tres, *bound, asking, ledger_->of_assoc(assoc), ledger_->spent_by(assoc));
      if (!result.holds) continue;
      return hit(setter, reason, static_cast<std::int32_t>(tres), result.used, result.asked,
                 *bound);
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

  std::optional<LimitHit> assoc_grp_wall(AssocId assoc, Duration asked, bool at_submit) const {
    const auto& bound = assocs_[assoc].limits.grp_wall;
    if (!bound || is_set_before(kAssocs, grp_wall_bound)) return std::nullopt;
    const Duration used = at_submit ? Duration::zero() : used_wall(ledger_->spent_by(assoc));
    if (!is_over_wall(used, asked, *bound, at_submit)) return std::nullopt;
    return hit(assoc, Reason::AssocGrpWallLimit, -1, whole_seconds(used), whole_seconds(asked),
               whole_seconds(*bound));
  }

  /// The wall time that a job of `tres` gets that asks for none: QOS cut each other's down, and
  /// then the first association that has a limit, or all of them where limits are strict.
  Duration wall_limit(const TresCounts& tres) const {
    const bool strict = is_strict();
    std::optional<Duration> result;
    const auto cut = [&](std::optional<Duration> bound) {
      if (bound) result = std::min(result.value_or(*bound), *bound);
    };
    for (std::size_t layer = 0; layer < count_; ++layer) {
      for (const TresRule* rule : {&kMaxTresMinsPerJob, &kGrpTresMins, &kGrpTresRunMins}) {
        if (strict) cut(minutes_bound(limits(layer).*rule->bounds, *rule, layer, tres));
      }
      if (!is_set_before(layer, wall_bound)) cut(wall_bound(limits(layer)));
      if (!is_set_before(layer, grp_wall_bound)) cut(grp_wall_bound(limits(layer)));
    }
    for (AssocId id = payer_.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
      if (result && !strict) break;
      const Limits& own = assocs_[id].limits;
      for (const TresRule* rule : {&kGrpTresMins, &kGrpTresRunMins}) {
        if (strict) cut(minutes_bound(own.*rule->bounds, *rule, kAssocs, tres));
      }
      if (!is_set_before(kAssocs, grp_wall_bound)) cut(grp_wall_bound(own));
      if (id != payer_.assoc || (result && !strict)) continue;
      if (strict) {
        cut(minutes_bound(inherited(kMaxTresMinsPerJob), kMaxTresMinsPerJob, kAssocs, tres));
      }
      const AssocId setter = nearest(wall_bound);
      if (setter == kNone<AssocId> || is_set_before(kAssocs, wall_bound)) continue;
      cut(wall_bound(assocs_[setter].limits));
    }
    return result.value_or(kUnlimited);
  }

  /// Node counts alone: of QOS the least of the Max limits, then GrpTRES; of associations the first
  /// GrpTRES that is less, and the own MaxTRES if no QOS has a Max limit.
  MostNodes most_nodes() const {
    MostNodes most;
    const auto cut = [&](Bound bound, Reason reason) {
      if (!bound || (most.count != kNoLimit && *bound >= most.count)) return false;
      most = {*bound, reason};
      return true;
    };
    for (const TresRule* rule : {&kMaxTresPerAccount, &kMaxTresPerJob, &kMaxTresPerUser}) {
      cut(first_nodes_bound(*rule), rule->qos_reasons[kTresNode]);
    }
    const bool has_max = most.count != kNoLimit;
    const Bound group = first_nodes_bound(kGrpTres);
    cut(group, kGrpTres.qos_reasons[kTresNode]);
    for (AssocId id = payer_.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
      const Bound own = factored(tres_bound(assocs_[id].limits, kGrpTres, kTresNode), kGrpTres);
      const bool is_cut = !group && cut(own, kGrpTres.assoc_reasons[kTresNode]);
      if (id == payer_.assoc && !has_max) {
        const TresCounts bounds = inherited(kMaxTresPerJob);
        const Bound most_own = kTresNode < bounds.size() && bounds[kTresNode] != kNoLimit
                                   ? Bound(bounds[kTresNode])
                                   : std::nullopt;
        cut(factored(most_own, kMaxTresPerJob), kMaxTresPerJob.assoc_reasons[kTresNode]);
      }
      if (is_cut) break;
    }
    return most;
  }

  /// 4.4, "Time-outs". The root has no say, nor have associations on node-minutes of a job.
  bool is_timed_out(const TresCounts& tres, Duration ran) const {
    const std::int64_t minutes = std::chrono::floor<Minutes>(ran).count();
    const auto is_over = [&](std::size_t position, std::int64_t bound) {
      return at(tres, position) > 0 && minutes * tres[position] + 1 > bound;
    };
    for (std::size_t layer = 0; layer < count_; ++layer) {
      if (is_used_up(limits(layer), layer, ledger_->spent_by(qos_[layer].qos), tres)) return true;
      const TresRule& rule = kMaxTresMinsPerJob;
      if (any_bound(limits(layer).*rule.bounds, rule, layer, is_over)) return true;
    }
    TresCounts most = inherited(kMaxTresMinsPerJob);
    if (most.size() > kTresNode) most[kTresNode] = kNoLimit;
    if (any_bound(most, kMaxTresMinsPerJob, kAssocs, is_over)) return true;
    for (AssocId id = payer_.assoc; assocs_[id].parent != kNone<AssocId>; id = assocs_[id].parent) {
      if (is_used_up(assocs_[id].limits, kAssocs, ledger_->spent_by(id), tres)) return true;
    }
    return false;
  }

 private:
  struct Layer {
    QosId qos{};
    LimitScope scope = LimitScope::JobQos;
  };

  static std::optional<Duration> wall_bound(const Limits& limits) {
    return limits.max_wall_per_job;
  }
  static std::optional<Duration> grp_wall_bound(const Limits& limits) { return limits.grp_wall; }
  /// slurmctld compares whole minutes.
  static Duration used_wall(const Spent& spent) {
    return of_minutes(spent_minutes(spent.wall_seconds));
  }
  bool is_over_wall(Duration used, Duration asked, Duration bound, bool at_submit) const {
    if (at_submit) return asked > bound;
    return used >= bound || (cluster_.limits_are_safe && asked > bound - used);
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

  /// Whether `test(TRES, bound)` is true of any of `bounds` that no QOS before `layer` sets too.
  template <class Test>
  bool any_bound(const TresCounts& bounds, const TresRule& rule, std::size_t layer,
                 Test test) const {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const auto get = [&](const Limits& each) { return tres_bound(each, rule, i); };
      if (bounds[i] != kNoLimit && !is_set_before(layer, get) && test(i, bounds[i])) return true;
    }
    return false;
  }

  /// Whether use so far has reached GrpTRESMins, of what the job has, or GrpWall.
  bool is_used_up(const Limits& all, std::size_t layer, const Spent& spent,
                  const TresCounts& tres) const {
    const auto is_reached = [&](std::size_t position, std::int64_t bound) {
      return at(tres, position) > 0 && spent_minutes(spent.tres_seconds[position]) >= bound;
    };
    if (any_bound(all.grp_tres_minutes, kGrpTresMins, layer, is_reached)) return true;
    return all.grp_wall && !is_set_before(layer, grp_wall_bound) &&
           used_wall(spent) >= *all.grp_wall;
  }

  /// The longest time limit that bounds of TRES-minutes leave to a job of `tres`.
  std::optional<Duration> minutes_bound(const TresCounts& bounds, const TresRule& rule,
                                        std::size_t layer, const TresCounts& tres) const {
    std::optional<Duration> result;
    any_bound(bounds, rule, layer, [&](std::size_t position, std::int64_t bound) {
      if (at(tres, position) == 0) return false;
      const Duration longest = of_minutes(bound / tres[position]);
      result = std::min(result.value_or(longest), longest);
      return false;
    });
    return result;
  }

  /// The payer's own bounds of a rule, each from the nearest association that sets it.
  TresCounts inherited(const TresRule& rule) const {
    TresCounts result;
    for (AssocId id = payer_.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
      const TresCounts& bounds = assocs_[id].limits.*rule.bounds;
      if (result.size() < bounds.size()) result.resize(bounds.size(), kNoLimit);
      for (std::size_t i = 0; i < bounds.size(); ++i) {
        if (result[i] == kNoLimit) result[i] = bounds[i];
      }
    }
    return result;
  }

  /// Of node counts that QOS set: the first.
  Bound first_nodes_bound(const TresRule& rule) const {
    for (std::size_t layer = 0; layer < count_; ++layer) {
      if (const Bound bound = tres_bound(limits(layer), rule, kTresNode)) return bound;
    }
    return std::nullopt;
  }

  /// The nearest association from the payer's up that sets the limit that `get` reads, or none.
  template <class Get>
  AssocId nearest(Get get) const {
    AssocId assoc = payer_.assoc;
    while (assoc != kNone<AssocId> && !get(assocs_[assoc].limits)) assoc = assocs_[assoc].parent;
    return assoc;
  }

  /// LimitFactor of the first QOS that has one; it counts if it is above 0.
  Bound factored(Bound bound, const TresRule& rule) const {
    if (!bound || !rule.takes_factor) return bound;
    for (std::size_t layer = 0; layer < count_; ++layer) {
      const auto& factor = cluster_.qos[qos_[layer].qos].limit_factor;
      if (!factor) continue;
      if (*factor <= 0) return bound;
      return static_cast<std::int64_t>(static_cast<double>(*bound) * *factor);
    }
    return bound;
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
  const auto any = [&](auto sets) {
    const auto has = [&](const auto& each) { return sets(each.limits); };
    return std::any_of(cluster.qos.begin(), cluster.qos.end(), has) ||
           std::any_of(cluster.assocs.begin(), cluster.assocs.end(), has);
  };
  has_limits_ = any(sets_any);
  limits_usage_ = any(sets_usage);
}

namespace {

// One layer of 4.2, in slurmctld's order.
std::optional<LimitHit> qos_at_submit(const Layers& layers, std::size_t layer, std::int64_t jobs,
                                      const Asking& asking, Duration time_limit) {
  const bool strict = layers.is_strict();
  std::optional<LimitHit> hit;
  const auto tres = [&](std::initializer_list<const TresRule*> rules) {
    for (const TresRule* rule : rules) {
      if (!hit && strict) hit = layers.qos_tres(layer, *rule, asking);
    }
  };
  tres({&kMaxTresPerAccount, &kMaxTresPerUser, &kGrpTres});
  if (!hit) hit = layers.qos_jobs(layer, kGrpSubmit, jobs);
  tres({&kMaxTresMinsPerJob, &kGrpTresMins, &kGrpTresRunMins});
  if (!hit && strict) hit = layers.qos_wall(layer, time_limit);
  if (!hit && strict) hit = layers.qos_grp_wall(layer, time_limit, true);
  tres({&kMaxTresPerJob, &kMaxTresPerNode});
  if (!hit) hit = layers.qos_jobs(layer, kMaxSubmitPerAccount, jobs);
  if (!hit) hit = layers.qos_jobs(layer, kMaxSubmitPerUser, jobs);
  tres({&kMinTresPerJob});
  return hit;
}

std::optional<LimitHit> assoc_at_submit(const Layers& layers, AssocId id, bool is_own,
                                        std::int64_t jobs, const Asking& asking,
                                        Duration time_limit) {
  const bool strict = layers.is_strict();
  std::optional<LimitHit> hit;
  const auto tres = [&](std::initializer_list<const TresRule*> rules) {
    for (const TresRule* rule : rules) {
      if (!hit && strict) hit = layers.assoc_tres(id, *rule, asking);
    }
  };
  tres({&kGrpTres});
  if (!hit) hit = layers.assoc_jobs(id, kGrpSubmit, Reason::AssocGrpSubmitJobsLimit, jobs);
  tres({&kGrpTresMins, &kGrpTresRunMins});
  if (!hit && strict) hit = layers.assoc_grp_wall(id, time_limit, true);
  if (!is_own) return hit;
  tres({&kMaxTresPerJob, &kMaxTresPerNode});
  if (!hit) {
    hit = layers.own_jobs(&Limits::max_submit_jobs, kMaxSubmitPerAccount, kMaxSubmitPerUser,
                          Reason::AssocMaxSubmitJobLimit, jobs);
  }
  tres({&kMaxTresMinsPerJob});
  if (!hit && strict) hit = layers.assoc_wall(time_limit);
  return hit;
}

}  // namespace

std::optional<LimitHit> Limiter::at_submit(const Ledger& ledger, const Payer& payer,
                                           std::int64_t jobs, const TresCounts& tres,
                                           Duration time_limit) const {
  if (!has_limits_) return std::nullopt;
  const Layers layers(cluster_, assocs_, &ledger, payer);
  const Asking asking{.tres = tres, .minutes = begun_minutes(time_limit)};
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    if (auto hit = qos_at_submit(layers, layer, jobs, asking, time_limit)) return hit;
  }
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
    if (auto hit = assoc_at_submit(layers, id, id == payer.assoc, jobs, asking, time_limit)) {
      return hit;
    }
  }
  return std::nullopt;
}

std::optional<LimitHit> Limiter::before_select(const Ledger& ledger, const Payer& payer,
                                               Duration time_limit) const {
  if (!has_limits_) return std::nullopt;
  const Layers layers(cluster_, assocs_, &ledger, payer);
  const Duration counted = layers.counted(time_limit);
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    auto hit = layers.qos_jobs(layer, kGrpJobs, 1);
    if (!hit) hit = layers.qos_grp_wall(layer, counted, false);
    if (!hit) hit = layers.qos_jobs(layer, kMaxJobsPerAccount, 1);
    if (!hit) hit = layers.qos_jobs(layer, kMaxJobsPerUser, 1);
    if (!hit) hit = layers.qos_wall(layer, counted);
    if (hit) return hit;
  }
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
    auto hit = layers.assoc_jobs(id, kGrpJobs, Reason::AssocGrpJobsLimit, 1);
    if (!hit) hit = layers.assoc_grp_wall(id, counted, false);
    if (!hit && id == payer.assoc) {
      hit = layers.own_jobs(&Limits::max_jobs, kMaxJobsPerAccount, kMaxJobsPerUser,
                            Reason::AssocMaxJobsLimit, 1);
      if (!hit) hit = layers.assoc_wall(counted);
    }
    if (hit) return hit;
  }
  return std::nullopt;
}

std::optional<LimitHit> Limiter::after_select(const Ledger& ledger, const Payer& payer,
                                              const TresCounts& tres, const TresCounts& per_node,
                                              Duration time_limit, std::span<const NodeId> nodes,
                                              Unasked unasked) const {
  if (!has_limits_) return std::nullopt;
  const Layers layers(cluster_, assocs_, &ledger, payer);
  const Asking asking{.tres = tres,
                      .minutes = begun_minutes(layers.counted(time_limit)),
                      .per_node = &per_node,
                      .nodes = nodes,
                      .is_free = layers.usage_factor() == 0,
                      .is_safe = cluster_.limits_are_safe,
                      .holds_unasked = unasked == Unasked::Held};
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    for (const TresRule* rule : kQosTresRules) {
      if (auto hit = layers.qos_tres(layer, *rule, asking)) return hit;
    }
  }
  for (AssocId id = payer.assoc; id != kNone<AssocId>; id = assocs_[id].parent) {
    for (const TresRule* rule : kLevelTresRules) {
      if (auto hit = layers.assoc_tres(id, *rule, asking)) return hit;
    }
    if (id != payer.assoc) continue;
    for (const TresRule* rule : kOwnTresRules) {
      if (auto hit = layers.assoc_tres(id, *rule, asking)) return hit;
    }
  }
  return std::nullopt;
}

MostNodes Limiter::most_nodes(const Payer& payer) const {
  if (!has_limits_) return {};
  return Layers(cluster_, assocs_, nullptr, payer).most_nodes();
}

Duration Limiter::wall_limit(const Payer& payer, const TresCounts& tres) const {
  if (!has_limits_) return kUnlimited;
  return Layers(cluster_, assocs_, nullptr, payer).wall_limit(tres);
}

bool Limiter::is_timed_out(const Ledger& ledger, const Payer& payer, const TresCounts& tres,
                           Duration ran) const {
  if (!has_limits_ || cluster_.limits_are_safe) return false;
  return Layers(cluster_, assocs_, &ledger, payer).is_timed_out(tres, ran);
}

}  // namespace rehearse
