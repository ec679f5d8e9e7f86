#include "sim/policy/fair_share_factors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace rehearse {
namespace {

constexpr AssocId kRootUser = kNone<AssocId>;

double use_of(const IdVector<AssocId, double>& usage, AssocId id) {
  return index(id) < usage.size() ? usage[id] : 0;
}

/// The next association above that does not pass its shares on (Slurm's fs_assoc_ptr).
AssocId parent_in_shares(const IdVector<AssocId, Assoc>& assocs, AssocId id) {
  AssocId parent = assocs[id].parent;
  while (parent != AssocId{0} && assocs[parent].shares_as_parent) parent = assocs[parent].parent;
  return parent;
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// A user with its account's shares stays first, as one without use does.
double level_of(const Assoc& assoc, const Standing& its) {
  if (assoc.shares_as_parent) return std::numeric_limits<double>::infinity();
  if (assoc.shares <= 0) return 0;
  return its.effective_usage > 0 ? its.norm_shares / its.effective_usage
                                 : std::numeric_limits<double>::infinity();
}

/// One walk over the tree.
class Walk {
 public:
  Walk(const IdVector<AssocId, Assoc>& assocs, const IdVector<AssocId, double>& usage,
       bool adds_root_user, IdVector<AssocId, double>& factors)
      : assocs_(assocs),
        standings_(standings(assocs, usage, ShareRule::FairTree, adds_root_user)),
        adds_root_user_(adds_root_user),
        factors_(factors) {
    children_.resize(assocs_.size());
    users_ = adds_root_user ? 1 : 0;
    for (std::size_t i = 0; i < assocs_.size(); ++i) {
      const auto id = static_cast<AssocId>(i);
      factors_[id] = 0;
      if (assocs_[id].is_user()) ++users_;
      if (assocs_[id].parent == kNone<AssocId>) continue;
      if (!assocs_[id].is_user() && assocs_[id].shares_as_parent) continue;
      children_[parent_in_shares(assocs_, id)].push_back(id);
    }
    next_rank_ = users_;
    visit_below(AssocId{0}, false);
  }

 private:
  struct Sibling {
    AssocId id;
    bool is_user;
    double level_factor;
  };

  void visit_below(AssocId parent, bool parent_is_tied) {
    bool is_tied = parent_is_tied;
    double before = -1;  // no level factor
    for (const Sibling& sibling : in_order(parent)) {
      if (before >= 0) is_tied = sibling.level_factor == before;
      before = sibling.level_factor;
      if (!sibling.is_user) {
        visit_below(sibling.id, is_tied);
      } else {
        if (!is_tied) rank_ = next_rank_;
        --next_rank_;
        if (sibling.id == kRootUser) continue;
        factors_[sibling.id] = static_cast<double>(rank_) / static_cast<double>(users_);
      }
      for (AssocId up = assocs_[sibling.id].parent;; up = assocs_[up].parent) {
        factors_[up] = std::max(factors_[up], factors_[sibling.id]);
        if (up == parent) break;
      }
    }
  }

  std::vector<Sibling> in_order(AssocId parent) const {
    std::vector<Sibling> siblings;
    for (const AssocId id : children_[parent]) {
      siblings.push_back({id, assocs_[id].is_user(), standings_[id].level});
    }
    if (adds_root_user_ && parent == AssocId{0}) {
      siblings.push_back({kRootUser, true, std::numeric_limits<double>::infinity()});
    }
    std::stable_sort(siblings.begin(), siblings.end(), [](const Sibling& a, const Sibling& b) {
      if (a.level_factor != b.level_factor) return a.level_factor > b.level_factor;
      return a.is_user && !b.is_user;
    });
    return siblings;
  }

  const IdVector<AssocId, Assoc>& assocs_;
  const IdVector<AssocId, Standing> standings_;
  const bool adds_root_user_;
  IdVector<AssocId, double>& factors_;
  IdVector<AssocId, std::vector<AssocId>> children_;
  std::int64_t users_ = 0, rank_ = 0, next_rank_ = 0;
};

}  // namespace

IdVector<AssocId, double> shares_below(const IdVector<AssocId, Assoc>& assocs,
                                       bool adds_root_user) {
  IdVector<AssocId, double> result;
  result.resize(assocs.size(), 0.0);
  if (adds_root_user) result[AssocId{0}] = 1;
  for (std::size_t i = 0; i < assocs.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    if (assocs[id].parent == kNone<AssocId> || assocs[id].shares_as_parent) continue;
    result[parent_in_shares(assocs, id)] += static_cast<double>(assocs[id].shares);
  }
  return result;
}

Standing classic_standing(const IdVector<AssocId, Assoc>& assocs,
                          const IdVector<AssocId, double>& shares_below,
                          const IdVector<AssocId, Standing>& standings, AssocId id, double own) {
  const AssocId parent = parent_in_shares(assocs, id);
  const Standing& above = standings[parent];
  Standing its{above.norm_shares, own, above.effective_usage, 0};
  if (!assocs[id].shares_as_parent) {
    const double part = ratio(static_cast<double>(assocs[id].shares), shares_below[parent]);
    its.norm_shares *= part;
    its.effective_usage = parent == AssocId{0} ? own : own + (above.effective_usage - own) * part;
  }
  its.level = level_of(assocs[id], its);
  return its;
}

IdVector<AssocId, Standing> standings(const IdVector<AssocId, Assoc>& assocs,
                                      const IdVector<AssocId, double>& usage, ShareRule rule,
                                      bool adds_root_user) {
  const IdVector<AssocId, double> siblings = shares_below(assocs, adds_root_user);
  const double all = use_of(usage, AssocId{0});
  IdVector<AssocId, Standing> result;
  for (std::size_t i = 0; i < assocs.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    const double used = use_of(usage, id), own = ratio(used, all);
    if (assocs[id].parent == kNone<AssocId>) {
      result.push_back({1, own, own, level_of(assocs[id], {1, own, own})});
      continue;
    }
    if (rule == ShareRule::Classic) {
      result.push_back(classic_standing(assocs, siblings, result, id, own));
      continue;
    }
    const AssocId parent = parent_in_shares(assocs, id);
    Standing its{ratio(static_cast<double>(assocs[id].shares), siblings[parent]), own, 0, 0};
    its.effective_usage = ratio(used, use_of(usage, parent));
    its.level = level_of(assocs[id], its);
    result.push_back(its);
  }
  return result;
}

void fair_tree_factors(const IdVector<AssocId, Assoc>& assocs,
                       const IdVector<AssocId, double>& usage, bool adds_root_user,
                       IdVector<AssocId, double>& factors) {
  Walk(assocs, usage, adds_root_user, factors);
}

double classic_factor(const Standing& standing, double damping) {
  if (standing.norm_shares <= 0) return 0;
  return std::exp2(-standing.effective_usage / standing.norm_shares / damping);
}

void classic_factors(const IdVector<AssocId, Assoc>& assocs, const IdVector<AssocId, double>& usage,
                     double damping, bool adds_root_user, IdVector<AssocId, double>& factors) {
  const auto stand = standings(assocs, usage, ShareRule::Classic, adds_root_user);
  for (std::size_t i = 0; i < assocs.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    factors[id] = classic_factor(stand[id], damping);
  }
}

}  // namespace rehearse
