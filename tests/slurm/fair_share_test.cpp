// slurmctld's accounting of past use beside closed forms and the calendar (semantics 3.3, 3.4).
#include "models/slurm/fair_share.hpp"

#include <cmath>

#include "sim/policy/fair_share_factors.hpp"
#include "tests/unit/models/scene.hpp"

namespace rehearse::slurm {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// root - a (ann, bob), b (cat)
Cluster two_labs() {
  Cluster cluster = flat_cluster(1, 1);
  const AssocId a = add_assoc(cluster, "a", "", 3), b = add_assoc(cluster, "b", "", 1);
  add_assoc(cluster, "a", "ann", 1, a);
  add_assoc(cluster, "a", "bob", 1, a);
  add_assoc(cluster, "b", "cat", 1, b);
  return cluster;
}
constexpr AssocId kRoot{0}, kA{1}, kB{2}, kAnn{3}, kBob{4}, kCat{5};

TEST_CASE("Use fades at ticks, by a factor that is not quite a half in a half-life", "[slurm]") {
  const Cluster cluster = two_labs();
  Usage usage(cluster.assocs, {.half_life = hours{1}});
  usage.decay_to(Time{});
  usage.charge(kAnn, 10, seconds{100});
  const double f = 1 - 0.693 / 3600;
  REQUIRE(usage.fade(seconds{100}) == std::pow(f, 100));
  REQUIRE(usage.raw(kAnn) == 100 * std::pow(f, 100) * 10);
  REQUIRE(usage.raw(kRoot) == usage.raw(kAnn));
  REQUIRE(usage.raw(kBob) == 0);
  const double before = usage.raw(kAnn);
  for (int tick = 1; tick <= 60; ++tick) usage.decay_to(Time{seconds{60 * tick}});
  REQUIRE(usage.raw(kA) == Approx(before * std::pow(f, 3600)));
  REQUIRE(usage.raw(kA) / before == Approx(0.5).epsilon(1e-3));
  REQUIRE(usage.last_tick() == Time{hours{1}});
  REQUIRE(!usage.was_reset());

  Usage for_ever(cluster.assocs, {.half_life = Duration::zero()});
  for_ever.charge(kCat, 2, seconds{50});
  for_ever.decay_to(Time{});
  for_ever.decay_to(Time{hours{1000}});
  REQUIRE(for_ever.raw(kB) == 100);
}

TEST_CASE("Use is forgotten at midnights of the period", "[slurm]") {
  const auto at = [](int year, unsigned month, unsigned day) {
    using namespace std::chrono;
    const sys_days date{std::chrono::year{year} / std::chrono::month{month} / day};
    return sys_seconds(date).time_since_epoch().count();
  };
  const std::int64_t wednesday = at(2026, 11, 25) + 12345;
  REQUIRE(next_reset(ResetPeriod::Daily, wednesday) == at(2026, 11, 26));
  REQUIRE(next_reset(ResetPeriod::Weekly, wednesday) == at(2026, 11, 29));
  REQUIRE(next_reset(ResetPeriod::Weekly, at(2026, 11, 29)) == at(2026, 12, 6));
  REQUIRE(next_reset(ResetPeriod::Monthly, wednesday) == at(2026, 12, 1));
  REQUIRE(next_reset(ResetPeriod::Monthly, at(2026, 12, 1)) == at(2027, 1, 1));
  REQUIRE(next_reset(ResetPeriod::Quarterly, at(2026, 3, 31)) == at(2026, 4, 1));
  REQUIRE(next_reset(ResetPeriod::Quarterly, at(2026, 4, 1)) == at(2026, 7, 1));
  REQUIRE(next_reset(ResetPeriod::Quarterly, wednesday) == at(2027, 1, 1));
  REQUIRE(next_reset(ResetPeriod::Yearly, wednesday) == at(2027, 1, 1));

  const Cluster cluster = two_labs();
  Usage usage(cluster.assocs, {.half_life = Duration::zero(),
                               .reset = ResetPeriod::Daily,
                               .origin_unix = at(2026, 11, 25) + 23 * 3600});
  usage.decay_to(Time{});
  usage.charge(kAnn, 1, seconds{100});
  usage.decay_to(Time{seconds{3599}});
  REQUIRE(usage.raw(kAnn) == 100);
  usage.decay_to(Time{seconds{3660}});
  REQUIRE(usage.was_reset());
  REQUIRE(usage.raw(kRoot) == 0);
  usage.charge(kAnn, 1, seconds{60});
  usage.decay_to(Time{seconds{3720}});
  REQUIRE(usage.raw(kAnn) == 60);

  Usage now(cluster.assocs, {.reset = ResetPeriod::Now});
  now.charge(kAnn, 1, seconds{100});
  now.decay_to(Time{});
  REQUIRE(now.raw(kAnn) == 0);
}

TEST_CASE("The user that slurmdbd gives the root is ranked with the others", "[slurm]") {
  const Cluster cluster = two_labs();
  Usage usage(cluster.assocs, {.half_life = Duration::zero()});
  IdVector<AssocId, double> factors;
  usage.factors(factors);
  REQUIRE(factors[kAnn] == 1);
  REQUIRE(factors[kCat] == 1);
  usage.charge(kAnn, 1, seconds{100});
  usage.factors(factors);
  // root 4/4, cat ties with it; then bob at rank 2, and ann.
  REQUIRE(factors[kCat] == 1);
  REQUIRE(factors[kBob] == 0.5);
  REQUIRE(factors[kAnn] == 0.25);
  Cluster with_root = two_labs();
  add_assoc(with_root, "root", "root", 1);
  Usage same(with_root.assocs, {.half_life = Duration::zero()});
  same.charge(kAnn, 1, seconds{100});
  IdVector<AssocId, double> others;
  same.factors(others);
  for (const AssocId id : {kAnn, kBob, kCat}) REQUIRE(others[id] == factors[id]);
}

TEST_CASE("The classic factor of slurmctld", "[slurm]") {
  const Cluster cluster = two_labs();
  Usage usage(cluster.assocs, {.half_life = Duration::zero(), .fair_tree = false, .damping = 2});
  usage.decay_to(Time{});
  usage.charge(kAnn, 1, seconds{100});
  // Shares: a 3/5 (the root's user has one of five), ann and bob a half of that. Accounts stand as
  // at the tick, users as when they were first asked for.
  REQUIRE(usage.classic_factor(kA) == 1);
  REQUIRE(usage.classic_factor(kAnn) == Approx(std::exp2(-0.5 / 0.3 / 2)));
  usage.decay_to(Time{seconds{60}});
  REQUIRE(usage.classic_factor(kA) == Approx(std::exp2(-1 / 0.6 / 2)));
  REQUIRE(usage.classic_factor(kAnn) == Approx(std::exp2(-1 / 0.3 / 2)));
  usage.charge(kBob, 1, seconds{300});
  REQUIRE(usage.classic_factor(kAnn) == Approx(std::exp2(-1 / 0.3 / 2)));
  REQUIRE(usage.classic_factor(kBob) == Approx(std::exp2(-(0.75 + 0.25 * 0.5) / 0.3 / 2)));
  REQUIRE(usage.classic_factor(kCat) == 1);
  REQUIRE(usage.standings()[kBob].norm_usage == Approx(0.75));
  REQUIRE(usage.standings()[kA].factor == Approx(std::exp2(-1 / 0.6 / 2)));
}

TEST_CASE("Fairshare=parent", "[slurm]") {
  Cluster cluster = two_labs();
  cluster.assocs[kAnn].shares_as_parent = true;
  IdVector<AssocId, double> usage, factors;
  for (const double each : {100.0, 90.0, 10.0, 80.0, 10.0, 10.0}) usage.push_back(each);
  factors.resize(6);
  fair_tree_factors(cluster.assocs, usage, false, factors);
  // b: 1/4 of the shares and 1/10 of the use, comes before a; in it ann is first whatever she used.
  REQUIRE(factors[kCat] == Approx(1));
  REQUIRE(factors[kAnn] == Approx(2 / 3.0));
  REQUIRE(factors[kBob] == Approx(1 / 3.0));
  classic_factors(cluster.assocs, usage, 1, false, factors);
  REQUIRE(factors[kAnn] == factors[kA]);
  REQUIRE(factors[kBob] == Approx(std::exp2(-0.9 / 0.75)));  // all shares of a are bob's

  Cluster flat = two_labs();  // those of a stand beside b
  flat.assocs[kA].shares_as_parent = true;
  fair_tree_factors(flat.assocs, usage, false, factors);
  // Of three shares ann, bob and cat have one each: by use bob and cat tie.
  REQUIRE(factors[kBob] == 1);
  REQUIRE(factors[kAnn] == Approx(1 / 3.0));
}

}  // namespace
}  // namespace rehearse::slurm
