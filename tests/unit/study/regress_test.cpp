#include "sim/study/regress.hpp"

#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/unit/report/folder.hpp"
#include "tests/unit/report/hand_made.hpp"

namespace rehearse {
namespace {

using Catch::Contains;

// Three jobs; b starts `wait` seconds after its submission at 100.
RunResult run_with(double wait, std::uint32_t node = 1) {
  HandMade made;
  made.job({.id = "a", .start = 0, .end = 1000, .node = 2});
  made.job(
      {.id = "b", .submit = 100, .eligible = 100, .start = 100 + wait, .end = 1000, .node = node});
  made.job({.id = "c", .state = JobState::Pending});
  return {made.cluster, made.workload(), made.journal, {}, {}};
}

SuiteEntry entry_of(std::vector<SuiteMetric> metrics) {
  return {.name = "lab", .metrics = std::move(metrics)};
}

EntryResult judged(const SuiteEntry& entry, const RunResult& before, const RunResult& after) {
  const Expected expected = judge(entry, before, nullptr).actual;
  return judge(entry, after, &expected);
}

// A trace of four one-CPU machines' worth of jobs in which backfill matters: 2 cannot start beside
// 1, and 3 may only pass it under backfill.
constexpr const char* kSwf =
    "; MaxProcs: 4\n"
    "1 0 -1 100 3 -1 -1 3 100 -1 1 1 1 -1 1 -1 -1 -1\n"
    "2 10 -1 100 4 -1 -1 4 100 -1 1 1 1 -1 1 -1 -1 -1\n"
    "3 20 -1 50 1 -1 -1 1 50 -1 1 1 1 -1 1 -1 -1 -1\n";

std::string suite_text(const std::string& backfill) {
  return "metrics: [all.wait.mean]\n"
         "experiments:\n"
         "  - name: small\n"
         "    run:\n"
         "      cluster: 4x1\n"
         "      trace: small.swf\n"
         "      policies: {backfill: " +
         backfill + "}\n";
}

std::string suite_error(const std::string& yaml) {
  try {
    parse_suite(yaml, "s.yaml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a run that gives what is expected is ok") {
  const EntryResult result =
      judged(entry_of({{.path = "all.wait.mean"}}), run_with(50), run_with(50));
  CHECK(result.ok());
  CHECK(result_text(result) == "ok     lab: 3 jobs, 1 metrics\n");
}

TEST_CASE("a metric that moved is named with what was expected, and so is the first job") {
  const EntryResult result = judged(entry_of({{.path = "all.wait.mean"}, {.path = "makespan"}}),
                                    run_with(50), run_with(80));
  CHECK_FALSE(result.ok());
  REQUIRE(result.moved.size() == 1);
  CHECK_THAT(result_text(result), Contains("all.wait.mean: expected 25, got 40, tolerance none"));
  CHECK_THAT(result_text(result),
             Contains("first job whose start changed: b: expected 150, got 180"));
}

TEST_CASE("a tolerance is an amount or a part of what is expected, whichever is more") {
  const RunResult before = run_with(50), after = run_with(80);  // mean wait 25, then 40
  const auto moves = [&](double absolute, double relative) {
    SuiteEntry entry = entry_of({{"all.wait.mean", absolute, relative}});
    entry.exact = false;
    return !judged(entry, before, after).ok();
  };
  CHECK(moves(14.9, 0));
  CHECK_FALSE(moves(15, 0));
  CHECK(moves(0, 0.59));
  CHECK_FALSE(moves(0, 0.6));
  CHECK_FALSE(moves(1, 0.6));
}

TEST_CASE("a job on another node is found even if it starts as before") {
  const SuiteEntry entry = entry_of({});
  CHECK(judged(entry, run_with(50, 1), run_with(50, 0)).elsewhere);
  CHECK_FALSE(judged(entry, run_with(50, 1), run_with(50, 1)).elsewhere);
}

TEST_CASE("a metric that is not in the summary or not expected yet has moved") {
  const EntryResult unknown =
      judged(entry_of({{.path = "all.wait.men"}}), run_with(50), run_with(50));
  CHECK_THAT(result_text(unknown), Contains("all.wait.men: expected nothing, got nothing"));
  const Expected expected = judge(entry_of({}), run_with(50), nullptr).actual;
  CHECK_FALSE(judge(entry_of({{.path = "makespan"}}), run_with(50), &expected).ok());
}

TEST_CASE("an experiment of which nothing is expected is not ok") {
  const EntryResult result = judge(entry_of({}), run_with(50), nullptr);
  CHECK_FALSE(result.ok());
  CHECK_THAT(result_text(result), Contains("--update"));
}

TEST_CASE("expected values come back from their file as they were") {
  Expected expected = judge(entry_of({{.path = "all.wait.mean"}}), run_with(50), nullptr).actual;
  for (int i = 0; i < 100; ++i) expected.responses.push_back(i * 7);
  const ExpectedByName all = {{"lab", expected}, {"empty", {}}};
  CHECK(parse_expected(expected_json(all), "e.json") == all);
  CHECK_THROWS_AS(parse_expected("{\"schema\": 7, \"experiments\": {}}", "e.json"), InputError);
  CHECK_THROWS_AS(parse_expected("[]", "e.json"), InputError);
  CHECK_THROWS_AS(parse_expected("nothing", "e.json"), InputError);
}

TEST_CASE("a suite runs its experiments, and says which job an other policy moved") {
  const TemporaryFolder folder;
  write_text(folder / "small.swf", kSwf);
  write_text(folder / "suite.yaml", suite_text("none"));
  const Suite suite = load_suite(folder / "suite.yaml");
  CHECK(suite.expected_path() == folder / "suite.expected.json");
  CHECK(load_expected(suite.expected_path()).empty());
  std::vector<EntryResult> results = run_suite(suite, {});
  REQUIRE(results.size() == 1);
  CHECK(results[0].error.empty());
  CHECK(results[0].actual.responses == Responses{0, 90, 180});

  const ExpectedByName expected = {{"small", results[0].actual}};
  CHECK(run_suite(suite, expected)[0].ok());
  write_text(folder / "suite.yaml", suite_text("easy"));
  const Suite other = load_suite(folder / "suite.yaml");
  const EntryResult moved = run_suite(other, expected)[0];
  CHECK_THAT(result_text(moved),
             Contains("first job whose start changed: 3: expected 200, got 20"));
  CHECK_THAT(junit_xml(other, {moved}), Contains("tests=\"1\" failures=\"1\" errors=\"0\""));
}

TEST_CASE("an experiment that cannot be run is an error of its own") {
  const TemporaryFolder folder;
  write_text(folder / "suite.yaml", suite_text("none"));  // but there is no trace
  const Suite suite = load_suite(folder / "suite.yaml");
  const std::vector<EntryResult> results = run_suite(suite, {});
  CHECK_FALSE(results[0].ok());
  CHECK_THAT(results[0].error, Contains("small.swf"));
  CHECK_THAT(junit_xml(suite, results), Contains("<error message=\""));
}

TEST_CASE("JUnit text is escaped") {
  EntryResult result{.name = "a<b"};
  result.error = "\"x\" & \x01y";
  const std::string xml = junit_xml({"s&t.yaml", {}}, {result});
  CHECK_THAT(xml, Contains("name=\"a&lt;b\""));
  CHECK_THAT(xml, Contains("&quot;x&quot; &amp; ?y"));
  CHECK_THAT(xml, Contains("classname=\"s&amp;t.yaml\""));
}

TEST_CASE("a suite's own metrics replace those of the same path") {
  const Suite suite = parse_suite(
      "metrics: [makespan, {path: all.wait.mean, absolute: 5}]\n"
      "experiments:\n"
      "  - {name: x, run: {cluster: 4x1, trace: t.swf},\n"
      "     metrics: [{path: all.wait.mean, relative: 0.5}, lost_gpu_hours]}\n",
      "dir/s.yaml");
  REQUIRE(suite.entries.size() == 1);
  const SuiteEntry& entry = suite.entries[0];
  CHECK(entry.experiment.trace == "dir/t.swf");
  CHECK(entry.exact);
  REQUIRE(entry.metrics.size() == 3);
  CHECK(entry.metrics[1].absolute == 0);
  CHECK(entry.metrics[1].relative == 0.5);
  CHECK(entry.metrics[2].path == "lost_gpu_hours");
}

TEST_CASE("what is wrong with a suite is said with its place") {
  CHECK_THAT(suite_error("experimnts: []\n"),
             Contains("s.yaml:1:1: error: unknown key \"experimnts\"") &&
                 Contains("did you mean \"experiments\"?"));
  CHECK_THAT(suite_error("experiments:\n  - {name: x}\n"), Contains("no \"run\" in this"));
  CHECK_THAT(suite_error("metrics: [{path: makespan, relative: -1}]\nexperiments: []\n"),
             Contains("s.yaml:1:38: error: ") && Contains("-1"));
  CHECK_THAT(suite_error("experiments:\n"
                         "  - {name: x, run: {cluster: 4x1, trace: t}}\n"
                         "  - {name: x, run: {cluster: 4x1, trace: t}}\n"),
             Contains("s.yaml:3:5: error: a second \"x\""));
}

}  // namespace rehearse
