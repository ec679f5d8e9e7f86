// GPU packing: whole nodes stay free for the jobs that need whole nodes, and free GPUs keep the
// CPUs that they need.
//
//   a job that asks for GRES   1. nodes in use that have enough of it
//                              2. idle nodes that have enough of it
//                              3. the others, most free units first: as few nodes as possible
//                              among equals in 1 and 2: fewest free units, then fewest free CPUs
//   any other                  1. nodes without free GPUs, fewest free CPUs first
//                              2. fewest free GPUs, then most free CPUs
//
// "Enough" is the job's share of one node: its units divided by the nodes that it asks for.
// After Weng et al., "MLaaS in the Wild" (NSDI '22), which fills occupied nodes before idle ones,
// and their "Beware of Fragmentation" (ATC '23) on GPUs that CPU-only jobs strand.

#include "models/placement/free_gres.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

using rehearse::NodeId;
using rehearse::Resources;

class GpuPacking final : public rehearse::PlacementPolicy {
 public:
  struct Params {
    bool spare_gpus = true;
    void visit(auto&& field) {
      field("spare_gpus", spare_gpus, "Jobs without GPUs avoid nodes with free GPUs");
    }
  };
  explicit GpuPacking(const Params& params) : params_(params) {}

  void keys(const rehearse::View& view, const Resources& resources,
            const rehearse::Request& request, std::span<const NodeId> nodes,
            std::span<double> keys) override {
    const rehearse::WantedGres wanted(request);
    const std::uint32_t parts = std::max(1U, request.min_nodes);
    const std::uint32_t enough = (wanted.units() + parts - 1) / parts;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      keys[i] = wanted.kinds().empty()
                    ? key_without_gres(view.cluster(), resources, nodes[i])
                    : key_with_gres(resources, nodes[i], wanted.free(resources, nodes[i]), enough);
    }
  }

 private:
  double key_without_gres(const rehearse::Cluster& cluster, const Resources& resources,
                          NodeId node) const {
    std::uint32_t free_gpus = 0;
    for (std::size_t i = 0; params_.spare_gpus && i < cluster.gres.size(); ++i) {
      const auto kind = static_cast<rehearse::GresId>(i);
      if (cluster.gres[kind].is_gpu()) free_gpus += resources.free_gres(node, kind);
    }
    const std::uint32_t free_cpus = resources.free_cpus(node);
    return rehearse::lexicographic(free_gpus, free_gpus == 0 ? free_cpus : ~free_cpus);
  }

  static double key_with_gres(const Resources& resources, NodeId node, std::uint32_t free,
                              std::uint32_t enough) {
    constexpr std::uint32_t kClass = 1U << 16;  // more units than any node has
    const bool is_idle = resources.jobs(node) == 0;
    const std::uint32_t rank = free < enough ? 3 * kClass - free : is_idle ? kClass + free : free;
    return rehearse::lexicographic(rank, resources.free_cpus(node));
  }

  Params params_;
};

const rehearse::Register<rehearse::PlacementPolicy, GpuPacking> registered{
    "gpu-packing", "Occupied nodes before idle ones, and no CPU-only jobs beside free GPUs"};

}  // namespace
