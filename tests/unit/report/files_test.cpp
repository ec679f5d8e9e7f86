#include "sim/report/files.hpp"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <system_error>

#include "sim/base/output_file.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/workload/write_text.hpp"
#include "tests/catch.hpp"
#include "tests/unit/report/folder.hpp"
#include "tests/unit/report/hand_made.hpp"

namespace rehearse {
namespace {

constexpr const char* kHeader =
    "id,attempt,user,account,partition,qos,state,submit,eligible,start,end,time_limit,nodes,cpus,"
    "gpus,gpu_type,memory_mib,node_list,wait,started_by,reasons\n";

std::string jobs_csv(HandMade& made) {
  std::string text;
  write_jobs_csv(made.cluster, made.workload(), made.journal,
                 [&](std::string_view piece) { text += piece; });
  return text;
}

std::string shares_csv(HandMade& made) {
  std::string text;
  write_shares_csv(made.cluster, made.workload(), made.journal,
                   [&](std::string_view piece) { text += piece; });
  return text;
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("jobs.csv has a row per attempt, in job order") {
  HandMade made;
  const AttemptId first = made.job({.id = "J1",
                                    .submit = 0.25,
                                    .eligible = 0.25,
                                    .start = 60,
                                    .end = 100,
                                    .nodes = 2,
                                    .cpus = 3,
                                    .memory_mib = 500,
                                    .a40 = 1,
                                    .state = JobState::Preempted});
  made.job({.id = "A2",
            .account = "speech",
            .submit = 10,
            .eligible = -1,
            .state = JobState::Pending,
            .array_task = 7});
  made.requeue(first, {.submit = 100,
                       .eligible = 100,
                       .start = 130,
                       .end = 200,
                       .a40 = 1,
                       .h100 = 1,
                       .started_by = StartedBy::Backfill});
  made.reason(0.25, first, Reason::Priority);
  made.reason(50, first, Reason::Resources);
  made.reason(55, first, Reason::Priority);
  CHECK(jobs_csv(made) ==
        kHeader +
            std::string("J1,0,ada,vision,all,normal,PREEMPTED,0,0,60,100,7200,2,6,2,a40,1000,"
                        "gpu[1-2],60,main,Priority=55;Resources=5\n"
                        "J1,1,ada,vision,all,normal,COMPLETED,100,100,130,200,7200,1,1,2,"
                        "a40+h100,0,gpu1,30,backfill,None=30\n"
                        "A2_7,0,ada,speech,all,normal,PENDING,10,,,,7200,,,,,,,,,None=190\n"));
}

TEST_CASE("a field of jobs.csv that needs it is quoted as RFC 4180 says") {
  HandMade made;
  made.job({.id = "a,b", .user = "x\"y", .start = 0, .end = 1, .node = 0});
  made.cluster.nodes[NodeId{0}].name = "big1";
  CHECK(jobs_csv(made) ==
        kHeader + std::string("\"a,b\",0,\"x\"\"y\",vision,all,normal,COMPLETED,0,"
                              "0,0,1,7200,1,1,0,,0,big1,0,main,\n"));
}

TEST_CASE("a node list is what compress_hostlist makes of the names") {
  HandMade made;
  made.cluster.nodes = {};
  std::vector<std::string> names;
  for (int i = 8; i < 12; ++i) names.push_back("a" + std::to_string(i));
  for (const char* name : {"b007", "b008", "b009", "b010", "b100", "login", "x1-2", "x1-3"}) {
    names.emplace_back(name);
  }
  for (const std::string& name : names) {
    Node node;
    node.name = name;
    node.gres = {0, 0};
    made.cluster.nodes.push_back(node);
  }
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    HandMade one;
    one.cluster.nodes = made.cluster.nodes;
    const AttemptId id = one.job({.start = 0, .end = 1});
    one.journal.shares.clear();
    std::vector<std::string> chosen;
    for (std::uint32_t i = 0; i < names.size(); ++i) {
      if (random() % 2 == 0) continue;
      const auto most = static_cast<std::uint32_t>(names.size()) - i;
      const std::uint32_t run = std::min<std::uint32_t>(1 + random() % 3, most);
      one.journal.shares.push_back({static_cast<NodeId>(i), run, 1, 0, 0});
      for (std::uint32_t k = 0; k < run; ++k) chosen.push_back(names[i + k]);
      i += run - 1;
    }
    if (chosen.empty()) continue;
    one.journal.attempts[id].share_count = static_cast<std::uint32_t>(one.journal.shares.size());
    const std::string list = compress_hostlist(chosen);
    const std::string field = list.find(',') == list.npos ? list : '"' + list + '"';
    INFO(list);
    CHECK(jobs_csv(one).find("," + field + ",0,main") != std::string::npos);
    CHECK(expand_hostlist(list).hosts == chosen);
  }
}

TEST_CASE("shares.csv says what each attempt held on each node") {
  HandMade made;
  made.job({.id = "J1", .start = 0, .end = 5, .nodes = 2, .cpus = 3, .memory_mib = 500, .a40 = 1});
  made.job({.id = "waits", .state = JobState::Pending});
  CHECK(shares_csv(made) ==
        "job,attempt,node,cpus,memory_mib,gpu:a40,gpu:h100\n"
        "J1,0,gpu1,3,500,1,0\n"
        "J1,0,gpu2,3,500,1,0\n");
}

TEST_CASE("timeline.csv has used and free amounts side by side") {
  HandMade made;
  made.job({.start = 0, .end = 10, .cpus = 4, .a40 = 1});
  const Metrics metrics = measure(made.cluster, made.workload(), made.journal);
  CHECK(timeline_csv(metrics.timeline) ==
        "time,cpus_used,cpus_free,gpu:a40_used,gpu:a40_free,gpu:h100_used,gpu:h100_free,"
        "gpus_stranded,queue\n"
        "0,4,8,1,3,0,2,2,0\n"
        "10,0,12,0,4,0,2,0,0\n");
}

TEST_CASE("summary.json holds the metrics under their documented names") {
  HandMade made;
  made.job({.id = "a", .start = 10, .end = 20, .a40 = 2});
  made.job({.id = "no", .state = JobState::Rejected, .reason = Reason::BadConstraints});
  made.editable_workload().repairs["drop-zero-runtime"] = {3, 17};
  const Metrics metrics = measure(made.cluster, made.workload(), made.journal);
  const auto json = nlohmann::json::parse(summary_json(metrics));
  CHECK(json["schema"] == 1);
  CHECK(json["clairvoyant"] == false);
  CHECK(json["all"]["wait"]["mean"] == 10);
  CHECK(json["by_account"]["vision"]["bounded_slowdown"]["p99"] == 2);
  CHECK(json["by_gpus"]["2"]["jobs"] == 1);
  CHECK(json["utilization"]["gpu:a40"]["fraction"] == 0.25);
  CHECK(json["rejected"]["BadConstraints"]["first"][0] == "no");
  CHECK(json["repairs"]["drop-zero-runtime"]["rows"] == 3);
  CHECK(json["repairs"]["drop-zero-runtime"]["first_line"] == 17);
}

TEST_CASE("a summary survives texts that are no UTF-8") {
  Metrics metrics;
  metrics.notes.push_back("user \xff\x1b[2J");
  CHECK_NOTHROW(nlohmann::json::parse(summary_json(metrics)));
  CHECK(summary_text(metrics).find('\x1b') == std::string::npos);
}

TEST_CASE("the first line of the summary says that a policy could see the future") {
  Metrics metrics;
  CHECK(summary_text(metrics).find("CLAIRVOYANT") == std::string::npos);
  metrics.clairvoyant = true;
  CHECK(summary_text(metrics).rfind("CLAIRVOYANT", 0) == 0);
}

TEST_CASE("the summary names jobs that did not run, with the reason") {
  HandMade made;
  made.job({.id = "huge", .state = JobState::Rejected, .reason = Reason::BadConstraints});
  made.job(
      {.id = "orphan", .state = JobState::Pending, .reason = Reason::DependencyNeverSatisfied});
  const std::string text = summary_text(measure(made.cluster, made.workload(), made.journal));
  CHECK(text.find("1 (BadConstraints): huge\n") != std::string::npos);
  CHECK(text.find("1 (DependencyNeverSatisfied): orphan\n") != std::string::npos);
}

TEST_CASE("hashes are SHA-256") {  // FIPS 180-2, appendix B.1
  const char* const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(sha256("abc") == expected);
  const TemporaryFolder folder;
  write_text(folder / "abc", "abc");
  CHECK(sha256_of_file(folder / "abc") == expected);
  CHECK_THROWS_AS(sha256_of_file(folder / "none"), std::system_error);
}

TEST_CASE("manifest.json holds what a run needs to be run again") {
  const RunManifest manifest{.version = "1.2.3",
                             .cluster = {{"over.yaml", "aa"}, {"base.yaml", "bb"}},
                             .trace = {"t.swf.gz", "cc"},
                             .policies = {{"backfill", {{"use", "easy"}, {"max_jobs", "100"}}}},
                             .repairs = {"drop-zero-runtime"},
                             .seed = 7};
  const auto json = nlohmann::json::parse(manifest_json(manifest));
  CHECK(json["cluster"][1]["path"] == "base.yaml");
  CHECK(json["trace"]["sha256"] == "cc");
  CHECK(json["policies"]["backfill"]["max_jobs"] == "100");
  CHECK(json["repairs"][0] == "drop-zero-runtime");
  CHECK(json["seed"] == 7);
}

TEST_CASE("a file appears whole under its name, and replaces what was there") {
  const TemporaryFolder folder;
  write_text(folder / "a", "old and long");
  write_text(folder / "a", "new");
  CHECK(content_of(folder / "a") == "new");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a full disk leaves nothing half-written, and the old file as it was") {
  const TemporaryFolder folder;
  write_text(folder / "a", "old");
  // A limit on the size of files fails as a full disk does: in the middle of a write.
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10'000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  bool thrown = false;
  try {
    write_text(folder / "a", std::string(100'000, 'x'));
  } catch (const std::system_error& error) {
    thrown = error.code() == std::errc::file_too_large;
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(thrown);
  CHECK(content_of(folder / "a") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file that is not committed is not there") {
  const TemporaryFolder folder;
  {
    OutputFile(folder / "a").write("half");
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("an output folder that cannot be written to is a system error that names the file") {
  try {
    write_text("/nowhere/at/all/jobs.csv", "text");
    FAIL("no error");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()).find("/nowhere/at/all/jobs.csv") != std::string::npos);
  }
}

}  // namespace rehearse
