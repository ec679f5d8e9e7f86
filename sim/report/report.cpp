#include "sim/report/report.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <limits>
#include <string_view>
#include <system_error>

namespace rehearse {
namespace {

constexpr std::string_view state_name(JobState state) {
  switch (state) {
    case JobState::Pending:
      return "PENDING";
    case JobState::Running:
      return "RUNNING";
    case JobState::Completed:
      return "COMPLETED";
    case JobState::Timeout:
      return "TIMEOUT";
    case JobState::Rejected:
      return "REJECTED";
  }
  return "";
}

constexpr std::string_view started_by_name(StartedBy by) {
  switch (by) {
    case StartedBy::None:
      return "";
    case StartedBy::Main:
      return "main";
    case StartedBy::Backfill:
      return "backfill";
  }
  return "";
}

bool has_ended(const JobEntry& job) {
  return job.state == JobState::Completed || job.state == JobState::Timeout;
}

// The nearest-rank percentile of sorted values.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void append_nodes(fmt::memory_buffer& out, std::span<const Share> shares) {
  if (shares.empty()) return;
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("\"n["));
  for (std::size_t i = 0; i < shares.size();) {
    const std::size_t first = index(shares[i].first) + 1;  // nodes are named n1, n2, ...
    std::size_t last = first + shares[i].nodes - 1;
    for (++i; i < shares.size() && index(shares[i].first) == last; ++i) last += shares[i].nodes;
    if (first == last) {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), first);
    } else {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}-{}"), first, last);
    }
    if (i < shares.size()) out.push_back(',');
  }
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("]\""));
}

}  // namespace

Summary summarize(const Workload& workload, const Journal& journal, std::int64_t total_cpus) {
  Summary result;
  std::vector<std::int64_t> waits;
  double slowdowns = 0;
  double wait_sum = 0;
  double held = 0;
  std::int64_t first_submit = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_end = std::numeric_limits<std::int64_t>::min();
  for (const JobEntry& job : journal.jobs) {
    if (job.state == JobState::Rejected) ++result.rejected;
    if (!has_ended(job)) {
      if (job.state != JobState::Rejected) ++result.left_over;
      continue;
    }
    const Submission& asked = workload.submissions[job.submission];
    const std::int64_t wait = whole_seconds(job.start) - whole_seconds(asked.submit);
    const auto run = static_cast<double>(whole_seconds(job.end) - whole_seconds(job.start));
    waits.push_back(wait);
    wait_sum += static_cast<double>(wait);
    slowdowns += std::max(1.0, (static_cast<double>(wait) + run) / std::max(run, 10.0));
    held += run * asked.cpus;
    first_submit = std::min(first_submit, whole_seconds(asked.submit));
    last_end = std::max(last_end, whole_seconds(job.end));
  }
  if (waits.empty()) return result;
  std::sort(waits.begin(), waits.end());
  result.jobs = static_cast<std::int64_t>(waits.size());
  const auto count = static_cast<double>(result.jobs);
  result.mean_wait = wait_sum / count;
  result.median_wait = percentile(waits, 0.5);
  result.p90_wait = percentile(waits, 0.9);
  result.p99_wait = percentile(waits, 0.99);
  result.mean_bounded_slowdown = slowdowns / count;
  result.makespan = last_end - first_submit;
  const double capacity = static_cast<double>(total_cpus) * static_cast<double>(result.makespan);
  result.utilization = capacity > 0 ? held / capacity : 0;
  return result;
}

std::string jobs_csv(const Workload& workload, const Journal& journal) {
  fmt::memory_buffer out;
  const auto text = [&](std::string_view words) { out.append(words); };
  text("id,user,account,queue,state,submit,start,end,time_limit,cpus,node_list,wait,started_by\n");
  for (std::size_t i = 0; i < journal.jobs.size(); ++i) {
    const auto id = static_cast<JobId>(i);
    const JobEntry& job = journal.jobs[id];
    const Submission& asked = workload.submissions[job.submission];
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{},{},{},{},{},{},"), asked.number,
                   workload.names[asked.user], workload.names[asked.account],
                   workload.names[asked.queue], state_name(job.state), whole_seconds(asked.submit));
    const auto instant = [&](Time time) {
      if (time != kNever) {
        fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), whole_seconds(time));
      }
      out.push_back(',');
    };
    instant(job.start);
    instant(job.end);
    if (asked.time_limit == kUnlimited) {
      text("UNLIMITED");
    } else {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), whole_seconds(asked.time_limit));
    }
    fmt::format_to(std::back_inserter(out), FMT_COMPILE(",{},"), asked.cpus);
    append_nodes(out, journal.held(id));
    out.push_back(',');
    if (job.start != kNever) {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"),
                     whole_seconds(job.start) - whole_seconds(asked.submit));
    }
    fmt::format_to(std::back_inserter(out), FMT_COMPILE(",{}\n"), started_by_name(job.started_by));
  }
  return fmt::to_string(out);
}

std::string summary_text(const Workload& workload, const Summary& summary) {
  std::string out = fmt::format(
      "jobs                  {} ended, {} rejected (larger than the machine), {} left over\n"
      "wait (s)              mean {:.1f}, median {}, p90 {}, p99 {}\n"
      "bounded slowdown      mean {:.3f}\n"
      "utilization           {:.2f} % of the CPUs, first submit to last end\n"
      "makespan (s)          {}\n",
      summary.jobs, summary.rejected, summary.left_over, summary.mean_wait, summary.median_wait,
      summary.p90_wait, summary.p99_wait, summary.mean_bounded_slowdown, 100 * summary.utilization,
      summary.makespan);
  for (const auto& [rule, repair] : workload.repairs) {
    out += fmt::format("repair                {}: {} rows, first in line {}\n", rule, repair.count,
                       repair.first_line);
  }
  return out;
}

void write_file(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".tmp";
  std::FILE* const file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) throw std::system_error(errno, std::generic_category(), temporary);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) {
    const int error = errno;
    std::remove(temporary.c_str());
    throw std::system_error(error, std::generic_category(), temporary);
  }
  std::filesystem::rename(temporary, path);
}

}  // namespace rehearse
