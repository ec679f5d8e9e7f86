// Whether nodes are on, where the cluster saves power.
//
//   Up ---------> PoweringDown ---> Down ---> PoweringUp ---> Up
//    idle for long       timeout     a job gets it |   boot
//                                     <--- Failed <' resume_timeout
//                                     retry
#pragma once

#include <cstdint>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

enum class NodePower : std::uint8_t { Up, PoweringDown, Down, PoweringUp, Failed };

/// Of a node. Policies may know when a change comes that is sure to come, but not how long a boot
/// really takes.
struct PowerState {
  NodePower is = NodePower::Up;
  Time until = kNever;  ///< PoweringDown, Failed: when it can be used again; PoweringUp: at latest
  /// Whether no job can be given it.
  bool is_away() const { return is == NodePower::PoweringDown || is == NodePower::Failed; }
};

/// A node's power changed.
struct PowerChange {
  Time at;
  NodeId node;
  NodePower to;
};

}  // namespace rehearse
