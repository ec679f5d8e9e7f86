// Limits beside a second implementation, on random sites: it writes all limits of a payer into one
// list, in the order in which slurmctld reads them, strikes out those that an earlier layer sets
// too, and reads the list from the top.
#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/state/limiter.hpp"
#include "tests/unit/state/limits_site.hpp"

namespace rehearse {
namespace {

/// A line is one limit: which, on what, Slurm's reason for it, and whether it holds the job.
struct Line {
  std::string limit;
  int tres = -1;
  std::string reason;
  bool holds = false;
};
/// A job that has run for `spent` seconds of its `limit`.
struct Running {
  Payer payer;
  TresCounts tres;
  std::int64_t limit, spent;
};
struct Question {
  Payer payer;
  TresCounts tres;
  std::int64_t minutes = 0, tasks = 1;
  bool at_submit = false;
};

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

struct Kind {
  TresCounts Limits::* bounds;
  const char *qos_reasons, *assoc_reasons;
};
const std::map<std::string, Kind> kTresLimits{
    {"GrpTRESMins",
     {&Limits::grp_tres_minutes,
      "QOSGrpCPUMinutesLimit QOSGrpMemoryMinutes QOSGrpNodeMinutes QOSGrpBillingMinutes "
      "QOSGrpGRESMinutes",
      "AssocGrpCPUMinutesLimit AssocGrpMemMinutes AssocGrpNodeMinutes AssocGrpBillingMinutes "
      "AssocGrpGRESMinutes"}},
    {"GrpTRES",
     {&Limits::grp_tres, "QOSGrpCpuLimit QOSGrpMemLimit QOSGrpNodeLimit QOSGrpBilling QOSGrpGRES",
      "AssocGrpCpuLimit AssocGrpMemLimit AssocGrpNodeLimit AssocGrpBilling AssocGrpGRES"}},
    {"GrpTRESRunMins",
     {&Limits::grp_tres_run_minutes,
      "QOSGrpCPURunMinutesLimit QOSGrpMemoryRunMinutes QOSGrpNodeRunMinutes "
      "QOSGrpBillingRunMinutes QOSGrpGRESRunMinutes",
      "AssocGrpCPURunMinutesLimit AssocGrpMemRunMinutes AssocGrpNodeRunMinutes "
      "AssocGrpBillingRunMinutes AssocGrpGRESRunMinutes"}},
    {"MaxTRESMinsPJ",
     {&Limits::max_tres_minutes_per_job,
      "QOSMaxCpuMinutesPerJobLimit QOSMaxMemoryMinutesPerJob QOSMaxNodeMinutesPerJob "
      "QOSMaxBillingMinutesPerJob QOSMaxGRESMinutesPerJob",
      "AssocMaxCpuMinutesPerJobLimit AssocMaxMemMinutesPerJob AssocMaxNodeMinutesPerJob "
      "AssocMaxBillingMinutesPerJob AssocMaxGRESMinutesPerJob"}},
    {"MaxTRESPJ",
     {&Limits::max_tres_per_job,
      "QOSMaxCpuPerJobLimit QOSMaxMemoryPerJob QOSMaxNodePerJobLimit QOSMaxBillingPerJob "
      "QOSMaxGRESPerJob",
      "AssocMaxCpuPerJobLimit AssocMaxMemPerJob AssocMaxNodePerJobLimit AssocMaxBillingPerJob "
      "AssocMaxGRESPerJob"}},
    {"MaxTRESPN",
     {&Limits::max_tres_per_node, "QOSMaxCpuPerNode QOSMaxMemoryPerNode - - QOSMaxGRESPerNode",
      "AssocMaxCpuPerNode AssocMaxMemPerNode - - AssocMaxGRESPerNode"}},
    {"MinTRES",
     {&Limits::min_tres_per_job,
      "QOSMinCpuNotSatisfied QOSMinMemory QOSMinNode QOSMinBilling QOSMinGRES", ""}},
    {"MaxTRESPA",
     {&Limits::max_tres_per_account,
      "MaxCpuPerAccount MaxMemoryPerAccount MaxNodePerAccount MaxBillingPerAccount "
      "MaxGRESPerAccount",
      ""}},
    {"MaxTRESPU",
     {&Limits::max_tres_per_user,
      "QOSMaxCpuPerUserLimit QOSMaxMemoryPerUser QOSMaxNodePerUserLimit QOSMaxBillingPerUser "
      "QOSMaxGRESPerUser",
      ""}}};

class Oracle {
 public:
  Oracle(const Cluster& cluster, const std::vector<Running>& running)
      : cluster_(cluster), running_(running) {}

  std::string before(Question ask) {
    ask.minutes = counted(ask);
    return first(ask, "GrpJobs GrpWall MaxJobsPA MaxJobsPU MaxWall", "GrpJobs GrpWall",
                 "MaxJobs MaxWall");
  }
  std::string submit(Question ask) {
    ask.at_submit = true;
    return first(ask,
                 "MaxTRESPA MaxTRESPU GrpTRES GrpSubmit MaxTRESMinsPJ GrpTRESMins GrpTRESRunMins "
                 "MaxWall GrpWall MaxTRESPJ MaxTRESPN MaxSubmitPA MaxSubmitPU MinTRES",
                 "GrpTRES GrpSubmit GrpTRESMins GrpTRESRunMins GrpWall",
                 "MaxTRESPJ MaxTRESPN MaxSubmit MaxTRESMinsPJ MaxWall");
  }
  std::string after(Question ask) {
    ask.minutes = counted(ask);
    return first(ask,
                 "GrpTRESMins GrpTRES GrpTRESRunMins MaxTRESMinsPJ MaxTRESPJ MaxTRESPN MinTRES "
                 "MaxTRESPA MaxTRESPU",
                 "GrpTRESMins GrpTRES GrpTRESRunMins", "MaxTRESMinsPJ MaxTRESPJ MaxTRESPN");
  }

 private:
  /// The jobs that count towards a limit: all, or those of a QOS, below an association, ...
  using Who = std::vector<const Running*>;

  std::string first(const Question& ask, const char* of_qos, const char* of_level,
                    const char* of_own) {
    lines_.clear();
    struck_.clear();
    const std::vector<QosId> qos = layers(ask.payer);
    bool strict = qos.empty();
    for (const QosId each : qos) strict = strict || cluster_.qos[each].deny_on_limit;
    const auto is_tried = [&](const std::string& limit) {
      return !ask.at_submit || strict || limit.find("Submit") != std::string::npos;
    };
    for (const QosId each : qos) {
      std::set<std::string> seen;
      for (const std::string& limit : words(of_qos)) {
        if (is_tried(limit)) add_qos(limit, each, ask, seen);
      }
      struck_.merge(seen);
    }
    for (AssocId id = ask.payer.assoc; id != kNone<AssocId>; id = cluster_.assocs[id].parent) {
      for (const std::string& limit : words(of_level)) {
        if (is_tried(limit)) add_assoc(limit, id, ask);
      }
      if (id != ask.payer.assoc) continue;
      for (const std::string& limit : words(of_own)) {
        if (is_tried(limit)) add_assoc(limit, id, ask);
      }
    }
    for (const Line& line : lines_) {
      if (line.holds) return line.reason;
    }
    return "";
  }

  void add_qos(const std::string& limit, QosId qos, const Question& ask,
               std::set<std::string>& seen) {
    const Limits& of = cluster_.qos[qos].limits;
    const bool by_account = limit.ends_with("PA"), by_user = limit.ends_with("PU");
    const Who who = members([&](const Payer& each) {
      return (each.job_qos == qos || each.partition_qos == qos) &&
             (!by_user || each.user == ask.payer.user) &&
             (!by_account || lab(each) == lab(ask.payer));
    });
    std::vector<Line> lines;
    if (const auto tres = kTresLimits.find(limit); tres != kTresLimits.end()) {
      lines = tres_lines(limit, of.*tres->second.bounds, tres->second.qos_reasons, who, ask);
    } else {
      static const std::map<std::string, std::pair<std::optional<std::int64_t> Limits::*, Line>>
          kJobs{{"GrpJobs", {&Limits::grp_jobs, {"", -1, "QOSGrpJobsLimit"}}},
                {"MaxJobsPA", {&Limits::max_jobs_per_account, {"", -1, "MaxJobsPerAccount"}}},
                {"MaxJobsPU", {&Limits::max_jobs_per_user, {"", -1, "QOSMaxJobsPerUserLimit"}}},
                {"GrpSubmit", {&Limits::grp_submit_jobs, {"", -1, "QOSGrpSubmitJobsLimit"}}},
                {"MaxSubmitPA",
                 {&Limits::max_submit_jobs_per_account, {"", -1, "MaxSubmitJobsPerAccount"}}},
                {"MaxSubmitPU",
                 {&Limits::max_submit_jobs_per_user, {"", -1, "QOSMaxSubmitJobPerUserLimit"}}}};
      if (const auto jobs = kJobs.find(limit); jobs != kJobs.end()) {
        lines = jobs_line(limit, of.*jobs->second.first, who, ask, jobs->second.second.reason);
      } else {
        lines = wall_line(limit, of, who, ask, "QOS");
      }
    }
    for (Line& line : lines) {
      const std::string key = line.limit + std::to_string(line.tres);
      seen.insert(key);
      if (!struck_.contains(key)) lines_.push_back(std::move(line));
    }
  }

  void add_assoc(const std::string& limit, AssocId id, const Question& ask) {
    const Who who = members([&](const Payer& each) {
      const std::vector<AssocId> up = path(each.assoc);
      return std::find(up.begin(), up.end(), id) != up.end();
    });
    const Limits& own = cluster_.assocs[id].limits;
    std::vector<Line> lines;
    if (const auto tres = kTresLimits.find(limit); tres != kTresLimits.end()) {
      TresCounts bounds =
          limit.starts_with("Grp") ? own.*tres->second.bounds : inherited(id, tres->second.bounds);
      if (limit == "GrpTRES" || limit == "MaxTRESPJ") multiply(bounds, ask.payer);
      lines = tres_lines(limit, bounds, tres->second.assoc_reasons, who, ask);
    } else if (limit.starts_with("GrpJobs")) {
      lines = jobs_line(limit, own.grp_jobs, who, ask, "AssocGrpJobsLimit");
    } else if (limit.starts_with("GrpSubmit")) {
      lines = jobs_line(limit, own.grp_submit_jobs, who, ask, "AssocGrpSubmitJobsLimit");
    } else if (limit == "MaxJobs" || limit == "MaxSubmit") {
      if (struck_.contains(limit + "PA-1") || struck_.contains(limit + "PU-1")) return;
      std::optional<std::int64_t> most;
      for (const AssocId up : path(id)) {
        const Limits& of = cluster_.assocs[up].limits;
        if (!most) most = limit == "MaxJobs" ? of.max_jobs : of.max_submit_jobs;
      }
      lines = jobs_line(limit, most, who, ask,
                        limit == "MaxJobs" ? "AssocMaxJobsLimit" : "AssocMaxSubmitJobLimit");
    } else {
      Limits of = own;
      for (const AssocId up : path(id)) {
        if (!of.max_wall_per_job) of.max_wall_per_job = cluster_.assocs[up].limits.max_wall_per_job;
      }
      lines = wall_line(limit, of, who, ask, "Assoc");
    }
    for (Line& line : lines) {
      if (!struck_.contains(line.limit + std::to_string(line.tres)))
        lines_.push_back(std::move(line));
    }
  }

  std::vector<Line> tres_lines(const std::string& limit, const TresCounts& bounds,
                               const char* reasons, const Who& who, const Question& ask) const {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const std::string reason = words(reasons)[i];
      if (bounds[i] == kNoLimit || reason == "-") continue;
      lines.push_back({limit, static_cast<int>(i), reason, is_held(limit, i, bounds[i], who, ask)});
    }
    return lines;
  }

  bool is_held(const std::string& limit, std::size_t i, std::int64_t bound, const Who& who,
               const Question& ask) const {
    std::int64_t asked = ask.tres[i];
    if (limit == "MinTRES") return asked < bound;
    // A submission is spread evenly over its nodes; where nodes are chosen, one may have it all.
    if (limit == "MaxTRESPN" && ask.at_submit) {
      asked /= std::max<std::int64_t>(1, ask.tres[kTresNode]);
    }
    if (limit.find("Mins") != std::string::npos) asked *= ask.minutes;
    if (asked == 0) return false;
    if (ask.at_submit || limit.ends_with("PJ") || limit.ends_with("PN")) return asked > bound;
    if (limit.find("Mins") == std::string::npos) return asked + sum(who, i) > bound;
    double spent = 0, left = 0;
    for (const Running* each : who) {
      const double amount = static_cast<double>(each->tres[i]) * factor(each->payer);
      spent += amount * static_cast<double>(each->spent);
      left += amount * static_cast<double>(each->limit - each->spent);
    }
    if (factor(ask.payer) == 0) spent = left = 0;
    const auto used = static_cast<std::int64_t>(spent / 60);
    const auto promised = static_cast<std::int64_t>(left / 60);
    if (limit == "GrpTRESRunMins") return asked + promised > bound;
    return used >= bound || (cluster_.limits_are_safe && asked + promised + used > bound);
  }

  std::vector<Line> jobs_line(const std::string& limit, std::optional<std::int64_t> bound,
                              const Who& who, const Question& ask,
                              const std::string& reason) const {
    if (!bound) return {};
    const std::int64_t asked = ask.at_submit ? ask.tasks : 1;
    return {{limit, -1, reason, static_cast<std::int64_t>(who.size()) + asked > *bound}};
  }

  std::vector<Line> wall_line(const std::string& limit, const Limits& of, const Who& who,
                              const Question& ask, const std::string& prefix) const {
    const auto& bound = limit == "MaxWall" ? of.max_wall_per_job : of.grp_wall;
    if (!bound) return {};
    const std::int64_t most = *bound / kMinute;
    if (limit == "MaxWall") {
      return {{limit, -1, prefix + "MaxWallDurationPerJobLimit", ask.minutes > most}};
    }
    double seconds = 0;
    for (const Running* each : who) {
      seconds += static_cast<double>(each->spent) * factor(each->payer);
    }
    const auto used = static_cast<std::int64_t>(seconds / 60);
    const bool now = used >= most || (cluster_.limits_are_safe && used + ask.minutes > most);
    return {{limit, -1, prefix + "GrpWallLimit", ask.at_submit ? ask.minutes > most : now}};
  }

  double factor(const Payer& payer) const {
    return payer.job_qos == kNone<QosId> ? 1 : cluster_.qos[payer.job_qos].usage_factor;
  }
  std::int64_t counted(const Question& ask) const {
    const QosId qos = ask.payer.job_qos;
    if (qos == kNone<QosId> || !cluster_.qos[qos].usage_factor_safe) return ask.minutes;
    return static_cast<std::int64_t>(static_cast<double>(ask.minutes) * factor(ask.payer));
  }
  void multiply(TresCounts& bounds, const Payer& payer) const {
    for (const QosId qos : layers(payer)) {
      const auto& by = cluster_.qos[qos].limit_factor;
      if (!by) continue;
      for (std::int64_t& bound : bounds) {
        if (bound != kNoLimit && *by > 0) {
          bound = static_cast<std::int64_t>(static_cast<double>(bound) * *by);
        }
      }
      return;
    }
  }

  std::vector<QosId> layers(const Payer& payer) const {
    std::vector<QosId> result;
    if (payer.partition_qos != kNone<QosId>) result.push_back(payer.partition_qos);
    if (payer.job_qos != kNone<QosId> && payer.job_qos != payer.partition_qos) {
      const bool over = cluster_.qos[payer.job_qos].over_part_qos;
      result.insert(over ? result.begin() : result.end(), payer.job_qos);
    }
    return result;
  }
  std::vector<AssocId> path(AssocId id) const {
    std::vector<AssocId> result;
    for (; id != kNone<AssocId>; id = cluster_.assocs[id].parent) result.push_back(id);
    return result;
  }
  AssocId lab(const Payer& payer) const { return cluster_.assocs[payer.assoc].parent; }

  template <class Counts>
  Who members(Counts counts) const {
    Who result;
    for (const Running& each : running_) {
      if (counts(each.payer)) result.push_back(&each);
    }
    return result;
  }
  static std::int64_t sum(const Who& who, std::size_t tres) {
    std::int64_t result = 0;
    for (const Running* each : who) result += each->tres[tres];
    return result;
  }
  TresCounts inherited(AssocId assoc, TresCounts Limits::* which) const {
    TresCounts result(kTresFirstGres, kNoLimit);
    std::vector<AssocId> down = path(assoc);
    std::reverse(down.begin(), down.end());
    for (const AssocId id : down) {
      const TresCounts& own = cluster_.assocs[id].limits.*which;
      for (std::size_t i = 0; i < own.size(); ++i) {
        if (own[i] != kNoLimit) result[i] = own[i];
      }
    }
    return result;
  }

  const Cluster& cluster_;
  const std::vector<Running>& running_;
  std::vector<Line> lines_;
  std::set<std::string> struck_;
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
    if (!one_in(3)) return;
    limits.grp_tres_minutes = bounds(200);
    limits.grp_tres_run_minutes = bounds(200);
    limits.max_tres_minutes_per_job = bounds(80);
    if (one_in(3)) limits.grp_wall = below(40) * kMinute;
  }
  void fill(Qos& qos) {
    if (one_in(2)) fill(qos.limits);
    qos.over_part_qos = one_in(2);
    qos.deny_on_limit = one_in(3);
    qos.usage_factor = static_cast<double>(below(5)) / 2;
    qos.usage_factor_safe = one_in(2);
    if (one_in(3)) qos.limit_factor = static_cast<double>(below(4)) / 2;
  }

 private:
  std::mt19937 random_;
};

void fill(Site& site, Dice& dice) {
  site.cluster.limits_are_safe = dice.one_in(2);
  for (Qos& qos : site.cluster.qos) dice.fill(qos);
  for (const AssocId id : {AssocId{0}, site.lab, site.guests, site.ann, site.bob, site.cat}) {
    if (!dice.one_in(3)) continue;
    dice.fill(site.of(id));
    // These are limits of QOS only.
    site.of(id).min_tres_per_job.clear();
    site.of(id).max_tres_per_user.clear();
    site.of(id).max_tres_per_account.clear();
  }
}

TEST_CASE("Limits agree with a list of lines on random sites", "[limiter]") {
  Dice dice(11);
  std::map<std::string, int> seen;
  for (int round = 0; round < 12000; ++round) {
    Site site;
    fill(site, dice);
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
      const std::int64_t limit = 2 * dice.below(400), spent = std::min(limit, 2 * dice.below(300));
      const Running& job = running.emplace_back(payer(), tres(), limit, spent);
      const std::chrono::seconds ran(spent);
      asks.run(job.payer, job.tres, std::chrono::seconds(limit));
      asks.ledger.ran(job.payer, job.tres, ran);
      asks.ledger.charge(job.payer, job.tres, static_cast<double>(spent),
                         static_cast<double>(spent));
    }
    const Question ask{payer(), tres(), dice.below(12), 1 + dice.below(4)};
    const Duration wall = ask.minutes * kMinute;
    Oracle oracle(site.cluster, running);
    CAPTURE(round);
    REQUIRE(asks.before(ask.payer, wall) == oracle.before(ask));
    REQUIRE(asks.after(ask.payer, ask.tres, wall) == oracle.after(ask));
    REQUIRE(asks.submit(ask.payer, ask.tasks, ask.tres, wall) == oracle.submit(ask));
    for (const std::string& each : {oracle.before(ask), oracle.after(ask), oracle.submit(ask)}) {
      ++seen[each];
    }
  }
  CHECK(seen.size() == 86);  // every reason that a limit has, and none
}

}  // namespace
}  // namespace rehearse
