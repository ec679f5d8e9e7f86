// Power saving: which nodes are on, when they go and when they come (state/power.hpp). What rules
// there are stand in the cluster file; schedulers see the states and choose nodes.
//
// All changes are entries of one heap, (time, order in which they were foreseen). An entry that
// something else has overtaken is recognized by its count and does nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/engine/agenda.hpp"
#include "sim/policy/scheduler.hpp"

namespace rehearse {

class Power {
 public:
  /// `turn`: nodes are powered down, and off, at multiples of this, and jobs that wait for nodes
  /// run when settle() is called; zero: all at once.
  Power(State& state, Duration turn);

  bool is_on() const { return !nodes_.empty(); }
  /// The run begins at `now`: nodes that are not of a cloud are up and idle.
  void begin(Time now);
  Time next() const { return dues_.empty() ? kNever : dues_.top().at; }
  /// Does what is due now, which may be nothing any more.
  void advance();

  /// Nodes that have changed, and attempts of which all nodes are up by now, since last asked.
  std::vector<NodeId> take_changed() { return std::exchange(changed_, {}); }
  std::vector<AttemptId> take_ready() { return std::exchange(ready_, {}); }
  /// Whether nodes can be used that could not, since last asked.
  bool take_freed() { return std::exchange(freed_, false); }

  /// The attempt has been given its nodes now. Those that are down boot, and until they are up the
  /// job is configuring. `together`: so are components of a heterogeneous job that start at the
  /// same instant, until all of them can run.
  void allocate(AttemptId attempt, bool together);
  /// Attempts of which all nodes are up run from now on. Which these are.
  std::vector<AttemptId> settle();
  /// By when all nodes of a job that is configuring are up, or a boot has failed.
  Time latest(AttemptId attempt) const;
  /// The attempt ends before its nodes were up: it never ran.
  void give_up(AttemptId attempt);
  /// Attempts that wait for the node.
  std::vector<AttemptId> waiting_for(NodeId node) const;

  /// The attempt's nodes are free. Those without any job are idle, unless they have to be `cleaned`
  /// first: then that is told with PowerOrder::Leave.
  void leave(const Attempt& attempt, bool cleaned);
  /// Keeps jobs off a node whose boot has failed. REQUIRES: no job is there.
  void put_away(NodeId node) { set_closed(node, true); }
  void obey(NodeId node, PowerOrder order);

 private:
  enum class What : std::uint8_t { Suspend, Off, Booted, Failed, Retry, Settle };
  struct Due {
    Time at;
    std::uint64_t order;
    What what;
    NodeId node;
    std::uint32_t count;  // Node::idles or Node::changes, as they were
    bool operator>(const Due& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Node {
    Duration suspend_time = kUnlimited, suspend_timeout{}, resume_timeout{};
    std::uint32_t changes = 0;  // of its power
    std::uint32_t idles = 0;    // counts jobs that come and go
    std::uint32_t boots = 0;
    bool goes_down = false;  // as soon as it is idle
    bool is_spared = false;  // it would go, but is one of those that stay
    bool is_closed = false;  // in Resources
  };
  struct Waiting {
    AttemptId attempt;
    std::size_t nodes;  // that still boot
    JobId group;
  };

  void add(Time at, What what, NodeId node, std::uint32_t count) {
    dues_.push({at, order_++, what, node, count});
  }
  void set(NodeId node, NodePower power, Time until);
  void set_closed(NodeId node, bool is_closed);
  bool is_idle(NodeId node) const;
  void idle(NodeId node);
  void boot(NodeId node);
  void run(AttemptId attempt);
  JobId group_of(JobId job) const;
  void suspend(const Due& due);
  void booted(NodeId node);
  void append_ready();
  bool is_kept_on(NodeId node) const;
  Time at_turn(Time time) const;
  Time soon(Time time) const;
  template <class Visit>
  void for_each_node(AttemptId attempt, Visit&& visit) const;

  State& state_;
  const PowerSaving* const rules_;  // null: no node is ever powered down
  const Duration turn_;
  NodeSet always_on_;
  IdVector<NodeId, Node> nodes_;
  Agenda<Due> dues_;
  std::uint64_t order_ = 0;
  std::deque<Time> suspends_, resumes_;  // of the last minute, for the rates
  std::vector<Waiting> waiting_;         // in order of their allocations
  std::vector<NodeId> spared_, changed_;
  std::vector<AttemptId> ready_;
  bool freed_ = false;
};

}  // namespace rehearse
