// Shortest job first by the time that jobs will really run. Nobody can do this: it is the bound
// that predictions of run times are measured against, and the report says that the run was
// clairvoyant.

#include <algorithm>
#include <optional>

#include "models/priority/planned_time.hpp"
#include "sim/base/check.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class ShortestRunFirst final : public rehearse::ClairvoyantPriority {
 public:
  void reveal(const rehearse::Clairvoyance& clairvoyance) override { future_ = clairvoyance; }

  void score(const rehearse::View& view, std::span<const rehearse::Candidate> pending,
             std::span<double> scores) override {
    SIM_CHECK(future_, "shortest-run-first is asked before anything was revealed to it");
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const rehearse::JobId job = pending[i].job;
      scores[i] = -rehearse::hours(std::min(future_->run_time(job), view.job(job).time_limit));
    }
  }
  bool changes_with_time() const override { return false; }

 private:
  std::optional<rehearse::Clairvoyance> future_;
};

const rehearse::Register<rehearse::PriorityPolicy, ShortestRunFirst> registered{
    "shortest-run-first", "Shortest true run time first (clairvoyant)"};

}  // namespace
