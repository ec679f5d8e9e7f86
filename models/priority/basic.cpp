// Slurm's priority/basic (shared/semantics 3.1): the first job has 4294901759, each next one less
// by one; its nice value lowers a job's own priority only (seen on 22.05). Nobody ages, and the
// tasks of an array are one job.

#include <algorithm>
#include <unordered_map>

#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class Basic final : public rehearse::PriorityPolicy {
 public:
  bool changes_with_time() const override { return false; }

  void score(const rehearse::View& view, std::span<const rehearse::Candidate> pending,
             std::span<double> scores) override {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const rehearse::Job& job = view.job(pending[i].job);
      scores[i] = job.admin_priority >= 0 ? static_cast<double>(job.admin_priority)
                                          : static_cast<double>(priority(job));
    }
  }

 private:
  // A job keeps what it got, also when it is requeued.
  std::int64_t priority(const rehearse::Job& job) {
    const auto [found, is_new] = given_.try_emplace(rehearse::index(job.submission));
    if (is_new) {
      lowest_ = std::max<std::int64_t>(1, lowest_ - 1);
      found->second = std::max<std::int64_t>(1, lowest_ - job.nice);
    }
    return found->second;
  }

  std::int64_t lowest_ = 0xffff0000;
  std::unordered_map<std::size_t, std::int64_t> given_;  // by submission
};

const rehearse::Register<rehearse::PriorityPolicy, Basic> registered{
    "basic", "Slurm's priority/basic: each job one less than the one before, less its nice"};

}  // namespace
