// EASY with shortest-job backfilled first (EASY++ of Tsafrir, Etsion & Feitelson, TPDS 2007): the
// queue's own order decides who is promised a start, and the time limit who may fill the holes.

#include <algorithm>
#include <vector>

#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class EasySjbf final : public rehearse::BackfillPolicy {
 public:
  void schedule(rehearse::Pass& pass) override {
    const rehearse::View& view = pass.view();
    waiting_.assign(view.cluster().partitions.size(), false);
    fillers_.clear();
    for (const rehearse::Candidate& job : pass.queue()) {
      if (waiting_[rehearse::index(job.partition)]) {
        fillers_.push_back({view.job(job.job).time_limit, job});
        continue;
      }
      if (pass.is_full()) break;
      if (pass.start(job) || !pass.is_blocked(job)) continue;
      pass.reserve(job);
      waiting_[rehearse::index(job.partition)] = true;
    }
    std::stable_sort(fillers_.begin(), fillers_.end(),
                     [](const Filler& a, const Filler& b) { return a.time_limit < b.time_limit; });
    for (const Filler& filler : fillers_) {
      if (pass.is_full()) break;
      pass.start(filler.job);
    }
  }

 private:
  struct Filler {
    rehearse::Duration time_limit;
    rehearse::Candidate job;
  };
  std::vector<bool> waiting_;  // by partition: somebody has a reservation
  std::vector<Filler> fillers_;
};

const rehearse::Register<rehearse::BackfillPolicy, EasySjbf> registered{
    "easy-sjbf", "EASY whose holes are filled by the shortest time limit first"};

}  // namespace
