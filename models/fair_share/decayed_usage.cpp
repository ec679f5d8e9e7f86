// Slurm's classic fair share (PriorityFlags=NO_FAIR_TREE; shared/semantics 3.4):
//
//   factor = 2^(-(use / share) / damping)    sim/policy/fair_share_factors.hpp
//
// Use that is exactly as promised gives 1/2 at damping 1, no use at all gives 1.

#include <fmt/core.h>

#include "models/fair_share/usage.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/policy/fair_share_factors.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

using rehearse::AssocId;
using rehearse::IdVector;
using rehearse::View;

class ClassicFairShare final : public rehearse::FairShare {
 public:
  struct Params {
    rehearse::Duration half_life = std::chrono::hours{7 * 24};
    double damping = 1;
    void visit(auto&& field) {
      field("half_life", half_life, "PriorityDecayHalfLife: use this long ago counts half; 0: all");
      field("damping", damping, "FairShareDampeningFactor: above 1, over-use costs less");
    }
  };
  explicit ClassicFairShare(const Params& params)
      : damping_(params.damping), usage_(params.half_life) {
    if (damping_ > 0) return;
    rehearse::fail({.message = fmt::format("damping {} is not greater than 0", damping_)});
  }

  void charge(const View& view, AssocId assoc, double billing, rehearse::Time from,
              rehearse::Time to) override {
    usage_.charge(view.assocs(), assoc, billing, from, to);
  }

  void factors(const View& view, IdVector<AssocId, double>& factors) override {
    usage_.all(view.assocs().size(), view.now(), now_);
    rehearse::classic_factors(view.assocs(), now_, damping_, false, factors);
  }

 private:
  double damping_;
  rehearse::DecayedUsage usage_;
  IdVector<AssocId, double> now_;  // scratch
};

const rehearse::Register<rehearse::FairShare, ClassicFairShare> registered{
    "decayed-usage", "Slurm's classic factor 2^-(use / share), with exactly decaying use"};

}  // namespace
