// Labs that share GPUs (see GpuLabModel). Submissions are drawn one after another from the mixture
// of classes until they offer the load asked for; then each gets its instant. Given their number,
// the arrivals of a Poisson process of varying rate are independent draws from that rate: so an
// instant is keyed by its submission too, and a larger load only adds submissions.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <map>
#include <optional>

#include "models/workload/draw.hpp"
#include "models/workload/models.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"

namespace rehearse::workload {
namespace {

constexpr double kSecondsPerHour = 3600;
constexpr Duration kProbeMedian = std::chrono::minutes{10};
constexpr double kProbeSigma = 0.5;
constexpr Duration kProbeLimit = std::chrono::minutes{30};
constexpr std::string_view kAny = "any";
constexpr std::uint64_t kHopeless = 10'000;  // so many without any work: there will be none

// A submission before it has its place in the order.
struct Draft {
  Submission row;
  Special special;
  std::vector<TaskTruth> tasks;
  std::optional<std::size_t> after;  // draft that has to end well first
};

double rhythm_weight(Rhythm rhythm, std::size_t hour) {
  constexpr double kPi = 3.14159265358979323846;
  const std::size_t hour_of_day = hour % 24;
  const bool is_weekend = hour / 24 % 7 >= 5;
  switch (rhythm) {
    case Rhythm::Always:
      return 1;
    case Rhythm::Office:
      return !is_weekend && hour_of_day >= 9 && hour_of_day < 19 ? 1 : 0;
    case Rhythm::Daily:
      break;
  }
  const double around = 2 * kPi * (static_cast<double>(hour_of_day) + 0.5 - 15) / 24;
  return (1 + 0.8 * std::cos(around)) * (is_weekend ? 0.5 : 1);
}

ArrivalRate arrival_rate(const GpuLabModel& model, double days, Rhythm rhythm) {
  std::vector<double> weights(static_cast<std::size_t>(std::ceil(days * 24)));
  for (std::size_t hour = 0; hour < weights.size(); ++hour) {
    weights[hour] = rhythm_weight(rhythm, hour);
    const double before = model.deadline_day - static_cast<double>(hour) / 24;
    if (model.deadline_day < 0 || before < 0) continue;
    weights[hour] *= 1 + (model.deadline_boost - 1) * std::exp(-before / model.deadline_days);
  }
  return {kSecondsPerHour, weights};
}

// Users by account, the busiest first.
using Users = std::map<std::string, Mixture<std::string>>;

Users users_by_account(const Cluster& cluster, double zipf) {
  Users result;
  for (const Assoc& assoc : cluster.assocs) {
    if (!assoc.is_user()) continue;
    Mixture<std::string>& users = result[assoc.account];
    users.values.push_back(assoc.user);
    users.weights.push_back(std::pow(static_cast<double>(users.values.size()), -zipf));
  }
  return result;
}

// Accounts with a GPU cap, by it; if there are none, all by their number of users.
Mixture<std::string> all_accounts(const Cluster& cluster, const Users& users) {
  Mixture<std::string> by_cap;
  Mixture<std::string> by_users;
  for (const auto& [account, members] : users) {
    by_users.values.push_back(account);
    by_users.weights.push_back(static_cast<double>(members.values.size()));
    const TresCounts& cap = cluster.assocs[*cluster.find_account(account)].limits.grp_tres;
    if (cap.size() <= kTresGpu || cap[kTresGpu] <= 0) continue;
    by_cap.values.push_back(account);
    by_cap.weights.push_back(static_cast<double>(cap[kTresGpu]));
  }
  return by_cap.empty() ? by_users : by_cap;
}

class GpuLab {
 public:
  GpuLab(const WorkloadModel& all, const Cluster& cluster, std::uint64_t seed)
      : all_(all),
        model_(std::get<GpuLabModel>(all.kind)),
        cluster_(cluster),
        seed_(seed),
        users_(users_by_account(cluster, model_.user_zipf)),
        accounts_(all_accounts(cluster, users_)) {
    for (const JobClass& each : model_.classes) {
      check(each);
      classes_.values.push_back(&each);
      classes_.weights.push_back(each.share);
    }
    for (const Rhythm rhythm : {Rhythm::Always, Rhythm::Daily, Rhythm::Office}) {
      rates_.push_back(arrival_rate(model_, all.days, rhythm));
    }
  }

  Generated run(double capacity) {
    double work = 0;
    for (std::uint64_t job = 0; work < all_.load * capacity; ++job) {
      if (job == kMaxSubmissions || (job == kHopeless && work == 0)) {
        fail({.message = fmt::format("{} submissions do not offer a load of {} of {}", job,
                                     all_.load, all_.load_of)});
      }
      work += add(job);
    }
    return {in_order(), work / capacity};
  }

 private:
  // What a class names must exist, so that a run does not refuse its jobs for a slip.
  void check(const JobClass& each) const {
    const auto refuse = [&](std::string_view what, std::string_view name) {
      fail({.message = fmt::format("class \"{}\": no {} \"{}\" in cluster \"{}\"", each.name, what,
                                   name, cluster_.name)});
    };
    for (const std::string& account : each.accounts.values) {
      if (!users_.contains(account)) refuse("account with users", account);
    }
    for (const std::string& list : each.partition.values) {
      if (list == "{account}") continue;
      for (const std::string_view name : split(list, ',')) {
        if (!cluster_.find_partition(name)) refuse("partition", name);
      }
    }
    for (const std::string& name : each.qos.values) {
      if (!cluster_.find_qos(name)) refuse("QOS", name);
    }
    if (each.probes > 0 && !cluster_.find_partition(each.probe_partition)) {
      refuse("partition", each.probe_partition);
    }
    if (each.accounts.empty() && accounts_.empty()) refuse("account with users", "");
  }

  // Adds submission number `job` and returns its work in units of load_of times seconds.
  double add(std::uint64_t job) {
    RandomStream random{seed_, kShape, job};
    const JobClass& kind = *draw(classes_, random);
    Draft draft;
    double amount = 0;
    const Asked asked = draw_asked(kind, random, amount);
    draft.row.asked = builder_.asked(asked);
    const std::string account =
        draw(kind.accounts.empty() ? accounts_for(asked) : kind.accounts, random);
    draft.row.account = builder_.name(account);
    draft.row.user = builder_.name(draw(users_.at(account), random));
    std::string partition = kind.partition.empty() ? "" : draw(kind.partition, random);
    if (partition == "{account}") partition = account;
    draft.row.partition = builder_.name(partition);
    draft.row.qos = builder_.name(kind.qos.empty() ? "" : draw(kind.qos, random));
    draw_tasks(kind, job, random, draft);
    const Duration longest = longest_task(draft);
    const Duration limit = draw_limit(kind.limits, longest, random);
    if (random.uniform() >= kind.without_limit) draft.row.time_limit = limit;
    RandomStream arrival{seed_, kArrival, job};
    draft.row.submit = rates_[static_cast<std::size_t>(kind.rhythm)].at(arrival.uniform());
    if (random.uniform() < kind.probes) draft.after = add_probe(kind, job, draft);
    double seconds = 0;
    for (const TaskTruth& task : draft.tasks) {
      const Duration held = draft.row.time_limit == kUnset
                                ? task.run_time
                                : std::min(task.run_time, draft.row.time_limit);
      seconds += static_cast<double>(whole_seconds(held));
    }
    drafts_.push_back(std::move(draft));
    return amount * seconds;
  }

  // Members of a lab know its caps: accounts that can never hold the job do not ask for it.
  Mixture<std::string> accounts_for(const Asked& asked) const {
    const std::int64_t nodes = asked.min_nodes;
    const std::int64_t cpus = nodes * std::max(1U, asked.cpus_per_task);
    const std::int64_t gpus = asked.gres_per_node.empty() || asked.gres_per_node[0].name != "gpu"
                                  ? 0
                                  : nodes * asked.gres_per_node[0].count;
    Mixture<std::string> result = accounts_;
    double total = 0;
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      const AssocId account = *cluster_.find_account(result.values[i]);
      const TresCounts& cap = cluster_.assocs[account].limits.grp_tres;
      const auto exceeds = [&](std::size_t tres, std::int64_t count) {
        return tres < cap.size() && cap[tres] != kNoLimit && count > cap[tres];
      };
      if (exceeds(kTresCpu, cpus) || exceeds(kTresGpu, gpus)) result.weights[i] = 0;
      total += result.weights[i];
    }
    return total > 0 ? result : accounts_;
  }

  static Duration longest_task(const Draft& draft) {
    Duration longest = Duration::zero();
    for (const TaskTruth& task : draft.tasks) longest = std::max(longest, task.run_time);
    return longest;
  }

  // `amount`: how much of load_of the request holds.
  Asked draw_asked(const JobClass& kind, RandomStream& random, double& amount) const {
    Asked asked;
    const std::int64_t gpus = kind.gpus.empty() ? 0 : draw(kind.gpus, random);
    const std::int64_t nodes =
        std::max<std::int64_t>(1, (gpus + kind.gpus_per_node - 1) / kind.gpus_per_node);
    const std::int64_t per_node = gpus / nodes;
    std::string type = kind.gpu_type.empty() ? "" : draw(kind.gpu_type, random);
    if (type == kAny) type.clear();
    asked.min_nodes = asked.max_nodes = static_cast<std::uint32_t>(nodes);
    asked.tasks = asked.min_nodes;
    if (gpus > 0) {
      const bool in_gres = kind.type_by == TypeBy::Gres;
      asked.gres_per_node.push_back({kind.gres, in_gres ? type : "", per_node});
      if (!in_gres) asked.constraint = type;
    }
    const Mixture<std::int64_t>& cpus = gpus > 0 ? kind.cpus_per_gpu : kind.cpus;
    if (!cpus.empty()) {
      asked.cpus_per_task =
          static_cast<std::uint32_t>(draw(cpus, random) * std::max<std::int64_t>(1, per_node));
    }
    const Mixture<std::int64_t>& memory = gpus > 0 ? kind.memory_per_gpu_mib : kind.memory_mib;
    if (!memory.empty()) {
      asked.memory = {MemoryPer::Node, draw(memory, random) * std::max<std::int64_t>(1, per_node)};
    }
    const std::string node = kind.nodelist.empty() ? "" : draw(kind.nodelist, random);
    if (node != kAny) asked.nodelist = node;
    asked.exclude = kind.exclude;
    if (all_.load_of == "cpu") {
      amount = static_cast<double>(nodes) * std::max(1U, asked.cpus_per_task);
    } else if (all_.load_of == "gres/" + kind.gres) {
      amount = static_cast<double>(per_node * nodes);
    }
    return asked;
  }

  void draw_tasks(const JobClass& kind, std::uint64_t job, RandomStream& random,
                  Draft& draft) const {
    std::int64_t count = 1;
    if (random.uniform() < kind.arrays) {
      count = kind.array_tasks.empty() ? 1 : draw(kind.array_tasks, random);
      for (std::int64_t task = 0; task < count; ++task) {
        draft.special.array_tasks.push_back(static_cast<std::uint32_t>(task));
      }
      draft.special.array_throttle = static_cast<std::uint32_t>(kind.array_throttle);
    }
    for (std::int64_t task = 0; task < count; ++task) {
      RandomStream each{seed_, kTask, job, static_cast<std::uint64_t>(task)};
      draft.tasks.push_back(draw_truth(kind.run_time, kind.run_sigma, kind.failures, each));
    }
  }

  static TaskTruth draw_truth(Duration median, double sigma, double failures,
                              RandomStream& random) {
    const double normal = boost::random::normal_distribution<double>()(random);
    double seconds = static_cast<double>(whole_seconds(median)) * std::exp(sigma * normal);
    TaskTruth truth{};
    if (random.uniform() < failures) {
      truth.exit_code = 1;
      seconds *= random.uniform();
    }
    truth.run_time = std::chrono::seconds{std::max<std::int64_t>(1, std::llround(seconds))};
    return truth;
  }

  // A short job on one GPU (or CPU) that `draft` waits for; returns its draft's position.
  std::size_t add_probe(const JobClass& kind, std::uint64_t job, const Draft& draft) {
    RandomStream random{seed_, kProbe, job};
    Draft probe;
    probe.row = draft.row;
    probe.row.partition = builder_.name(kind.probe_partition);
    probe.row.time_limit = kProbeLimit;
    const Asked& asked = builder_.workload().asked[draft.row.asked];
    Asked small;
    small.min_nodes = small.max_nodes = small.tasks = 1;
    if (!asked.gres_per_node.empty()) small.gres_per_node.push_back({kind.gres, "", 1});
    probe.row.asked = builder_.asked(small);
    probe.tasks.push_back(draw_truth(kProbeMedian, kProbeSigma, kind.failures, random));
    drafts_.push_back(std::move(probe));
    return drafts_.size() - 1;
  }

  // The drafts as rows, by instant and then as they were drawn.
  Workload in_order() {
    std::vector<std::size_t> order(drafts_.size());
    for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return drafts_[a].row.submit < drafts_[b].row.submit;
    });
    Workload& made = builder_.workload();
    std::vector<SubmissionId> row_of(drafts_.size());
    for (const std::size_t at : order) {
      Draft& draft = drafts_[at];
      const auto id = static_cast<SubmissionId>(made.submissions.size());
      row_of[at] = id;
      draft.row.number = made.submissions.size() + 1;
      if (draft.after) {
        draft.special.dependencies.push_back(
            {.kind = DependencyKind::AfterOk, .on = row_of[*draft.after]});
      }
      if (draft.after || !draft.special.array_tasks.empty()) {
        draft.row.special = static_cast<std::uint32_t>(made.specials.size());
        made.specials.push_back(std::move(draft.special));
      }
      made.submissions.push_back(draft.row);
      made.truth.run_time.push_back(draft.tasks.front().run_time);
      if (draft.tasks.size() > 1 || draft.tasks.front().exit_code != 0) {
        made.truth.details[id].by_task_rank = std::move(draft.tasks);
      }
    }
    return builder_.take();
  }

  const WorkloadModel& all_;
  const GpuLabModel& model_;
  const Cluster& cluster_;
  std::uint64_t seed_;
  Users users_;
  Mixture<std::string> accounts_;
  Mixture<const JobClass*> classes_;
  std::vector<ArrivalRate> rates_;  // by Rhythm
  WorkloadBuilder builder_;
  std::vector<Draft> drafts_;
};

}  // namespace

Generated generate_gpu_lab(const WorkloadModel& model, const Cluster& cluster, double capacity,
                           std::uint64_t seed) {
  return GpuLab(model, cluster, seed).run(capacity);
}

}  // namespace rehearse::workload
