// Slurm's classic fair share (PriorityFlags=NO_FAIR_TREE; shared/semantics 3.4):
//
//   factor = 2^(-(U / S) / damping)
//
//   S   the association's share of the cluster: the product, from the root down, of its shares over
//       those of all its siblings
//   U   its share of all past use; below the accounts of the root it is drawn towards that of its
//       parent: U = own + (U of parent - own) * its share among its siblings
//
// Use that is exactly as promised gives 1/2 at damping 1, no use at all gives 1.

#include <fmt/core.h>

#include <cmath>

#include "models/fair_share/usage.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

using rehearse::Assoc;
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
    const IdVector<AssocId, Assoc>& assocs = view.assocs();
    IdVector<AssocId, double> sibling_shares, promised, used;
    sibling_shares.resize(assocs.size(), 0.0);
    for (const Assoc& assoc : assocs) {
      if (assoc.parent != rehearse::kNone<AssocId>) {
        sibling_shares[assoc.parent] += static_cast<double>(assoc.shares);
      }
    }
    const double all = usage_.at(AssocId{0}, view.now());
    for (std::size_t i = 0; i < assocs.size(); ++i) {
      const auto id = static_cast<AssocId>(i);
      const AssocId parent = assocs[id].parent;
      const double own = all > 0 ? usage_.at(id, view.now()) / all : 0;
      if (parent == rehearse::kNone<AssocId>) {
        promised.push_back(1);
        used.push_back(own);
      } else {
        const double siblings = sibling_shares[parent];
        const double share = siblings > 0 ? static_cast<double>(assocs[id].shares) / siblings : 0;
        promised.push_back(promised[parent] * share);
        used.push_back(parent == AssocId{0} ? own : own + (used[parent] - own) * share);
      }
      factors[id] = promised[id] > 0 ? std::exp2(-used[id] / promised[id] / damping_) : 0;
    }
  }

 private:
  double damping_;
  rehearse::DecayedUsage usage_;
};

const rehearse::Register<rehearse::FairShare, ClassicFairShare> registered{
    "decayed-usage", "Slurm's classic factor 2^-(use / share), with exactly decaying use"};

}  // namespace
