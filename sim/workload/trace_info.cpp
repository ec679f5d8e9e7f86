#include "sim/workload/trace_info.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

namespace rehearse {
namespace {

double in_seconds(Duration length) { return std::chrono::duration<double>(length).count(); }

}  // namespace

Quantiles quantiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto rank = [&](double part) {
    const double position = std::ceil(part * static_cast<double>(values.size()));
    return values[std::max<std::size_t>(1, static_cast<std::size_t>(position)) - 1];
  };
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.min = values.front(),
          .p25 = rank(0.25),
          .median = rank(0.5),
          .p75 = rank(0.75),
          .p90 = rank(0.9),
          .max = values.back(),
          .mean = sum / static_cast<double>(values.size())};
}

std::map<std::string, std::size_t> rows_by_option(const Workload& workload,
                                                  std::vector<std::string> Special::* list) {
  std::map<std::string, std::size_t> rows;
  for (const Special& special : workload.specials) {
    for (const std::string& option : special.*list) {
      const bool all_memory = option.starts_with("--mem=");  // other amounts have their effect
      ++rows[all_memory ? "--mem=0" : option.substr(0, option.find('='))];
    }
  }
  return rows;
}

TraceInfo trace_info(const Workload& workload) {
  TraceInfo info;
  info.slurm_only = rows_by_option(workload, &Special::slurm_only);
  info.not_simulated = rows_by_option(workload, &Special::not_simulated);
  info.submissions = workload.submissions.size();
  info.first_submit = kNever;
  info.last_submit = Time::min();
  std::set<NameId> users, accounts, partitions;
  std::vector<double> run_times, limits, ratios;
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    const Submission& row = workload.submissions[id];
    const Special* const special = workload.special(id);
    if (special != nullptr && !special->dependencies.empty()) ++info.dependent;
    info.first_submit = std::min(info.first_submit, row.submit);
    info.last_submit = std::max(info.last_submit, row.submit);
    users.insert(row.user);
    accounts.insert(row.account);
    partitions.insert(row.partition);
    const std::int64_t cpus = asked_cpus(workload.asked[row.asked]);
    const std::int64_t gpus = asked_gpus(workload.asked[row.asked]);
    const std::size_t tasks =
        special == nullptr ? 1 : std::max<std::size_t>(1, special->array_tasks.size());
    info.jobs += tasks;
    info.jobs_by_cpus[cpus] += tasks;
    info.jobs_by_gpus[gpus] += tasks;
    const bool limited = row.time_limit != kUnset && row.time_limit != kUnlimited;
    if (!limited) info.without_limit += tasks;
    for (std::size_t rank = 0; rank < tasks; ++rank) {
      const double run_time = in_seconds(workload.truth.of(id, rank).run_time);
      run_times.push_back(run_time);
      info.cpu_seconds += run_time * static_cast<double>(cpus);
      info.gpu_seconds += run_time * static_cast<double>(gpus);
      if (!limited) continue;
      limits.push_back(in_seconds(row.time_limit));
      if (limits.back() > 0) ratios.push_back(run_time / limits.back());
    }
  }
  info.users = users.size();
  info.accounts = accounts.size();
  info.partitions = partitions.size();
  info.run_time = quantiles(std::move(run_times));
  info.time_limit = quantiles(std::move(limits));
  info.run_to_limit = quantiles(std::move(ratios));
  return info;
}

double offered_load(double unit_seconds, const TraceInfo& info, std::int64_t units) {
  const double span = in_seconds(info.last_submit - info.first_submit);
  return span > 0 && units > 0 ? unit_seconds / (span * static_cast<double>(units)) : 0;
}

}  // namespace rehearse
