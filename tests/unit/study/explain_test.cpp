// `rehearse explain`: each file of tests/explain is a micro-scenario (tests/slurm), whose starts
// are expected by rule, and then what is to be said of some of its jobs. SIM_UPDATE=1 writes that
// anew.
#include "sim/study/explain.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/study/run.hpp"
#include "sim/workload/read_text.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"
#include "tests/slurm/micro.hpp"
#include "tests/unit/report/folder.hpp"

namespace fs = std::filesystem;

namespace rehearse {
namespace {

constexpr std::string_view kExplain = "explain ";

/// A file of tests/explain.
struct Case {
  std::string scenario;
  std::vector<std::string> jobs;
  std::string expected;  ///< from the first `explain` on
};

Case read_case(const std::string& path) {
  Case result;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kExplain)) result.jobs.push_back(line.substr(kExplain.size()));
    (result.jobs.empty() ? result.scenario : result.expected) += line + '\n';
  }
  return result;
}

/// What `rehearse run` would leave behind of a scenario: its folder's "out".
void run_into(const TemporaryFolder& folder, const std::string& scenario) {
  const micro::Micro micro = micro::parse(scenario);
  CHECK(micro::run(micro, folder / "in") == "");
  write_text(folder / "in/jobs.csv", micro.jobs_csv);
  if (!micro.events_csv.empty()) write_text(folder / "in/events.csv", micro.events_csv);
  Experiment experiment{.cluster = folder / "in"};
  resolve_folders(experiment);
  std::map<std::string, std::string> settings = micro.settings;
  settings.try_emplace("scheduler", "slurm");
  experiment.policies = testing::settings(settings);
  const RunResult run = run_experiment(experiment);
  const Metrics metrics = measure(run.cluster, run.workload, run.journal, run.metrics);
  write_run(folder / "out", run.cluster, run.workload, run.journal, metrics, run.manifest, false);
}

std::string indented(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    out += (line.empty() ? "" : "  ") + line + '\n';
  return out;
}

std::string error_of(const TemporaryFolder& folder, const std::string& job) {
  try {
    explain(folder / "out", job);
  } catch (const InputError& error) {
    std::string text = error.what();
    const std::string root = folder / "";
    for (auto at = text.find(root); at != std::string::npos; at = text.find(root)) {
      text.replace(at, root.size(), "");
    }
    return text;
  }
  return "no error";
}

constexpr const char* kTwoJobs = R"(
jobs
  A 0 -n4 -t10 -- 100
  job12 5 --array=1-2 -n4 -t10 -- 20
expect
  A 0+4
)";

}  // namespace

TEST_CASE("why jobs waited, as it is written in tests/explain") {
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator("tests/explain")) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  REQUIRE(paths.size() >= 9);
  for (const std::string& path : paths) {
    INFO(path);
    const Case each = read_case(path);
    const TemporaryFolder folder;
    run_into(folder, each.scenario);
    std::string found;
    for (const std::string& job : each.jobs) {
      found += (found.empty() ? "" : "\n") + std::string(kExplain) + job + '\n' +
               indented(explanation_text(explain(folder / "out", job), 80));
    }
    CHECK(found == each.expected);
    if (std::getenv("SIM_UPDATE") != nullptr) std::ofstream(path) << each.scenario << found;
  }
}

TEST_CASE("an explanation as JSON has the limit in numbers") {
  const TemporaryFolder folder;
  run_into(folder, read_case("tests/explain/qos_limit.txt").scenario);
  const auto json = nlohmann::json::parse(explanation_json(explain(folder / "out", "17")));
  CHECK(json["schema"] == 1);
  CHECK(json["user"] == "ana");
  const auto& limit = json["attempts"][0]["spells"][0]["limit"];
  CHECK(limit["name"] == "MaxTRESPerUser");
  CHECK(limit["of"] == "QOS debug");
  CHECK(limit["tres"] == "gres/gpu");
  CHECK(limit["bound"] == 4);
  CHECK(limit["used"] == 4);
  CHECK(limit["asked"] == 2);
  CHECK(limit["used_by"] == nlohmann::json::array({"12", "15"}));
  CHECK(json["attempts"][0]["made_room"][0]["id"] == "15");
}

TEST_CASE("a job that is not in the run is named with its likely meaning") {
  const TemporaryFolder folder;
  run_into(folder, kTwoJobs);
  CHECK(error_of(folder, "job12_2") == "no error");
  CHECK(error_of(folder, "job13_2") ==
        "out/jobs.csv: error: there is no job \"job13_2\"\n"
        "      = help: did you mean \"job12_2\"?\n");
  CHECK(error_of(folder, "job12") ==
        "out/jobs.csv: error: \"job12\" is an array\n"
        "      = help: name one of its tasks, such as job12_1\n");
}

TEST_CASE("what the run was made of has to be there as it was") {
  const TemporaryFolder folder;
  run_into(folder, kTwoJobs);
  const std::string trace = folder / "in/jobs.csv";
  const std::string before = read_text(trace);
  write_text(trace, before + "B,6,u1,10,-n1\n");
  CHECK(error_of(folder, "A").starts_with("in/jobs.csv: error: the trace has changed since"));
  fs::remove(trace);
  CHECK(
      error_of(folder, "A").starts_with("in/jobs.csv: error: the trace of this run is not there"));
  write_text(trace, before);
  CHECK(error_of(folder, "A") == "no error");

  const std::string conf = folder / "in/slurm.conf";
  write_text(conf, read_text(conf) + "# later\n");
  CHECK(error_of(folder, "A").starts_with("in/slurm.conf: error: the cluster has changed since"));
}

TEST_CASE("a run that does not come out again explains nothing") {
  const TemporaryFolder folder;
  run_into(folder, kTwoJobs);
  const std::string jobs = folder / "out/jobs.csv";
  std::string text = read_text(jobs);
  text.replace(text.find("COMPLETED"), 9, "CANCELLED");
  write_text(jobs, text);
  CHECK(error_of(folder, "A")
            .starts_with("out/jobs.csv: error: the run does not come out as it is written here"));
}

}  // namespace rehearse
