// What one attempt held, summed over its nodes: the amounts that every table and figure starts
// from. Allocates nothing, for there may be millions of attempts.
#pragma once

#include <cstdint>

#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"

namespace rehearse {

struct Held {
  std::int64_t nodes = 0;
  std::int64_t cpus = 0;
  std::int64_t memory_mib = 0;
  std::int64_t gpus = 0;  ///< of all types
};

/// O(shares x kinds of GRES); all zero if it never started.
inline Held held_by(const Cluster& cluster, const Journal& journal, const Attempt& attempt) {
  Held sum;
  for (const Share& share : journal.held(attempt)) {
    sum.nodes += share.nodes;
    sum.cpus += std::int64_t{share.nodes} * share.cpus;
    sum.memory_mib += share.nodes * share.memory_mib;
    if (share.gres == 0) continue;
    const auto row = journal.gres.row(share.gres);
    for (std::size_t kind = 0; kind < row.size(); ++kind) {
      if (cluster.gres[static_cast<GresId>(kind)].is_gpu()) {
        sum.gpus += std::int64_t{share.nodes} * row[kind];
      }
    }
  }
  return sum;
}

/// Whole seconds for which it held them; one that still runs holds them until the journal ends.
inline std::int64_t seconds_held(const Journal& journal, const Attempt& attempt) {
  if (attempt.start == kNever) return 0;
  const Time end = attempt.end == kNever ? journal.end : attempt.end;
  return whole_seconds(end) - whole_seconds(attempt.start);
}

/// "gpu:a40", "gpu", "gres/shard": a kind as reports name it.
inline std::string kind_name(const GresKind& kind) {
  return (kind.is_gpu() ? "gpu" : "gres/" + kind.name) + (kind.type.empty() ? "" : ":" + kind.type);
}

}  // namespace rehearse
