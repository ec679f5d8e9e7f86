#include "tests/slurm/micro.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "sim/base/csv_scanner.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/config/load.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/report/files.hpp"
#include "sim/workload/read_csv.hpp"
#include "sim/workload/read_events.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/replay.hpp"

namespace rehearse::micro {
namespace {

/// What a scenario has unless it says otherwise: a line is left out if the scenario has one that
/// begins with the same key.
constexpr const char* kDefaults[] = {
    "ClusterName=micro",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_Core_Memory",
    "SchedulerParameters=bf_interval=600",
    "PriorityType=priority/basic",
    "KillWait=5",
    "NodeName=n[1-4] CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=4000",
    "PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string key_of(const std::string& line) { return line.substr(0, line.find('=')); }

[[noreturn]] void wrong(const std::string& line, const std::string& why) {
  throw std::runtime_error(why + ": " + line);
}

std::int64_t number(const std::string& text, const std::string& line) {
  try {
    return std::stoll(text);
  } catch (const std::exception&) {
    wrong(line, "not a number");
  }
}

/// "5", "5+4" (from 5 to 9), "-" (some time), "never".
void read_start(const std::string& text, Expectation& expectation) {
  constexpr std::int64_t kEver = 1'000'000'000;
  expectation.starts = text != "never";
  if (text == "never") return;
  const std::size_t plus = text.find('+');
  expectation.first = text == "-" ? 0 : number(text.substr(0, plus), expectation.line);
  expectation.last = text == "-" ? kEver : expectation.first;
  if (plus != std::string::npos) {
    expectation.last += number(text.substr(plus + 1), expectation.line);
  }
}

Expectation read_expectation(const std::string& line) {
  const std::vector<std::string> words = words_of(line);
  if (words.size() < 2) wrong(line, "an expectation is: id start [nodes] [key=value]...");
  Expectation expectation;
  expectation.id = words[0];
  expectation.line = line;
  if (const std::size_t dot = words[0].find('.'); dot != std::string::npos) {
    expectation.id = words[0].substr(0, dot);
    expectation.attempt = words[0].substr(dot + 1);
  }
  read_start(words[1], expectation);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos) {
      if (words[i] != "-") expectation.nodes = words[i];
    } else {
      expectation.rest[words[i].substr(0, equals)] = words[i].substr(equals + 1);
    }
  }
  return expectation;
}

/// `A 5 user=u2 -n2 -t10 -- 60` as a row of a trace.
std::string job_row(const std::string& line) {
  const std::size_t dashes = line.rfind(" -- ");
  if (dashes == std::string::npos) wrong(line, "a job is: id submit [options] -- duration");
  std::vector<std::string> words = words_of(line.substr(0, dashes));
  const std::vector<std::string> duration = words_of(line.substr(dashes + 4));
  if (words.size() < 2 || duration.size() != 1) wrong(line, "a job is: id submit -- duration");
  std::string user = "u1";
  bool with_memory = true;
  std::string options;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "no-mem") {
      with_memory = false;
    } else if (words[i].starts_with("user=")) {
      user = words[i].substr(5);
    } else {
      options += (options.empty() ? "" : " ") + words[i];
    }
  }
  if (with_memory && options.find("--mem") == std::string::npos) options += " --mem=10";
  std::string row = words[0] + ',' + words[1] + ',' + user + ',' + duration[0] + ',';
  append_csv(row, options);
  return row + '\n';
}

void add_defaults(std::string& conf) {
  std::set<std::string> keys;
  std::istringstream lines(conf);
  for (std::string line; std::getline(lines, line);) keys.insert(key_of(line));
  std::string defaults;
  for (const char* const line : kDefaults) {
    if (!keys.contains(key_of(line))) defaults += std::string(line) + '\n';
  }
  conf = defaults + conf;
}

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of(const std::string& csv) {
  CsvScanner scanner(csv);
  std::vector<CsvField> fields;
  std::vector<std::string> names;
  std::vector<Row> rows;
  while (scanner.next(fields)) {
    if (names.empty()) {
      for (const CsvField& field : fields) names.emplace_back(field.text);
      continue;
    }
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i) row[names[i]] = fields[i].text;
  }
  return rows;
}

std::set<std::string> hosts(const std::string& list) {
  if (list.empty()) return {};
  const Hostlist hostlist = expand_hostlist(list);
  return {hostlist.hosts.begin(), hostlist.hosts.end()};
}

/// "n1:4,n2:2": CPUs by node, in order of the nodes.
std::string cpus_by_node(const std::vector<Row>& shares, const Expectation& expectation) {
  std::string text;
  for (const Row& share : shares) {
    if (share.at("job") != expectation.id || share.at("attempt") != expectation.attempt) continue;
    text += (text.empty() ? "" : ",") + share.at("node") + ':' + share.at("cpus");
  }
  return text;
}

/// Whether the value `wanted` is what `row` has for `key`.
bool holds(const Row& row, const std::vector<Row>& shares, const Expectation& expectation,
           const std::string& key, const std::string& wanted) {
  if (key == "reason") {
    const std::string reasons = ';' + row.at("reasons");
    return reasons.find(';' + wanted + '=') != std::string::npos;
  }
  if (key == "by") return row.at("started_by") == wanted;
  if (key == "limit") return row.at("time_limit") == wanted;
  if (key == "mem") return row.at("memory_mib") == wanted;
  if (key == "per") return cpus_by_node(shares, expectation) == wanted;
  if (key == "end" || key == "eligible") {
    const std::size_t plus = wanted.find('+');
    const std::int64_t first = number(wanted.substr(0, plus), expectation.line);
    const std::int64_t more =
        plus == std::string::npos ? 0 : number(wanted.substr(plus + 1), expectation.line);
    if (row.at(key).empty()) return false;
    const std::int64_t at = std::stoll(row.at(key));
    return at >= first && at <= first + more;
  }
  const auto found = row.find(key);
  if (found == row.end()) wrong(expectation.line, "no such thing to expect: " + key);
  return found->second == wanted;
}

bool meets(const Row& row, const std::vector<Row>& shares, const Expectation& expectation) {
  const std::string& start = row.at("start");
  if (expectation.starts == start.empty()) return false;
  if (!start.empty() &&
      (std::stoll(start) < expectation.first || std::stoll(start) > expectation.last)) {
    return false;
  }
  if (!expectation.nodes.empty() && hosts(expectation.nodes) != hosts(row.at("node_list"))) {
    return false;
  }
  return std::ranges::all_of(expectation.rest, [&](const auto& each) {
    return holds(row, shares, expectation, each.first, each.second);
  });
}

std::string found_text(const Row* row, const std::vector<Row>& shares,
                       const Expectation& expectation) {
  if (row == nullptr) return "no such attempt";
  const auto at = [&](const char* key) { return row->at(key); };
  return "start " + at("start") + " end " + at("end") + " on " + at("node_list") +
         " state=" + at("state") + " by=" + at("started_by") + " cpus=" + at("cpus") +
         " mem=" + at("memory_mib") + " limit=" + at("time_limit") + " eligible=" + at("eligible") +
         " per=" + cpus_by_node(shares, expectation) + " reasons " + at("reasons");
}

}  // namespace

Micro parse(std::string_view text) {
  Micro micro;
  micro.jobs_csv = "id,submit,user,duration,extra\n";
  std::string section;
  std::string accounts;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty() || line[0] == '#') continue;
    if (line[0] != ' ' && words.size() == 1) {
      section = words[0];
      continue;
    }
    line.erase(0, line.find_first_not_of(' '));
    if (section == "config") {
      micro.files["slurm.conf"] += line + '\n';
    } else if (section == "settings") {
      if (words.size() != 2) wrong(line, "a setting is: slot.parameter value");
      micro.settings[words[0]] = words[1];
    } else if (section == "gres" || section == "topology") {
      micro.files[section + ".conf"] += line + '\n';
    } else if (section == "accounts") {
      micro.files["accounts.txt"] += line + '\n';
    } else if (section == "events") {
      if (micro.events_csv.empty()) micro.events_csv = "offset,command\n";
      std::string row = words[0] + ',';
      append_csv(row, line.substr(line.find(' ') + 1));
      micro.events_csv += row + '\n';
    } else if (section == "jobs") {
      micro.jobs_csv += job_row(line);
    } else if (section == "expect") {
      micro.expectations.push_back(read_expectation(line));
    } else {
      wrong(line, "no section of this name: " + section);
    }
  }
  if (micro.expectations.empty()) throw std::runtime_error("expects nothing");
  add_defaults(micro.files["slurm.conf"]);
  return micro;
}

std::string run(const Micro& micro, const std::string& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& [name, text] : micro.files) write_text(folder + "/" + name, text);
  ClusterFile file = load_cluster(folder);
  std::map<std::string, std::string> settings = micro.settings;
  settings.try_emplace("scheduler", "slurm");
  overlay(file.policies, testing::settings(settings));
  Workload workload = read_csv(micro.jobs_csv, "jobs");
  if (!micro.events_csv.empty()) {
    workload.operations = read_events(micro.events_csv, "events", workload);
  }
  Diagnostics diagnostics;
  const ReadyScheduler ready = make_scheduler(file.policies, diagnostics);
  diagnostics.throw_if_errors();
  const Journal journal = simulate(file.cluster, workload, *ready.scheduler);
  std::string jobs_csv, shares_csv;
  write_jobs_csv(file.cluster, workload, journal, [&](auto text) { jobs_csv += text; });
  write_shares_csv(file.cluster, workload, journal, [&](auto text) { shares_csv += text; });
  const std::vector<Row> jobs = rows_of(jobs_csv);
  const std::vector<Row> shares = rows_of(shares_csv);
  std::string problems;
  for (const Expectation& expectation : micro.expectations) {
    const auto found = std::ranges::find_if(jobs, [&](const Row& row) {
      return row.at("id") == expectation.id && row.at("attempt") == expectation.attempt;
    });
    const Row* const row = found == jobs.end() ? nullptr : &*found;
    if (row != nullptr && meets(*row, shares, expectation)) continue;
    problems += "  expected " + expectation.line + "\n     found " +
                found_text(row, shares, expectation) + '\n';
  }
  return problems;
}

}  // namespace rehearse::micro
