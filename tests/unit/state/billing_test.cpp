// What a partition bills: shared/semantics 3.4.
#include "sim/cluster/gres.hpp"
#include "sim/state/request.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

TEST_CASE("TRESBillingWeights are summed over what is held, memory as its unit says", "[billing]") {
  Cluster cluster = flat_cluster(2, 8);
  cluster.gres.push_back({"gpu", "a40"});
  Partition& partition = cluster.partitions[PartitionId{0}];
  const TresCounts held{6, 8192, 1, 0, 2, 2};  // 6 CPUs, 8 GiB, 2 GPUs
  REQUIRE(billing(partition, held) == 6);      // no weights: CPUs
  const WeightParse weights = parse_billing_weights("CPU=1.0,Mem=0.25G,GRES/gpu=2.0", cluster);
  REQUIRE(weights.error.empty());
  partition.billing_weights = weights.weights;
  REQUIRE(billing(partition, held) == 12);  // 6 + 0.25 * 8 + 2 * 2
}

}  // namespace
}  // namespace rehearse
