// Shortest job first, by what its user promises: the time limit. (Run times are not known; see
// shortest_run_first.cpp for what knowing them would be worth.)

#include "models/priority/planned_time.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class ShortestFirst final : public rehearse::PriorityPolicy {
 public:
  void score(const rehearse::View& view, std::span<const rehearse::Candidate> pending,
             std::span<double> scores) override {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      scores[i] = -rehearse::planned_hours(view.job(pending[i].job));
    }
  }
  bool changes_with_time() const override { return false; }
};

const rehearse::Register<rehearse::PriorityPolicy, ShortestFirst> registered{
    "shortest-first", "Shortest time limit first"};

}  // namespace
