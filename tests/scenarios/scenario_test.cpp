// Runs every scenario of this folder and compares its picture; SIM_UPDATE=1 rewrites the files that
// differ, for a review of the difference. Every result is audited.
#include "tests/scenarios/scenario.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/audit/audit.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/report/files.hpp"
#include "tests/catch.hpp"

namespace rehearse::scenario {
namespace {

std::vector<std::string> files() {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/scenarios")) {
    if (entry.path().extension() == ".txt") result.push_back(entry.path().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string audited(const Scenario& scenario, const Journal& journal) {
  std::string jobs, shares, problems;
  write_jobs_csv(scenario.cluster, scenario.workload, journal,
                 [&](std::string_view text) { jobs += text; });
  write_shares_csv(scenario.cluster, scenario.workload, journal,
                   [&](std::string_view text) { shares += text; });
  const AuditResult result = audit(scenario.cluster, scenario.workload, jobs, shares);
  for (const Violation& each : result.violations) problems += rehearse::render(each) + "\n";
  return problems;
}

void run(const std::string& file) {
  const std::string text = read(file);
  const Scenario scenario = parse(text, file);
  Diagnostics diagnostics;
  const ReadyScheduler ready = make_scheduler(scenario.policies, diagnostics);
  diagnostics.throw_if_errors();
  const Journal journal = simulate(scenario.cluster, scenario.workload, *ready.scheduler);
  const std::string actual = render(scenario, journal);
  INFO(file << "\n" << actual);
  CHECK(audited(scenario, journal) == "");
  if (actual == text) return;
  if (std::getenv("SIM_UPDATE") != nullptr) {
    std::ofstream(file) << actual;
    WARN(file << " is rewritten");
    return;
  }
  const std::string expected = text.substr(scenario.head.size());
  CHECK(actual.substr(scenario.head.size()) == expected);
}

TEST_CASE("Scenarios run as drawn", "[scenarios]") {
  const std::vector<std::string> all = files();
  REQUIRE(all.size() >= 60);
  for (const std::string& file : all) {
    try {
      run(file);
    } catch (const std::exception& error) {
      FAIL_CHECK(file << ": " << error.what());
    }
  }
}

}  // namespace
}  // namespace rehearse::scenario
