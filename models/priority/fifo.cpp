// First come, first served: the order of submission, then of ids.

#include <algorithm>

#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class Fifo final : public rehearse::PriorityPolicy {
 public:
  void score(const rehearse::View&, std::span<const rehearse::Candidate>,
             std::span<double> scores) override {
    std::fill(scores.begin(), scores.end(), 0.0);
  }
  bool changes_with_time() const override { return false; }
};

const rehearse::Register<rehearse::PriorityPolicy, Fifo> registered{"fifo",
                                                                    "First come, first served"};

}  // namespace
