// rehearse regress SUITE.yaml: do the experiments still give what they gave? For CI.
#include "sim/study/regress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "sim/cli/commands.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse::cli {
namespace {

struct RegressOptions {
  std::string suite, junit;
  bool update = false;
};

void update(const Suite& suite, std::vector<EntryResult>& results) {
  ExpectedByName expected;
  for (EntryResult& result : results) expected[result.name] = std::move(result.actual);
  write_text(suite.expected_path(), expected_json(expected));
  fmt::print("{} experiments accepted in {}\n", results.size(), suite.expected_path());
}

int regress(const RegressOptions& options) {
  const Suite suite = load_suite(options.suite);
  std::vector<EntryResult> results =
      run_suite(suite, options.update ? ExpectedByName{} : load_expected(suite.expected_path()));
  const auto has_error = [](const EntryResult& result) { return !result.error.empty(); };
  const bool errors = std::any_of(results.begin(), results.end(), has_error);
  if (!options.junit.empty()) write_text(options.junit, junit_xml(suite, results));
  for (const EntryResult& result : results) {
    if (!options.update || has_error(result)) fmt::print("{}", result_text(result));
  }
  if (errors) return 2;
  if (options.update) {
    update(suite, results);
    return 0;
  }
  const auto moved = std::count_if(results.begin(), results.end(),
                                   [](const EntryResult& result) { return !result.ok(); });
  if (moved == 0) return 0;
  fmt::print("{} of {} experiments moved; `rehearse regress --update {}` accepts what is new\n",
             moved, results.size(), options.suite);
  return 1;
}

}  // namespace

void add_regress(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "regress", "Run a suite of experiments and exit with 1 if a result has moved");
  const auto options = std::make_shared<RegressOptions>();
  command->add_option("SUITE", options->suite, "A suite: configs/suites/clusters.yaml")->required();
  command->add_flag("--update", options->update,
                    "Accept what the experiments give now, in SUITE.expected.json");
  command->add_option("--junit", options->junit, "Write the results as JUnit XML to this file");
  command->callback([options, &exit_code] { exit_code = regress(*options); });
}

}  // namespace rehearse::cli
