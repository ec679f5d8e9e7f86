// Smallest area first, with ageing: cheap jobs jump ahead, but nobody waits for ever.
//
//   score = ageing_per_hour * hours waited - log(1 + CPUs * hours requested)
//
// The logarithm keeps one enormous job from starving: doubling its area costs it a constant, and
// waiting pays that constant back. Area uses the time limit: a scheduler cannot see run times.

#include <cmath>

#include "models/priority/planned_time.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class SmallestAreaFirst final : public rehearse::PriorityPolicy {
 public:
  struct Params {
    double ageing_per_hour = 0.1;
    void visit(auto&& field) {
      field("ageing_per_hour", ageing_per_hour, "Score a job gains for every hour it waits");
    }
  };
  explicit SmallestAreaFirst(const Params& params) : params_(params) {}

  void score(const rehearse::View& view, std::span<const rehearse::Candidate> pending,
             std::span<double> scores) override {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const rehearse::Job& job = view.job(pending[i].job);
      const auto cpus = static_cast<double>(view.request(pending[i]).tres[rehearse::kTresCpu]);
      const double waited = rehearse::waited_hours(job, view.now());
      scores[i] =
          params_.ageing_per_hour * waited - std::log1p(cpus * rehearse::planned_hours(job));
    }
  }

 private:
  Params params_;
};

const rehearse::Register<rehearse::PriorityPolicy, SmallestAreaFirst> registered{
    "smallest-area-first", "Smallest requested CPU-hours first, with ageing"};

}  // namespace
