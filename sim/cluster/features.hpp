// Feature expressions of sbatch(1) --constraint over a cluster's nodes: `a&b`, `a|b`, `(a|b)&c`.
// As in Slurm & and | have no precedence, the text is read from left to right, and there is one
// level of parentheses (shared/semantics 5.8). Counts (`a*2&b*3`) and alternatives (`[a|b]`) are
// for those who ask for them; match_features() refuses them with an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// `a*2`: so many nodes of these are wanted.
struct FeatureCount {
  NodeSet nodes;
  std::uint32_t count = 0;
};

/// What an expression says of a job with several nodes.
struct FeatureRequest {
  NodeSet nodes;  ///< that may be used at all; empty if there is an error
  /// `[a|b]`: all nodes come from one of these, in this order. Empty: there is no such choice.
  std::vector<NodeSet> alternatives{};
  std::vector<FeatureCount> counts{};  ///< `a*2&b*3`, in this order
  std::string error{};
  std::size_t offset = 0;
  bool ok() const { return error.empty(); }
};

/// Like match_features(), with one pair of brackets and counts at the outer level.
FeatureRequest parse_features(std::string_view text, const Cluster& cluster);

}  // namespace rehearse
