// Slurm's Fair Tree (shared/semantics 3.4; fair_tree.c): the users of an account that is served
// less than its siblings all come before the users of those siblings.
//
//   level factor of a sibling = its share of its parent's shares / its part of its parent's use
//
// The tree is walked depth first, siblings by falling level factor, users before accounts where it
// is equal. The first of n users met has the factor n/n, the last one 1/n; a user whose level
// factor equals that of the sibling before shares its rank, and so does the first user of an
// account that is equal to the sibling before it. (Slurm documents that equal accounts are merged,
// but up to 26.05 it does not do so.)

#include <algorithm>
#include <limits>
#include <vector>

#include "models/fair_share/usage.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

using rehearse::Assoc;
using rehearse::AssocId;
using rehearse::IdVector;
using rehearse::View;

/// One walk over the tree.
class Walk {
 public:
  Walk(const View& view, const rehearse::DecayedUsage& usage, IdVector<AssocId, double>& factors)
      : assocs_(view.assocs()), factors_(factors) {
    children_.resize(assocs_.size());
    for (std::size_t i = 0; i < assocs_.size(); ++i) {
      const auto id = static_cast<AssocId>(i);
      usage_.push_back(usage.at(id, view.now()));
      factors_[id] = 0;
      if (assocs_[id].is_user()) ++users_;
      if (assocs_[id].parent != rehearse::kNone<AssocId>)
        children_[assocs_[id].parent].push_back(id);
    }
    next_rank_ = users_;
    visit_below(AssocId{0}, false);
  }

 private:
  struct Sibling {
    AssocId id;
    double level_factor;
  };

  void visit_below(AssocId parent, bool parent_is_tied) {
    bool is_tied = parent_is_tied;
    double before = -1;  // no level factor
    for (const Sibling& sibling : in_order(parent)) {
      if (before >= 0) is_tied = sibling.level_factor == before;
      before = sibling.level_factor;
      if (assocs_[sibling.id].is_user()) {
        if (!is_tied) rank_ = next_rank_;
        --next_rank_;
        factors_[sibling.id] = static_cast<double>(rank_) / static_cast<double>(users_);
      } else {
        visit_below(sibling.id, is_tied);
      }
      factors_[parent] = std::max(factors_[parent], factors_[sibling.id]);
    }
  }

  std::vector<Sibling> in_order(AssocId parent) const {
    double shares = 0;
    for (const AssocId id : children_[parent]) shares += static_cast<double>(assocs_[id].shares);
    std::vector<Sibling> siblings;
    for (const AssocId id : children_[parent]) {
      const auto own = static_cast<double>(assocs_[id].shares);
      const double used = usage_[parent] > 0 ? usage_[id] / usage_[parent] : 0;
      double level_factor = std::numeric_limits<double>::infinity();
      if (own <= 0)
        level_factor = 0;
      else if (used > 0)
        level_factor = own / shares / used;
      siblings.push_back({id, level_factor});
    }
    std::sort(siblings.begin(), siblings.end(), [&](const Sibling& a, const Sibling& b) {
      if (a.level_factor != b.level_factor) return a.level_factor > b.level_factor;
      const bool a_is_user = assocs_[a.id].is_user(), b_is_user = assocs_[b.id].is_user();
      return a_is_user == b_is_user ? a.id < b.id : a_is_user;
    });
    return siblings;
  }

  const IdVector<AssocId, Assoc>& assocs_;
  IdVector<AssocId, double>& factors_;
  IdVector<AssocId, std::vector<AssocId>> children_;
  IdVector<AssocId, double> usage_;
  std::int64_t users_ = 0, rank_ = 0, next_rank_ = 0;
};

class FairTree final : public rehearse::FairShare {
 public:
  struct Params {
    rehearse::Duration half_life = std::chrono::hours{7 * 24};
    void visit(auto&& field) {
      field("half_life", half_life, "PriorityDecayHalfLife: use this long ago counts half; 0: all");
    }
  };
  explicit FairTree(const Params& params) : usage_(params.half_life) {}

  void charge(const View& view, AssocId assoc, double billing, rehearse::Time from,
              rehearse::Time to) override {
    usage_.charge(view.assocs(), assoc, billing, from, to);
  }

  /// An account has the factor of its first user.
  void factors(const View& view, IdVector<AssocId, double>& factors) override {
    Walk(view, usage_, factors);
  }

 private:
  rehearse::DecayedUsage usage_;
};

const rehearse::Register<rehearse::FairShare, FairTree> registered{
    "fair-tree", "Slurm's Fair Tree: users ranked by how well their accounts are served"};

}  // namespace
