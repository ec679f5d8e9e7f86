// What is written is read back as the same workload; what SWF cannot say is counted.
#include "sim/workload/write_trace.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/read_csv.hpp"
#include "sim/workload/read_swf.hpp"
#include "sim/workload/slice.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse {
namespace {

/// Texts instead of ids of tables, so that two workloads compare whatever their tables' order.
struct Row {
  std::string id, user, account, partition, qos, job_name;
  Time submit;
  Duration time_limit;
  std::int32_t nice;
  Asked asked;
  Special special;
  std::vector<TaskTruth> truth;
  bool operator==(const Row&) const = default;
};

Row row_of(const Workload& workload, SubmissionId id) {
  const Submission& row = workload.submissions[id];
  Special special = workload.special(id) != nullptr ? *workload.special(id) : Special{};
  const std::string job_name =
      special.job_name == kNone<NameId> ? "" : workload.names[special.job_name];
  special.job_name = kNone<NameId>;
  // A deadline "from now" is written as one from the origin: the times are compared, not the texts.
  std::erase_if(special.slurm_only,
                [](const std::string& text) { return text.starts_with("--deadline="); });
  std::vector<TaskTruth> truth;
  for (std::size_t rank = 0; rank < std::max<std::size_t>(1, special.array_tasks.size()); ++rank) {
    truth.push_back(workload.truth.of(id, rank));
  }
  return {workload.id_text(id),
          workload.names[row.user],
          workload.names[row.account],
          workload.names[row.partition],
          workload.names[row.qos],
          job_name,
          row.submit,
          row.time_limit,
          row.nice,
          workload.asked[row.asked],
          special,
          truth};
}

bool same_rows(const Workload& a, const Workload& b) {
  if (a.submissions.size() != b.submissions.size()) return false;
  for (std::size_t i = 0; i < a.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    INFO("row " << i);
    CHECK(row_of(a, id) == row_of(b, id));
    if (!(row_of(a, id) == row_of(b, id))) return false;
  }
  return true;
}

const std::string kMany =
    "id,submit,user,duration,timelimit,dependency,array,extra\n"
    "B,1,u,10|20:3|30:0:i,UNLIMITED,,\"1-3,7,9-10%2\",--gpus=a40:1 --cpus-per-gpu=4\n"
    "C,2,u,5.125,,\"afterok:B_7,after:B+3\",,--mem-per-cpu=1500 --gpus-per-task=2 -n2 --hold\n"
    "D,3,u,5,30,afterany:B?afternotok:C,,--mem-per-gpu=1G --priority=7 --no-requeue -J 'it''s'\n"
    "\"E \"\"x\"\"\",4,u,5,30,singleton,,--kill-on-invalid-dep=yes -L m:1 --comment='a b' "
    "--begin=9\n"
    "F,5,u,7:2,20,afterok:C,,-w n1 -n2 -p q -L m:1 : --gres=gpu:1 -n3 : -p r --mem=5G -t9\n";

TEST_CASE("A CSV that is written reads back as the same workload", "[write]") {
  for (const std::string& text : {kMany, std::string("id,submit,duration\n7,0,1\n9,1,0\n")}) {
    const Workload workload = read_csv(text, "t.csv");
    const std::string written = write_csv(workload);
    CHECK(same_rows(workload, read_csv(written, "w.csv")));
    CHECK(write_csv(read_csv(written, "w.csv")) == written);
  }
}

TEST_CASE("The columns are written as one would write them by hand", "[write]") {
  const Workload workload = read_csv(
      "id,submit,user,gres,mem,nodes,timelimit,duration,array,extra\n"
      "A,0.5,\"x,y\",\"gpu:a40:2,shard:1\",65536,1-3,1440,60:1,\"0,1,2,7%2\",-C 'a|b' "
      "--exclusive\n",
      "t.csv");
  const std::string written = write_csv(workload);
  CHECK(written.substr(written.find('\n') + 1) ==
        "A,0.5,\"x,y\",,,,1-3,,,\"gpu:a40:2,shard:1\",64G,1-00:00:00,60:1,,\"0-2,7%2\","
        "'--constraint=a|b' --exclusive\n");
}

TEST_CASE("SWF that is written reads back as the same workload", "[write]") {
  const std::string text =
      "; UnixStartTime: 99\n; MaxProcs: 64\n"
      "3 5 -1 30 32 -1 -1 32 40 -1 1 2 7 1 1 1 -1 -1\n"
      "1 0 -1 100 64 -1 -1 64 -1 -1 1 -1 -1 1 1 1 -1 -1\n";
  const Workload workload = read_swf(text, "t.swf");
  const SwfText written = write_swf(workload);
  CHECK(written.lost.empty());
  const Workload again = read_swf(written.text, "w.swf");
  CHECK(same_rows(workload, again));
  CHECK(again.max_procs == 64);
  CHECK(again.unix_start_time == 99);
  CHECK(same_rows(workload, read_csv(write_csv(workload), "w.csv")));
}

TEST_CASE("What SWF has no place for is counted, and names get numbers", "[write]") {
  const Workload workload = read_csv(
      "id,submit,user,account,duration,array,gres,ntasks,dependency\n"
      "A,0,ann,u,10|20,0-1,gpu:1,4,\nB,1,bob,u,5,,,,afterok:A\n",
      "t.csv");
  const SwfText written = write_swf(workload);
  CHECK(written.lost == std::map<std::string, std::int64_t>{{"array, a row for each task", 1},
                                                            {"dependency", 1},
                                                            {"gres", 1},
                                                            {"id that is no number", 2}});
  const Workload again = read_swf(written.text, "w.swf");
  REQUIRE(again.submissions.size() == 3);
  CHECK(row_of(again, SubmissionId{1}).user == "u1");
  CHECK(row_of(again, SubmissionId{2}).user == "u2");
  CHECK(row_of(again, SubmissionId{1}).asked.tasks == 4);
  CHECK(again.truth.run_time[SubmissionId{1}] == std::chrono::seconds{20});
  CHECK(written.text.find("; Note: user 2 is bob\n") != std::string::npos);
}

TEST_CASE("A slice keeps rows, drops dependencies out of it, and can begin at 0", "[slice]") {
  const Workload workload = read_csv(
      "id,submit,user,duration,dependency,extra\n"
      "A,100,ann,1,,\nB,50,bob,2,,\nC,200,ann,3,\"afterok:A,afterok:B\",--begin=now+10\n"
      "D,300,ann,4,,\n",
      "t.csv");
  const Workload ann = slice(workload, {.to = at_seconds(300), .users = {"ann"}, .rebase = true});
  REQUIRE(ann.submissions.size() == 2);
  CHECK(ann.submissions[SubmissionId{0}].submit == at_seconds(0));
  CHECK(ann.submissions[SubmissionId{1}].submit == at_seconds(100));
  CHECK(ann.special(SubmissionId{1})->begin == at_seconds(110));
  CHECK(ann.special(SubmissionId{1})->dependencies ==
        std::vector<Dependency>{{DependencyKind::AfterOk, SubmissionId{0}}});
  CHECK(ann.repairs.at("drop-dependency-on-dropped").count == 1);

  const Workload het =
      slice(read_csv("id,submit,user,duration,extra\nA,9,u,1,-n1\nB,5,u,1,-n1 : -n2\nC,9,u,1,\n",
                     "t.csv"),
            {.first = 1});
  REQUIRE(het.submissions.size() == 2);  // whole
  CHECK(het.id_text(SubmissionId{1}) == "B+1");

  const Workload two = slice(workload, {.first = 2});  // the earliest two, in the file's order
  REQUIRE(two.submissions.size() == 2);
  CHECK(two.id_text(SubmissionId{0}) == "A");
  CHECK(two.id_text(SubmissionId{1}) == "B");
}

TEST_CASE("The scenarios that a real slurmctld ran are read and written whole", "[csv][golden]") {
  const std::string shared = testing::shared_folder();
  if (shared.empty()) {
    WARN("skipped: no ../shared");
    return;
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shared + "/oracle/scenarios")) {
    const std::string path = entry.path().string() + "/jobs.csv";
    std::ifstream file(path);
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    if (lines < 2) continue;
    INFO(path);
    const Workload workload = load_trace(path);
    CHECK(workload.submissions.size() == lines - 1);
    CHECK(workload.warnings.empty());
    CHECK(same_rows(workload, read_csv(write_csv(workload), "w.csv")));
    ++files;
  }
  CHECK(files >= 18);
}

}  // namespace
}  // namespace rehearse
