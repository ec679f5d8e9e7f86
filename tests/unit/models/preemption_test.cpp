// Who may be preempted for whom, and in which order (shared/semantics ch. 6, scenarios 66 to 73).
#include "sim/policy/slots.hpp"
#include "tests/unit/models/scene.hpp"

namespace rehearse {
namespace {

using std::chrono::minutes;
using Params = std::map<std::string, std::string>;

/// SkyNet in small: four nodes in debug, short (both off), user-overcap and overcap (requeue).
struct SkyNet {
  Cluster cluster = flat_cluster(4, 8);
  PartitionId debug{0}, brief, user_overcap, overcap;
  AssocId cvmlp = add_assoc(cluster, "cvmlp", ""), rail = add_assoc(cluster, "rail", "");
  AssocId ann = add_assoc(cluster, "cvmlp", "ann", 1, cvmlp);
  AssocId bob = add_assoc(cluster, "cvmlp", "bob", 1, cvmlp);
  AssocId cat = add_assoc(cluster, "rail", "cat", 1, rail);

  SkyNet() {
    cluster.partitions[debug].priority_tier = 3;
    cluster.partitions[debug].preempt_mode = PreemptMode::Off;
    brief = add("short", 2, PreemptMode::Off);
    user_overcap = add("user-overcap", 1, PreemptMode::Requeue);
    overcap = add("overcap", 0, std::nullopt);
    cluster.partitions[user_overcap].grace_time = minutes{5};
  }
  PartitionId add(const char* name, std::int32_t tier, std::optional<PreemptMode> mode) {
    Partition partition = cluster.partitions[PartitionId{0}];
    partition.name = name;
    partition.priority_tier = tier;
    partition.preempt_mode = mode;
    return cluster.partitions.push_back(partition);
  }
};

std::vector<Victim> victims(const Scene& scene, const std::string& policy,
                            const Candidate& claimant, const Params& params = {}) {
  std::vector<Victim> result;
  make_policy<PreemptionPolicy>(policy, params)->victims(scene.view(), claimant, result);
  return result;
}

std::vector<JobId> ids(const std::vector<Victim>& list) {
  std::vector<JobId> result;
  for (const Victim& victim : list) result.push_back(victim.job);
  return result;
}

TEST_CASE("Nobody is preempted by never", "[preemption]") {
  SkyNet site;
  Scene scene(site.cluster);
  scene.run(site.overcap, "n1", 1, 8);
  REQUIRE(make_policy<PreemptionPolicy>("never")->is_never());
  REQUIRE(victims(scene, "never", scene.wait({}, site.debug)).empty());
}

TEST_CASE("SkyNet: short jobs preempt overcap, and user-overcap of their own lab", "[preemption]") {
  SkyNet site;
  Scene scene(site.cluster);
  const Candidate in_debug = scene.run(site.debug, "n1", 1, 2);
  const Candidate in_short = scene.run(site.brief, "n1", 1, 2);
  const Candidate of_ann = scene.run(site.user_overcap, "n2", 1, 8);
  const Candidate of_cat = scene.run(site.user_overcap, "n3", 1, 8);
  const Candidate on_top = scene.run(site.overcap, "n4", 1, 8);
  for (const Candidate& each : {in_debug, in_short, of_ann}) scene.job(each).assoc = site.ann;
  for (const Candidate& each : {of_cat, on_top}) scene.job(each).assoc = site.cat;
  const Params own_lab{{"same_account_only", "user-overcap"}};

  const Candidate labmate = scene.wait({}, site.brief);
  scene.job(labmate).assoc = site.bob;
  const auto list = victims(scene, "by-partition", labmate, own_lab);
  REQUIRE(ids(list) == std::vector{on_top.job, of_ann.job});  // lower tier first
  REQUIRE(list[1].mode == PreemptMode::Requeue);
  REQUIRE(list[1].grace == minutes{5});
  REQUIRE(list[0].grace == Duration::zero());
  REQUIRE(ids(victims(scene, "by-partition", labmate)) ==
          std::vector{on_top.job, of_ann.job, of_cat.job});

  // Debug is above short, but short is off; user-overcap may preempt overcap only.
  const Candidate debugging = scene.wait({}, site.debug);
  scene.job(debugging).assoc = site.bob;
  REQUIRE(ids(victims(scene, "by-partition", debugging, own_lab)) ==
          std::vector{on_top.job, of_ann.job});
  const Candidate beyond = scene.wait({}, site.user_overcap);
  scene.job(beyond).assoc = site.bob;
  REQUIRE(ids(victims(scene, "by-partition", beyond, own_lab)) == std::vector{on_top.job});
  REQUIRE(victims(scene, "by-partition", scene.wait({}, site.overcap), own_lab).empty());
}

TEST_CASE("The policy's mode holds where a partition has none", "[preemption]") {
  SkyNet site;
  Scene scene(site.cluster);
  scene.run(site.overcap, "n1", 1, 8);
  const Candidate job = scene.wait({}, site.brief);
  REQUIRE(victims(scene, "by-partition", job)[0].mode == PreemptMode::Requeue);
  REQUIRE(victims(scene, "by-partition", job, {{"mode", "cancel"}})[0].mode == PreemptMode::Cancel);
  REQUIRE(victims(scene, "by-partition", job, {{"mode", "off"}}).empty());
  REQUIRE(make_policy<PreemptionPolicy>("by-partition", {{"relieves_account_cap", "yes"}})
              ->relieves_account_limits());
  REQUIRE(!make_policy<PreemptionPolicy>("by-partition")->relieves_account_limits());
  REQUIRE_THROWS_AS(victims(scene, "by-partition", job, {{"same_account_only", "overkap"}}),
                    InputError);
}

TEST_CASE("Victims go by tier and nodes, or youngest first (scenario 70)", "[preemption]") {
  SkyNet site;
  Scene scene(site.cluster);
  const Candidate wide = scene.run(site.overcap, "n1", 3, 1, {}, at_seconds(30));
  const Candidate first = scene.run(site.overcap, "n4", 1, 1, {}, at_seconds(10));
  const Candidate second = scene.run(site.overcap, "n4", 1, 1, {}, at_seconds(20));
  const Candidate going = scene.run(site.overcap, "n4", 1, 1, {}, at_seconds(40));
  scene.job(going).evicting = true;
  scene.set_time(at_seconds(100));
  const Candidate job = scene.wait({}, site.brief);
  REQUIRE(ids(victims(scene, "by-partition", job)) == std::vector{first.job, second.job, wide.job});
  REQUIRE(ids(victims(scene, "by-partition", job, {{"youngest_first", "yes"}})) ==
          std::vector{wide.job, second.job, first.job});
}

TEST_CASE("A job is safe for its exempt time (scenario 71)", "[preemption]") {
  SkyNet site;
  site.cluster.qos.resize(1);
  site.cluster.qos[QosId{0}].preempt_exempt_time = minutes{10};
  Scene scene(site.cluster);
  const Candidate plain = scene.run(site.overcap, "n1", 1, 8);
  const Candidate longer = scene.run(site.overcap, "n2", 1, 8);
  scene.job(longer).qos = QosId{0};
  const Candidate job = scene.wait({}, site.brief);
  const Params five{{"exempt_time", "5"}};
  scene.set_time(at_seconds(299));
  REQUIRE(victims(scene, "by-partition", job, five).empty());
  scene.set_time(at_seconds(300));
  REQUIRE(ids(victims(scene, "by-partition", job, five)) == std::vector{plain.job});
  scene.set_time(at_seconds(600));
  REQUIRE(ids(victims(scene, "by-partition", job, five)) == std::vector{plain.job, longer.job});
}

TEST_CASE("Only jobs on nodes of the claimant's partition are in its way", "[preemption]") {
  SkyNet site;
  NodeSet two(4);
  two.insert(NodeId{2});
  two.insert(NodeId{3});
  site.cluster.partitions[site.brief].nodes = two;
  Scene scene(site.cluster);
  scene.run(site.overcap, "n1", 2, 4);
  const Candidate across = scene.run(site.overcap, "n2", 2, 4);
  REQUIRE(ids(victims(scene, "by-partition", scene.wait({}, site.brief))) ==
          std::vector{across.job});
}

TEST_CASE("QOS preempt the QOS that they list (scenario 72, 73)", "[preemption]") {
  Cluster cluster = flat_cluster(4, 8);
  const QosId low{0}, middle{1}, high{2};
  cluster.qos.resize(3);
  for (const QosId qos : {low, middle, high}) {
    cluster.qos[qos].priority = static_cast<std::int32_t>(index(qos));
  }
  cluster.qos[high].preempts = {low, middle};
  cluster.qos[middle].preempts = {low};
  cluster.qos[low].grace_time = minutes{1};
  cluster.qos[middle].preempt_mode = PreemptMode::Cancel;
  Scene scene(cluster);
  const auto with_qos = [&](Candidate candidate, QosId qos) {
    scene.job(candidate).qos = qos;
    return candidate;
  };
  const PartitionId all{0};
  const Candidate a = with_qos(scene.run(all, "n1", 1, 8), middle);
  const Candidate b = with_qos(scene.run(all, "n2", 1, 8), low);
  with_qos(scene.run(all, "n3", 1, 8), high);
  scene.run(all, "n4", 1, 8);  // without QOS
  const auto list = victims(scene, "by-qos", with_qos(scene.wait({}), high));
  REQUIRE(ids(list) == std::vector{b.job, a.job});
  REQUIRE(list[0].mode == PreemptMode::Requeue);
  REQUIRE(list[0].grace == minutes{1});
  REQUIRE(list[1].mode == PreemptMode::Cancel);
  REQUIRE(ids(victims(scene, "by-qos", with_qos(scene.wait({}), middle))) == std::vector{b.job});
  REQUIRE(victims(scene, "by-qos", with_qos(scene.wait({}), low)).empty());
  REQUIRE(victims(scene, "by-qos", scene.wait({})).empty());

  const Candidate urgent = with_qos(scene.wait({}), low);
  scene.job(b).nice = 10;
  REQUIRE(ids(victims(scene, "by-qos", urgent, {{"within", "yes"}})) == std::vector{b.job});
  scene.job(b).admin_priority = 1;
  REQUIRE(victims(scene, "by-qos", urgent, {{"within", "yes"}}).empty());
}

}  // namespace
}  // namespace rehearse
