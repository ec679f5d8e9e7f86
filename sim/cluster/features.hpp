// Feature expressions of sbatch(1) --constraint over a cluster's nodes: `a&b`, `a|b`, `(a|b)&c`.
// As in Slurm & and | have no precedence, the text is read from left to right, and there is one
// level of parentheses (shared/semantics 5.8). Counts (`a*2`) and alternatives (`[a|b]`) are
// refused with an error.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/node_set.hpp"
#include "sim/cluster/cluster.hpp"

namespace rehearse {

struct FeatureMatch {
  NodeSet nodes;           ///< empty if there is an error
  std::string error{};     ///< empty = none
  std::size_t offset = 0;  ///< of the error: bytes from the start of the text
  bool ok() const { return error.empty(); }
};

/// The nodes of `cluster` that satisfy `text`. A feature that no node has is an error.
FeatureMatch match_features(std::string_view text, const Cluster& cluster);

}  // namespace rehearse
