#include "sim/engine/power.hpp"

#include <algorithm>
#include <boost/random/normal_distribution.hpp>
#include <cmath>

#include "sim/base/random.hpp"

namespace rehearse {
namespace {

constexpr std::uint64_t kBootStream = 0xb007;  // of random numbers
constexpr Duration kMinute = std::chrono::minutes{1};

/// When one more of at most `rate` a minute may follow `times`, `now` at the earliest.
Time next_of_rate(std::deque<Time>& times, std::uint32_t rate, Time now) {
  if (rate == 0) return now;
  while (!times.empty() && times.front() + kMinute <= now) times.pop_front();
  return times.size() < rate ? now : std::max(now, times[times.size() - rate] + kMinute);
}

/// How long the `number`th boot of a node takes; kUnlimited: there is no machine to boot.
Duration boot_time(const PowerSaving& rules, Duration median, NodeId node, std::uint32_t number) {
  RandomStream random{kBootStream, index(node), number};
  if (random.uniform() < rules.stock_out) return kUnlimited;
  if (rules.boot_sigma <= 0) return median;
  boost::random::normal_distribution<double> logarithm(0, rules.boot_sigma);
  const double factor = std::exp(logarithm(random));
  const Duration length{std::llround(static_cast<double>(median.count()) * factor)};
  return std::chrono::ceil<std::chrono::seconds>(length);
}

/// What partitions say goes before what the cluster says; the longest of several.
void set_longest(std::optional<Duration>& known, const std::optional<Duration>& said) {
  if (said) known = std::max(known.value_or(*said), *said);
}

}  // namespace

Power::Power(State& state, Duration turn)
    : state_(state),
      rules_(state.cluster.power ? &*state.cluster.power : nullptr),
      turn_(turn),
      always_on_(state.cluster.nodes.size()) {
  if (rules_ == nullptr) return;
  for (const KeptOn& kept : rules_->kept_on) {
    if (!kept.count) always_on_ |= kept.nodes;
  }
  for (std::size_t i = 0; i < state.cluster.nodes.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    std::optional<Duration> suspend_time, suspend_timeout, resume_timeout;
    for (const Partition& partition : state.cluster.partitions) {
      if (!partition.nodes.contains(id)) continue;
      set_longest(suspend_time, partition.suspend_time);
      set_longest(suspend_timeout, partition.suspend_timeout);
      set_longest(resume_timeout, partition.resume_timeout);
    }
    Node node;
    node.suspend_time = suspend_time.value_or(rules_->suspend_time);
    node.suspend_timeout = suspend_timeout.value_or(rules_->suspend_timeout);
    node.resume_timeout = resume_timeout.value_or(rules_->resume_timeout);
    nodes_.push_back(node);
  }
  state_.power.resize(nodes_.size());
}

void Power::begin(Time now) {
  state_.now = now;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (state_.cluster.nodes[id].is_cloud) {
      state_.power[id].is = NodePower::Down;
    } else {
      idle(id);
    }
  }
}

template <class Visit>
void Power::for_each_node(AttemptId attempt, Visit&& visit) const {
  for (const Share& share : state_.journal.held(state_.journal.attempts[attempt])) {
    for (std::size_t i = 0; i < share.nodes; ++i) {
      visit(static_cast<NodeId>(index(share.first) + i));
    }
  }
}

void Power::set(NodeId node, NodePower power, Time until) {
  state_.power[node] = {power, until};
  ++nodes_[node].changes;
  state_.journal.power.push_back({state_.now, node, power});
}

void Power::set_closed(NodeId node, bool is_closed) {
  if (std::exchange(nodes_[node].is_closed, is_closed) == is_closed) return;
  if (is_closed) return state_.resources.close(node);
  state_.resources.open(node, state_.cluster.nodes[node].cpus);
  freed_ = true;
}

Time Power::at_turn(Time time) const {
  if (turn_ <= Duration::zero()) return time;
  Duration past = time.time_since_epoch() % turn_;
  if (past < Duration::zero()) past += turn_;
  return past == Duration::zero() ? time : time - past + turn_;
}

/// What is asked for is done within a second, even if nobody looks then.
Time Power::soon(Time time) const {
  return turn_ > Duration::zero() ? std::chrono::ceil<std::chrono::seconds>(time) : time;
}

void Power::advance() {
  while (next() == state_.now) {
    const Due due = dues_.top();
    dues_.pop();
    if (due.what == What::Settle) {
      append_ready();
      continue;
    }
    const std::uint32_t changes = nodes_[due.node].changes;
    if (due.what != What::Suspend && due.count != changes) continue;
    switch (due.what) {
      case What::Suspend:
        suspend(due);
        break;
      case What::Booted:
        booted(due.node);
        break;
      case What::Failed: {
        const Time retry = end_of(state_.now, rules_->retry);
        set(due.node, NodePower::Failed, retry);
        if (retry != kNever) add(retry, What::Retry, due.node, nodes_[due.node].changes);
        break;
      }
      case What::Off:
      case What::Retry:
        set(due.node, NodePower::Down, kNever);
        set_closed(due.node, false);
        break;
      case What::Settle:
        break;
    }
    if (nodes_[due.node].changes != changes) changed_.push_back(due.node);
  }
}

// The one that a heterogeneous job goes by.
JobId Power::group_of(JobId id) const {
  const Special* const special = state_.workload.special(state_.jobs[id].submission);
  if (special == nullptr || special->het_size == 0) return kNone<JobId>;
  return static_cast<JobId>(index(id) - special->het_offset);
}

void Power::allocate(AttemptId attempt, bool together) {
  const JobId job = state_.journal.attempts[attempt].job;
  Waiting waiting{attempt, 0, together ? group_of(job) : kNone<JobId>};
  for_each_node(attempt, [&](NodeId node) {
    ++nodes_[node].idles;
    boot(node);
    if (state_.power[node].is == NodePower::PoweringUp) ++waiting.nodes;
  });
  if (waiting.group != kNone<JobId>) {  // others of it may be given nodes later in this instant
    add(state_.now, What::Settle, NodeId{}, 0);
  } else if (waiting.nodes == 0) {
    return;
  }
  state_.jobs[job].is_configuring = true;
  waiting_.push_back(waiting);
}

Time Power::latest(AttemptId attempt) const {
  Time latest = state_.now;
  for_each_node(attempt, [&](NodeId node) {
    const PowerState& power = state_.power[node];
    if (power.is == NodePower::PoweringUp) latest = std::max(latest, power.until);
  });
  return latest;
}

void Power::give_up(AttemptId attempt) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& each) { return each.attempt == attempt; });
  if (found->group != kNone<JobId>) add(state_.now, What::Settle, NodeId{}, 0);
  waiting_.erase(found);
  run(attempt);
}

// From now on, or with no time to run at all.
void Power::run(AttemptId id) {
  Attempt& attempt = state_.journal.attempts[id];
  Job& job = state_.jobs[attempt.job];
  job.is_configuring = false;
  job.start = attempt.start = state_.now;
}

std::vector<AttemptId> Power::waiting_for(NodeId node) const {
  std::vector<AttemptId> result;
  for (const Waiting& each : waiting_) {
    bool is_on_it = false;
    for_each_node(each.attempt, [&](NodeId other) { is_on_it = is_on_it || other == node; });
    if (is_on_it) result.push_back(each.attempt);
  }
  return result;
}

void Power::boot(NodeId id) {
  if (state_.power[id].is != NodePower::Down) return;
  Node& node = nodes_[id];
  const Time begin = soon(next_of_rate(resumes_, rules_->resume_rate, state_.now));
  resumes_.push_back(begin);
  const Duration median =
      rules_->boot_median == kUnset ? node.resume_timeout / 2 : rules_->boot_median;
  const Duration length = boot_time(*rules_, median, id, node.boots++);
  set(id, NodePower::PoweringUp, end_of(begin, node.resume_timeout));
  if (length <= node.resume_timeout) {
    add(end_of(begin, length), What::Booted, id, node.changes);
  } else {
    add(state_.power[id].until, What::Failed, id, node.changes);
  }
}

void Power::booted(NodeId node) {
  for (const AttemptId attempt : waiting_for(node)) {
    for (Waiting& each : waiting_) each.nodes -= each.attempt == attempt ? 1 : 0;
  }
  set(node, NodePower::Up, kNever);
  if (turn_ <= Duration::zero()) append_ready();
  idle(node);
}

void Power::append_ready() {
  const std::vector<AttemptId> attempts = settle();
  ready_.insert(ready_.end(), attempts.begin(), attempts.end());
}

// Those go that wait for no node, nor for another one of their group.
std::vector<AttemptId> Power::settle() {
  std::vector<JobId> held;
  for (const Waiting& each : waiting_) {
    if (each.nodes > 0 && each.group != kNone<JobId>) held.push_back(each.group);
  }
  std::vector<AttemptId> ready;
  std::erase_if(waiting_, [&](const Waiting& each) {
    const bool waits =
        each.nodes > 0 || std::find(held.begin(), held.end(), each.group) != held.end();
    if (!waits) ready.push_back(each.attempt);
    return !waits;
  });
  for (const AttemptId attempt : ready) run(attempt);
  return ready;
}

bool Power::is_idle(NodeId node) const {
  return state_.power[node].is == NodePower::Up && state_.resources.jobs(node) == 0;
}

void Power::leave(const Attempt& attempt, bool cleaned) {
  const bool goes_down = state_.cluster.partitions[attempt.partition].power_down_on_idle;
  for (const Share& share : state_.journal.held(attempt)) {
    for (std::size_t i = 0; i < share.nodes; ++i) {
      const auto node = static_cast<NodeId>(index(share.first) + i);
      if (goes_down) obey(node, PowerOrder::Down);
      if (!cleaned) obey(node, PowerOrder::Leave);
    }
  }
}

void Power::obey(NodeId node, PowerOrder order) {
  if (!is_on()) return;
  const NodePower power = state_.power[node].is;
  switch (order) {
    case PowerOrder::Leave:
      return idle(node);
    case PowerOrder::Down:
      nodes_[node].goes_down = power == NodePower::Up || power == NodePower::PoweringUp;
      return;
    case PowerOrder::Up:
      return boot(node);
    case PowerOrder::Repair:
      if (power != NodePower::Failed) return;
      set(node, NodePower::Up, kNever);
      set_closed(node, false);
      return idle(node);
  }
}

void Power::idle(NodeId id) {
  if (!is_idle(id)) return;
  Node& node = nodes_[id];
  ++node.idles;
  for (const NodeId spared : std::exchange(spared_, {})) {  // this one may stay instead
    nodes_[spared].is_spared = false;
    add(at_turn(state_.now), What::Suspend, spared, nodes_[spared].idles);
  }
  if (node.goes_down) return add(soon(state_.now), What::Suspend, id, node.idles);
  if (node.suspend_time == kUnlimited || always_on_.contains(id)) return;
  add(at_turn(end_of(state_.now, node.suspend_time)), What::Suspend, id, node.idles);
}

void Power::suspend(const Due& due) {
  Node& node = nodes_[due.node];
  if (due.count != node.idles || !is_idle(due.node)) return;
  if (!node.goes_down && is_kept_on(due.node)) {
    if (!std::exchange(node.is_spared, true)) spared_.push_back(due.node);
    return;
  }
  const Time earliest = next_of_rate(suspends_, rules_->suspend_rate, state_.now);
  if (earliest > state_.now) return add(at_turn(earliest), What::Suspend, due.node, due.count);
  suspends_.push_back(earliest);
  node.goes_down = false;
  set(due.node, NodePower::PoweringDown, at_turn(end_of(state_.now, node.suspend_timeout)));
  set_closed(due.node, true);
  add(state_.power[due.node].until, What::Off, due.node, node.changes);
}

/// Of a set of which some stay on: the first idle ones do.
bool Power::is_kept_on(NodeId node) const {
  return std::any_of(rules_->kept_on.begin(), rules_->kept_on.end(), [&](const KeptOn& kept) {
    if (!kept.count || !kept.nodes.contains(node)) return false;
    std::uint32_t before = 0;
    kept.nodes.for_each([&](NodeId other) {
      if (other == node) return false;
      before += is_idle(other) ? 1 : 0;
      return true;
    });
    return before < *kept.count;
  });
}

}  // namespace rehearse
