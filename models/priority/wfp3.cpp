// WFP3: a job's claim grows with the cube of its wait in units of its own length, and with its
// size, so that short jobs overtake soon and large ones do not starve.
//
//   score = (wait / time limit)^3 * CPUs
//
// Tang, Lan, Desai and Buettner, "Fault-aware, utility-based job scheduling on Blue Gene/P
// systems" (CLUSTER 2009).

#include "models/priority/planned_time.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class Wfp3 final : public rehearse::PriorityPolicy {
 public:
  void score(const rehearse::View& view, std::span<const rehearse::Candidate> pending,
             std::span<double> scores) override {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const rehearse::Job& job = view.job(pending[i].job);
      const auto cpus = static_cast<double>(view.request(pending[i]).tres[rehearse::kTresCpu]);
      const double ratio = rehearse::waited_hours(job, view.now()) / rehearse::planned_hours(job);
      scores[i] = ratio * ratio * ratio * cpus;
    }
  }
};

const rehearse::Register<rehearse::PriorityPolicy, Wfp3> registered{
    "wfp3", "Longest wait in units of the time limit, cubed, times the size"};

}  // namespace
