// When nodes were on, where the cluster saves power.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"

namespace rehearse {

/// From the beginning of a boot until the node is off. kNever: not, or not before the run ended;
/// `resume` of a node that was on when the run began.
struct PowerPeriod {
  NodeId node{};
  Time resume = kNever;   ///< it begins to boot
  Time booted = kNever;   ///< it is up
  Time failed = kNever;   ///< the boot took too long: it is down
  Time suspend = kNever;  ///< it begins to power down
  Time down = kNever;     ///< it is off
};

/// By node, then time. O(changes log changes + nodes).
std::vector<PowerPeriod> power_periods(const Cluster& cluster, const Journal& journal);

/// What power saving came to, from the first submission to the last end.
struct PowerUse {
  std::int64_t nodes = 0;   ///< that there are; 0: the cluster does not save power
  double on_seconds = 0;    ///< nodes x seconds on, going and coming included
  std::int64_t boots = 0;   ///< begun
  std::int64_t failed = 0;  ///< of which failed
};

/// Times are whole seconds.
PowerUse power_use(const Cluster& cluster, const Journal& journal, std::int64_t begin,
                   std::int64_t end);

}  // namespace rehearse
