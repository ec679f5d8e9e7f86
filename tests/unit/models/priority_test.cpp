// Scores of the priority policies. Numbers marked [V] were observed on slurmctld 22.05
// (shared/semantics 3.2 and scenario 81).
#include <cmath>

#include "sim/policy/slots.hpp"
#include "tests/unit/models/scene.hpp"

namespace rehearse {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Params = std::map<std::string, std::string>;

Asked cpus(std::uint32_t count, std::uint32_t nodes = 0) {
  Asked asked;
  asked.tasks = count;
  asked.min_nodes = asked.max_nodes = nodes;
  return asked;
}

std::vector<double> scores(const Scene& scene, PriorityPolicy& policy,
                           const std::vector<Candidate>& pending) {
  std::vector<double> result(pending.size());
  policy.score(scene.view(), pending, result);
  return result;
}

double score(const Scene& scene, const std::string& name, const Candidate& candidate,
             const Params& params = {}) {
  return scores(scene, *make_policy<PriorityPolicy>(name, params), {candidate}).front();
}

TEST_CASE("Shortest first goes by the time limit", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const auto policy = make_policy<PriorityPolicy>("shortest-first");
  const std::vector<Candidate> pending{scene.wait({}, PartitionId{0}, kUnlimited),
                                       scene.wait({}, PartitionId{0}, hours{2}),
                                       scene.wait({}, PartitionId{0}, minutes{5})};
  const auto s = scores(scene, *policy, pending);
  REQUIRE(!policy->changes_with_time());
  REQUIRE((s[2] > s[1] && s[1] > s[0]));
  REQUIRE(std::isfinite(s[0]));
}

TEST_CASE("Shortest run first goes by what nobody can know", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const auto policy = make_policy<PriorityPolicy>("shortest-run-first");
  auto* seer = dynamic_cast<ClairvoyantPriority*>(policy.get());
  REQUIRE(seer != nullptr);
  seer->reveal(Clairvoyance([](JobId job) { return minutes{job == JobId{0} ? 90 : 50}; }));
  const std::vector<Candidate> pending{scene.wait({}, PartitionId{0}, hours{10}),
                                       scene.wait({}, PartitionId{0}, hours{20}),
                                       scene.wait({}, PartitionId{0}, minutes{40})};
  const auto s = scores(scene, *policy, pending);
  REQUIRE((s[2] > s[1] && s[1] > s[0]));  // the limit would cut the last one
}

TEST_CASE("Waiting pays back a larger area", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const Candidate small = scene.wait(cpus(1)), large = scene.wait(cpus(8));
  REQUIRE(score(scene, "smallest-area-first", small) == Approx(-std::log(2.0)));
  REQUIRE(score(scene, "smallest-area-first", large) == Approx(-std::log(9.0)));
  scene.job(small).eligible = scene.job(small).accrues = at_seconds(20 * 3600);
  scene.set_time(at_seconds(20 * 3600));
  REQUIRE(score(scene, "smallest-area-first", large) == Approx(2 - std::log(9.0)));
  REQUIRE(score(scene, "smallest-area-first", large) > score(scene, "smallest-area-first", small));
  REQUIRE(score(scene, "smallest-area-first", large, {{"ageing_per_hour", "0"}}) ==
          Approx(-std::log(9.0)));
}

TEST_CASE("WFP3 cubes the wait in units of the limit", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const Candidate job = scene.wait(cpus(4), PartitionId{0}, hours{2});
  REQUIRE(score(scene, "wfp3", job) == 0);
  scene.set_time(at_seconds(6 * 3600));
  REQUIRE(score(scene, "wfp3", job) == Approx(27 * 4));
}

TEST_CASE("Basic: each job one less than the one before, nice is for itself [V]", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const auto policy = make_policy<PriorityPolicy>("basic");
  std::vector<Candidate> pending;
  for (std::uint32_t i = 0; i < 4; ++i) {
    pending.push_back(scene.wait(cpus(1)));
    scene.job(pending.back()).submission = SubmissionId{i};
  }
  scene.job(pending[1]).nice = 100;
  scene.job(pending[3]).admin_priority = 7;
  REQUIRE(scores(scene, *policy, {pending[0], pending[1]}) ==
          std::vector<double>{4294901759, 4294901658});
  REQUIRE(scores(scene, *policy, {pending[2], pending[3], pending[0]}) ==
          std::vector<double>{4294901757, 7, 4294901759});
  REQUIRE(!policy->changes_with_time());
}

TEST_CASE("Multifactor: job size by nodes and CPUs [V]", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const Params weights{{"job_size_weight", "1000"}};
  REQUIRE(score(scene, "multifactor", scene.wait(cpus(4)), weights) == 500);
  REQUIRE(score(scene, "multifactor", scene.wait(cpus(2)), weights) == 375);
  REQUIRE(score(scene, "multifactor", scene.wait(cpus(1)), weights) == 312);
  const Params small{{"job_size_weight", "1000"}, {"favor_small", "yes"}};
  REQUIRE(score(scene, "multifactor", scene.wait(cpus(4)), small) == 500);
  REQUIRE(score(scene, "multifactor", scene.wait(cpus(1)), small) == 687);
  const Params by_time{{"job_size_weight", "100000"}, {"small_relative_to_time", "yes"}};
  REQUIRE(score(scene, "multifactor", scene.wait(cpus(4), PartitionId{0}, minutes{10}), by_time) ==
          5000);  // 4 CPUs / 10 minutes / 8 CPUs
}

TEST_CASE("Multifactor: only the sum is cut to an integer [V]", "[priority]") {
  Cluster cluster = flat_cluster(2, 4);
  Partition special = cluster.partitions[PartitionId{0}];
  special.name = "special";
  special.priority_job_factor = 10;
  cluster.partitions.push_back(special);
  cluster.qos.resize(2);
  cluster.qos[QosId{0}].priority = 50;
  cluster.qos[QosId{1}].priority = 100;
  Scene scene(cluster);
  const Candidate job = scene.wait(cpus(1));
  scene.job(job).qos = QosId{1};
  Params weights{{"job_size_weight", "1000"}, {"partition_weight", "100"}, {"qos_weight", "10000"}};
  REQUIRE(score(scene, "multifactor", job, weights) == 10322);  // 10000 + 312.5 + 10
  scene.job(job).qos = QosId{0};
  REQUIRE(score(scene, "multifactor", job, weights) == 5322);
  scene.job(job).nice = 322;
  REQUIRE(score(scene, "multifactor", job, weights) == 5000);
  scene.job(job).nice = 100000;
  REQUIRE(score(scene, "multifactor", job, weights) == 1);
  scene.job(job).admin_priority = 7;
  REQUIRE(score(scene, "multifactor", job, weights) == 7);
  weights["no_normal_qos"] = weights["no_normal_partition"] = "yes";
  const Candidate other = scene.wait(cpus(1), PartitionId{1});
  scene.job(other).qos = QosId{0};
  REQUIRE(score(scene, "multifactor", other, weights) == 501312);  // 50*10000 + 10*100 + 312.5
}

TEST_CASE("Multifactor: age grows to max_age [V]", "[priority]") {
  Scene scene(flat_cluster(2, 4));
  const Candidate job = scene.wait(cpus(1));
  const Params weights{{"age_weight", "100000"}, {"max_age", "1-0"}};
  scene.set_time(at_seconds(57));
  REQUIRE(score(scene, "multifactor", job, weights) == 65);
  scene.set_time(at_seconds(3 * 86400));
  REQUIRE(score(scene, "multifactor", job, weights) == 100000);
  scene.job(job).accrues = at_seconds(3 * 86400 - 43200);
  REQUIRE(score(scene, "multifactor", job, weights) == 50000);
  const Params accrue{{"age_weight", "100000"}, {"max_age", "6-0"}, {"accrue_always", "yes"}};
  REQUIRE(score(scene, "multifactor", job, accrue) == 50000);
  REQUIRE(make_policy<PriorityPolicy>("multifactor", weights)->changes_with_time());
  REQUIRE(!make_policy<PriorityPolicy>("multifactor", {{"qos_weight", "1"}})->changes_with_time());
}

TEST_CASE("Multifactor: fair share and association", "[priority]") {
  Cluster cluster = flat_cluster(2, 4);
  const AssocId lab = add_assoc(cluster, "lab", "");
  const AssocId ann = add_assoc(cluster, "lab", "ann", 1, lab);
  cluster.assocs[lab].priority = 5;
  cluster.assocs[AssocId{0}].priority = 20;
  Scene scene(cluster);
  const Candidate job = scene.wait(cpus(1));
  scene.job(job).assoc = ann;
  scene.set_fair_share(ann, 0.25);
  REQUIRE(score(scene, "multifactor", job, {{"fair_share_weight", "1000"}}) == 250);
  REQUIRE(score(scene, "multifactor", job, {{"assoc_weight", "1000"}}) == 250);
  REQUIRE(score(scene, "multifactor", job,
                {{"assoc_weight", "1000"}, {"no_normal_assoc", "yes"}}) == 5000);
  REQUIRE(
      make_policy<PriorityPolicy>("multifactor", {{"fair_share_weight", "1"}})->uses_fair_share());
  REQUIRE(!make_policy<PriorityPolicy>("multifactor")->uses_fair_share());
}

TEST_CASE("Multifactor: TRES as shares of the partition", "[priority]") {
  Cluster cluster = flat_cluster(4, 4);
  cluster.gres.push_back({"gpu", "a40"});
  for (Node& node : cluster.nodes) node.gres = {4};
  Partition half = cluster.partitions[PartitionId{0}];
  half.name = "half";
  half.nodes = NodeSet(4);
  half.nodes.insert(NodeId{0});
  half.nodes.insert(NodeId{1});
  cluster.partitions.push_back(half);
  Scene scene(cluster);
  Asked asked = cpus(2, 1);
  asked.gres_per_node = {{"gpu", "", 4}};
  const Params weights{{"tres_weights", "cpu=1000,gres/gpu=2000"}};
  REQUIRE(score(scene, "multifactor", scene.wait(asked), weights) == 625);  // 2/16, 4/16
  REQUIRE(score(scene, "multifactor", scene.wait(asked, PartitionId{1}), weights) == 1250);
  const Params raw{{"tres_weights", "cpu=1000,gres/gpu=2000"}, {"no_normal_tres", "yes"}};
  REQUIRE(score(scene, "multifactor", scene.wait(asked), raw) == 10000);
  REQUIRE_THROWS_AS(
      score(scene, "multifactor", scene.wait(asked), {{"tres_weights", "gres/fpga=1"}}),
      InputError);
}

}  // namespace
}  // namespace rehearse
