// Limits on use over time (shared/semantics 3.4, 4.3, 4.4), held to closed forms: what decays, what
// running jobs have left, and what `safe` makes of both.
#include <cmath>

#include "sim/state/limiter.hpp"
#include "tests/unit/state/limits_site.hpp"

namespace rehearse {
namespace {

constexpr auto kSecond = std::chrono::seconds{1};

TEST_CASE("Use decays with every tick and comes to what a constant rate settles at", "[ledger]") {
  const Site site;
  Ledger ledger(site.cluster);
  const Payer ann = site.payer(site.ann);
  ledger.started(ann, cpus(4), kUnlimited);
  // Per tick of d seconds: u = u f^d + n d f^d, so that in the end u = n d f^d / (1 - f^d).
  const double f = 1 - 0.693 / 3600, d = 60, fade = std::pow(f, d);
  for (int tick = 0; tick < 2000; ++tick) {
    ledger.decay(fade);
    ledger.charge(ann, cpus(4), d, d * fade);
  }
  const double wall = d * fade / (1 - fade);
  for (const AssocId id : {site.ann, site.lab, AssocId{0}}) {
    REQUIRE(ledger.spent_by(id).wall_seconds == Approx(wall));
    REQUIRE(ledger.spent_by(id).tres_seconds[kTresCpu] == Approx(4 * wall));
  }
  REQUIRE(ledger.spent_by(site.bob).wall_seconds == 0);
  ledger.reset_usage();
  REQUIRE(ledger.spent_by(site.ann).tres_seconds[kTresCpu] == 0);
}

TEST_CASE("A QOS with NoDecay keeps all that was used, times its UsageFactor", "[ledger]") {
  Site site;
  site.cluster.qos[QosId{0}].no_decay = true;
  site.cluster.qos[QosId{0}].usage_factor = 0.5;
  Ledger ledger(site.cluster);
  const Payer payer = site.payer(site.ann, QosId{0}, QosId{1});
  ledger.charge(payer, cpus(4), 100, 80);
  ledger.decay(0.5);
  REQUIRE(ledger.spent_by(QosId{0}).tres_seconds[kTresCpu] == 200);
  REQUIRE(ledger.spent_by(QosId{1}).tres_seconds[kTresCpu] == 80);  // 4 * 80 / 2 / 2
  REQUIRE(ledger.spent_by(site.lab).wall_seconds == 20);
}

TEST_CASE("Running jobs have less left at each tick, and nothing once they ended", "[ledger]") {
  Site site;
  site.cluster.qos[QosId{1}].usage_factor = 0.5;
  Ledger ledger(site.cluster);
  const Payer whole = site.payer(site.ann, QosId{0}), half = site.payer(site.bob, QosId{1});
  const auto left = [&](auto id) { return ledger.spent_by(id).left[kTresCpu]; };
  ledger.started(whole, cpus(4), 10 * kMinute);
  ledger.started(half, cpus(2), 10 * kMinute);
  REQUIRE(left(site.lab) == 4 * 600 + 2 * 300);
  ledger.ran(whole, cpus(4), 60 * kSecond);
  ledger.ran(half, cpus(2), 33 * kSecond);
  REQUIRE(left(site.lab) == 4 * 540 + 2 * (300 - 16));
  REQUIRE(left(QosId{1}) == 2 * (300 - 16));
  ledger.ended(whole, cpus(4), 540 * kSecond);
  ledger.ended(half, cpus(2), 567 * kSecond);
  REQUIRE(left(QosId{0}) == 0);
  REQUIRE(left(QosId{1}) == 2 * (300 - 16 - 283));  // cut off twice: a second is left for ever
  ledger.started(whole, cpus(1), kUnlimited);
  ledger.ran(whole, cpus(1), 100 * kSecond);
  ledger.ended(whole, cpus(1), left_of_limit(kUnlimited, 100 * kSecond));
  REQUIRE(left(QosId{0}) == 0);
}

TEST_CASE("A node that a group uses twice is one node", "[ledger][limiter]") {
  Site site;
  site.of(site.lab).grp_tres = {kNoLimit, kNoLimit, 3};
  Asks asks{site};
  const Payer ann = site.payer(site.ann, QosId{0}), bob = site.payer(site.bob, QosId{0});
  const NodeId first[] = {NodeId{0}, NodeId{1}}, second[] = {NodeId{1}, NodeId{2}};
  const TresCounts two{2, 0, 2, 2, 0};
  asks.ledger.started(ann, two, Duration::zero(), first);
  REQUIRE(asks.ledger.of_assoc(site.lab).tres[kTresNode] == 2);
  const auto after = [&](std::span<const NodeId> nodes) {
    return name(asks.limiter.after_select(asks.ledger, bob, two, two, kMinute, nodes));
  };
  REQUIRE(after({}) == "AssocGrpNodeLimit");
  REQUIRE(after(second).empty());
  const NodeId others[] = {NodeId{2}, NodeId{3}};
  REQUIRE(after(others) == "AssocGrpNodeLimit");
  asks.ledger.started(bob, two, Duration::zero(), second);
  REQUIRE(asks.ledger.of_assoc(site.lab).tres[kTresNode] == 3);
  REQUIRE(asks.ledger.of_qos(QosId{0}).tres[kTresNode] == 3);
  REQUIRE(asks.ledger.of_assoc(site.bob).tres[kTresNode] == 2);
  asks.ledger.ended(ann, two, Duration::zero(), first);
  REQUIRE(asks.ledger.of_assoc(site.lab).tres[kTresNode] == 2);
  REQUIRE(asks.ledger.of_assoc(site.lab).uses(NodeId{1}));
  REQUIRE_FALSE(asks.ledger.of_assoc(site.lab).uses(NodeId{0}));
}

TEST_CASE("GrpTRESMins holds once it is used up, and before that if it is to be safe",
          "[limiter]") {
  Site site;
  site.of(site.lab).grp_tres_minutes = {100};
  const Payer ann = site.payer(site.ann);
  const auto after = [&](bool safe, double spent, Duration running, Duration limit) {
    site.cluster.limits_are_safe = safe;
    Asks asks{site};
    asks.ledger.charge(ann, cpus(1), spent, spent);
    asks.run(site.payer(site.bob), cpus(2), running);
    return asks.after(ann, cpus(4), limit);
  };
  const Duration none = Duration::zero();
  REQUIRE(after(false, 5999, none, 60 * kMinute).empty());
  REQUIRE(after(false, 6000, none, kMinute) == "AssocGrpCPUMinutesLimit");
  REQUIRE(after(true, 0, none, 25 * kMinute).empty());
  REQUIRE(after(true, 0, none, 26 * kMinute) == "AssocGrpCPUMinutesLimit");
  REQUIRE(after(true, 600, none, 22 * kMinute).empty());
  REQUIRE(after(true, 600, none, 23 * kMinute) == "AssocGrpCPUMinutesLimit");
  REQUIRE(after(true, 600, 30 * kMinute, 7 * kMinute).empty());
  REQUIRE(after(true, 600, 30 * kMinute, 8 * kMinute) == "AssocGrpCPUMinutesLimit");
}

TEST_CASE("GrpTRESRunMins holds what would promise too much (s4: 2400 GPU-minutes)", "[limiter]") {
  Site site;
  site.of(site.lab).grp_tres_run_minutes = {kNoLimit, kNoLimit, kNoLimit, kNoLimit, 2400};
  Asks asks{site};
  const Payer ann = site.payer(site.ann), bob = site.payer(site.bob);
  asks.run(ann, gpus(4), 500 * kMinute);
  REQUIRE(asks.after(bob, gpus(4), 100 * kMinute).empty());
  REQUIRE(asks.after(bob, gpus(4), 101 * kMinute) == "AssocGrpGRESRunMinutes");
  REQUIRE(asks.after(bob, cpus(4), 1000 * kMinute).empty());
  asks.ledger.ran(ann, gpus(4), kMinute);
  REQUIRE(asks.after(bob, gpus(4), 101 * kMinute).empty());
  REQUIRE(asks.after(site.payer(site.cat), gpus(4), 1000 * kMinute).empty());
}

TEST_CASE("GrpWall and MaxTRESMinsPerJob, and what UsageFactorSafe makes of them", "[limiter]") {
  Site site;
  site.qos(0).grp_wall = 400 * kMinute;
  site.qos(1).max_tres_minutes_per_job = {120};
  site.cluster.limits_are_safe = true;
  Asks asks{site};
  const Payer wall = site.payer(site.ann, QosId{0}), mins = site.payer(site.ann, QosId{1});
  asks.ledger.charge(wall, cpus(8), 390 * 60, 390 * 60);
  REQUIRE(asks.before(wall, 10 * kMinute).empty());
  REQUIRE(asks.before(wall, 11 * kMinute) == "QOSGrpWallLimit");
  REQUIRE(asks.after(mins, cpus(4), 30 * kMinute).empty());
  REQUIRE(asks.after(mins, cpus(4), 31 * kMinute) == "QOSMaxCpuMinutesPerJobLimit");
  for (const QosId id : {QosId{0}, QosId{1}}) {
    site.cluster.qos[id].usage_factor = 0.5;
    site.cluster.qos[id].usage_factor_safe = true;
  }
  REQUIRE(asks.before(wall, 21 * kMinute).empty());  // 10.5 is cut to 10
  REQUIRE(asks.before(wall, 22 * kMinute) == "QOSGrpWallLimit");
  REQUIRE(asks.after(mins, cpus(4), 61 * kMinute).empty());
  REQUIRE(asks.after(mins, cpus(4), 62 * kMinute) == "QOSMaxCpuMinutesPerJobLimit");
  site.cluster.limits_are_safe = false;
  REQUIRE(asks.before(wall, kUnlimited).empty());
}

TEST_CASE("LimitFactor multiplies GrpTRES and MaxTRES of associations", "[limiter]") {
  Site site;
  site.of(site.lab).grp_tres = {5};
  site.of(site.lab).max_tres_per_job = {kNoLimit, 3};
  site.qos(1).grp_tres = {kNoLimit, kNoLimit, kNoLimit, 100};
  site.cluster.qos[QosId{0}].limit_factor = 1.5;
  const Asks asks{site};
  const Payer plain = site.payer(site.ann, QosId{1}), more = site.payer(site.ann, QosId{0});
  REQUIRE(asks.after(plain, {6, 1, 1, 1, 0}) == "AssocGrpCpuLimit");
  REQUIRE(asks.after(more, {7, 4, 1, 1, 0}).empty());
  REQUIRE(asks.after(more, {8, 4, 1, 1, 0}) == "AssocGrpCpuLimit");
  REQUIRE(asks.after(more, {7, 5, 1, 1, 0}) == "AssocMaxMemPerJob");
}

TEST_CASE("Strict limits of TRES-minutes refuse, and give a time limit", "[limiter]") {
  Site site;
  site.qos(0).max_tres_minutes_per_job = {100};
  site.qos(0).grp_wall = 80 * kMinute;
  site.of(site.lab).max_wall_per_job = 10 * kMinute;
  const Payer payer = site.payer(site.ann, QosId{0});
  const Asks asks{site};
  REQUIRE(asks.submit(payer, 1, cpus(3), 34 * kMinute).empty());
  REQUIRE(asks.limiter.wall_limit(payer, cpus(3)) == 80 * kMinute);  // the association is not asked
  site.cluster.qos[QosId{0}].deny_on_limit = true;
  REQUIRE(asks.submit(payer, 1, cpus(3), 34 * kMinute) == "QOSMaxCpuMinutesPerJobLimit");
  REQUIRE(asks.submit(payer, 1, cpus(3), 33 * kMinute) == "AssocMaxWallDurationPerJobLimit");
  REQUIRE(asks.submit(payer, 1, cpus(1), 81 * kMinute) == "QOSGrpWallLimit");
  REQUIRE(asks.limiter.wall_limit(payer, cpus(3)) == 10 * kMinute);
  site.of(site.lab).max_wall_per_job.reset();
  REQUIRE(asks.limiter.wall_limit(payer, cpus(3)) == 33 * kMinute);
}

TEST_CASE("Node limits bound node selection", "[limiter]") {
  Site site;
  const auto nodes = [](std::int64_t count) { return TresCounts{kNoLimit, kNoLimit, count}; };
  site.of(AssocId{0}).grp_tres = nodes(9);
  site.of(site.lab).grp_tres = nodes(5);
  site.of(site.ann).max_tres_per_job = nodes(4);
  site.qos(0).max_tres_per_user = nodes(3);
  site.qos(1).grp_tres = nodes(8);
  const Asks asks{site};
  const auto most = [&](const Payer& payer) {
    const MostNodes found = asks.limiter.most_nodes(payer);
    return std::pair{found.count, reason_name(found.reason)};
  };
  using Most = std::pair<std::int64_t, std::string_view>;
  REQUIRE(most(site.payer(site.ann)) == Most{4, "AssocMaxNodePerJobLimit"});
  REQUIRE(most(site.payer(site.bob)) == Most{5, "AssocGrpNodeLimit"});
  REQUIRE(most(site.payer(site.cat)) == Most{9, "AssocGrpNodeLimit"});
  REQUIRE(most(site.payer(site.ann, QosId{0})) == Most{3, "QOSMaxNodePerUserLimit"});
  REQUIRE(most(site.payer(site.bob, QosId{1})) == Most{8, "QOSGrpNodeLimit"});
  site.of(AssocId{0}).grp_tres.clear();
  REQUIRE(most(site.payer(site.cat)) == Most{kNoLimit, "None"});
}

TEST_CASE("Running jobs are timed out where limits are not safe", "[limiter]") {
  Site site;
  site.of(site.lab).grp_tres_minutes = {10};
  site.of(site.guests).grp_wall = 10 * kMinute;
  site.qos(0).max_tres_minutes_per_job = {8};
  Asks asks{site};
  const auto out = [&](const Payer& payer, Duration ran = kMinute) {
    return asks.limiter.is_timed_out(asks.ledger, payer, cpus(4), ran);
  };
  const Payer ann = site.payer(site.ann), cat = site.payer(site.cat);
  REQUIRE_FALSE(out(ann));
  asks.ledger.charge(ann, cpus(1), 600, 600);
  asks.ledger.charge(cat, cpus(1), 599, 599);
  REQUIRE(out(ann));
  REQUIRE_FALSE(out(cat));
  asks.ledger.charge(cat, cpus(1), 1, 1);
  REQUIRE(out(cat));
  const Payer own = site.payer(site.cat, QosId{0});
  site.of(site.guests).grp_wall.reset();
  REQUIRE_FALSE(out(own, 119 * kSecond));
  REQUIRE(out(own, 2 * kMinute));
  site.cluster.limits_are_safe = true;
  REQUIRE_FALSE(out(own, 2 * kMinute));
}

}  // namespace
}  // namespace rehearse
