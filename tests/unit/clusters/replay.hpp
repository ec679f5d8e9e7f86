// Small replays on the shipped clusters, for the tests of this folder: rows of the native trace in,
// what ran and why the rest waits out.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/diagnostics.hpp"
#include "sim/config/load.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/workload/read_csv.hpp"

namespace rehearse::test {

inline ClusterFile shipped(const std::string& name) {
  return load_cluster("configs/clusters/" + name + ".yaml");
}

/// A cluster that is not in a file, beside the shipped ones: it may extend them.
inline ClusterFile overlay_of(std::string_view yaml) {
  return parse_cluster(yaml, "configs/clusters/overlay-in-a-test.yaml");
}

/// Rows of one shape; {} in `id` is the number of the row.
inline std::string rows(int count, std::string_view id, std::string_view rest) {
  std::string result;
  for (int i = 1; i <= count; ++i) result += fmt::format("{}{},{}\n", id, i, rest);
  return result;
}

class Replay {
 public:
  /// `csv`: with its header. The policies are the site's own.
  Replay(ClusterFile site, const std::string& csv)
      : site_(std::move(site)),
        workload_(read_csv(csv, "test.csv")),
        journal_(run(site_, workload_)) {}

  /// Attempts that run `seconds` after the origin, in `partition` or (empty) in any.
  int running(std::int64_t seconds, std::string_view partition = "") const {
    const Time now = at_seconds(seconds);
    int count = 0;
    for (const Attempt& attempt : journal_.attempts) {
      if (attempt.start > now || attempt.end <= now) continue;
      count += partition.empty() || site_.cluster.partitions[attempt.partition].name == partition;
    }
    return count;
  }

  /// The last attempt of the job `id`.
  const Attempt& job(std::string_view id) const {
    for (const JobEntry& entry : journal_.jobs) {
      if (workload_.id_text(entry.submission) == id) return journal_.attempts[entry.last_attempt];
    }
    throw std::out_of_range("no job " + std::string(id));
  }
  std::string state(std::string_view id) const { return std::string(state_name(job(id).state)); }
  std::string reason(std::string_view id) const { return std::string(reason_name(job(id).reason)); }
  std::int64_t start(std::string_view id) const { return whole_seconds(job(id).start); }

  /// Reason for which `id` waited at `seconds`; "" if it did not.
  std::string reason_at(std::string_view id, std::int64_t seconds) const {
    std::string reason;
    for (const ReasonChange& change : journal_.reasons) {
      const Attempt& attempt = journal_.attempts[change.attempt];
      if (change.at > at_seconds(seconds)) break;
      if (workload_.id_text(journal_.jobs[attempt.job].submission) != id) continue;
      reason = reason_name(change.reason);
    }
    return job(id).start <= at_seconds(seconds) ? "" : reason;
  }

  /// What is free on `node` at `seconds`.
  struct Free {
    std::int64_t cpus, memory_mib, gpus;
    bool operator==(const Free&) const = default;
  };
  Free free(std::string_view node, std::int64_t seconds) const {
    const NodeId id = *site_.cluster.find_node(node);
    const Node& whole = site_.cluster.nodes[id];
    Free result{whole.cpus, whole.memory_mib, gpus(whole.gres)};
    for (const Attempt& attempt : journal_.attempts) {
      if (attempt.start > at_seconds(seconds) || attempt.end <= at_seconds(seconds)) continue;
      for (const Share& share : journal_.held(attempt)) {
        if (index(id) < index(share.first) || index(id) >= index(share.first) + share.nodes) {
          continue;
        }
        result.cpus -= share.cpus;
        result.memory_mib -= share.memory_mib;
        result.gpus -= gpus(journal_.gres.row(share.gres));
      }
    }
    return result;
  }

  const Journal& journal() const { return journal_; }

 private:
  static Journal run(const ClusterFile& site, const Workload& workload) {
    Diagnostics diagnostics;
    const ReadyScheduler ready = make_scheduler(site.policies, diagnostics);
    diagnostics.throw_if_errors();
    return simulate(site.cluster, workload, *ready.scheduler);
  }

  std::int64_t gpus(std::span<const std::uint32_t> counts) const {
    std::int64_t result = 0;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
      if (site_.cluster.gres[static_cast<GresId>(kind)].is_gpu()) result += counts[kind];
    }
    return result;
  }

  ClusterFile site_;
  Workload workload_;
  Journal journal_;
};

}  // namespace rehearse::test
