// First fit: nodes in the natural order of their names, whatever they hold. The cheapest rule, and
// Slurm's where all nodes weigh the same and no set of them fits more tightly.

#include <algorithm>

#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class FirstFit final : public rehearse::PlacementPolicy {
 public:
  void keys(const rehearse::View&, const rehearse::Resources&, const rehearse::Request&,
            std::span<const rehearse::NodeId>, std::span<double> keys) override {
    std::fill(keys.begin(), keys.end(), 0.0);
  }
  bool is_node_order() const override { return true; }
};

const rehearse::Register<rehearse::PlacementPolicy, FirstFit> registered{
    "first-fit", "Nodes in the order of their names"};

}  // namespace
