#include "sim/report/usage.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "sim/report/held.hpp"

namespace rehearse {
namespace {

enum class ChangeKind : std::uint8_t { Eligible, Start, End, Leave, Suspend, Resume, Power };

struct UsageChange {
  std::int64_t at;
  AttemptId attempt;  // of Power: the position in Journal::power
  ChangeKind kind;
  std::size_t power() const { return kind == ChangeKind::Power ? index(attempt) + 1 : 0; }
};

// All that happens to attempts and to the power of nodes, in order of the second in which it does.
std::vector<UsageChange> changes_of(const Journal& journal) {
  std::vector<UsageChange> changes;
  changes.reserve(3 * journal.attempts.size());
  for (std::size_t i = 0; i < journal.attempts.size(); ++i) {
    const auto id = static_cast<AttemptId>(i);
    const Attempt& attempt = journal.attempts[id];
    const auto add = [&](Time at, ChangeKind kind) {
      if (at != kNever) changes.push_back({whole_seconds(at), id, kind});
    };
    const bool started = attempt.start != kNever;
    if (attempt.eligible != kNever) {
      add(attempt.eligible, ChangeKind::Eligible);
      add(started ? attempt.start : attempt.end, started ? ChangeKind::Start : ChangeKind::Leave);
    }
    if (started) add(attempt.end, ChangeKind::End);
  }
  for (const Suspension& each : journal.suspensions) {
    const Time end = journal.attempts[each.attempt].end;
    changes.push_back({whole_seconds(each.from), each.attempt, ChangeKind::Suspend});
    const Time until = std::min(each.until, end);
    if (until != kNever) {
      changes.push_back({whole_seconds(until), each.attempt, ChangeKind::Resume});
    }
  }
  for (std::size_t i = 0; i < journal.power.size(); ++i) {
    const std::int64_t at = whole_seconds(journal.power[i].at);
    changes.push_back({at, static_cast<AttemptId>(i), ChangeKind::Power});
  }
  std::sort(changes.begin(), changes.end(), [](const UsageChange& a, const UsageChange& b) {
    return a.at != b.at ? a.at < b.at : a.power() < b.power();
  });
  return changes;
}

// What is free on the nodes that have GPUs, and how many GPUs of each kind are stranded there.
class FreeGpus {
 public:
  FreeGpus(const Cluster& cluster, std::int64_t cpus_per_gpu)
      : kinds_(cluster.gres.size()), cpus_per_gpu_(cpus_per_gpu), stranded_(kinds_, 0) {
    for (const GresKind& kind : cluster.gres) is_gpu_.push_back(kind.is_gpu());
    nodes_.resize(cluster.nodes.size());
    gres_.resize(cluster.nodes.size() * kinds_, 0);
    counted_.resize(gres_.size(), 0);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = cluster.nodes[static_cast<NodeId>(i)];
      nodes_[i] = {node.cpus, node.memory_mib, memory_for_a_gpu(cluster, i), false};
      for (std::size_t k = 0; k < node.gres.size(); ++k) {
        gres_[i * kinds_ + k] = node.gres[k];
        nodes_[i].has_gpus |= is_gpu_[k] && node.gres[k] > 0;
      }
      recount(i);
    }
  }

  // Takes (sign 1) or gives back (-1) what `share` names.
  void change(const Share& share, const GresArena& arena, int sign) {
    const auto row = arena.row(share.gres);
    for (std::size_t i = index(share.first); i < index(share.first) + share.nodes; ++i) {
      if (!nodes_[i].has_gpus) continue;
      nodes_[i].cpus -= std::int64_t{sign} * share.cpus;
      nodes_[i].memory_mib -= sign * share.memory_mib;
      for (std::size_t k = 0; k < kinds_; ++k) {
        gres_[i * kinds_ + k] -= std::int64_t{sign} * row[k];
      }
      recount(i);
    }
  }

  const std::vector<std::int64_t>& stranded() const { return stranded_; }

 private:
  struct FreeNode {
    std::int64_t cpus = 0;
    std::int64_t memory_mib = 0;
    std::int64_t memory_for_a_gpu = 0;
    bool has_gpus = false;
  };

  std::int64_t memory_for_a_gpu(const Cluster& cluster, std::size_t node) const {
    if (!cluster.tracks_memory) return 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const Partition& partition : cluster.partitions) {
      if (!partition.nodes.contains(static_cast<NodeId>(node))) continue;
      const Memory& memory = partition.default_memory;
      const std::int64_t per_gpu =
          memory.per == MemoryPer::Cpu ? memory.mib * cpus_per_gpu_ : memory.mib;
      least = std::min(least, memory.per == MemoryPer::None ? 0 : per_gpu);
    }
    return least == std::numeric_limits<std::int64_t>::max() ? 0 : least;
  }

  void recount(std::size_t i) {
    const FreeNode& node = nodes_[i];
    if (!node.has_gpus) return;
    std::int64_t usable = std::numeric_limits<std::int64_t>::max();
    if (cpus_per_gpu_ > 0) usable = std::max<std::int64_t>(node.cpus, 0) / cpus_per_gpu_;
    if (node.memory_for_a_gpu > 0) {
      usable = std::min(usable, node.memory_mib / node.memory_for_a_gpu);
    }
    for (std::size_t k = 0; k < kinds_; ++k) {
      if (!is_gpu_[k]) continue;
      const std::int64_t free = gres_[i * kinds_ + k];
      const std::int64_t served = std::min(free, usable);
      usable -= served;
      stranded_[k] += free - served - counted_[i * kinds_ + k];
      counted_[i * kinds_ + k] = free - served;
    }
  }

  std::size_t kinds_;
  std::int64_t cpus_per_gpu_;
  std::vector<bool> is_gpu_;  // per kind
  std::vector<FreeNode> nodes_;
  std::vector<std::int64_t> gres_;      // free, node-major
  std::vector<std::int64_t> counted_;   // stranded as last counted, node-major
  std::vector<std::int64_t> stranded_;  // per kind, of all nodes
};

constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::int64_t kSteps[] = {1,       5,           10,           15,           30,
                                   kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute,
                                   kHour,   2 * kHour,   3 * kHour,    6 * kHour,    12 * kHour};

// The least round number of seconds that cuts `length` into at most `rows` pieces.
std::int64_t grid_step(std::int64_t length, std::size_t rows) {
  const auto wanted = static_cast<std::int64_t>(rows);
  for (const std::int64_t step : kSteps) {
    if (length / step < wanted) return step;
  }
  return (length / wanted / kDay + 1) * kDay;
}

class Sweep {
 public:
  Sweep(const Cluster& cluster, const Journal& journal, const UsageOptions& options)
      : cluster_(cluster),
        journal_(journal),
        options_(options),
        free_(cluster, options.cpus_per_gpu) {
    const TresCounts totals = cluster.totals();
    Timeline& timeline = usage_.timeline;
    timeline.cpus = totals[kTresCpu];
    for (std::size_t k = 0; k < cluster.gres.size(); ++k) {
      const auto kind = static_cast<GresId>(k);
      if (!cluster.gres[kind].is_gpu()) continue;
      gpu_kinds_.push_back(k);
      timeline.gpu_types.push_back(kind_name(cluster.gres[kind]));
      timeline.gpus.push_back(totals[tres_of(kind)]);
    }
    timeline.gpus_used.resize(gpu_kinds_.size());
    gpus_used_.resize(gpu_kinds_.size(), 0);
    usage_.stranded_seconds.resize(cluster.gres.size(), 0);
    if (!cluster.power) return;
    for (const Node& node : cluster.nodes) {
      power_.push_back(node.is_cloud ? NodePower::Down : NodePower::Up);
      ++nodes_in_[static_cast<std::size_t>(power_.back())];
    }
  }

  Usage run() {
    const std::vector<UsageChange> changes = changes_of(journal_);
    if (changes.empty()) return std::move(usage_);
    choose_step(changes);
    std::int64_t next_row = changes.front().at;
    std::int64_t since = options_.begin;
    const std::int64_t step = usage_.timeline.step;
    for (std::size_t i = 0; i < changes.size();) {
      const std::int64_t now = changes[i].at;
      integrate(since, now);
      since = now;
      for (; step > 0 && next_row < now; next_row += step) add_row(next_row);
      for (; i < changes.size() && changes[i].at == now; ++i) apply(changes[i]);
      if (step == 0) add_row(now);
    }
    integrate(since, options_.end);
    if (step > 0) add_row(next_row);
    return std::move(usage_);
  }

 private:
  void choose_step(const std::vector<UsageChange>& changes) {
    std::size_t instants = 1;
    for (std::size_t i = 1; i < changes.size(); ++i) instants += changes[i].at != changes[i - 1].at;
    if (instants <= options_.timeline_rows) return;
    usage_.timeline.step =
        grid_step(changes.back().at - changes.front().at, options_.timeline_rows);
  }

  void integrate(std::int64_t from, std::int64_t to) {
    const std::int64_t seconds = std::min(to, options_.end) - std::max(from, options_.begin);
    if (seconds <= 0) return;
    for (const std::size_t k : gpu_kinds_) {
      usage_.stranded_seconds[k] += free_.stranded()[k] * seconds;
    }
  }

  void add_row(std::int64_t time) {
    Timeline& timeline = usage_.timeline;
    timeline.time.push_back(time);
    timeline.cpus_used.push_back(cpus_used_);
    timeline.queue.push_back(queue_);
    std::int64_t stranded = 0;
    for (std::size_t i = 0; i < gpu_kinds_.size(); ++i) {
      timeline.gpus_used[i].push_back(gpus_used_[i]);
      stranded += free_.stranded()[gpu_kinds_[i]];
    }
    timeline.gpus_stranded.push_back(stranded);
    if (power_.empty()) return;
    timeline.nodes_up.push_back(nodes_in_[static_cast<std::size_t>(NodePower::Up)]);
    timeline.nodes_booting.push_back(nodes_in_[static_cast<std::size_t>(NodePower::PoweringUp)]);
  }

  void apply(const UsageChange& change) {
    if (change.kind == ChangeKind::Power) {
      const PowerChange& to = journal_.power[index(change.attempt)];
      --nodes_in_[static_cast<std::size_t>(std::exchange(power_[to.node], to.to))];
      ++nodes_in_[static_cast<std::size_t>(to.to)];
      return;
    }
    if (change.kind == ChangeKind::Eligible) ++queue_;
    if (change.kind == ChangeKind::Start || change.kind == ChangeKind::Leave) --queue_;
    if (change.kind == ChangeKind::Eligible || change.kind == ChangeKind::Leave) return;
    const bool takes = change.kind == ChangeKind::Start || change.kind == ChangeKind::Resume;
    const int sign = takes ? 1 : -1;
    if (change.kind == ChangeKind::Suspend || change.kind == ChangeKind::Resume) {
      for (Share share : journal_.held(journal_.attempts[change.attempt])) {
        cpus_used_ += std::int64_t{sign} * share.nodes * share.cpus;
        share.gres = 0;
        share.memory_mib = 0;
        free_.change(share, journal_.gres, sign);
      }
      return;
    }
    for (const Share& share : journal_.held(journal_.attempts[change.attempt])) {
      cpus_used_ += std::int64_t{sign} * share.nodes * share.cpus;
      if (gpu_kinds_.empty()) continue;
      free_.change(share, journal_.gres, sign);
      const auto row = journal_.gres.row(share.gres);
      for (std::size_t i = 0; i < gpu_kinds_.size(); ++i) {
        gpus_used_[i] += std::int64_t{sign} * share.nodes * row[gpu_kinds_[i]];
      }
    }
  }

  const Cluster& cluster_;
  const Journal& journal_;
  const UsageOptions& options_;
  std::vector<std::size_t> gpu_kinds_;  // positions of the GPUs among the cluster's GRES
  FreeGpus free_;
  std::int64_t cpus_used_ = 0;
  std::int64_t queue_ = 0;
  std::vector<std::int64_t> gpus_used_;     // by position in gpu_kinds_
  IdVector<NodeId, NodePower> power_;       // empty: nodes are always on
  std::array<std::int64_t, 5> nodes_in_{};  // by NodePower
  Usage usage_;
};

}  // namespace

Usage trace_usage(const Cluster& cluster, const Journal& journal, const UsageOptions& options) {
  return Sweep(cluster, journal, options).run();
}

}  // namespace rehearse
