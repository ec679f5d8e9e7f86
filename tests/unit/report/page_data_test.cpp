#include "sim/report/page_data.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "tests/catch.hpp"

using namespace rehearse;
using Catch::Contains;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kHeader =
    "id,attempt,user,account,partition,qos,state,submit,eligible,start,end,time_limit,nodes,cpus,"
    "gpus,gpu_type,memory_mib,node_list,wait,started_by,reasons\n";

Json jobs(const std::string& rows, std::size_t spans = 1000) {
  return jobs_data("jobs.csv", kHeader + rows, spans);
}

std::string error_of(const std::string& rows) {
  try {
    jobs(rows);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// a and c run on n1, b on n1 and n2, d never.
const std::string kRows =
    "a,0,ann,lab,p,,COMPLETED,10,10,10,40,60,1,4,1,a40,,n1,0,main,\n"
    "b,0,bob,lab,p,,PREEMPTED,20,20,40,50,60,2,8,2,a40,,n[1-2],20,main,Resources=20\n"
    "b,1,bob,lab,p,,COMPLETED,50,50,65,95,60,2,8,2,a40,,n[1-2],15,backfill,Priority=5;Resources="
    "10\n"
    "c,0,ann,lab,p,,RUNNING,60,60,95,,UNLIMITED,1,4,1,a40,,n1,35,main,Resources=35\n"
    "d,0,ann,lab,p,,PENDING,70,70,,,60,,,,,,,,,Resources=25\n";

}  // namespace

TEST_CASE("the page gets the attempts that started, times as differences") {
  const Json data = jobs(kRows)["jobs"];
  CHECK(data["id"] == Json({"a", "b", "b", "c"}));
  CHECK(data["submit"] == Json({10, 10, 30, 10}));
  CHECK(data["delay"] == Json({0, 20, 15, 35}));
  CHECK(data["length"] == Json({30, 10, 30, 0}));  // the last one runs at the end of the run
  CHECK(data["time_limit"] == Json({60, 60, 60, -1}));
  CHECK(data["user"]["texts"] == Json({"", "ann", "bob"}));
  CHECK(data["user"]["of"] == Json({1, 2, 2, 1}));
  CHECK(data["partition"]["of"] == 1);  // all the same
  CHECK(data["reason_names"] == Json({"", "Resources", "Priority"}));
  CHECK(data["reasons"] == Json::parse("[0, [1,20], [2,5,1,10], [1,35]]"));
}

TEST_CASE("the page gets who ran on which node") {
  const Json nodes = jobs(kRows)["nodes"];
  CHECK(nodes["names"] == Json({"n1", "n2"}));
  CHECK(nodes["spans"] == Json({4, 2}));
  CHECK(nodes["attempts"] == Json({0, 1, 1, 1, 1, 1}));  // 0 1 2 3 on n1, 1 2 on n2
  CHECK(nodes["every"] == 1);
  CHECK(nodes["left_out"] == 0);
}

TEST_CASE("too many spans leave out nodes, then attempts, and say so") {
  const Json fewer = jobs(kRows, 4);
  CHECK(fewer["nodes"]["names"] == Json({"n1"}));
  CHECK(fewer["nodes"]["every"] == 2);
  CHECK(fewer["nodes"]["ran"] == 2);
  CHECK(fewer["nodes"]["left_out"] == 0);
  const Json fewest = jobs(kRows, 3);
  CHECK(fewest["nodes"]["attempts"] == Json({0, 1, 1}));
  CHECK(fewest["nodes"]["left_out"] == 1);
  CHECK(fewest["jobs"]["id"] == Json({"a", "b", "b"}));
}

TEST_CASE("wait curves count a job once, with the waits of all its attempts") {
  const Json waits = jobs(kRows)["waits"];
  const auto at_most = [&](const char* kind, const char* name, double seconds) {
    return waits[kind][name][static_cast<std::size_t>(10 * std::log10(seconds))].get<int>();
  };
  CHECK(at_most("all", "all", 1) == 1);  // a: 0
  CHECK(at_most("all", "all", 31) == 1);
  CHECK(at_most("all", "all", 100) == 3);  // b: 20 + 15, c: 35
  CHECK(at_most("gpus", "1", 100) == 2);
  CHECK(at_most("gpus", "2", 100) == 1);
  CHECK(at_most("account", "lab", 1e7) == 3);
}

TEST_CASE("a jobs.csv that is none is refused with its line") {
  CHECK_THAT(error_of("a,0,u,l,p,,COMPLETED,1,1,1,2,60,1,1,0,,,n[2-1],0,main,\n"),
             Contains("jobs.csv:2") && Contains("node_list is \"n[2-1]\""));
  CHECK_THAT(error_of("a,0,u,l,p,,COMPLETED,1,1,1,2,60,1,1,0,,,n1,0,main,Resources\n"),
             Contains("jobs.csv:2") && Contains("reasons is \"Resources\""));
  CHECK_THAT(error_of("a,0\n"), Contains("jobs.csv:2") && Contains("2 fields"));
  CHECK_THROWS_AS(jobs_data("jobs.csv", "id,start\n", 1), InputError);
}

TEST_CASE("the timeline is its columns by differences") {
  const Json data = timeline_data("timeline.csv", "time,cpus_used,queue\n0,4,1\n10,4,3\n25,0,0\n");
  CHECK(data == Json::parse(R"({"time": [0,10,15], "cpus_used": [4,0,-4], "queue": [1,2,-3]})"));
}
