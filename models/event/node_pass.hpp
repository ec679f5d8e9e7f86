// One pass over nodes: what fits is decided by `select` on the nodes' free amounts, limits and
// preemption included.
//
// A reservation is kept as the state of the machine at its time: `shadow`, what will be free then
// if everybody runs to the time limit and earlier reservations are kept. A later job may start now
// if it ends before that time, or if with it in place the reserved job still fits there
// (`reserve: count`), or the very nodes planned for it are still free (`reserve: nodes`).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "models/event/reasons.hpp"
#include "sim/policy/scheduler.hpp"

namespace rehearse::event {

enum class Reserve : std::uint8_t { Count, Nodes };

class NodePass final : public Pass {
 public:
  /// Jobs that are started are appended to `started`.
  NodePass(Control& control, Reasons& reasons, std::vector<JobId>& started, const Slots& slots,
           Reserve reserve);

  /// `freed`: something has ended since the last pass. If not, what did not fit then, or what a
  /// limit held, still does not. REQUIRES: each candidate's group is set, and below `groups`.
  void begin(std::span<const Candidate> queue, std::size_t groups, bool freed);

  const View& view() const override { return view_; }
  std::span<const Candidate> queue() const override { return queue_; }
  bool start(const Candidate&) override;
  bool reserve(const Candidate&) override;
  bool is_blocked(const Candidate&) const override { return refusal_ == Reason::Resources; }
  bool is_full() const override;

 private:
  struct Reservation {
    Candidate candidate;
    Time at = kNever;
    std::vector<Share> plan;
    std::unique_ptr<Resources> shadow;  // free at `at`, with the plan still in it
  };
  struct Without;
  struct Memo {
    std::uint64_t version = 0;  // at which the group was refused
    LimitHit why{};             // no limit if the reason is Resources
  };
  // All of a claimant that its victims may depend on: partition, account, QOS, --priority, --nice.
  using Claim = std::tuple<PartitionId, AssocId, QosId, std::int64_t, std::int32_t>;
  struct Prey {
    std::vector<Victim> victims;
    std::unique_ptr<Resources> all_gone;  // what would be free without them
    bool of_account = false;              // some of them count on the claimant's account
  };

  bool start_on_free(const Candidate&);
  bool preempt_for(const Candidate&);
  bool refuse(const Candidate&, const LimitHit& why, bool for_the_group);
  bool is_behind_blocked(const Candidate&) const;
  std::optional<LimitHit> limit_before(const Candidate&, const Ledger&) const;
  std::optional<LimitHit> limit_after(const Candidate&, const Ledger&,
                                      std::span<const Share>) const;
  bool find_place(const Resources&, const Candidate&, std::vector<Share>&);
  void place_with_power(std::span<const NodeId> nodes, std::span<double> keys) const;
  std::vector<std::pair<Time, NodeId>> nodes_that_return() const;
  void plan_reservations();
  void plan(Reservation&);
  void tell_plans(Witness&);
  bool is_plannable(const Reservation&, const Resources& then, Time at);
  bool delays_reservation(const Candidate&, std::span<const Share>, std::span<const Victim> gone);
  bool keeps(const Reservation&, const Resources& left);
  void hold_in_shadows(const Candidate&, std::span<const Share>);
  const Prey& prey_of(const Candidate&);
  bool choose_victims(const Candidate&, bool of_limits);
  bool fits_after(const Candidate&, const Resources&, const Ledger&);

  Control& control_;
  const View& view_;
  Reasons& reasons_;
  std::vector<JobId>& started_;
  const Slots& slots_;
  Reserve reserve_;
  std::span<const Candidate> queue_;
  GresArena arena_;
  NodeKeys keys_;
  const Request* keyed_request_ = nullptr;
  const Resources* keyed_resources_ = nullptr;
  std::vector<Reservation> reservations_;
  std::size_t planned_ = 0;           // the first so many reservations have their time
  std::vector<PartitionId> blocked_;  // partitions with a job that waits for resources
  std::vector<std::vector<bool>> overlap_;
  std::vector<Memo> memo_;         // by group
  std::uint64_t version_ = 1;      // grows when something becomes free
  std::map<Claim, Prey> prey_;     // of this pass
  Reason refusal_ = Reason::None;  // of the last candidate that did not start
  std::vector<Share> shares_;
  std::vector<Victim> victims_;
};

}  // namespace rehearse::event
