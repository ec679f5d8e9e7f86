// Limits as in shared/semantics/slurm.md chapter 4: hand cases with the numbers of the
// micro-scenarios of chapter 9, and a second implementation that writes all limits of a payer into
// one list, strikes out those that an earlier layer sets too, and reads it from the top.
#include "sim/state/limiter.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace rehearse {
namespace {

constexpr auto kMinute = std::chrono::minutes{1};

/// root - lab (users ann, bob), guests (user cat); QOS 0, 1, 2 without limits.
struct Site {
  Cluster cluster = flat_cluster(4, 8);
  AssocId lab = add("lab", "", AssocId{0}), guests = add("guests", "", AssocId{0});
  AssocId ann = add("lab", "ann", lab), bob = add("lab", "bob", lab);
  AssocId cat = add("guests", "cat", guests);

  Site() { cluster.qos.resize(3); }
  AssocId add(const char* account, const char* user, AssocId parent) {
    Assoc assoc;
    assoc.account = account;
    assoc.user = user;
    assoc.parent = parent;
    return cluster.assocs.push_back(assoc);
  }
  Limits& qos(std::uint32_t id) { return cluster.qos[QosId{id}].limits; }
  Limits& of(AssocId id) { return cluster.assocs[id].limits; }
  Payer payer(AssocId assoc, QosId job_qos = kNone<QosId>,
              QosId partition_qos = kNone<QosId>) const {
    return {assoc, UserId{static_cast<std::uint32_t>(assoc)}, job_qos, partition_qos};
  }
};

TresCounts cpus(std::int64_t count) { return {count, 0, 1, count, 0}; }
TresCounts gpus(std::int64_t count) { return {count, 0, 1, count, count}; }

std::string_view name(const std::optional<LimitHit>& hit) {
  return hit ? reason_name(hit->reason) : "";
}

struct Asks {
  const Site& site;
  Ledger ledger{site.cluster};
  Limiter limiter{site.cluster, site.cluster.assocs};

  std::string_view submit(const Payer& payer, std::int64_t jobs, const TresCounts& tres,
                          Duration limit = kMinute) const {
    return name(limiter.at_submit(ledger, payer, jobs, tres, limit));
  }
  std::string_view before(const Payer& payer, Duration limit = kMinute) const {
    return name(limiter.before_select(ledger, payer, limit));
  }
  std::string_view after(const Payer& payer, const TresCounts& tres) const {
    return name(limiter.after_select(ledger, payer, tres, tres));
  }
  void run(const Payer& payer, const TresCounts& tres) {
    ledger.submitted(payer, 1);
    ledger.started(payer, tres);
  }
};

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
  const auto hit = asks.limiter.after_select(asks.ledger, site.payer(site.bob), cpus(4), cpus(4));
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
    return Limiter(site.cluster, site.cluster.assocs).after_select(ledger, payer, tres, tres);
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

// The second implementation. A line is one limit: which, on what, and Slurm's reason for it.
struct Line {
  std::string limit;
  int tres = -1;
  std::int64_t used, asked, bound;
  bool is_minimum;
  std::string reason;
};
struct Running {
  Payer payer;
  TresCounts tres;
};

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

class Oracle {
 public:
  Oracle(const Cluster& cluster, const std::vector<Running>& running)
      : cluster_(cluster), running_(running) {}

  std::string before(const Payer& payer, Duration wall) {
    lines_.clear();
    for (const QosId qos : layers(payer)) {
      const Limits& of = cluster_.qos[qos].limits;
      jobs("GrpJobs", of.grp_jobs, count(qos, {}, {}), 1, "QOSGrpJobsLimit");
      jobs("MaxJobsPA", of.max_jobs_per_account, count(qos, {}, lab(payer)), 1,
           "MaxJobsPerAccount");
      jobs("MaxJobsPU", of.max_jobs_per_user, count(qos, payer.user, {}), 1,
           "QOSMaxJobsPerUserLimit");
      jobs("MaxWall", minutes(of.max_wall_per_job), 0, wall / kMinute,
           "QOSMaxWallDurationPerJobLimit");
      next_layer();
    }
    const bool silent = struck_.contains("MaxJobsPA/-1") || struck_.contains("MaxJobsPU/-1");
    for (const AssocId id : path(payer)) {
      jobs("GrpJobs", cluster_.assocs[id].limits.grp_jobs, count_below(id), 1, "AssocGrpJobsLimit");
      if (id != payer.assoc) continue;
      std::optional<std::int64_t> most, wall_bound;
      for (const AssocId up : path(payer)) {
        if (!most) most = cluster_.assocs[up].limits.max_jobs;
        if (!wall_bound) wall_bound = minutes(cluster_.assocs[up].limits.max_wall_per_job);
      }
      if (!silent) jobs("MaxJobs", most, count_below(id), 1, "AssocMaxJobsLimit");
      jobs("MaxWall", wall_bound, 0, wall / kMinute, "AssocMaxWallDurationPerJobLimit");
    }
    return first();
  }

  std::string submit(const Payer& payer, std::int64_t tasks, const TresCounts& asked,
                     Duration wall) {
    lines_.clear();
    const std::vector<QosId> of_payer = layers(payer);
    bool strict = of_payer.empty();
    for (const QosId qos : of_payer) strict = strict || cluster_.qos[qos].deny_on_limit;
    for (const QosId qos : of_payer) {
      const Limits& of = cluster_.qos[qos].limits;
      jobs("GrpSubmit", of.grp_submit_jobs, count(qos, {}, {}), tasks, "QOSGrpSubmitJobsLimit");
      jobs("MaxSubmitPA", of.max_submit_jobs_per_account, count(qos, {}, lab(payer)), tasks,
           "MaxSubmitJobsPerAccount");
      jobs("MaxSubmitPU", of.max_submit_jobs_per_user, count(qos, payer.user, {}), tasks,
           "QOSMaxSubmitJobPerUserLimit");
      if (strict) of_qos(qos, payer, asked, false);
      if (strict) {
        jobs("MaxWall", minutes(of.max_wall_per_job), 0, wall / kMinute,
             "QOSMaxWallDurationPerJobLimit");
      }
      next_layer();
    }
    const bool silent = struck_.contains("MaxSubmitPA/-1") || struck_.contains("MaxSubmitPU/-1");
    for (const AssocId id : path(payer)) {
      jobs("GrpSubmit", cluster_.assocs[id].limits.grp_submit_jobs, count_below(id), tasks,
           "AssocGrpSubmitJobsLimit");
      std::optional<std::int64_t> most, wall_bound;
      for (const AssocId up : path(payer)) {
        if (!most) most = cluster_.assocs[up].limits.max_submit_jobs;
        if (!wall_bound) wall_bound = minutes(cluster_.assocs[up].limits.max_wall_per_job);
      }
      const bool own = id == payer.assoc;
      if (own && !silent) {
        jobs("MaxSubmit", most, count_below(id), tasks, "AssocMaxSubmitJobLimit");
      }
      if (strict) of_assoc(id, payer, asked, false);
      if (strict && own) {
        jobs("MaxWall", wall_bound, 0, wall / kMinute, "AssocMaxWallDurationPerJobLimit");
      }
    }
    return first();
  }

  std::string after(const Payer& payer, const TresCounts& asked) {
    lines_.clear();
    for (const QosId qos : layers(payer)) {
      of_qos(qos, payer, asked, true);
      next_layer();
    }
    for (const AssocId id : path(payer)) of_assoc(id, payer, asked, true);
    return first();
  }

 private:
  void of_qos(QosId qos, const Payer& payer, const TresCounts& asked, bool with_use) {
    const Limits& of = cluster_.qos[qos].limits;
    const TresCounts none(kTresFirstGres, 0);
    tres("GrpTRES", of.grp_tres, with_use ? sum(qos, {}, {}) : none, asked,
         "QOSGrpCpuLimit QOSGrpMemLimit QOSGrpNodeLimit QOSGrpBilling QOSGrpGRES");
    tres("MaxTRESPJ", of.max_tres_per_job, none, asked,
         "QOSMaxCpuPerJobLimit QOSMaxMemoryPerJob QOSMaxNodePerJobLimit QOSMaxBillingPerJob "
         "QOSMaxGRESPerJob");
    tres("MaxTRESPN", of.max_tres_per_node, none, on_a_node(asked, with_use),
         "QOSMaxCpuPerNode QOSMaxMemoryPerNode - - QOSMaxGRESPerNode");
    tres("MinTRES", of.min_tres_per_job, none, asked,
         "QOSMinCpuNotSatisfied QOSMinMemory QOSMinNode QOSMinBilling QOSMinGRES", true);
    tres("MaxTRESPA", of.max_tres_per_account, with_use ? sum(qos, {}, lab(payer)) : none, asked,
         "MaxCpuPerAccount MaxMemoryPerAccount MaxNodePerAccount MaxBillingPerAccount "
         "MaxGRESPerAccount");
    tres("MaxTRESPU", of.max_tres_per_user, with_use ? sum(qos, payer.user, {}) : none, asked,
         "QOSMaxCpuPerUserLimit QOSMaxMemoryPerUser QOSMaxNodePerUserLimit "
         "QOSMaxBillingPerUser QOSMaxGRESPerUser");
  }
  void of_assoc(AssocId id, const Payer& payer, const TresCounts& asked, bool with_use) {
    const TresCounts none(kTresFirstGres, 0);
    tres("GrpTRES", cluster_.assocs[id].limits.grp_tres, with_use ? sum_below(id) : none, asked,
         "AssocGrpCpuLimit AssocGrpMemLimit AssocGrpNodeLimit AssocGrpBilling AssocGrpGRES");
    if (id != payer.assoc) return;
    tres("MaxTRESPJ", inherited(payer, &Limits::max_tres_per_job), none, asked,
         "AssocMaxCpuPerJobLimit AssocMaxMemPerJob AssocMaxNodePerJobLimit "
         "AssocMaxBillingPerJob AssocMaxGRESPerJob");
    tres("MaxTRESPN", inherited(payer, &Limits::max_tres_per_node), none,
         on_a_node(asked, with_use),
         "AssocMaxCpuPerNode AssocMaxMemPerNode - - AssocMaxGRESPerNode");
  }
  /// A submission is spread evenly over its nodes; where nodes are chosen, one may have it all.
  static TresCounts on_a_node(TresCounts asked, bool chosen) {
    const std::int64_t nodes = asked[kTresNode];
    for (std::int64_t& each : asked) {
      if (!chosen && nodes > 1) each /= nodes;
    }
    return asked;
  }

  std::vector<QosId> layers(const Payer& payer) {
    struck_.clear();
    seen_.clear();
    std::vector<QosId> result;
    if (payer.partition_qos != kNone<QosId>) result.push_back(payer.partition_qos);
    if (payer.job_qos != kNone<QosId> && payer.job_qos != payer.partition_qos) {
      const bool over = cluster_.qos[payer.job_qos].over_part_qos;
      result.insert(over ? result.begin() : result.end(), payer.job_qos);
    }
    return result;
  }
  std::vector<AssocId> path(const Payer& payer) const {
    std::vector<AssocId> result;
    for (AssocId id = payer.assoc; id != kNone<AssocId>; id = cluster_.assocs[id].parent) {
      result.push_back(id);
    }
    return result;
  }
  AssocId lab(const Payer& payer) const { return cluster_.assocs[payer.assoc].parent; }

  std::vector<Running> matching(QosId qos, std::optional<UserId> user,
                                std::optional<AssocId> account) const {
    std::vector<Running> result;
    for (const Running& each : running_) {
      if (each.payer.job_qos != qos && each.payer.partition_qos != qos) continue;
      if (user && each.payer.user != *user) continue;
      if (account && lab(each.payer) != *account) continue;
      result.push_back(each);
    }
    return result;
  }
  std::vector<Running> below(AssocId id) const {
    std::vector<Running> result;
    for (const Running& each : running_) {
      for (const AssocId up : path(each.payer)) {
        if (up == id) result.push_back(each);
      }
    }
    return result;
  }
  static TresCounts total(const std::vector<Running>& jobs) {
    TresCounts result(kTresFirstGres, 0);
    for (const Running& each : jobs) {
      for (std::size_t i = 0; i < result.size(); ++i) result[i] += each.tres[i];
    }
    return result;
  }
  std::int64_t count(QosId qos, std::optional<UserId> user, std::optional<AssocId> account) const {
    return static_cast<std::int64_t>(matching(qos, user, account).size());
  }
  TresCounts sum(QosId qos, std::optional<UserId> user, std::optional<AssocId> account) const {
    return total(matching(qos, user, account));
  }
  std::int64_t count_below(AssocId id) const { return static_cast<std::int64_t>(below(id).size()); }
  TresCounts sum_below(AssocId id) const { return total(below(id)); }

  TresCounts inherited(const Payer& payer, TresCounts Limits::* which) const {
    TresCounts result(kTresFirstGres, kNoLimit);
    std::vector<AssocId> down = path(payer);
    std::reverse(down.begin(), down.end());
    for (const AssocId id : down) {
      const TresCounts& own = cluster_.assocs[id].limits.*which;
      for (std::size_t i = 0; i < own.size(); ++i) {
        if (own[i] != kNoLimit) result[i] = own[i];
      }
    }
    return result;
  }
  static std::optional<std::int64_t> minutes(std::optional<Duration> wall) {
    if (!wall) return std::nullopt;
    return *wall / kMinute;
  }

  void jobs(const std::string& limit, std::optional<std::int64_t> bound, std::int64_t used,
            std::int64_t asked, const std::string& reason) {
    if (bound) add({limit, -1, used, asked, *bound, false, reason});
  }
  void tres(const std::string& limit, const TresCounts& bounds, const TresCounts& used,
            const TresCounts& asked, const std::string& reasons, bool is_minimum = false) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const std::string reason = words(reasons)[i];
      if (bounds[i] == kNoLimit || reason == "-") continue;
      add({limit, static_cast<int>(i), used[i], asked[i], bounds[i], is_minimum, reason});
    }
  }
  void add(Line line) {
    const std::string key = line.limit + "/" + std::to_string(line.tres);
    seen_.insert(key);
    if (!struck_.contains(key)) lines_.push_back(std::move(line));
  }
  void next_layer() { struck_.merge(seen_); }

  std::string first() const {
    for (const Line& line : lines_) {
      const bool holds =
          line.is_minimum ? line.asked >= line.bound : line.used + line.asked <= line.bound;
      if (!holds) return line.reason;
    }
    return "";
  }

  const Cluster& cluster_;
  const std::vector<Running>& running_;
  std::vector<Line> lines_;
  std::set<std::string> seen_, struck_;
};

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::int64_t below(std::int64_t bound) { return static_cast<std::int64_t>(random_() % bound); }
  bool one_in(std::int64_t count) { return below(count) == 0; }
  std::optional<std::int64_t> bound(std::int64_t most) {
    return one_in(3) ? std::optional(below(most)) : std::nullopt;
  }
  TresCounts bounds(std::int64_t most) {
    TresCounts result(static_cast<std::size_t>(below(kTresFirstGres + 1)), kNoLimit);
    for (std::int64_t& each : result) {
      if (one_in(3)) each = below(most);
    }
    return result;
  }
  void fill(Limits& limits) {
    limits.grp_tres = bounds(30);
    limits.max_tres_per_job = bounds(12);
    limits.max_tres_per_node = bounds(12);
    limits.max_tres_per_user = bounds(20);
    limits.max_tres_per_account = bounds(25);
    limits.min_tres_per_job = bounds(3);
    limits.grp_jobs = bound(12);
    limits.max_jobs = bound(8);
    limits.max_jobs_per_user = bound(8);
    limits.max_jobs_per_account = bound(10);
    limits.grp_submit_jobs = bound(12);
    limits.max_submit_jobs = bound(8);
    limits.max_submit_jobs_per_user = bound(8);
    limits.max_submit_jobs_per_account = bound(10);
    if (one_in(3)) limits.max_wall_per_job = below(10) * kMinute;
  }

 private:
  std::mt19937 random_;
};

TEST_CASE("Limits agree with a list of lines on random sites", "[limiter]") {
  Dice dice(11);
  std::map<std::string, int> seen;
  for (int round = 0; round < 4000; ++round) {
    Site site;
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (dice.one_in(2)) dice.fill(site.qos(i));
      site.cluster.qos[QosId{i}].over_part_qos = dice.one_in(2);
      site.cluster.qos[QosId{i}].deny_on_limit = dice.one_in(3);
    }
    for (const AssocId id : {AssocId{0}, site.lab, site.guests, site.ann, site.bob, site.cat}) {
      if (!dice.one_in(3)) continue;
      dice.fill(site.of(id));
      // These are limits of QOS only.
      site.of(id).min_tres_per_job.clear();
      site.of(id).max_tres_per_user.clear();
      site.of(id).max_tres_per_account.clear();
    }
    const AssocId users[] = {site.ann, site.bob, site.cat};
    const QosId qos[] = {QosId{0}, QosId{1}, QosId{2}, kNone<QosId>};
    const auto payer = [&] {
      return site.payer(users[dice.below(3)], qos[dice.below(4)], qos[dice.below(4)]);
    };
    const auto tres = [&] {
      return TresCounts{dice.below(8), dice.below(8), dice.below(3), dice.below(8), dice.below(4)};
    };
    Asks asks{site};
    std::vector<Running> running;
    for (std::int64_t jobs = dice.below(8); jobs > 0; --jobs) {
      running.push_back({payer(), tres()});
      asks.run(running.back().payer, running.back().tres);
    }
    const Payer who = payer();
    const TresCounts what = tres();
    const Duration wall = dice.below(12) * kMinute;
    Oracle oracle(site.cluster, running);
    REQUIRE(asks.before(who, wall) == oracle.before(who, wall));
    REQUIRE(asks.after(who, what) == oracle.after(who, what));
    const std::int64_t tasks = 1 + dice.below(4);
    REQUIRE(asks.submit(who, tasks, what, wall) == oracle.submit(who, tasks, what, wall));
    ++seen[oracle.submit(who, tasks, what, wall)];
    ++seen[oracle.before(who, wall)];
    ++seen[oracle.after(who, what)];
  }
  CHECK(seen.size() == 54);  // every reason that a limit has, and none
}

}  // namespace
}  // namespace rehearse
