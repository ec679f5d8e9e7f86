// Limits as in shared/semantics/slurm.md chapter 4: hand cases with the numbers of the
// micro-scenarios of chapter 9.
#include "sim/state/limiter.hpp"

#include <tuple>

#include "tests/unit/state/limits_site.hpp"

namespace rehearse {
namespace {

TEST_CASE("Without any limit everything may start", "[limiter]") {
  const Site site;
  const Asks asks{site};
  REQUIRE(asks.submit(site.payer(site.ann), 1000000, cpus(1000000), kUnlimited).empty());
  REQUIRE(asks.before(site.payer(site.ann, QosId{0}, QosId{1}), kUnlimited).empty());
  REQUIRE(asks.after(site.payer(site.ann), cpus(1000000)).empty());
  REQUIRE(asks.limiter.wall_limit(site.payer(site.ann)) == kUnlimited);
}

TEST_CASE("GrpTRES of an account counts what runs below it (scenario 74)", "[limiter]") {
  Site site;
  site.of(site.lab).grp_tres = {6};
  Asks asks{site};
  asks.run(site.payer(site.ann), cpus(4));
  REQUIRE(asks.after(site.payer(site.bob), cpus(4)) == "AssocGrpCpuLimit");
  REQUIRE(asks.after(site.payer(site.bob), cpus(2)).empty());
  REQUIRE(asks.after(site.payer(site.cat), cpus(4)).empty());
  const auto hit =
      asks.limiter.after_select(asks.ledger, site.payer(site.bob), cpus(4), cpus(4), kMinute);
  REQUIRE(hit->scope == LimitScope::Assoc);
  REQUIRE(hit->entity == static_cast<std::uint32_t>(site.lab));
  REQUIRE(hit->tres == kTresCpu);
  REQUIRE(std::tuple{hit->used, hit->asked, hit->bound} == std::tuple{4, 4, 6});
}

TEST_CASE("QOS limits rule and MaxJobsPU silences MaxJobs (scenario 75)", "[limiter]") {
  Site site;
  site.qos(0).grp_jobs = 3;
  site.qos(0).max_tres_per_user = {5};
  site.of(site.ann).max_jobs = 4;
  const Payer payer = site.payer(site.ann, QosId{0});
  Asks asks{site};
  asks.run(payer, cpus(2));
  REQUIRE(asks.after(payer, cpus(4)) == "QOSMaxCpuPerUserLimit");
  REQUIRE(asks.after(payer, cpus(3)).empty());
  asks.run(payer, cpus(1));
  asks.run(payer, cpus(1));
  REQUIRE(asks.before(payer) == "QOSGrpJobsLimit");
  for (int i = 0; i < 1; ++i) asks.run(site.payer(site.ann), cpus(1));
  REQUIRE(asks.before(site.payer(site.ann)) == "AssocMaxJobsLimit");

  Site silenced = site;
  silenced.qos(1).max_jobs_per_user = 9;
  Asks other{silenced};
  for (int i = 0; i < 5; ++i) other.run(silenced.payer(silenced.ann, QosId{1}), cpus(1));
  REQUIRE(other.before(silenced.payer(silenced.ann, QosId{1})).empty());
  REQUIRE(other.before(silenced.payer(silenced.ann)) == "AssocMaxJobsLimit");
}

TEST_CASE("Who asks for nothing of it passes a limit that others are over", "[limiter]") {
  Site site;
  site.of(site.lab).grp_tres = {kNoLimit, kNoLimit, kNoLimit, kNoLimit, 2};
  Asks asks{site};
  asks.run(site.payer(site.ann), gpus(3));
  const Payer bob = site.payer(site.bob);
  REQUIRE(asks.after(bob, cpus(4)).empty());
  const auto hit =
      asks.limiter.after_select(asks.ledger, bob, cpus(4), cpus(4), kMinute, {}, Unasked::Held);
  REQUIRE(name(hit) == "AssocGrpGRES");
}

TEST_CASE("A partition QOS limits a user (scenario 76)", "[limiter]") {
  Site site;
  site.qos(1).max_tres_per_user = {3};
  const Payer payer = site.payer(site.ann, QosId{0}, QosId{1});
  Asks asks{site};
  asks.run(payer, cpus(2));
  REQUIRE(asks.after(payer, cpus(3)) == "QOSMaxCpuPerUserLimit");
  REQUIRE(asks.after(site.payer(site.bob, QosId{0}, QosId{1}), cpus(3)).empty());
}

TEST_CASE("DenyOnLimit refuses at submission (scenario 77)", "[limiter]") {
  Site site;
  site.qos(0).max_tres_per_user = {4};
  site.qos(0).max_wall_per_job = 10 * kMinute;
  const Payer payer = site.payer(site.ann, QosId{0});
  REQUIRE(Asks{site}.submit(payer, 1, cpus(5)).empty());
  site.cluster.qos[QosId{0}].deny_on_limit = true;
  Asks asks{site};
  REQUIRE(asks.submit(payer, 1, cpus(5)) == "QOSMaxCpuPerUserLimit");
  REQUIRE(asks.submit(payer, 1, cpus(4), 11 * kMinute) == "QOSMaxWallDurationPerJobLimit");
  asks.run(payer, cpus(4));
  REQUIRE(asks.submit(payer, 1, cpus(4)).empty());  // others' use does not refuse
}

TEST_CASE("The partition QOS comes first, or the job's with OverPartQOS (scenario 78)",
          "[limiter]") {
  Site site;
  site.qos(0).max_tres_per_job = {4, 100};
  site.qos(1).max_tres_per_job = {2};
  const Payer payer = site.payer(site.ann, QosId{0}, QosId{1});
  const auto hit = [&](const TresCounts& tres) {
    const Ledger ledger(site.cluster);
    return Limiter(site.cluster, site.cluster.assocs)
        .after_select(ledger, payer, tres, tres, kMinute);
  };
  REQUIRE(hit(cpus(3))->scope == LimitScope::PartitionQos);
  REQUIRE(hit({2, 101, 1, 2, 0})->scope == LimitScope::JobQos);  // each limit for itself
  site.cluster.qos[QosId{0}].over_part_qos = true;
  REQUIRE(!hit(cpus(3)));
  REQUIRE(hit(cpus(5))->scope == LimitScope::JobQos);
}

TEST_CASE("Max limits of associations come from the nearest that sets them", "[limiter]") {
  Site site;
  site.of(AssocId{0}).max_tres_per_job = {2, 50};
  site.of(site.lab).max_tres_per_job = {4};
  site.of(AssocId{0}).max_wall_per_job = 60 * kMinute;
  site.of(site.ann).max_wall_per_job = 120 * kMinute;
  const Asks asks{site};
  REQUIRE(asks.after(site.payer(site.ann), cpus(4)).empty());
  REQUIRE(asks.after(site.payer(site.ann), cpus(5)) == "AssocMaxCpuPerJobLimit");
  REQUIRE(asks.after(site.payer(site.ann), {4, 51, 1, 4, 0}) == "AssocMaxMemPerJob");
  REQUIRE(asks.after(site.payer(site.cat), cpus(3)) == "AssocMaxCpuPerJobLimit");
  REQUIRE(asks.before(site.payer(site.ann), 120 * kMinute).empty());
  REQUIRE(asks.before(site.payer(site.bob), 61 * kMinute) == "AssocMaxWallDurationPerJobLimit");
  REQUIRE(asks.limiter.wall_limit(site.payer(site.ann)) == 120 * kMinute);
  REQUIRE(asks.limiter.wall_limit(site.payer(site.cat)) == 60 * kMinute);
}

TEST_CASE("SkyNet: five GPUs a user in debug, and a cap for the lab", "[limiter]") {
  Site site;
  site.qos(0).max_tres_per_user = {kNoLimit, kNoLimit, kNoLimit, kNoLimit, 5};
  site.of(site.lab).grp_tres = {kNoLimit, kNoLimit, kNoLimit, kNoLimit, 8};
  const Payer ann = site.payer(site.ann, kNone<QosId>, QosId{0});
  const Payer bob = site.payer(site.bob, kNone<QosId>, QosId{0});
  Asks asks{site};
  asks.run(ann, gpus(5));
  REQUIRE(asks.after(ann, gpus(1)) == "QOSMaxGRESPerUser");
  REQUIRE(asks.after(bob, gpus(3)).empty());
  REQUIRE(asks.after(bob, gpus(4)) == "AssocGrpGRES");
  REQUIRE(asks.after(ann, cpus(30)).empty());
}

TEST_CASE("Submission counts hold always and count every task", "[limiter]") {
  Site site;
  site.of(site.lab).grp_submit_jobs = 10;
  site.of(site.lab).max_submit_jobs = 6;
  site.qos(0).max_submit_jobs_per_user = 8;
  Asks asks{site};
  REQUIRE(asks.submit(site.payer(site.ann), 7, cpus(1)) == "AssocMaxSubmitJobLimit");
  REQUIRE(asks.submit(site.payer(site.ann, QosId{0}), 7, cpus(1)).empty());
  REQUIRE(asks.submit(site.payer(site.ann, QosId{0}), 9, cpus(1)) == "QOSMaxSubmitJobPerUserLimit");
  asks.ledger.submitted(site.payer(site.ann), 5);
  REQUIRE(asks.submit(site.payer(site.bob), 6, cpus(1)) == "AssocGrpSubmitJobsLimit");
  REQUIRE(asks.submit(site.payer(site.bob), 5, cpus(1)).empty());
}

}  // namespace
}  // namespace rehearse
