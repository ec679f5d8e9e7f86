// A naive scheduler: what models/event is documented to decide, second by second and by brute
// force, with nothing of the program in it. Slow, short, and easy to believe.
//
// Queue: tier of the partition, submission (a requeue is one), id. Placement: first fit; -N asks
// for one task on each node, without it one-CPU tasks fill nodes in order. The first `reservations`
// jobs of each partition that lack room are promised the first second at which limits leave room
// for them; a later job may start if every promise still holds with it in place.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

namespace rehearse::reference {

constexpr int kNone = -1;  ///< reservations: FCFS, nobody overtakes where nodes are shared
enum class Mode { Off, Cancel, Requeue };

struct Amounts {
  int cpus = 0;
  std::array<int, 2> gpus{};  // by type
};
struct Partition {
  std::vector<bool> nodes;
  int tier = 1;
  Mode mode = Mode::Off;
};
struct Machine {
  std::vector<Amounts> nodes;
  std::vector<Partition> partitions;
};
struct Job {
  int submit = 0, limit = 1, run_time = 1, partition = 0;
  int nodes = 0;  // 0: `cpus` tasks anywhere, no GPUs
  int cpus = 1;   // on each node
  int gpus = 0;   // on each node
  int type = -1;  // of GPU; -1: any
};
struct Run {
  int start, end;
  bool operator==(const Run&) const = default;
};

class Scheduler {
 public:
  Scheduler(const Machine& machine, const std::vector<Job>& jobs, int reservations, bool preempts)
      : machine_(machine),
        jobs_(jobs),
        reservations_(reservations),
        preempts_(preempts),
        promised_(jobs.size(), -1),
        runs_(jobs.size()) {}

  void run() {
    for (now_ = 0; now_ < 100'000; ++now_) {
      bool changed = false;
      for (auto it = running_.begin(); it != running_.end();) {
        if (it->second.end != now_) {
          ++it;
          continue;
        }
        runs_[it->first].push_back({it->second.start, now_});
        it = running_.erase(it);
        changed = true;
      }
      for (int job = 0; job < static_cast<int>(jobs_.size()); ++job) {
        if (jobs_[job].submit != now_ || !fits_empty(job)) continue;
        pending_[job] = now_;
        changed = true;
      }
      while (changed) changed = pass();  // again if it requeued a job
    }
  }
  /// What each job did, attempt by attempt; none if it never started.
  const std::vector<std::vector<Run>>& runs() const { return runs_; }
  /// The first promise that a job got, or -1.
  const std::vector<int>& promised() const { return promised_; }

 private:
  using Place = std::map<int, Amounts>;  // by node
  struct Running {
    int start, end, expected_end;
    Place place;
  };
  struct Promise {
    int job, at, end;
    Place place;
  };

  std::vector<Amounts> empty() const { return machine_.nodes; }
  static void take(std::vector<Amounts>& free, const Place& place, int sign) {
    for (const auto& [node, held] : place) {
      free[node].cpus -= sign * held.cpus;
      for (int type = 0; type < 2; ++type) free[node].gpus[type] -= sign * held.gpus[type];
    }
  }
  // Free at `at` if all run to their limits and all promises are kept; for the promise to `mine`,
  // of those behind it in the queue only such as begin before it does.
  std::vector<Amounts> free_at(int at, int mine = -1) const {
    std::vector<Amounts> free = empty();
    for (const auto& [job, run] : running_) {
      if (run.expected_end > at) take(free, run.place, 1);
    }
    bool is_behind = false;
    for (const Promise& each : promises_) {
      if (each.job == mine) {
        is_behind = true;
      } else if (each.at <= at - (is_behind ? 1 : 0) && at < each.end) {
        take(free, each.place, 1);
      }
    }
    return free;
  }
  std::optional<Place> select(const std::vector<Amounts>& free, int id) const {
    const Job& job = jobs_[id];
    Place place;
    int left = job.nodes > 0 ? job.nodes : job.cpus;
    for (int node = 0; node < static_cast<int>(free.size()) && left > 0; ++node) {
      if (!machine_.partitions[job.partition].nodes[node]) continue;
      Amounts part;
      if (job.nodes == 0) {
        part.cpus = std::min(left, free[node].cpus);
        if (part.cpus <= 0) continue;
        left -= part.cpus;
      } else {
        part.cpus = job.cpus;
        int wanted = job.gpus;
        for (int type = 0; type < 2; ++type) {
          if (job.type >= 0 && job.type != type) continue;
          part.gpus[type] = std::max(0, std::min(wanted, free[node].gpus[type]));
          wanted -= part.gpus[type];
        }
        if (wanted > 0 || free[node].cpus < part.cpus) continue;
        --left;
      }
      place[node] = part;
    }
    return left == 0 ? std::optional(place) : std::nullopt;
  }
  bool fits_empty(int job) const { return select(empty(), job).has_value(); }
  static bool is_free(const std::vector<Amounts>& free) {
    return std::all_of(free.begin(), free.end(), [](const Amounts& node) {
      return node.cpus >= 0 && node.gpus[0] >= 0 && node.gpus[1] >= 0;
    });
  }

  // Whether `place` held from `from` until `to` leaves every promise that begins in between room at
  // its time, when `gone` have ended.
  bool keeps_promises(const Place& place, int from, int to, const std::vector<int>& gone) const {
    for (const Promise& each : promises_) {
      if (each.at < from || each.at >= to) continue;
      std::vector<Amounts> free = free_at(each.at, each.job);
      for (const int job : gone) {
        if (running_.at(job).expected_end > each.at) take(free, running_.at(job).place, -1);
      }
      take(free, place, 1);
      if (!is_free(free) || !select(free, each.job)) return false;
    }
    return true;
  }
  bool start(int job) {
    const auto place = select(free_now(), job);
    if (!place || !keeps_promises(*place, now_, now_ + jobs_[job].limit, {})) return false;
    const int length = std::min(jobs_[job].limit, jobs_[job].run_time);
    running_[job] = {now_, now_ + length, now_ + jobs_[job].limit, *place};
    pending_.erase(job);
    return true;
  }
  // Without the promises: what is there this second.
  std::vector<Amounts> free_now() const {
    std::vector<Amounts> free = empty();
    for (const auto& [job, run] : running_) take(free, run.place, 1);
    return free;
  }
  bool preempt_for(int job, bool& requeued) {
    std::vector<int> victims;
    for (const auto& [other, run] : running_) {
      const Partition& theirs = machine_.partitions[jobs_[other].partition];
      const Partition& mine = machine_.partitions[jobs_[job].partition];
      const bool in_the_way = std::any_of(run.place.begin(), run.place.end(),
                                          [&](const auto& part) { return mine.nodes[part.first]; });
      if (in_the_way && theirs.mode != Mode::Off && theirs.tier < mine.tier && run.start < now_) {
        victims.push_back(other);
      }
    }
    std::stable_sort(victims.begin(), victims.end(),
                     [&](int a, int b) { return rank(a) < rank(b); });
    std::vector<Amounts> free = free_now();
    if (select(free, job)) return false;
    std::size_t count = 0;
    while (count < victims.size() && !select(free, job)) {
      take(free, running_[victims[count++]].place, -1);
    }
    if (!select(free, job)) return false;
    victims.resize(count);
    for (std::size_t i = 0; i + 1 < victims.size();) {  // the last one is needed
      take(free, running_[victims[i]].place, 1);
      if (select(free, job)) {
        victims.erase(victims.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        take(free, running_[victims[i++]].place, -1);
      }
    }
    if (!keeps_promises(*select(free, job), now_, now_ + jobs_[job].limit, victims)) return false;
    for (const int victim : victims) {
      runs_[victim].push_back({running_[victim].start, now_});
      running_.erase(victim);
      if (machine_.partitions[jobs_[victim].partition].mode != Mode::Requeue) continue;
      pending_[victim] = now_;
      requeued = true;
    }
    return start(job);
  }
  std::pair<int, std::size_t> rank(int job) const {
    return {machine_.partitions[jobs_[job].partition].tier, running_.at(job).place.size()};
  }
  void promise(int job) {
    for (int at = now_; at < now_ + 10'000; ++at) {
      const auto place = select(free_at(at), job);
      if (!place || !keeps_promises(*place, at + 1, at + jobs_[job].limit, {})) continue;
      promises_.push_back({job, at, at + jobs_[job].limit, *place});
      if (promised_[job] < 0) promised_[job] = at;
      return;
    }
  }
  bool pass() {
    promises_.clear();
    bool requeued = false;
    std::vector<int> queue, promises_of(machine_.partitions.size(), 0);
    std::vector<bool> closed(machine_.nodes.size(), false);
    for (const auto& [job, submit] : pending_) queue.push_back(job);
    std::stable_sort(queue.begin(), queue.end(), [&](int a, int b) {
      const auto key = [&](int job) {
        return std::pair(-machine_.partitions[jobs_[job].partition].tier, pending_.at(job));
      };
      return key(a) < key(b);
    });
    for (const int job : queue) {
      const std::vector<bool>& nodes = machine_.partitions[jobs_[job].partition].nodes;
      bool is_closed = false;
      for (std::size_t i = 0; i < nodes.size(); ++i)
        is_closed = is_closed || (nodes[i] && closed[i]);
      if (is_closed || start(job) || (preempts_ && preempt_for(job, requeued))) continue;
      if (reservations_ == kNone) {
        for (std::size_t i = 0; i < nodes.size(); ++i) closed[i] = closed[i] || nodes[i];
      } else if (promises_of[jobs_[job].partition]++ < reservations_) {
        promise(job);
      }
    }
    return requeued;
  }

  const Machine& machine_;
  const std::vector<Job>& jobs_;
  int reservations_;
  bool preempts_;
  int now_ = 0;
  std::map<int, int> pending_;  // job -> submission of this attempt
  std::map<int, Running> running_;
  std::vector<Promise> promises_;
  std::vector<int> promised_;
  std::vector<std::vector<Run>> runs_;
};

}  // namespace rehearse::reference
