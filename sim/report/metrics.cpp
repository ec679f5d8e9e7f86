#include "sim/report/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "sim/base/text.hpp"
#include "sim/report/held.hpp"
#include "sim/report/names.hpp"
#include "sim/report/reason_split.hpp"
#include "sim/workload/trace_info.hpp"

namespace rehearse {
namespace {

constexpr double kShortestRun = 10;  // seconds, of the bounded slowdown

// What one job's attempts add up to.
struct JobSums {
  std::int64_t wait = 0;
  std::int64_t response = 0;
  std::int64_t held = 0;
};

// The groups of one kind (by partition, ...) and which of them each job is in.
struct Grouping {
  static constexpr std::uint32_t kNoGroup = kNone<std::uint32_t>;
  std::vector<Group> groups;
  std::vector<std::uint32_t> of_job;  // position in groups; kNoGroup: never started
  std::vector<std::uint32_t> of_key;  // position in groups of a partition, account, ...

  template <class Name>
  void put(std::size_t job, std::size_t key, Name&& name) {
    if (key >= of_key.size()) of_key.resize(key + 1, kNoGroup);
    if (of_key[key] == kNoGroup) {
      of_key[key] = static_cast<std::uint32_t>(groups.size());
      groups.emplace_back().name = name();
    }
    of_job[job] = of_key[key];
  }
};

struct Values {  // of each job that started
  std::vector<double> wait, response, slowdown;
};

// The three distributions of every group.
void fill_distributions(Grouping& grouping, const Values& values) {
  const std::size_t count = grouping.groups.size();
  std::vector<std::size_t> first(count + 1, 0);
  for (const std::uint32_t group : grouping.of_job) {
    if (group != Grouping::kNoGroup) ++first[group + 1];
  }
  for (std::size_t i = 1; i <= count; ++i) first[i] += first[i - 1];
  std::vector<double> sorted(first.back());
  const auto fill = [&](const std::vector<double>& column, Distribution Group::* member) {
    std::vector<std::size_t> next(first.begin(), first.end() - 1);
    for (std::size_t job = 0; job < column.size(); ++job) {
      const std::uint32_t group = grouping.of_job[job];
      if (group != Grouping::kNoGroup) sorted[next[group]++] = column[job];
    }
    for (std::size_t i = 0; i < count; ++i) {
      grouping.groups[i].*member =
          distribution(std::span(sorted).subspan(first[i], first[i + 1] - first[i]));
    }
  };
  fill(values.wait, &Group::wait);
  fill(values.response, &Group::response);
  fill(values.slowdown, &Group::slowdown);
}

void add_not_run(std::vector<NotRun>& list, Reason reason, std::string name) {
  auto at = std::find_if(list.begin(), list.end(),
                         [&](const NotRun& each) { return each.reason == reason; });
  if (at == list.end()) at = list.insert(list.end(), NotRun{reason, 0, {}});
  if (++at->jobs <= static_cast<std::int64_t>(NotRun::kNamed)) at->first.push_back(std::move(name));
}

class Measurement {
 public:
  Measurement(const Cluster& cluster, const Workload& workload, const Journal& journal)
      : cluster_(cluster), workload_(workload), journal_(journal) {}

  Metrics run(const MetricOptions& options) {
    metrics_.clairvoyant = journal_.clairvoyant;
    metrics_.jobs = static_cast<std::int64_t>(journal_.jobs.size());
    metrics_.repairs = workload_.repairs;
    metrics_.warnings = workload_.warnings;
    metrics_.notes = journal_.notes;
    metrics_.not_simulated = cluster_.not_simulated;
    say_what_has_no_effect(options.scheduler);
    if (options.scheduler == "slurm") say_what_is_capacity();
    group_jobs();
    add_attempts();
    finish_groups();
    for (const Eviction& eviction : journal_.evictions) {
      ++(eviction.mode == PreemptMode::Requeue ? metrics_.requeued_by_preemption
                                               : metrics_.cancelled_by_preemption);
    }
    measure_use(options);
    return std::move(metrics_);
  }

 private:
  void say_what_has_no_effect(const std::string& scheduler) {
    auto options = rows_by_option(workload_, &Special::not_simulated);
    if (scheduler != "slurm") {
      for (const auto& [option, rows] : rows_by_option(workload_, &Special::slurm_only)) {
        options[option] += rows;
      }
      if (!workload_.operations.empty()) {
        metrics_.notes.push_back(fmt::format("operations: {}, not simulated by scheduler {}",
                                             workload_.operations.size(), scheduler));
      }
    }
    for (const auto& [option, rows] : options) {
      metrics_.not_simulated.push_back(
          fmt::format("the option {} has no effect: {} submissions", option, rows));
    }
  }

  void say_what_is_capacity() {
    const auto takes_nodes = [](const Operation& each) {
      return std::holds_alternative<UpdateNodes>(each.action) ||
             std::holds_alternative<ChangeReservation>(each.action);
    };
    if (!std::any_of(workload_.operations.begin(), workload_.operations.end(), takes_nodes)) return;
    metrics_.notes.emplace_back("use: nodes count while they are down, drained or reserved too");
  }

  // Puts every job that has started into its groups, and names those that have not run.
  void group_jobs() {
    const std::size_t jobs = journal_.jobs.size();
    for (Grouping* each : groupings()) each->of_job.resize(jobs, Grouping::kNoGroup);
    for (std::size_t i = 0; i < jobs; ++i) {
      const auto id = static_cast<JobId>(i);
      const JobEntry& job = journal_.jobs[id];
      const Attempt& last = journal_.attempts[job.last_attempt];
      ++metrics_.states[static_cast<std::size_t>(last.state)];
      if (last.state == JobState::Rejected) {
        add_not_run(metrics_.rejected, last.reason, job_name(workload_, job));
      } else if (last.state == JobState::Pending || last.state == JobState::Running) {
        add_not_run(metrics_.left_over, last.reason, job_name(workload_, job));
      }
      if (last.start == kNever) continue;
      all_.put(i, 0, [] { return std::string("all"); });
      partitions_.put(i, index(last.partition), [&] {
        return std::string(partition_name(cluster_, workload_, journal_, last));
      });
      accounts_.put(i, account_key(job),
                    [&] { return std::string(account_name(workload_, journal_, job)); });
      qos_.put(i, job.qos == kNone<QosId> ? 0 : index(job.qos) + 1,
               [&] { return std::string(qos_name(cluster_, workload_, job)); });
      const auto gpus = static_cast<std::size_t>(held_by(cluster_, journal_, last).gpus);
      gpus_.put(i, gpus, [&] { return std::to_string(gpus); });
    }
  }

  // Accounts of the journal first, then texts of the trace for jobs of the root.
  std::size_t account_key(const JobEntry& job) const {
    const AssocId account = account_of(journal_, job);
    if (account != kNone<AssocId>) return index(account);
    return journal_.assocs.size() + index(workload_.submissions[job.submission].account);
  }

  void add_attempts() {
    sums_.resize(journal_.jobs.size());
    const ReasonSplit split(journal_);
    std::int64_t first_submit = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_end = std::numeric_limits<std::int64_t>::min();
    held_.resize(cluster_.tres_count(), 0);
    std::map<AttemptId, std::int64_t> suspended;
    for (const Suspension& each : journal_.suspensions) {
      const Time last = std::min(each.until, journal_.attempts[each.attempt].end);
      suspended[each.attempt] +=
          whole_seconds(last == kNever ? journal_.end : last) - whole_seconds(each.from);
    }
    for (std::size_t i = 0; i < journal_.attempts.size(); ++i) {
      const auto id = static_cast<AttemptId>(i);
      const Attempt& attempt = journal_.attempts[id];
      if (attempt.start == kNever) continue;
      const std::int64_t seconds = seconds_held(journal_, attempt);
      const std::int64_t start = whole_seconds(attempt.start);
      first_submit = std::min(first_submit, whole_seconds(attempt.submit));
      last_end = std::max(last_end, start + seconds);
      JobSums& sums = sums_[index(attempt.job)];
      sums.wait += start - whole_seconds(attempt.eligible);
      sums.response += start - whole_seconds(attempt.submit);
      sums.held += seconds;
      ++metrics_.started_by[static_cast<std::size_t>(attempt.started_by)];
      const auto paused = suspended.find(id);
      const std::int64_t with_cpus = paused == suspended.end() ? seconds : seconds - paused->second;
      add_held(attempt, seconds, with_cpus);
      add_to_groups(id, attempt, seconds, with_cpus, split);
    }
    if (first_submit <= last_end) {
      metrics_.first_submit = first_submit;
      metrics_.last_end = last_end;
    }
  }

  void add_held(const Attempt& attempt, std::int64_t seconds, std::int64_t with_cpus) {
    for (const Share& share : journal_.held(attempt)) {
      const double times = static_cast<double>(share.nodes) * static_cast<double>(seconds);
      held_[kTresCpu] += static_cast<double>(share.nodes) * static_cast<double>(with_cpus) *
                         static_cast<double>(share.cpus);
      held_[kTresMem] += times * static_cast<double>(share.memory_mib);
      if (share.gres == 0) continue;
      const auto row = journal_.gres.row(share.gres);
      for (std::size_t k = 0; k < row.size(); ++k) {
        const auto kind = static_cast<GresId>(k);
        held_[tres_of(kind)] += times * row[k];
        if (cluster_.gres[kind].is_gpu()) held_[kTresGpu] += times * row[k];
      }
    }
  }

  void add_to_groups(AttemptId id, const Attempt& attempt, std::int64_t seconds,
                     std::int64_t with_cpus, const ReasonSplit& split) {
    const std::size_t job = index(attempt.job);
    if (all_.of_job[job] == Grouping::kNoGroup) return;
    const Held held = held_by(cluster_, journal_, attempt);
    const bool lost = attempt.state == JobState::Preempted;
    for (Grouping* each : groupings()) {
      Group& group = each->groups[each->of_job[job]];
      group.preemptions += lost;
      group.cpu_seconds += held.cpus * with_cpus;
      group.gpu_seconds += held.gpus * seconds;
      if (!lost) continue;
      group.lost_cpu_seconds += held.cpus * with_cpus;
      group.lost_gpu_seconds += held.gpus * seconds;
    }
    split.for_each(id, [&](Reason reason, std::int64_t waited) {
      for (Grouping* each : groupings()) {
        each->groups[each->of_job[job]].reasons[static_cast<std::size_t>(reason)] += waited;
      }
    });
  }

  void finish_groups() {
    Values values;
    for (std::vector<double>* each : {&values.wait, &values.response, &values.slowdown}) {
      each->reserve(sums_.size());
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const JobSums& sums = sums_[i];
      const Attempt& last = journal_.attempts[journal_.jobs[static_cast<JobId>(i)].last_attempt];
      const double run = std::max(static_cast<double>(seconds_held(journal_, last)), kShortestRun);
      values.wait.push_back(static_cast<double>(sums.wait));
      values.response.push_back(static_cast<double>(sums.response));
      values.slowdown.push_back(std::max(1.0, static_cast<double>(sums.wait + sums.held) / run));
    }
    fill_distributions(all_, values);
    if (!all_.groups.empty()) metrics_.all = all_.groups.front();
    const std::pair<Grouping*, std::vector<Group>*> results[] = {
        {&partitions_, &metrics_.by_partition},
        {&accounts_, &metrics_.by_account},
        {&qos_, &metrics_.by_qos},
        {&gpus_, &metrics_.by_gpus}};
    for (const auto& [grouping, result] : results) {
      if (grouping->groups.size() == 1) {  // the same jobs as all
        grouping->groups[0].wait = metrics_.all.wait;
        grouping->groups[0].response = metrics_.all.response;
        grouping->groups[0].slowdown = metrics_.all.slowdown;
      } else {
        fill_distributions(*grouping, values);
      }
      *result = std::move(grouping->groups);
      std::sort(result->begin(), result->end(),
                [](const Group& a, const Group& b) { return natural_less(a.name, b.name); });
    }
  }

  void measure_use(const MetricOptions& options) {
    Usage usage = trace_usage(cluster_, journal_,
                              {metrics_.first_submit, metrics_.last_end,
                               options.stranded_cpus_per_gpu, options.timeline_rows});
    const TresCounts totals = cluster_.totals();
    const auto add = [&](std::string name, std::size_t tres) -> Utilization& {
      Utilization& use = metrics_.utilization.emplace_back();
      use.resource = std::move(name);
      use.capacity = totals[tres];
      use.held_seconds = held_[tres];
      const double whole =
          static_cast<double>(totals[tres]) * static_cast<double>(metrics_.makespan());
      if (whole > 0) use.fraction = held_[tres] / whole;
      return use;
    };
    add("cpu", kTresCpu);
    if (cluster_.tracks_memory) add("memory", kTresMem);
    if (totals[kTresGpu] > 0) {
      std::int64_t stranded = 0;
      for (const std::int64_t seconds : usage.stranded_seconds) stranded += seconds;
      metrics_.stranded_gpu_seconds = static_cast<double>(stranded);
      add("gpu", kTresGpu).stranded_seconds = metrics_.stranded_gpu_seconds;
    }
    for (std::size_t k = 0; k < cluster_.gres.size(); ++k) {
      const GresKind& kind = cluster_.gres[static_cast<GresId>(k)];
      if (kind.is_gpu() && kind.type.empty()) continue;  // already "gpu"
      Utilization& use = add(kind_name(kind), tres_of(static_cast<GresId>(k)));
      if (kind.is_gpu()) use.stranded_seconds = static_cast<double>(usage.stranded_seconds[k]);
    }
    metrics_.timeline = std::move(usage.timeline);
    metrics_.power = power_use(cluster_, journal_, metrics_.first_submit, metrics_.last_end);
    metrics_.deliveries =
        deliveries(cluster_, workload_, journal_, metrics_.first_submit, metrics_.last_end);
  }

  std::array<Grouping*, 5> groupings() { return {&all_, &partitions_, &accounts_, &qos_, &gpus_}; }

  const Cluster& cluster_;
  const Workload& workload_;
  const Journal& journal_;
  Grouping all_, partitions_, accounts_, qos_, gpus_;
  std::vector<JobSums> sums_;
  std::vector<double> held_;  // per TRES position, amount x seconds
  Metrics metrics_;
};

}  // namespace

Distribution distribution(std::span<double> values) {
  Distribution result;
  if (values.empty()) return result;
  result.count = static_cast<std::int64_t>(values.size());
  double sum = 0;
  for (const double value : values) {
    sum += value;
    result.max = std::max(result.max, value);
  }
  result.mean = sum / static_cast<double>(values.size());
  // Each search leaves what is larger behind it, so the next one has only that to look through.
  auto begin = values.begin();
  const auto percentile = [&](std::int64_t percent) {
    const std::int64_t rank = (percent * result.count + 99) / 100;  // nearest rank, from 1
    const auto nth = values.begin() + (rank - 1);
    std::nth_element(begin, nth, values.end());
    begin = nth;
    return *nth;
  };
  result.median = percentile(50);
  result.p90 = percentile(90);
  result.p99 = percentile(99);
  return result;
}

Metrics measure(const Cluster& cluster, const Workload& workload, const Journal& journal,
                const MetricOptions& options) {
  return Measurement(cluster, workload, journal).run(options);
}

}  // namespace rehearse
