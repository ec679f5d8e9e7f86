#include "sim/cluster/features.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

/// A recursive descent of depth two over `text`.
class Parser {
 public:
  /// `whole`: with counts and alternatives.
  Parser(std::string_view text, const Cluster& cluster, bool whole)
      : text_(text), cluster_(cluster), whole_(whole) {}

  FeatureRequest parse() {
    NodeSet nodes = expression(0);
    if (match_.ok() && at_ < text_.size()) unexpected();
    if (!match_.ok()) return std::move(match_);
    match_.nodes = std::move(nodes);
    // Who has to be on one of the alternatives, or is counted, is on no other node.
    NodeSet any(cluster_.nodes.size());
    for (NodeSet& some : match_.alternatives) {
      some &= match_.nodes;
      any |= some;
    }
    for (FeatureCount& some : match_.counts) {
      some.nodes &= match_.nodes;
      any |= some.nodes;
    }
    if (!match_.alternatives.empty() || !match_.counts.empty()) match_.nodes = std::move(any);
    return std::move(match_);
  }

 private:
  /// Operands joined by & and |, from left to right, up to the end or a closing parenthesis.
  NodeSet expression(int depth) {
    NodeSet nodes = operand(depth);
    while (match_.ok() && at_ < text_.size() && (text_[at_] == '&' || text_[at_] == '|')) {
      const bool both = text_[at_++] == '&';
      const NodeSet right = operand(depth);
      if (!match_.ok()) break;
      if (both) {
        nodes &= right;
      } else {
        nodes |= right;
      }
    }
    return nodes;
  }

  NodeSet operand(int depth) {
    if (at_ < text_.size() && text_[at_] == '(') return group(depth);
    if (whole_ && depth == 0 && at_ < text_.size() && text_[at_] == '[') return brackets();
    const std::size_t start = at_;
    while (at_ < text_.size() && kSpecial.find(text_[at_]) == std::string_view::npos) ++at_;
    if (at_ == start) {
      unexpected();
      return {};
    }
    NodeSet nodes = nodes_with(text_.substr(start, at_ - start), start);
    if (!whole_ || at_ == text_.size() || text_[at_] != '*') return nodes;
    const std::size_t digits = ++at_;
    std::uint32_t count = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && count < 100'000) {
      count = 10 * count + static_cast<std::uint32_t>(text_[at_++] - '0');
    }
    if (count == 0) wrong(digits, "a count of nodes is missing after the star");
    match_.counts.push_back({std::move(nodes), count});
    return NodeSet::all(cluster_.nodes.size());
  }

  /// `[a|b]`, or `[a*2&b*1]`: what is inside says nothing of a single node by itself.
  NodeSet brackets() {
    const std::size_t open = at_++;
    for (;;) {
      const std::size_t counts = match_.counts.size();
      NodeSet nodes = operand(1);
      if (!match_.ok()) return {};
      if (match_.counts.size() == counts) match_.alternatives.push_back(std::move(nodes));
      if (at_ == text_.size()) {
        wrong(open, "a bracket that is not closed");
        return {};
      }
      const char end = text_[at_];
      if (end != ']' && end != '|' && end != '&') {
        unexpected();
        return {};
      }
      ++at_;
      if (end == ']') return NodeSet::all(cluster_.nodes.size());
    }
  }

  NodeSet group(int depth) {
    if (depth > 0) {
      wrong(at_, "parentheses inside parentheses");
      return {};
    }
    const std::size_t open = at_++;
    NodeSet nodes = expression(depth + 1);
    if (!match_.ok()) return {};
    if (at_ == text_.size()) {
      wrong(open, "a parenthesis that is not closed");
      return {};
    }
    if (text_[at_] != ')') {
      unexpected();
      return {};
    }
    ++at_;
    return nodes;
  }

  NodeSet nodes_with(std::string_view feature, std::size_t offset) {
    NodeSet nodes(cluster_.nodes.size());
    for (std::size_t i = 0; i < cluster_.nodes.size(); ++i) {
      const auto node = static_cast<NodeId>(i);
      const std::vector<std::string>& features = cluster_.nodes[node].features;
      if (std::binary_search(features.begin(), features.end(), feature)) nodes.insert(node);
    }
    if (nodes.empty()) wrong(offset, no_such_feature(feature));
    return nodes;
  }

  std::string no_such_feature(std::string_view feature) const {
    std::set<std::string_view> known;
    for (const Node& node : cluster_.nodes) {
      known.insert(node.features.begin(), node.features.end());
    }
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto near = near_match(feature, names);
    return near
               ? fmt::format("no node has the feature \"{}\", did you mean \"{}\"?", feature, *near)
               : fmt::format("no node has the feature \"{}\"", feature);
  }

  void unexpected() {
    if (at_ >= text_.size()) {
      wrong(at_, "a feature is missing at the end");
    } else if (text_[at_] == '*') {
      wrong(at_, "counts of nodes with a feature are not simulated");
    } else if (text_[at_] == '[' || text_[at_] == ']') {
      wrong(at_, "alternatives in brackets are not simulated");
    } else {
      wrong(at_, fmt::format("unexpected \"{}\"", text_[at_]));
    }
  }

  void wrong(std::size_t offset, std::string message) {
    match_.error = std::move(message);
    match_.offset = offset;
  }

  static constexpr std::string_view kSpecial = "&|()[]*,; \t";
  std::string_view text_;
  const Cluster& cluster_;
  bool whole_;
  std::size_t at_ = 0;
  FeatureRequest match_;
};

}  // namespace

FeatureMatch match_features(std::string_view text, const Cluster& cluster) {
  FeatureRequest request = Parser(text, cluster, false).parse();
  return {std::move(request.nodes), std::move(request.error), request.offset};
}

FeatureRequest parse_features(std::string_view text, const Cluster& cluster) {
  return Parser(text, cluster, true).parse();
}

}  // namespace rehearse
