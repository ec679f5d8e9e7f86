// The summary for a terminal: the numbers of summary.json, those that matter first.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/slurm_text.hpp"
#include "sim/report/files.hpp"
#include "sim/report/names.hpp"

namespace rehearse {
namespace {

constexpr double kHour = 3600;

std::string duration(double seconds) {
  return format_slurm_seconds(static_cast<std::int64_t>(seconds + 0.5));
}

// One table of groups, at most kMaxRows of them: those that waited longest in all.
void append_groups(std::string& out, std::string_view title, const std::vector<Group>& groups) {
  constexpr std::size_t kMaxRows = 12;
  if (groups.size() < 2) return;
  std::vector<const Group*> shown;
  for (const Group& group : groups) shown.push_back(&group);
  if (shown.size() > kMaxRows) {
    std::stable_sort(shown.begin(), shown.end(), [](const Group* a, const Group* b) {
      return a->wait.mean * static_cast<double>(a->wait.count) >
             b->wait.mean * static_cast<double>(b->wait.count);
    });
    shown.resize(kMaxRows);
  }
  out += fmt::format("\n{:<22}{:>9}{:>12}{:>12}{:>12}{:>12}{:>10}\n", title, "jobs", "mean wait",
                     "median", "p90", "p99", "slowdown");
  for (const Group* group : shown) {
    out += fmt::format("{:<22}{:>9}{:>12}{:>12}{:>12}{:>12}{:>10.2f}\n", printable(group->name),
                       group->wait.count, duration(group->wait.mean), duration(group->wait.median),
                       duration(group->wait.p90), duration(group->wait.p99), group->slowdown.mean);
  }
  if (groups.size() > shown.size()) {
    out += fmt::format("  and {} more in summary.json; these waited longest in all\n",
                       groups.size() - shown.size());
  }
}

// Of how many of `jobs` a figure tells, where some have not started: " (2 of 8 jobs)".
std::string how_many(const Distribution& values, std::int64_t jobs) {
  return values.count < jobs ? fmt::format(" ({} of {} jobs)", values.count, jobs) : "";
}

void append_distribution(std::string& out, std::string_view title, const Distribution& values,
                         std::int64_t jobs) {
  out += fmt::format("{:<22}mean {}, median {}, p90 {}, p99 {}{}\n", title, duration(values.mean),
                     duration(values.median), duration(values.p90), duration(values.p99),
                     how_many(values, jobs));
}

void append_head(std::string& out, const Metrics& metrics) {
  if (metrics.clairvoyant) {
    out += "CLAIRVOYANT: a policy has read true run times, so no real scheduler can do this\n";
  }
  std::int64_t rejected = 0, left_over = 0;
  for (const NotRun& each : metrics.rejected) rejected += each.jobs;
  for (const NotRun& each : metrics.left_over) left_over += each.jobs;
  out += fmt::format("{:<22}{}: {} started, {} rejected, {} left over\n", "jobs", metrics.jobs,
                     metrics.all.wait.count, rejected, left_over);
  append_distribution(out, "wait", metrics.all.wait, metrics.jobs);
  append_distribution(out, "submit to start", metrics.all.response, metrics.jobs);
  const Distribution& slowdown = metrics.all.slowdown;
  out += fmt::format("{:<22}mean {:.3f}, median {:.2f}, p90 {:.2f}, p99 {:.2f}{}\n",
                     "bounded slowdown", slowdown.mean, slowdown.median, slowdown.p90, slowdown.p99,
                     how_many(slowdown, metrics.jobs));
  out += fmt::format("{:<22}{} from first submit to last end\n", "makespan",
                     format_slurm_seconds(metrics.makespan()));
}

void append_use(std::string& out, const Metrics& metrics) {
  for (const Utilization& use : metrics.utilization) {
    out += fmt::format("{:<22}{:.2f} % of {}{}", "use of " + use.resource, 100 * use.fraction,
                       use.capacity, use.resource == "memory" ? " MiB" : "");
    if (use.stranded_seconds >= 0) {
      out += fmt::format(", {:.1f} GPU-hours stranded", use.stranded_seconds / kHour);
    }
    out += '\n';
  }
  if (const PowerUse& power = metrics.power; power.nodes > 0) {
    const double all = static_cast<double>(power.nodes) * static_cast<double>(metrics.makespan());
    out +=
        fmt::format("{:<22}{:.1f} node-hours on ({:.1f} % of all), {} boots, {} of them failed\n",
                    "power", power.on_seconds / kHour, all > 0 ? 100 * power.on_seconds / all : 0,
                    power.boots, power.failed);
  }
  const std::int64_t preemptions = metrics.cancelled_by_preemption + metrics.requeued_by_preemption;
  if (preemptions == 0) return;
  out += fmt::format("{:<22}{} ({} requeued, {} cancelled), {:.1f} GPU-hours lost\n", "preemptions",
                     preemptions, metrics.requeued_by_preemption, metrics.cancelled_by_preemption,
                     static_cast<double>(metrics.all.lost_gpu_seconds) / kHour);
}

void append_reasons(std::string& out, const Metrics& metrics) {
  std::vector<std::size_t> order;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < metrics.all.reasons.size(); ++i) {
    if (metrics.all.reasons[i] > 0) order.push_back(i);
    sum += metrics.all.reasons[i];
  }
  if (order.empty()) return;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return metrics.all.reasons[a] > metrics.all.reasons[b];
  });
  out += "\nwaited for\n";
  for (const std::size_t i : order) {
    const auto seconds = static_cast<double>(metrics.all.reasons[i]);
    out += fmt::format("  {:<30}{:>14.1f} job-hours{:>8.1f} %\n", kReasonNames[i], seconds / kHour,
                       100 * seconds / static_cast<double>(sum));
  }
}

void append_deliveries(std::string& out, const Metrics& metrics) {
  if (metrics.deliveries.empty()) return;
  const bool gpus = std::any_of(metrics.utilization.begin(), metrics.utilization.end(),
                                [](const Utilization& use) { return use.resource == "gpu"; });
  const std::string_view unit = gpus ? "GPU" : "CPU";
  out += fmt::format("\n{:<22}{:>14}{:>18}{:>18}{:>12}\n", "account",
                     fmt::format("promised {}s", unit), fmt::format("promised {}-h", unit),
                     fmt::format("delivered {}-h", unit), "of promise");
  for (const Delivery& each : metrics.deliveries) {
    const std::string share =
        each.promised_seconds > 0
            ? fmt::format("{:.1f} %", 100 * each.delivered_seconds / each.promised_seconds)
            : "-";
    out += fmt::format("{:<22}{:>14.1f}{:>18.1f}{:>18.1f}{:>12}\n", printable(each.account),
                       each.guarantee, each.promised_seconds / kHour,
                       each.delivered_seconds / kHour, share);
  }
}

void append_not_run(std::string& out, std::string_view what, const std::vector<NotRun>& list) {
  for (const NotRun& each : list) {
    constexpr std::size_t kShown = 5;
    std::string names;
    for (std::size_t i = 0; i < each.first.size() && i < kShown; ++i) {
      names += (i > 0 ? ", " : "") + printable(each.first[i]);
    }
    const std::int64_t more =
        each.jobs - static_cast<std::int64_t>(std::min(each.first.size(), kShown));
    out += fmt::format("{:<22}{} ({}): {}{}\n", what, each.jobs, reason_name(each.reason), names,
                       more > 0 ? fmt::format(" and {} more", more) : "");
  }
}

void append_remarks(std::string& out, const Metrics& metrics) {
  for (const auto& [rule, repair] : metrics.repairs) {
    out += fmt::format("{:<22}{}: {} rows, first in line {}\n", "repair", rule, repair.count,
                       repair.first_line);
  }
  const auto append_all = [&](std::string_view title, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      out += fmt::format("{:<22}{}\n", title, printable(text));
    }
  };
  append_all("warning", metrics.warnings);
  append_all("note", metrics.notes);
  append_all("not simulated", metrics.not_simulated);
}

}  // namespace

std::string summary_text(const Metrics& metrics) {
  std::string out;
  append_head(out, metrics);
  append_use(out, metrics);
  append_not_run(out, "rejected", metrics.rejected);
  append_not_run(out, "left over", metrics.left_over);
  append_remarks(out, metrics);
  append_reasons(out, metrics);
  append_groups(out, "partition", metrics.by_partition);
  append_groups(out, "account", metrics.by_account);
  append_groups(out, "QOS", metrics.by_qos);
  append_groups(out, "GPUs", metrics.by_gpus);
  append_deliveries(out, metrics);
  return out;
}

}  // namespace rehearse
