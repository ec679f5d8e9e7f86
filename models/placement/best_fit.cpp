// Best fit: the node on which the least is free goes first, so that room stays in one piece.
//
//   a job that asks for GRES   fewest free units of the kinds it asks for, then fewest free CPUs
//   any other                  fewest free CPUs
//
// The opposite of Slurm's CR_LLN (least loaded node). For GPUs it is the consolidated best fit of
// Hu et al., "Characterization and Prediction of Deep Learning Workloads in Large-Scale GPU
// Datacenters" (SC '21).

#include "models/placement/free_gres.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class BestFit final : public rehearse::PlacementPolicy {
 public:
  void keys(const rehearse::View&, const rehearse::Resources& resources,
            const rehearse::Request& request, std::span<const rehearse::NodeId> nodes,
            std::span<double> keys) override {
    const rehearse::WantedGres wanted(request);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      keys[i] =
          rehearse::lexicographic(wanted.free(resources, nodes[i]), resources.free_cpus(nodes[i]));
    }
  }
};

const rehearse::Register<rehearse::PlacementPolicy, BestFit> registered{
    "best-fit", "The node with the fewest free GPUs of the wanted kind, else CPUs, that is enough"};

}  // namespace
