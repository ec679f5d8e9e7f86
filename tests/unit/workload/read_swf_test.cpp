// Odd rows of the Standard Workload Format (../shared/cases/23-swf-odd, written anew).
#include "sim/workload/read_swf.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "tests/catch.hpp"

namespace rehearse::testing {
namespace {

const std::string kSmall =
    ";MaxProcs:64\r\n;\tMaxNodes :  16\r\n; UnixStartTime: 1000000000\r\n; MaxRuntime: -1\r\n"
    "; Note: 3 1 4 1 5 9 looks like data; it is none\r\n\r\n"
    "1 0 -1 100 64 -1 -1 64 200 -1 1 1 1 1 1 1 -1 -1\r\n"
    "  3\t5   -1 30 32 12.5 -1 -1 30 -1 1 2 1 2 1 1 -1 -1\r\n"
    "2 10 -1 50 32 -1 -1 32 60 -1 1 1 1 1 1 1 -1 -1\r\n"
    "4 20 -1 500 64 480.25 1024.5 64 100 -1 1 3 1 1 1 1 -1 -1\r\n";

TEST_CASE("Carriage returns, tabs, unsorted rows and unknown sizes are read", "[swf]") {
  for (const bool clip : {false, true}) {
    TraceRules rules;
    rules.clip_runtime_to_limit = clip;
    const Workload workload = read_swf(kSmall, "small.swf", rules);
    CHECK(workload.max_procs == 64);
    CHECK(workload.unix_start_time == 1000000000);
    REQUIRE(workload.submissions.size() == 4);
    const SubmissionId third{1};
    CHECK(workload.id_text(third) == "3");
    CHECK(workload.submissions[third].submit == at_seconds(5));
    CHECK(workload.asked[workload.submissions[third].asked].tasks == 32);
    CHECK(workload.truth.of(SubmissionId{3}).run_time == std::chrono::seconds{clip ? 100 : 500});
    CHECK(workload.repairs.count("clip-runtime-to-limit") == (clip ? 1U : 0U));
  }
}

TEST_CASE("Rows that cannot be replayed are dropped by name and counted", "[swf]") {
  const Workload workload = read_swf(
      "5 30 -1 -1 -1 -1 -1 16 300 -1 5 3 1 1 1 1 -1 -1\n"
      "7 50 -1 0 16 -1 -1 16 100 -1 1 3 1 1 1 1 -1 -1\n"
      "8 60 -1 80 0 -1 -1 0 100 -1 1 3 1 1 1 1 -1 -1\n"
      "9 70 -1 -5 16 -1 -1 16 100 -1 0 3 1 1 1 1 -1 -1\n"
      "10 80 -1 40 24 -1 -1 16 100 -1 1 3 1 1 1 1 -1 -1\n"
      "11 90 -1 40.7 16 -1 -1 16 -1 -1 1 4 1 1 1 1 -1 -1\n"
      "12 -1 -1 40 16 -1 -1 16 100 -1 1 4 1 1 1 1 -1 -1\n"
      "13 100 -1 20 16 -1 -1 16 100 -1 1 4 1 1 1 1 2\n"
      "14 110 -1 20 16 -1 -1 16 100 -1 1 4 1 1 1 1 -1 -1 99\n"
      "15 120 -1 20 16 -1 -1 16 1e2 -1 1 4 1 1 1 1 -1 -1 ; a remark\n"
      "10 130 -1 20 16 -1 -1 16 100 -1 1 4 1 1 1 1 -1 -1\n\x1a\n",
      "odd.swf");
  CHECK(workload.submissions.size() == 7);
  CHECK(workload.submissions[SubmissionId{5}].time_limit == std::chrono::seconds{100});
  const auto count = [&](const char* rule) {
    const auto found = workload.repairs.find(rule);
    return found == workload.repairs.end() ? 0 : found->second.count;
  };
  CHECK(count("drop-cancelled-before-start") == 1);
  CHECK(count("drop-no-processors") == 1);
  CHECK(count("drop-negative-runtime") == 1);
  CHECK(count("drop-unknown-submit") == 1);
  CHECK(count("use-allocated-processors") == 1);
  CHECK(count("round-runtime-down") == 1);
  CHECK(count("no-limit-is-unlimited") == 1);
  CHECK(count("fill-short-row") == 1);
  CHECK(count("ignore-extra-fields") == 1);
  CHECK(count("keep-duplicate-number") == 1);
  CHECK(workload.repairs.at("keep-duplicate-number").first_line == 11);
}

TEST_CASE("The rules that a study chooses drop or change rows by name", "[swf]") {
  const std::string text =
      "1 0 -1 0 16 -1 -1 16 100 -1 1 1 1 1 1 1 -1 -1\n"
      "2 0 -1 50 16 -1 -1 32 100 -1 5 1 1 1 1 1 -1 -1\n"
      "3 0 -1 50 16 -1 -1 32 100 -1 1 1 1 1 1 1 -1 -1\n";
  Diagnostics none;
  const std::vector<ParamText> names{{"drop-zero-runtime"},
                                     {"drop-cancelled"},
                                     {"use-requested-processors"},
                                     {"limit-from-runtime"},
                                     {"no-clip-runtime-to-limit"}};
  const TraceRules rules = parse_trace_rules(names, none);
  CHECK(none.error_count() == 0);
  CHECK(!rules.clip_runtime_to_limit);
  const Workload workload = read_swf(text, "t.swf", rules);
  REQUIRE(workload.submissions.size() == 1);
  const Submission& job = workload.submissions[SubmissionId{0}];
  CHECK(job.number == 3);
  CHECK(job.time_limit == std::chrono::seconds{50});
  CHECK(workload.asked[job.asked].tasks == 32);
  for (const char* rule : {"drop-zero-runtime", "drop-cancelled", "use-requested-processors"}) {
    CHECK(workload.repairs.at(rule).count == 1);
  }
  for (const auto& [name, repair] : workload.repairs) {
    CHECK(std::ranges::count(trace_rules(), name, &TraceRule::name) == 1);
  }
}

TEST_CASE("An unknown or unavoidable rule is an error with the near match", "[swf]") {
  Diagnostics diagnostics;
  const std::vector<ParamText> names{{"drop-zero-runtimes", "e.yaml", 3, 12},
                                     {"drop-no-processors", "e.yaml", 3, 30}};
  parse_trace_rules(names, diagnostics);
  CHECK(diagnostics.render() ==
        "e.yaml:3:12: error: unknown repair rule \"drop-zero-runtimes\"\n"
        "      = help: did you mean \"drop-zero-runtime\"?\n"
        "e.yaml:3:30: error: \"drop-no-processors\" is always applied\n"
        "      = help: name only the rules that can be chosen\n");
}

TEST_CASE("Malformed rows are errors with line and column, all at once", "[swf]") {
  try {
    read_swf("16 140 -1 20 x16 -1 -1 16 100 -1 1 4 1 1 1 1 -1 -1\n1 2 3\nx1 2 3\n", "bad.swf");
    FAIL("no error");
  } catch (const InputError& error) {
    const std::string text = error.what();
    CHECK(text.find("bad.swf:1:14: error: \"x16\" is not a number") != std::string::npos);
    CHECK(text.find("bad.swf:2:1: error: row has 3 fields") != std::string::npos);
    CHECK(text.find("bad.swf:3:1: error: \"x1\" is not a number") != std::string::npos);
  }
}

}  // namespace
}  // namespace rehearse::testing
