#include "tests/scenarios/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/config/load.hpp"
#include "sim/workload/read_csv.hpp"

namespace rehearse::scenario {
namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
  std::istringstream stream(line);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string first_word(const std::string& line) {
  const Words words = words_of(line);
  return words.empty() ? "" : words.front();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

class Parser {
 public:
  Parser(const std::string& text, const std::string& file) : file_(file), lines_(lines_of(text)) {}

  Scenario parse() {
    for (; at_ < lines_.size() && lines_[at_] != "expect"; ++at_) head_line();
    if (at_ == lines_.size()) wrong("a scenario needs the line `expect`");
    for (std::size_t i = 0; i < at_; ++i) scenario_.head += lines_[i] + "\n";
    for (++at_; at_ < lines_.size(); ++at_) expected_line();
    make_workload();
    return std::move(scenario_);
  }

 private:
  [[noreturn]] void wrong(const std::string& message) {
    fail({.file = file_, .line = static_cast<int>(at_) + 1, .message = message});
  }

  void head_line() {
    const std::string& line = lines_[at_];
    if (line.starts_with("#job")) {
      columns_ = words_of(line.substr(1));
    } else if (line.empty() || line.starts_with("#")) {
      return;
    } else if (!columns_.empty()) {
      jobs_.push_back(line);
    } else {
      setting(words_of(line));
    }
  }

  void setting(const Words& words) {
    const std::string& key = words.front();
    if (key == "cluster") {
      std::string yaml(at_ + 1, '\n');  // so that messages have the file's own line numbers
      while (at_ + 1 < lines_.size() && lines_[at_ + 1].starts_with("  ")) {
        yaml += lines_[++at_].substr(2) + "\n";
      }
      scenario_.cluster = parse_cluster(yaml, file_).cluster;
    } else if (words.size() != 2) {
      wrong("a setting is a key and a value");
    } else if (key == "nodes") {
      scenario_.cluster =
          flat_cluster(static_cast<std::uint32_t>(parse_int64(words[1]).value()), 1);
    } else if (key == "step") {
      scenario_.step = parse_int64(words[1]).value();
    } else {
      Diagnostics diagnostics;
      apply_set(scenario_.policies, key + "=" + words[1], diagnostics);
      diagnostics.throw_if_errors();
    }
  }

  void expected_line() {
    const std::string& line = lines_[at_];
    if (line == "reasons" || line == "nodes" || line == "states") {
      scenario_.sections.push_back({line, {}});
    } else if (!line.empty()) {
      auto& where =
          scenario_.sections.empty() ? scenario_.picture : scenario_.sections.back().lines;
      where.push_back(line);
    }
  }

  // Cells by column; the last column takes the rest of the line, `-` is an empty cell.
  std::map<std::string, std::string> cells(const std::string& line) {
    std::map<std::string, std::string> result;
    std::istringstream stream(line);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      std::string cell;
      if (i + 1 < columns_.size()) {
        stream >> cell;
      } else {
        std::getline(stream >> std::ws, cell);
      }
      result[columns_[i]] = cell == "-" ? "" : cell;
    }
    return result;
  }

  // The rows as a native trace. Limits are whole seconds here, so they are set afterwards.
  void make_workload() {
    static constexpr std::array kColumns = {
        "id",       "submit",     "user",          "account", "partition", "qos",
        "nodes",    "ntasks",     "cpus_per_task", "gres",    "mem",       "timelimit",
        "duration", "dependency", "array",         "extra"};
    std::string csv = fmt::format("{}\n", fmt::join(kColumns, ","));
    std::vector<std::string> limits;
    for (const std::string& line : jobs_) {
      auto row = cells(line);
      row["id"] = row["job"];
      row["duration"] = row["runtime"];
      limits.push_back(row["limit"]);
      std::vector<std::string> fields;
      for (const char* column : kColumns) fields.push_back('"' + row[column] + '"');
      csv += fmt::format("{}\n", fmt::join(fields, ","));
    }
    scenario_.workload = read_csv(csv, file_);
    for (std::size_t i = 0; i < limits.size(); ++i) {
      if (limits[i].empty()) continue;
      scenario_.workload.submissions[static_cast<SubmissionId>(i)].time_limit =
          std::chrono::seconds{parse_int64(limits[i]).value()};
    }
  }

  const std::string& file_;
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  Words columns_;
  std::vector<std::string> jobs_;
  Scenario scenario_;
};

/// Draws a journal and answers the questions of the sections.
class Renderer {
 public:
  Renderer(const Scenario& scenario, const Journal& journal)
      : scenario_(scenario), journal_(journal) {
    for (std::size_t i = 0; i < journal.attempts.size(); ++i) {
      const auto id = static_cast<AttemptId>(i);
      attempts_[journal.attempts[id].job].push_back(id);
    }
    for (const Submission& row : scenario.workload.submissions) {
      origin_ = std::min(origin_, whole_seconds(row.submit));
    }
  }

  std::string text() const {
    std::string result = scenario_.head + "expect\n";
    std::vector<JobId> jobs;
    for (const auto& [job, attempts] : attempts_) jobs.push_back(job);
    std::sort(jobs.begin(), jobs.end(), [&](JobId a, JobId b) {
      const JobEntry& left = journal_.jobs[a];
      const JobEntry& right = journal_.jobs[b];
      return std::pair(left.submission, a) < std::pair(right.submission, b);
    });
    std::size_t width = 0;
    for (const JobId job : jobs) width = std::max(width, label(job).size());
    for (const JobId job : jobs) {
      result += std::string(trim(fmt::format("{:<{}} {}", label(job), width, picture(job)))) + "\n";
    }
    for (const Scenario::Section& section : scenario_.sections) {
      result += "\n" + section.name + "\n";
      for (const std::string& line : section.lines) {
        const std::string name = first_word(line);
        const std::string answer = answer_to(section.name, name);
        result += std::string(trim(name + " " + answer)) + "\n";
      }
    }
    return result;
  }

 private:
  std::string label(JobId id) const {
    const JobEntry& job = journal_.jobs[id];
    const std::string text = scenario_.workload.id_text(job.submission);
    return job.array_task == kNone<std::uint32_t> ? text
                                                  : fmt::format("{}_{}", text, job.array_task);
  }

  void draw(std::string& row, Time from, Time to, char letter) const {
    const auto column = [&](Time at) {
      return static_cast<std::size_t>((whole_seconds(at) - origin_) / scenario_.step);
    };
    if (row.size() < column(to)) row.resize(column(to), ' ');
    for (std::size_t i = column(from); i < column(to); ++i) row[i] = letter;
  }

  std::string picture(JobId id) const {
    std::string row;
    for (const AttemptId at : attempts_.at(id)) {
      const Attempt& attempt = journal_.attempts[at];
      const auto second = std::chrono::seconds{scenario_.step};
      if (attempt.state == JobState::Rejected) {
        draw(row, attempt.submit, attempt.submit + second, '#');
        continue;
      }
      const Time waits_until = attempt.start != kNever ? attempt.start
                               : attempt.end != kNever ? attempt.end
                                                       : journal_.end;
      draw(row, attempt.submit, waits_until, '.');
      if (attempt.number == 0 && waits_until > attempt.submit) {
        draw(row, attempt.submit, attempt.submit + second, '_');
      }
      if (attempt.start == kNever) continue;
      draw(row, attempt.start, attempt.end == kNever ? journal_.end : attempt.end, label(id)[0]);
    }
    return row;
  }

  std::string answer_to(const std::string& section, const std::string& name) const {
    for (const auto& [job, attempts] : attempts_) {
      if (label(job) != name) continue;
      const Attempt& last = journal_.attempts[attempts.back()];
      if (section == "states") return std::string(state_name(last.state));
      return section == "nodes" ? nodes(last) : reasons(attempts);
    }
    return "is no job";
  }

  std::string nodes(const Attempt& attempt) const {
    std::vector<std::string> names;
    for (const Share& share : journal_.held(attempt)) {
      for (std::size_t i = 0; i < share.nodes; ++i) {
        names.push_back(scenario_.cluster.nodes[static_cast<NodeId>(index(share.first) + i)].name);
      }
    }
    return compress_hostlist(names);
  }

  // Seconds for each reason of waiting, in order of their coming up.
  std::string reasons(const std::vector<AttemptId>& attempts) const {
    std::vector<std::pair<Reason, std::int64_t>> seconds;
    for (const AttemptId id : attempts) {
      const Attempt& attempt = journal_.attempts[id];
      Time until = attempt.start != kNever ? attempt.start
                   : attempt.end != kNever ? attempt.end
                                           : journal_.end;
      if (attempt.state == JobState::Rejected) until = attempt.submit;
      std::vector<ReasonChange> changes;
      for (const ReasonChange& each : journal_.reasons) {
        if (each.attempt == id) changes.push_back(each);
      }
      for (std::size_t i = 0; i < changes.size(); ++i) {
        const Time from = i == 0 ? attempt.submit : changes[i].at;
        const Time to = i + 1 < changes.size() ? changes[i + 1].at : until;
        const std::int64_t length = whole_seconds(to) - whole_seconds(from);
        if (length == 0 && attempt.state != JobState::Rejected) continue;
        const auto known = std::find_if(seconds.begin(), seconds.end(), [&](const auto& each) {
          return each.first == changes[i].reason;
        });
        if (known == seconds.end()) {
          seconds.emplace_back(changes[i].reason, length);
        } else {
          known->second += length;
        }
      }
    }
    std::string result;
    for (const auto& [reason, length] : seconds) {
      result += fmt::format("{}{}={}", result.empty() ? "" : " ", reason_name(reason), length);
    }
    return result;
  }

  const Scenario& scenario_;
  const Journal& journal_;
  std::map<JobId, std::vector<AttemptId>> attempts_;
  std::int64_t origin_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace

Scenario parse(const std::string& text, const std::string& file) {
  return Parser(text, file).parse();
}

std::string render(const Scenario& scenario, const Journal& journal) {
  return Renderer(scenario, journal).text();
}

}  // namespace rehearse::scenario
