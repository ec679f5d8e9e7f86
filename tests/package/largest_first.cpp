// A policy out of tree: most CPUs first.
#include <sim/policy/registry.hpp>
#include <sim/policy/slots.hpp>

namespace {

class LargestFirst final : public rehearse::PriorityPolicy {
 public:
  void score(const rehearse::View& view, std::span<const rehearse::Candidate> pending,
             std::span<double> scores) override {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      scores[i] = static_cast<double>(view.request(pending[i]).tres[rehearse::kTresCpu]);
    }
  }
  bool changes_with_time() const override { return false; }
};

const rehearse::Register<rehearse::PriorityPolicy, LargestFirst> registered{"largest-first",
                                                                            "Most CPUs first"};

}  // namespace
