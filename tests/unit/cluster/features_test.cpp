#include "sim/cluster/features.hpp"

#include "tests/catch.hpp"

using namespace rehearse;

namespace {

/// n1 has a, n2 a and b, n3 b, n4 b and c, n5 nothing.
Cluster lab() {
  Cluster cluster = flat_cluster(5, 1);
  cluster.nodes[NodeId{0}].features = {"a"};
  cluster.nodes[NodeId{1}].features = {"a", "b"};
  cluster.nodes[NodeId{2}].features = {"b"};
  cluster.nodes[NodeId{3}].features = {"b", "c"};
  return cluster;
}

/// The numbers of the nodes that match: "1 2".
std::string matching(std::string_view text) {
  const FeatureMatch match = match_features(text, lab());
  REQUIRE(match.ok());
  std::string result;
  match.nodes.for_each([&](NodeId node) {
    result += (result.empty() ? "" : " ") + std::to_string(index(node) + 1);
    return true;
  });
  return result;
}

}  // namespace

TEST_CASE("feature expressions are read from left to right", "[features]") {
  CHECK(matching("a") == "1 2");
  CHECK(matching("a&b") == "2");
  CHECK(matching("a|b") == "1 2 3 4");
  CHECK(matching("a&c").empty());
  CHECK(matching("a|b&c") == "4");  // (a|b)&c: no precedence, as in Slurm
  CHECK(matching("c&b|a") == "1 2 4");
  CHECK(matching("a|(b&c)") == "1 2 4");
  CHECK(matching("(a|b)&c") == "4");
  CHECK(matching("(a)") == "1 2");
}

TEST_CASE("bad feature expressions say what and where", "[features]") {
  const auto error = [](std::string_view text) {
    const FeatureMatch match = match_features(text, lab());
    CHECK(match.nodes.empty());
    return match.error + " at " + std::to_string(match.offset);
  };
  CHECK(error("a&rack1") == "no node has the feature \"rack1\" at 2");
  CHECK(error("a&bb") == "no node has the feature \"bb\", did you mean \"b\"? at 2");
  CHECK(error("") == "a feature is missing at the end at 0");
  CHECK(error("a&") == "a feature is missing at the end at 2");
  CHECK(error("(a|b") == "a parenthesis that is not closed at 0");
  CHECK(error("a)") == "unexpected \")\" at 1");
  CHECK(error("((a)|b)") == "parentheses inside parentheses at 1");
  CHECK(error("a*2") == "counts of nodes with a feature are not simulated at 1");
  CHECK(error("[a|b]") == "alternatives in brackets are not simulated at 0");
  CHECK(error("a b") == "unexpected \" \" at 1");
  CHECK(error("a&&b") == "unexpected \"&\" at 2");
}

TEST_CASE("counts and alternatives are for jobs of several nodes", "[features]") {
  const auto members = [](const NodeSet& nodes) {
    std::string result;
    nodes.for_each([&](NodeId node) {
      result += (result.empty() ? "" : " ") + std::to_string(index(node) + 1);
      return true;
    });
    return result;
  };
  const FeatureRequest plain = parse_features("a|b", lab());
  REQUIRE(plain.ok());
  CHECK(members(plain.nodes) == "1 2 3 4");
  CHECK(plain.alternatives.empty());
  CHECK(plain.counts.empty());

  const FeatureRequest either = parse_features("[a|c]&b", lab());
  REQUIRE(either.ok());
  REQUIRE(either.alternatives.size() == 2);
  CHECK(members(either.alternatives[0]) == "2");
  CHECK(members(either.alternatives[1]) == "4");
  CHECK(members(either.nodes) == "2 4");

  for (const char* const text : {"a*2&c*1", "[a*2&c*1]"}) {
    const FeatureRequest counted = parse_features(text, lab());
    REQUIRE(counted.ok());
    REQUIRE(counted.counts.size() == 2);
    CHECK(counted.counts[0].count == 2);
    CHECK(members(counted.counts[0].nodes) == "1 2");
    CHECK(counted.counts[1].count == 1);
    CHECK(members(counted.nodes) == "1 2 4");
  }

  CHECK(parse_features("[a|b", lab()).error == "a bracket that is not closed");
  CHECK(parse_features("a*", lab()).error == "a count of nodes is missing after the star");
  CHECK(parse_features("a*0", lab()).error == "a count of nodes is missing after the star");
  CHECK(parse_features("(a*2)", lab()).ok());
  CHECK(parse_features("([a|b])", lab()).error == "alternatives in brackets are not simulated");
}
