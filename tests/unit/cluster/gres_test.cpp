#include "sim/cluster/gres.hpp"

#include "tests/catch.hpp"

using namespace rehearse;

namespace {

Cluster gpu_cluster() {
  Cluster cluster = flat_cluster(1, 8);
  cluster.gres.push_back({"gpu", "a40"});
  cluster.gres.push_back({"gpu", "1080_ti"});
  cluster.gres.push_back({"shard", ""});
  return cluster;
}

}  // namespace

TEST_CASE("GRES texts as sbatch takes them", "[gres]") {
  const auto items = [](std::string_view text) {
    const GresList list = parse_gres(text);
    REQUIRE(list.ok());
    return list.items;
  };
  using Counts = std::vector<GresCount>;
  CHECK(items("gpu") == Counts{{"gpu", "", 1}});
  CHECK(items("gpu:2") == Counts{{"gpu", "", 2}});
  CHECK(items("gpu:a40") == Counts{{"gpu", "a40", 1}});
  CHECK(items("gpu:a40:2,shard:4") == Counts{{"gpu", "a40", 2}, {"shard", "", 4}});
  CHECK(items("gpu:1080_ti:1") == Counts{{"gpu", "1080_ti", 1}});
  CHECK(items("gpu:3090:1") == Counts{{"gpu", "3090", 1}});
  CHECK(items("bandwidth:2K") == Counts{{"bandwidth", "", 2048}});
  CHECK(items("none").empty());
  CHECK(items("").empty());
  CHECK(items("gpu:0").empty());
}

TEST_CASE("bad GRES texts say what and where", "[gres]") {
  const auto offset = [](std::string_view text) {
    const GresList list = parse_gres(text);
    CHECK_FALSE(list.ok());
    CHECK(list.items.empty());
    return list.offset;
  };
  CHECK(offset("gpu:a40:x") == 8);
  CHECK(offset("gpu:a40:-1") == 8);
  CHECK(offset("gpu:-2") == 4);
  CHECK(offset("gpu:1,,shard") == 6);
  CHECK(offset("gpu:a:1:2") == 8);
  CHECK(offset("gpu::2") == 4);
  CHECK(offset("gpu:") == 4);
  CHECK(offset("gpu=2") == 0);
  CHECK(offset("gpu:99999999999") == 4);
}

TEST_CASE("TRES texts as sacctmgr takes them", "[gres]") {
  const Cluster cluster = gpu_cluster();
  const TresParse parsed = parse_tres("cpu=4,mem=64G,node=2,gres/gpu=8,gres/gpu:a40=2", cluster);
  REQUIRE(parsed.ok());
  CHECK(parsed.counts == TresCounts{4, 64 * 1024, 2, kNoLimit, 8, 2, kNoLimit, kNoLimit});
  CHECK(parse_tres("gpu=8", cluster).counts == parse_tres("GRES/gpu=8", cluster).counts);
  CHECK(parse_tres("gpu:a40=1", cluster).counts == parse_tres("gres/gpu:a40=1", cluster).counts);
  CHECK(parse_tres("gres/shard=3", cluster).counts[7] == 3);
  CHECK(parse_tres("cpu=-1", cluster).counts[kTresCpu] == kNoLimit);
  CHECK(parse_tres("mem=512", cluster).counts[kTresMem] == 512);
}

TEST_CASE("bad TRES texts say what and where", "[gres]") {
  const Cluster cluster = gpu_cluster();
  const auto error = [&](std::string_view text) {
    const TresParse parsed = parse_tres(text, cluster);
    CHECK(parsed.counts.empty());
    return parsed.error + " at " + std::to_string(parsed.offset);
  };
  CHECK(error("cpu=4,gres/gpu:a41=2") ==
        "unknown resource \"gres/gpu:a41\", did you mean \"gres/gpu:a40\"? at 6");
  CHECK(error("cpu") == "\"cpu\" is not resource=amount at 0");
  CHECK(error("cpu=four") == "\"four\" is not a count at 4");
  CHECK(error("mem=64Q") == "\"64Q\" is not an amount of memory at 4");
  CHECK(error("cpu=1,cpu=2") == "\"cpu\" is given twice at 6");
  CHECK(error("cpu=-2") == "\"-2\" is not a count at 4");
}

TEST_CASE("billing weights of memory are per unit", "[gres]") {
  const Cluster cluster = gpu_cluster();
  const WeightParse parsed =
      parse_billing_weights("CPU=1.5,Mem=0.25G,GRES/gpu=2,gres/gpu:a40=4", cluster);
  REQUIRE(parsed.ok());
  CHECK(parsed.weights[kTresCpu] == 1.5);
  CHECK(parsed.weights[kTresMem] * 1024 == 0.25);
  CHECK(parsed.weights[kTresGpu] == 2);
  CHECK(parsed.weights[tres_of(GresId{0})] == 4);
  CHECK(parse_billing_weights("Mem=3", cluster).weights[kTresMem] == 3);
  CHECK(parse_billing_weights("Mem=1T", cluster).weights[kTresMem] == 1.0 / (1024 * 1024));
  CHECK_FALSE(parse_billing_weights("CPU=1G", cluster).ok());
  CHECK_FALSE(parse_billing_weights("CPU=-1", cluster).ok());
  CHECK_FALSE(parse_billing_weights("CPU=nan", cluster).ok());
}
