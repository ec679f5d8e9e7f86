#include "sim/study/compare.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/report/files.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/unit/report/folder.hpp"
#include "tests/unit/report/hand_made.hpp"

namespace rehearse {
namespace {

void write(HandMade& made, const std::string& directory, const std::string& trace_hash = "aa",
           const std::string& backfill = "none") {
  const Metrics metrics = measure(made.cluster, made.workload(), made.journal);
  const RunManifest manifest{.version = "1",
                             .cluster = {{"lab.yaml", "11"}},
                             .trace = {"month.csv", trace_hash},
                             .policies = {{"backfill", {{"use", backfill}}}},
                             .repairs = {},
                             .seed = 1};
  write_run(directory, made.cluster, made.workload(), made.journal, metrics, manifest, false);
}

// Four jobs: b goes forward by `gain` seconds, c back by half of it; never does not start.
void add_jobs(HandMade& made, double gain) {
  made.job({.id = "a", .user = "ada", .start = 0, .end = 10});
  made.job({.id = "b", .user = "bob", .start = 500 - gain, .end = 600 - gain, .a40 = 1});
  made.job({.id = "c", .user = "cy", .account = "speech", .start = 500 + gain / 2, .end = 700});
  made.job({.id = "never", .user = "cy", .state = JobState::Pending});
}

Comparison compare(const TemporaryFolder& folder, bool force = false) {
  return compare_runs(load_saved_run(folder / "a"), load_saved_run(folder / "b"), force);
}

std::string load_error(const std::string& directory) {
  try {
    load_saved_run(directory);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("two equal runs do not differ") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    HandMade made;
    add_jobs(made, 0);
    write(made, folder / name);
  }
  const Comparison comparison = compare(folder);
  CHECK_FALSE(comparison.differs());
  CHECK(comparison.same == 3);
  CHECK(comparison.started_in_neither == 1);
  CHECK(comparison_text(comparison).find("Nothing differs") != std::string::npos);
  CHECK(comparison_text(comparison).find("one sample") != std::string::npos);
}

TEST_CASE("jobs are paired, and those who gain and lose most are named") {
  const TemporaryFolder folder;
  HandMade before, after;
  add_jobs(before, 0);
  add_jobs(after, 100);
  write(before, folder / "a");
  write(after, folder / "b", "aa", "easy");
  const Comparison comparison = compare(folder);
  CHECK(comparison.differs());
  CHECK(comparison.earlier == 1);
  CHECK(comparison.later == 1);
  CHECK(comparison.same == 1);
  REQUIRE(comparison.winners.size() == 1);
  CHECK(comparison.winners[0].id == "b");
  CHECK(comparison.winners[0].later() == -100);
  REQUIRE(comparison.losing_users.size() == 1);
  CHECK(comparison.losing_users[0].user == "cy");
  CHECK(comparison.losing_users[0].later == 50);
  REQUIRE(comparison.settings.size() == 1);
  CHECK(comparison.settings[0].name == "backfill.use");
  CHECK(comparison.settings[0].after == "easy");
  CHECK(comparison.figures[1].name == "all.wait.mean");
  CHECK(comparison.figures[1].before == Approx(1000 / 3.0));
  CHECK(comparison.figures[1].after == Approx(950 / 3.0));
  REQUIRE(comparison.by_account.size() == 2);
  CHECK(comparison.by_account[0].name == "speech");
  CHECK(comparison.by_account[0].after.wait_mean == 550);
}

TEST_CASE("a comparison can be had as text, as Markdown and as JSON") {
  const TemporaryFolder folder;
  HandMade before, after;
  add_jobs(before, 0);
  add_jobs(after, 100);
  write(before, folder / "a");
  write(after, folder / "b");
  const Comparison comparison = compare(folder);
  const auto json = nlohmann::json::parse(comparison_json(comparison));
  CHECK(json["samples"] == 1);
  CHECK(json["jobs"]["earlier"] == 1);
  CHECK(json["winners"][0]["id"] == "b");
  CHECK(json["by_account"]["speech"]["before"]["wait_mean"] == 500);
  const std::string markdown = comparison_markdown(comparison);
  CHECK(markdown.find("| b | bob | 500 | 400 | -00:01:40 |") != std::string::npos);
  CHECK(markdown.find("one sample") != std::string::npos);
  CHECK(comparison_text(comparison).find("1 start earlier, 1 later and 1 at the same time") !=
        std::string::npos);
}

TEST_CASE("a requeued job is compared by the start of its last attempt") {
  const TemporaryFolder folder;
  HandMade before, after;
  before.job({.id = "a", .start = 0, .end = 100});
  const AttemptId first =
      after.job({.id = "a", .start = 0, .end = 50, .state = JobState::Preempted});
  after.requeue(first, {.submit = 50, .eligible = 50, .start = 90, .end = 190});
  write(before, folder / "a");
  write(after, folder / "b");
  const Comparison comparison = compare(folder);
  CHECK(comparison.later == 1);
  CHECK(comparison.losers[0].later() == 90);
}

TEST_CASE("a job with other nodes counts as changed even if it starts as before") {
  const TemporaryFolder folder;
  HandMade before, after;
  before.job({.start = 0, .end = 100, .node = 1});
  after.job({.start = 0, .end = 100, .node = 2});
  write(before, folder / "a");
  write(after, folder / "b");
  CHECK(compare(folder).same == 1);
  CHECK(compare(folder).otherwise_changed == 1);
  CHECK(compare(folder).differs());
}

TEST_CASE("runs of different traces are refused unless forced") {
  const TemporaryFolder folder;
  HandMade before, after;
  add_jobs(before, 0);
  after.job({.id = "a", .start = 3, .end = 4});
  write(before, folder / "a");
  write(after, folder / "b", "bb");
  CHECK_THROWS_AS(compare(folder), InputError);
  const Comparison comparison = compare(folder, true);
  CHECK_FALSE(comparison.same_trace);
  CHECK(comparison.unpaired == 3);
  CHECK(comparison.later == 1);
}

TEST_CASE("a folder that is no run is an error that names the file") {
  const TemporaryFolder folder;
  CHECK(load_error(folder / "none").find("is not a folder") != std::string::npos);
  CHECK(load_error(folder / "").find("manifest.json") != std::string::npos);

  HandMade made;
  add_jobs(made, 0);
  write(made, folder / "a");
  CHECK(load_error(folder / "a") == "no error");

  write_text(folder / "a/summary.json", "{\"schema\": 99}");
  CHECK(load_error(folder / "a").find("its schema is 99, this version reads 1") !=
        std::string::npos);
  write_text(folder / "a/summary.json", "not JSON");
  CHECK(load_error(folder / "a").find("no JSON object") != std::string::npos);
  write(made, folder / "a");
  write_text(folder / "a/jobs.csv", "id,attempt\n");
  CHECK(load_error(folder / "a").find("there is no column \"user\"") != std::string::npos);
  write_text(folder / "a/jobs.csv",
             "id,attempt,user,account,state,submit,start,end,node_list\n"
             "a,0,u,x,COMPLETED,0,soon,9,n1\n");
  CHECK(load_error(folder / "a").find("jobs.csv:2: error: \"soon\" is no start") !=
        std::string::npos);
  write_text(folder / "a/jobs.csv",
             "id,attempt,user,account,state,submit,start,end,node_list\na,0\n");
  CHECK(load_error(folder / "a").find("2 fields, the header has 9") != std::string::npos);
}

}  // namespace rehearse
