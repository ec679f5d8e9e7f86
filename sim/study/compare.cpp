#include "sim/study/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <unordered_map>

#include "sim/base/diagnostics.hpp"

namespace rehearse {
namespace {

// What is compared first; those that neither run has are left out.
constexpr std::array<std::string_view, 17> kHeadline = {
    "all.jobs",
    "all.wait.mean",
    "all.wait.median",
    "all.wait.p90",
    "all.wait.p99",
    "all.response.mean",
    "all.bounded_slowdown.mean",
    "all.bounded_slowdown.median",
    "all.bounded_slowdown.p99",
    "utilization.cpu.fraction",
    "utilization.memory.fraction",
    "utilization.gpu.fraction",
    "stranded_gpu_hours",
    "lost_gpu_hours",
    "preemptions.requeued",
    "preemptions.cancelled",
    "makespan",
};

void compare_settings(const SavedRun& before, const SavedRun& after, Comparison& result) {
  std::map<std::string, SettingChange> all;
  for (const auto& [name, value] : before.settings) all[name] = {name, value, ""};
  for (const auto& [name, value] : after.settings) {
    all[name].name = name;
    all[name].after = value;
  }
  for (const auto& [name, change] : all) {
    if (change.before != change.after) result.settings.push_back(change);
  }
}

void compare_figures(const SavedRun& before, const SavedRun& after, Comparison& result) {
  const auto value = [](const SavedRun& run, const std::string& name) {
    const auto found = run.figures.find(name);
    return found == run.figures.end() ? 0 : found->second;
  };
  for (const std::string_view each : kHeadline) {
    const std::string name(each);
    if (before.figures.count(name) + after.figures.count(name) == 0) continue;
    result.figures.push_back({name, value(before, name), value(after, name)});
  }
}

std::vector<GroupChange> compare_groups(const SavedGroups& before, const SavedGroups& after) {
  std::map<std::string, GroupChange, NaturalLess> all;
  for (const auto& [name, group] : before) all[name] = {name, group, {}};
  for (const auto& [name, group] : after) {
    all[name].name = name;
    all[name].after = group;
  }
  std::vector<GroupChange> result;
  for (const auto& [name, change] : all) result.push_back(change);
  return result;
}

void compare_pair(const SavedJob& before, const SavedJob& after, Comparison& result,
                  std::vector<JobChange>& moved) {
  if (!before.start && !after.start) {
    ++result.started_in_neither;
    result.otherwise_changed += before.state != after.state;
  } else if (!after.start) {
    ++result.started_only_before;
  } else if (!before.start) {
    ++result.started_only_after;
  } else if (*before.start == *after.start) {
    ++result.same;
    result.otherwise_changed += before.state != after.state || before.end != after.end ||
                                before.node_list != after.node_list;
  } else {
    ++(*after.start < *before.start ? result.earlier : result.later);
    moved.push_back({before.id, before.user, *before.start, *after.start});
  }
}

void name_users(const std::vector<JobChange>& moved, Comparison& result) {
  std::map<std::string, UserChange> users;
  for (const JobChange& job : moved) {
    UserChange& user = users[job.user];
    user.user = job.user;
    ++user.jobs;
    user.later += job.later();
  }
  for (const auto& [name, user] : users) {
    if (user.later < 0) result.winning_users.push_back(user);
    if (user.later > 0) result.losing_users.push_back(user);
  }
  const auto keep = [](std::vector<UserChange>& list, std::int64_t sign) {
    std::stable_sort(list.begin(), list.end(), [&](const UserChange& a, const UserChange& b) {
      return sign * a.later > sign * b.later;
    });
    list.resize(std::min(list.size(), Comparison::kNamed));
  };
  keep(result.winning_users, -1);
  keep(result.losing_users, 1);
}

void name_jobs(std::vector<JobChange> moved, Comparison& result) {
  std::stable_sort(moved.begin(), moved.end(),
                   [](const JobChange& a, const JobChange& b) { return a.later() < b.later(); });
  const std::size_t most = std::min(moved.size(), Comparison::kNamed);
  for (std::size_t i = 0; i < most && moved[i].later() < 0; ++i) {
    result.winners.push_back(moved[i]);
  }
  std::stable_sort(moved.begin(), moved.end(),
                   [](const JobChange& a, const JobChange& b) { return a.later() > b.later(); });
  for (std::size_t i = 0; i < most && moved[i].later() > 0; ++i) result.losers.push_back(moved[i]);
}

}  // namespace

bool Comparison::differs() const {
  const auto moved = [](const FigureChange& figure) { return figure.before != figure.after; };
  return earlier + later + started_only_before + started_only_after + unpaired + otherwise_changed >
             0 ||
         std::any_of(figures.begin(), figures.end(), moved);
}

Comparison compare_runs(const SavedRun& before, const SavedRun& after, bool force) {
  Comparison result;
  result.before = before.directory;
  result.after = after.directory;
  result.before_clairvoyant = before.clairvoyant;
  result.after_clairvoyant = after.clairvoyant;
  result.same_trace = before.trace_sha256 == after.trace_sha256;
  if (!result.same_trace && !force) {
    fail({.message = fmt::format("the runs are of different traces: \"{}\" and \"{}\"",
                                 before.trace_path, after.trace_path),
          .help = "--force compares them all the same, by the ids of the jobs"});
  }
  compare_settings(before, after, result);
  compare_figures(before, after, result);
  result.by_partition = compare_groups(before.by_partition, after.by_partition);
  result.by_account = compare_groups(before.by_account, after.by_account);
  result.by_gpus = compare_groups(before.by_gpus, after.by_gpus);

  std::unordered_map<std::string_view, const SavedJob*> others;
  others.reserve(after.jobs.size());
  for (const SavedJob& job : after.jobs) others.emplace(job.id, &job);
  std::vector<JobChange> moved;
  std::int64_t pairs = 0;
  for (const SavedJob& job : before.jobs) {
    const auto found = others.find(job.id);
    if (found == others.end()) continue;
    ++pairs;
    compare_pair(job, *found->second, result, moved);
  }
  result.unpaired = static_cast<std::int64_t>(before.jobs.size() + after.jobs.size()) - 2 * pairs;
  name_users(moved, result);
  name_jobs(std::move(moved), result);
  return result;
}

}  // namespace rehearse
