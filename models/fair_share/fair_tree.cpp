// Slurm's Fair Tree (shared/semantics 3.4): the users of an account that is served less than its
// siblings all come before the users of those siblings. The walk is
// sim/policy/fair_share_factors.hpp.

#include "models/fair_share/usage.hpp"
#include "sim/policy/fair_share_factors.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

using rehearse::AssocId;
using rehearse::IdVector;
using rehearse::View;

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
    usage_.all(view.assocs().size(), view.now(), now_);
    rehearse::fair_tree_factors(view.assocs(), now_, false, factors);
  }

 private:
  rehearse::DecayedUsage usage_;
  IdVector<AssocId, double> now_;  // scratch
};

const rehearse::Register<rehearse::FairShare, FairTree> registered{
    "fair-tree", "Slurm's Fair Tree: users ranked by how well their accounts are served"};

}  // namespace
