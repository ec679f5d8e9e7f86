#include "sim/study/regress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "sim/base/diagnostics.hpp"
#include "sim/report/names.hpp"
#include "sim/study/saved_run.hpp"

namespace rehearse {
namespace {

const Attempt& last_attempt(const Journal& journal, std::size_t job) {
  return journal.attempts[journal.jobs[static_cast<JobId>(job)].last_attempt];
}

std::int64_t submit_of(const RunResult& run, std::size_t job) {
  const SubmissionId submission = run.journal.jobs[static_cast<JobId>(job)].submission;
  return whole_seconds(run.workload.submissions[submission].submit);
}

Responses responses_of(const RunResult& run) {
  Responses responses(run.journal.jobs.size());
  for (std::size_t job = 0; job < responses.size(); ++job) {
    const Time start = last_attempt(run.journal, job).start;
    if (start != kNever) responses[job] = whole_seconds(start) - submit_of(run, job);
  }
  return responses;
}

// Over the job, number, start and nodes of every attempt.
std::string fingerprint_of(const RunResult& run) {
  std::string text;
  for (const Attempt& attempt : run.journal.attempts) {
    const std::int64_t start = attempt.start == kNever ? -1 : whole_seconds(attempt.start);
    fmt::format_to(std::back_inserter(text), "{} {} {}", index(attempt.job), attempt.number, start);
    for (const Share& share : run.journal.held(attempt)) {
      fmt::format_to(std::back_inserter(text), " {}+{}", index(share.first), share.nodes);
    }
    text += '\n';
  }
  return sha256(text);
}

bool is_within(const SuiteMetric& metric, double expected, double got) {
  return std::abs(got - expected) <=
         std::max(metric.absolute, metric.relative * std::abs(expected));
}

void judge_metrics(const SuiteEntry& entry, const Expected& expected,
                   const std::map<std::string, double>& figures, EntryResult& result) {
  const auto value = [](const std::map<std::string, double>& values, const std::string& path) {
    const auto found = values.find(path);
    return found == values.end() ? std::nullopt : std::optional<double>(found->second);
  };
  for (const SuiteMetric& metric : entry.metrics) {
    const auto wanted = value(expected.metrics, metric.path);
    const auto got = value(figures, metric.path);
    if (wanted && got && is_within(metric, *wanted, *got)) continue;
    result.moved.push_back({metric, wanted, got});
  }
}

void judge_starts(const RunResult& run, const Expected& expected, EntryResult& result) {
  const Responses& got = result.actual.responses;
  const Responses& wanted = expected.responses;
  if (got.size() != wanted.size()) result.expected_jobs = wanted.size();
  for (std::size_t job = 0; job < std::min(got.size(), wanted.size()); ++job) {
    if (got[job] == wanted[job]) continue;
    if (!result.first_moved) {
      const auto start = [&](const std::optional<std::int64_t>& response) {
        return response ? std::optional(submit_of(run, job) + *response) : std::nullopt;
      };
      result.first_moved = {job_name(run.workload, run.journal.jobs[static_cast<JobId>(job)]),
                            start(wanted[job]), start(got[job]), 0};
    }
    ++result.first_moved->jobs;
  }
  result.elsewhere = !result.expected_jobs && !result.first_moved &&
                     result.actual.fingerprint != expected.fingerprint;
}

std::string start_text(const std::optional<std::int64_t>& start) {
  return start ? std::to_string(*start) : "no start";
}

std::string value_text(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "nothing";
}

std::string tolerance_text(const SuiteMetric& metric) {
  if (metric.absolute == 0 && metric.relative == 0) return "none";
  if (metric.relative == 0) return fmt::format("{}", metric.absolute);
  const std::string relative = fmt::format("{:g} %", 100 * metric.relative);
  return metric.absolute == 0 ? relative : fmt::format("{} or {}", metric.absolute, relative);
}

std::vector<std::string> findings(const EntryResult& result) {
  std::vector<std::string> lines;
  if (!result.error.empty()) lines.push_back(result.error);
  if (result.is_new) lines.emplace_back("nothing is expected of it yet; --update accepts it");
  for (const MovedMetric& each : result.moved) {
    lines.push_back(fmt::format("{}: expected {}, got {}, tolerance {}", each.metric.path,
                                value_text(each.expected), value_text(each.got),
                                tolerance_text(each.metric)));
  }
  if (result.expected_jobs) {
    lines.push_back(fmt::format("jobs: expected {}, got {}", *result.expected_jobs, result.jobs));
  }
  if (const auto& job = result.first_moved) {
    lines.push_back(fmt::format(
        "first job whose start changed: {}: expected {}, got {} ({} jobs start at another time)",
        printable(job->id), start_text(job->expected_start), start_text(job->got_start),
        job->jobs));
  }
  if (result.elsewhere) {
    lines.emplace_back("every job starts as expected, but on other nodes or in other attempts");
  }
  return lines;
}

// `text` inside XML, without the characters that XML 1.0 cannot hold.
std::string xml(std::string_view text) {
  std::string result;
  for (const char each : text) {
    switch (each) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\n':
        result += "&#10;";
        break;
      default:
        result += static_cast<unsigned char>(each) < 0x20 ? '?' : each;
    }
  }
  return result;
}

}  // namespace

EntryResult judge(const SuiteEntry& entry, const RunResult& run, const Expected* expected) {
  const Metrics metrics = measure(run.cluster, run.workload, run.journal, run.metrics);
  const std::map<std::string, double> figures =
      summary_figures(summary_json(metrics), "summary.json");
  EntryResult result{.name = entry.name};
  result.metrics = entry.metrics.size();
  result.jobs = run.journal.jobs.size();
  result.actual.fingerprint = fingerprint_of(run);
  result.actual.responses = responses_of(run);
  for (const SuiteMetric& metric : entry.metrics) {
    const auto found = figures.find(metric.path);
    if (found != figures.end()) result.actual.metrics[metric.path] = found->second;
  }
  result.is_new = expected == nullptr;
  if (result.is_new) return result;
  judge_metrics(entry, *expected, figures, result);
  if (entry.exact) judge_starts(run, *expected, result);
  return result;
}

std::vector<EntryResult> run_suite(const Suite& suite, const ExpectedByName& expected) {
  std::vector<EntryResult> results;
  for (const SuiteEntry& entry : suite.entries) {
    const auto found = expected.find(entry.name);
    try {
      results.push_back(judge(entry, run_experiment(entry.experiment),
                              found == expected.end() ? nullptr : &found->second));
    } catch (const InputError& error) {
      results.push_back({.name = entry.name, .error = error.what()});
    }
  }
  return results;
}

std::string result_text(const EntryResult& result) {
  if (result.ok()) {
    return fmt::format("ok     {}: {} jobs, {} metrics\n", result.name, result.jobs,
                       result.metrics);
  }
  std::string text =
      fmt::format("{} {}\n", result.error.empty() ? "MOVED " : "ERROR ", result.name);
  for (const std::string& line : findings(result)) text += fmt::format("  {}\n", line);
  return text;
}

std::string junit_xml(const Suite& suite, const std::vector<EntryResult>& results) {
  std::size_t failures = 0, errors = 0;
  std::string cases;
  for (const EntryResult& result : results) {
    cases +=
        fmt::format("  <testcase classname=\"{}\" name=\"{}\"", xml(suite.path), xml(result.name));
    if (result.ok()) {
      cases += "/>\n";
      continue;
    }
    ++(result.error.empty() ? failures : errors);
    const std::string_view kind = result.error.empty() ? "failure" : "error";
    const std::string text = fmt::format("{}", fmt::join(findings(result), "\n"));
    cases += fmt::format(">\n    <{0} message=\"{1}\"/>\n  </testcase>\n", kind, xml(text));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuite>\n",
      xml(suite.path), results.size(), failures, errors, cases);
}

}  // namespace rehearse
