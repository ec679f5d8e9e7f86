// The machine as it will be when running jobs have ended, one after the other: what the will-run
// tests of a backfill cycle ask (semantics 2.5). Jobs that may preempt the same jobs share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "models/slurm/job_record.hpp"
#include "models/slurm/machine.hpp"
#include "models/slurm/offers.hpp"
#include "models/slurm/room.hpp"
#include "models/slurm/selection.hpp"
#include "sim/base/node_set.hpp"

namespace rehearse::slurm {

/// A job whose end a will-run test waits for.
struct Ending {
  JobId job{};
  std::vector<NodeId> nodes{};
  Seconds end = 0, guessed = 0;  ///< by its limit; what slurmctld guesses for those past it
  std::uint32_t list_order = 0;
  bool is_completing = false;  ///< holds nothing but its nodes any more
};

/// The same in the order in which slurmctld lets them end, with the nodes as bits.
struct EndingOrder {
  struct Place {
    JobId job{};
    Seconds end = 0, guessed = 0;
    bool is_completing = false;
    std::uint32_t first = 0, words = 0;  ///< of a NodeSet
    std::size_t mask = 0;                ///< in `words`
  };
  explicit EndingOrder(std::vector<Ending> endings);

  std::vector<Place> places;
  std::vector<std::uint64_t> words;
};

/// When and where a job could run, and what that comes to.
struct Choice {
  Allocation allocation;
  NodeSet nodes;
  TresCounts tres, per_node;
};
struct Estimate {
  Seconds start = 0;
  std::shared_ptr<const Choice> choice{};
};

/// All that the answer of a will-run test depends on while the running jobs stay as they are.
struct WillRunKey {
  const Needs* needs = nullptr;
  UserId user{};
  std::uint32_t most_nodes = 0;
  bool now_only = false, waited_for_switches = false;
  NodeSet nodes;
  Seconds start = 0, next_try = 0;  ///< since 24.11
  std::uint64_t near_gpus = 0;      ///< NearGpus::changes(), where that matters
  bool operator==(const WillRunKey&) const = default;
};
struct WillRunHash {
  std::size_t operator()(const WillRunKey& key) const;
};
struct WillRunAnswer {
  std::optional<Estimate> estimate{};
  bool is_now = false;           ///< the start of the estimate is whenever the question is asked
  NearGpus::Writes near_gpus{};  ///< what the test left there
};

class Forecast {
 public:
  using Records = IdVector<JobId, JobRecord>;  ///< with what the running jobs hold

  using Place = EndingOrder::Place;

  /// Those that preemption takes off, `victims` in order of ids, are not on `now`, and no more
  /// among those that will end.
  Forecast(Machine now, std::shared_ptr<const EndingOrder> order, std::span<const JobId> victims);

  /// In the order in which slurmctld lets them end.
  std::span<const Place> ends() const { return ends_; }
  /// Whether preemption made room beside what is free.
  bool is_preempting() const { return is_preempting_; }
  /// Whether the `i`th job is on one of `nodes`; O(words that its nodes span).
  bool is_on(std::size_t i, const NodeSet& nodes) const {
    const Place& place = ends_[i];
    const std::uint64_t* const mask = &order_->words[place.mask];
    const std::uint64_t* const set = nodes.words().data() + place.first;
    std::uint64_t common = 0;
    for (std::uint32_t word = 0; word < place.words; ++word) common |= mask[word] & set[word];
    return common != 0;
  }
  /// The machine without the first `count` of them. The reference holds until the next call.
  const Machine& after(std::size_t count, const Records& records);
  /// How many of them have to end before a job with `needs` may fit on `nodes`: with fewer than so
  /// many there is no way. More than there are: with all of them gone neither.
  std::size_t least_ended(const Needs& needs, const NodeSet& nodes, const Records& records);
  /// The first that does not end before `time`, if those that do come first in the order.
  std::size_t first_from(Seconds time) const;
  /// Of the machines after() so many of them.
  OfferMemo& memo() { return memo_; }
  bool is_in_order_of_ends() const { return is_in_order_of_ends_; }
  /// The same without those that end before `time`.
  Forecast from(Seconds time, const Records& records) const;

  /// Of tests on it; only looked up, so that their order decides nothing.
  std::unordered_map<WillRunKey, WillRunAnswer, WillRunHash> answers;

 private:
  Forecast(Machine now, std::shared_ptr<const EndingOrder> order, std::vector<Place> ends,
           bool is_preempting);
  void note_room(const Records& records);

  std::shared_ptr<const EndingOrder> order_;
  std::vector<Place> ends_;
  bool is_preempting_ = false, is_in_order_of_ends_ = true;
  OfferMemo memo_;
  /// What each node has free, as more and more of its jobs have ended: of node i the elements from
  /// first_room_[i] to first_room_[i + 1]. Made when it is first asked for.
  struct RoomAfter {
    std::uint32_t ended = 0;
    Room room;
  };
  std::vector<RoomAfter> rooms_;
  std::vector<std::uint32_t> first_room_;
  /// Of those needs by node how many have to end before it may offer anything.
  std::unordered_map<const Needs*, std::vector<std::uint32_t>> least_ended_;
  std::map<std::size_t, Machine> machines_;  ///< by how many have ended; that of 0 is always there
};

}  // namespace rehearse::slurm
