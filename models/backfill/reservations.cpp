// One algorithm with one integer: go through the queue, start what can start, and promise the first
// so many jobs that cannot their earliest start, which no later job may delay.
//
//   0 reservations    greedy: whatever fits starts
//   1                 EASY (Lifka 1995)
//   everyone          conservative backfilling (Mu'alem & Feitelson 2001), plans rebuilt each pass
//
// `none` is FCFS: nobody overtakes a job that waits for resources, on nodes that both could use.
// A job that a limit holds waits alone: it neither blocks others nor gets a reservation, as in
// Slurm (shared/semantics 4.4). Reservations are counted for each partition.

#include <limits>
#include <vector>

#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

constexpr std::int64_t kEveryone = std::numeric_limits<std::int64_t>::max();

template <std::int64_t kReservations>
class Reservations final : public rehearse::BackfillPolicy {
 public:
  struct Params {
    std::int64_t reservations = kReservations;
    std::int64_t max_jobs = kEveryone;
    void visit(auto&& field) {
      field("reservations", reservations, "Jobs of each partition that are promised a start");
      field("max_jobs", max_jobs, "Jobs of the queue that are looked at in a pass");
    }
  };
  explicit Reservations(const Params& params) : params_(params) {}

  void schedule(rehearse::Pass& pass) override {
    reserved_.assign(pass.view().cluster().partitions.size(), 0);
    std::int64_t examined = 0;
    bool full = pass.is_full();
    for (const rehearse::Candidate& job : pass.queue()) {
      if (full || ++examined > params_.max_jobs) break;
      if (pass.start(job)) {
        full = pass.is_full();
        continue;
      }
      std::int64_t& reserved = reserved_[rehearse::index(job.partition)];
      if (reserved < params_.reservations && pass.is_blocked(job)) {
        pass.reserve(job);
        ++reserved;
      }
    }
  }

 private:
  Params params_;
  std::vector<std::int64_t> reserved_;  // by partition
};

class None final : public rehearse::BackfillPolicy {
 public:
  void schedule(rehearse::Pass& pass) override {
    const auto& partitions = pass.view().cluster().partitions;
    closed_.assign(partitions.size(), false);
    std::size_t open = partitions.size();
    for (const rehearse::Candidate& job : pass.queue()) {
      if (closed_[rehearse::index(job.partition)]) continue;
      if (pass.start(job) || !pass.is_blocked(job)) continue;
      const rehearse::NodeSet& nodes = partitions[job.partition].nodes;
      for (std::size_t i = 0; i < partitions.size(); ++i) {
        const rehearse::NodeSet& others = partitions[static_cast<rehearse::PartitionId>(i)].nodes;
        if (closed_[i] || !others.intersects(nodes)) continue;
        closed_[i] = true;
        --open;
      }
      if (open == 0) break;
    }
  }

 private:
  std::vector<bool> closed_;  // by partition: somebody waits for nodes that it shares
};

const rehearse::Register<rehearse::BackfillPolicy, None> none{
    "none", "Nobody overtakes a job that waits for resources (FCFS with fifo priority)"};
const rehearse::Register<rehearse::BackfillPolicy, Reservations<0>> greedy{
    "greedy", "Whatever fits starts; large jobs may starve"};
const rehearse::Register<rehearse::BackfillPolicy, Reservations<1>> easy{
    "easy", "Later jobs may start if they do not delay the first one that waits"};
const rehearse::Register<rehearse::BackfillPolicy, Reservations<kEveryone>> conservative{
    "conservative", "Later jobs may start if they do not delay any that waits"};

}  // namespace
