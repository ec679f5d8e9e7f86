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

/// One walk over the tree.
class Walk {
 public:
  Walk(const IdVector<AssocId, Assoc>& assocs, const IdVector<AssocId, double>& usage,
       bool adds_root_user, IdVector<AssocId, double>& factors)
      : assocs_(assocs), usage_(usage), adds_root_user_(adds_root_user), factors_(factors) {
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
    const bool has_root_user = adds_root_user_ && parent == AssocId{0};
    double shares = has_root_user ? 1 : 0;
    for (const AssocId id : children_[parent]) {
      if (!assocs_[id].shares_as_parent) shares += static_cast<double>(assocs_[id].shares);
    }
    std::vector<Sibling> siblings;
    const double all = use_of(usage_, parent);
    for (const AssocId id : children_[parent]) {
      const auto own = static_cast<double>(assocs_[id].shares);
      const double used = all > 0 ? use_of(usage_, id) / all : 0;
      double level_factor = std::numeric_limits<double>::infinity();
      if (assocs_[id].shares_as_parent) {
        // A user; it stays first.
      } else if (own <= 0) {
        level_factor = 0;
      } else if (used > 0) {
        level_factor = own / shares / used;
      }
      siblings.push_back({id, assocs_[id].is_user(), level_factor});
    }
    if (has_root_user) {
      siblings.push_back({kRootUser, true, std::numeric_limits<double>::infinity()});
    }
    std::stable_sort(siblings.begin(), siblings.end(), [](const Sibling& a, const Sibling& b) {
      if (a.level_factor != b.level_factor) return a.level_factor > b.level_factor;
      return a.is_user && !b.is_user;
    });
    return siblings;
  }

  const IdVector<AssocId, Assoc>& assocs_;
  const IdVector<AssocId, double>& usage_;
  const bool adds_root_user_;
  IdVector<AssocId, double>& factors_;
  IdVector<AssocId, std::vector<AssocId>> children_;
  std::int64_t users_ = 0, rank_ = 0, next_rank_ = 0;
};

}  // namespace

void fair_tree_factors(const IdVector<AssocId, Assoc>& assocs,
                       const IdVector<AssocId, double>& usage, bool adds_root_user,
                       IdVector<AssocId, double>& factors) {
  Walk(assocs, usage, adds_root_user, factors);
}

void classic_factors(const IdVector<AssocId, Assoc>& assocs, const IdVector<AssocId, double>& usage,
                     double damping, bool adds_root_user, IdVector<AssocId, double>& factors) {
  IdVector<AssocId, double> sibling_shares, promised, used;
  sibling_shares.resize(assocs.size(), 0.0);
  if (adds_root_user) sibling_shares[AssocId{0}] = 1;
  for (std::size_t i = 0; i < assocs.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    if (assocs[id].parent == kNone<AssocId> || assocs[id].shares_as_parent) continue;
    sibling_shares[parent_in_shares(assocs, id)] += static_cast<double>(assocs[id].shares);
  }
  const double all = use_of(usage, AssocId{0});
  for (std::size_t i = 0; i < assocs.size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    const double own = all > 0 ? use_of(usage, id) / all : 0;
    if (assocs[id].parent == kNone<AssocId>) {
      promised.push_back(1);
      used.push_back(own);
    } else {
      const AssocId parent = parent_in_shares(assocs, id);
      if (assocs[id].shares_as_parent) {
        promised.push_back(promised[parent]);
        used.push_back(used[parent]);
      } else {
        const double siblings = sibling_shares[parent];
        const double share = siblings > 0 ? static_cast<double>(assocs[id].shares) / siblings : 0;
        promised.push_back(promised[parent] * share);
        used.push_back(parent == AssocId{0} ? own : own + (used[parent] - own) * share);
      }
    }
    factors[id] = promised[id] > 0 ? std::exp2(-used[id] / promised[id] / damping) : 0;
  }
}

}  // namespace rehearse
