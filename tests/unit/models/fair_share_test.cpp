// Past use and what becomes of it, held to closed forms, to sums of many small steps, and to what
// sshare showed on slurmctld 22.05 ([V:t10] of shared/semantics 3.4).
#include <cmath>

#include "models/fair_share/usage.hpp"
#include "sim/policy/slots.hpp"
#include "tests/unit/models/scene.hpp"

namespace rehearse {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kDay = hours{24};

IdVector<AssocId, Assoc> root_and_user() {
  Cluster cluster = flat_cluster(1, 1);
  add_assoc(cluster, "root", "ann");
  return cluster.assocs;
}

TEST_CASE("Use decays by half in a half-life", "[fair_share]") {
  const auto assocs = root_and_user();
  const AssocId ann{1};
  DecayedUsage usage(kDay);
  // A rate of 1 for ever would settle at half-life / ln 2.
  const double settled = 86400 / std::log(2.0);
  usage.charge(assocs, ann, 1, Time{}, Time{kDay});
  REQUIRE(usage.at(ann, Time{kDay}) == Approx(settled / 2));
  REQUIRE(usage.at(ann, Time{2 * kDay}) == Approx(settled / 4));
  REQUIRE(usage.at(AssocId{0}, Time{2 * kDay}) == Approx(settled / 4));
  usage.charge(assocs, ann, 1, Time{kDay}, Time{2 * kDay});
  REQUIRE(usage.at(ann, Time{2 * kDay}) == Approx(settled * 3 / 4));
  usage.charge(assocs, ann, 3, Time{2 * kDay}, Time{100 * kDay});
  REQUIRE(usage.at(ann, Time{100 * kDay}) == Approx(3 * settled));
  REQUIRE(usage.at(AssocId{2}, Time{kDay}) == 0);  // nobody yet
}

TEST_CASE("Charging agrees with steps of a millisecond", "[fair_share]") {
  const auto assocs = root_and_user();
  DecayedUsage usage(seconds{7});
  usage.charge(assocs, AssocId{1}, 2.5, at_seconds(3), at_seconds(20));
  double steps = 0;
  for (int ms = 3000; ms < 20000; ++ms) {
    steps += 2.5 * 0.001 * std::exp2(-(30.0 - (ms + 0.5) / 1000) / 7);
  }
  REQUIRE(usage.at(AssocId{1}, at_seconds(30)) == Approx(steps).epsilon(1e-9));
}

TEST_CASE("Charging in pieces is charging at once, over thousands of half-lives", "[fair_share]") {
  const auto assocs = root_and_user();
  DecayedUsage whole(hours{1}), pieces(hours{1});
  const Time from = at_seconds(1'700'000'000), to = from + 5000 * hours{1};
  for (Time at = from; at < to; at += hours{1}) {
    pieces.charge(assocs, AssocId{1}, 4, at, at + hours{1});
  }
  whole.charge(assocs, AssocId{1}, 4, from, to);
  REQUIRE(pieces.at(AssocId{1}, to) == Approx(whole.at(AssocId{1}, to)));
  REQUIRE(whole.at(AssocId{1}, to) == Approx(4 * 3600 / std::log(2.0)));
}

TEST_CASE("Without a half-life nothing fades", "[fair_share]") {
  const auto assocs = root_and_user();
  DecayedUsage usage(Duration::zero());
  usage.charge(assocs, AssocId{1}, 4, Time{}, Time{kDay});
  REQUIRE(usage.at(AssocId{1}, Time{1000 * kDay}) == 4 * 86400);
}

std::vector<double> factors(const Scene& scene, FairShare& policy) {
  IdVector<AssocId, double> result;
  result.resize(scene.view().assocs().size());
  policy.factors(scene.view(), result);
  return {result.begin(), result.end()};
}

TEST_CASE("Classic factors follow the formula", "[fair_share]") {
  // a (3 of 4 shares): ann, bob equal; b (1 of 4): cat.
  Cluster cluster = flat_cluster(1, 1);
  const AssocId a = add_assoc(cluster, "a", "", 3), b = add_assoc(cluster, "b", "", 1);
  const AssocId ann = add_assoc(cluster, "a", "ann", 1, a);
  const AssocId bob = add_assoc(cluster, "a", "bob", 1, a);
  const AssocId cat = add_assoc(cluster, "b", "cat", 1, b);
  Scene scene(cluster);
  scene.set_time(at_seconds(100));
  const auto policy = make_policy<FairShare>("decayed-usage", {{"half_life", "0"}});
  for (const double factor : factors(scene, *policy)) REQUIRE(factor == 1);
  policy->charge(scene.view(), ann, 3, Time{}, at_seconds(100));
  policy->charge(scene.view(), cat, 1, Time{}, at_seconds(100));
  const auto f = factors(scene, *policy);
  REQUIRE(f[index(a)] == Approx(0.5));  // used exactly what it was promised
  REQUIRE(f[index(b)] == Approx(0.5));
  // ann: promised 3/8, U = 3/4 + (3/4 - 3/4) / 2; bob: U = 0 + 3/4 / 2
  REQUIRE(f[index(ann)] == Approx(std::exp2(-0.75 / 0.375)));
  REQUIRE(f[index(bob)] == Approx(std::exp2(-0.375 / 0.375)));
  REQUIRE(f[index(cat)] == Approx(std::exp2(-0.25 / 0.25)));
  const auto damped =
      make_policy<FairShare>("decayed-usage", {{"half_life", "0"}, {"damping", "2"}});
  damped->charge(scene.view(), ann, 1, Time{}, at_seconds(100));
  REQUIRE(factors(scene, *damped)[index(ann)] == Approx(std::exp2(-1 / 0.375 / 2)));
  REQUIRE_THROWS_AS(make_policy<FairShare>("decayed-usage", {{"damping", "0"}}), InputError);
}

/// Scenario 82: root's user; A (2 shares): root 1, u1 1, u2 3; B (1 share): root 1, u3 1.
struct TwoAccounts {
  Cluster cluster = flat_cluster(1, 1);
  AssocId root = add_assoc(cluster, "root", "root");
  AssocId a = add_assoc(cluster, "A", "", 2), b = add_assoc(cluster, "B", "", 1);
  AssocId a_root = add_assoc(cluster, "A", "root", 1, a);
  AssocId u1 = add_assoc(cluster, "A", "u1", 1, a), u2 = add_assoc(cluster, "A", "u2", 3, a);
  AssocId b_root = add_assoc(cluster, "B", "root", 1, b);
  AssocId u3 = add_assoc(cluster, "B", "u3", 1, b);
};

TEST_CASE("Fair Tree ranks as slurmctld did [V:t10]", "[fair_share]") {
  const TwoAccounts site;
  Scene scene(site.cluster);
  scene.set_time(at_seconds(60));
  const auto policy = make_policy<FairShare>("fair-tree");
  for (const double factor : factors(scene, *policy)) REQUIRE(factor == 1);
  policy->charge(scene.view(), site.a_root, 1, Time{}, at_seconds(60));
  policy->charge(scene.view(), site.b_root, 2, Time{}, at_seconds(60));
  const auto f = factors(scene, *policy);
  REQUIRE(f[index(site.root)] == 1);
  REQUIRE(f[index(site.u1)] == Approx(0.8333).margin(1e-4));
  REQUIRE(f[index(site.u2)] == Approx(0.8333).margin(1e-4));
  REQUIRE(f[index(site.a_root)] == 0.5);
  REQUIRE(f[index(site.u3)] == Approx(0.3333).margin(1e-4));
  REQUIRE(f[index(site.b_root)] == Approx(0.1667).margin(1e-4));
}

TEST_CASE("Fair Tree: the first user of a tied account shares the last rank (scenario 84)",
          "[fair_share]") {
  Cluster cluster = flat_cluster(1, 1);
  const AssocId a = add_assoc(cluster, "a", ""), b = add_assoc(cluster, "b", "");
  const AssocId a1 = add_assoc(cluster, "a", "a1", 1, a), a2 = add_assoc(cluster, "a", "a2", 1, a);
  const AssocId b1 = add_assoc(cluster, "b", "b1", 1, b), b2 = add_assoc(cluster, "b", "b2", 1, b);
  Scene scene(cluster);
  scene.set_time(at_seconds(10));
  const auto policy = make_policy<FairShare>("fair-tree", {{"half_life", "0"}});
  policy->charge(scene.view(), a1, 1, Time{}, at_seconds(10));
  policy->charge(scene.view(), a2, 3, Time{}, at_seconds(10));
  policy->charge(scene.view(), b1, 1, Time{}, at_seconds(10));
  policy->charge(scene.view(), b2, 3, Time{}, at_seconds(10));
  const auto f = factors(scene, *policy);
  REQUIRE(f[index(a1)] == 1.0);
  REQUIRE(f[index(a2)] == 0.75);
  REQUIRE(f[index(b1)] == 0.75);  // a and b are equal
  REQUIRE(f[index(b2)] == 0.25);
}

}  // namespace
}  // namespace rehearse
