// The native CSV, its errors and its dependencies (../shared/cases/29, written anew).
#include "sim/workload/read_csv.hpp"

#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/dependencies.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

using namespace std::chrono_literals;

const std::string kHeader =
    "id,submit,user,account,partition,qos,nodes,ntasks,cpus_per_task,gres,mem,timelimit,duration,"
    "dependency,array,extra\n";

std::string errors_of(const std::string& text) {
  try {
    read_csv(text, "t.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

/// Only the first line of each diagnostic, without "t.csv:".
std::vector<std::string> headlines(const std::string& text) {
  std::vector<std::string> lines;
  const std::string all = errors_of(text);
  for (std::size_t at = all.find("t.csv:"); at != std::string::npos; at = all.find("t.csv:", at)) {
    at += 6;
    lines.push_back(all.substr(at, all.find('\n', at) - at));
  }
  return lines;
}

const Special& special_of(const Workload& workload, std::uint32_t row) {
  return *workload.special(SubmissionId{row});
}

TEST_CASE("Columns may come in any order, most may be absent, fields may be quoted", "[csv]") {
  const Workload workload = read_csv(
      "\xEF\xBB\xBF\"duration\",submit,id,extra,partition\r\n"
      "60,0.25,A,\"-C \"\"a|b\"\"\",\"main,short\"\r\n"
      "\r\n"
      "12.5,10,\"B\n1\",,\r\n",
      "t.csv");
  REQUIRE(workload.submissions.size() == 2);
  const Submission& first = workload.submissions[SubmissionId{0}];
  CHECK(first.submit == Time{250ms});
  CHECK(workload.names[first.partition] == "main,short");
  CHECK(workload.asked[first.asked].constraint == "a|b");
  CHECK(first.time_limit == kUnset);
  CHECK(workload.id_text(SubmissionId{1}) == "B\n1");
  CHECK(workload.submissions[SubmissionId{1}].line == 4);
  CHECK(workload.truth.run_time[SubmissionId{1}] == 12500ms);
}

TEST_CASE("Every column is an option of sbatch", "[csv]") {
  const Workload workload = read_csv(
      kHeader + "J1,7,ana,lab,gpu,high,1-3,4,2,\"gpu:a40:2,shard:4\",64G,1-12,90:1,,,\n", "t.csv");
  const Submission& row = workload.submissions[SubmissionId{0}];
  const Asked& asked = workload.asked[row.asked];
  CHECK(workload.names[row.user] == "ana");
  CHECK(workload.names[row.account] == "lab");
  CHECK(workload.names[row.qos] == "high");
  CHECK(asked.min_nodes == 1);
  CHECK(asked.max_nodes == 3);
  CHECK(asked.tasks == 4);
  CHECK(asked.cpus_per_task == 2);
  CHECK(asked.gres_per_node == std::vector<GresCount>{{"gpu", "a40", 2}, {"shard", "", 4}});
  CHECK(asked.memory == Memory{MemoryPer::Node, 65536});
  CHECK(row.time_limit == 36h);
  CHECK(workload.truth.of(SubmissionId{0}).exit_code == 1);
}

TEST_CASE("Options in `extra` are read as a shell and sbatch read them", "[csv]") {
  const Workload workload = read_csv(
      "id,submit,duration,gres,nodes,extra\n"
      "A,100,60,shard:2,1,-N2 --gpus-per-node a100:4 --mem-per-gpu=16G -C 'ib&(x|y)' -w n[1-2] -x "
      "n3 "
      "--exclusive --nice\n"
      "B,100,60,,,-G a40:2 --cpus-per-gpu=4 --nice=-5 --priority=9 --begin=now+2hours --hold -J x\n"
      "C,100,60,,,--gpus-per-task=1 -n 3 --no-requeue --begin 3600 -t 0 -A lab -pshort -q low\n"
      "D,100,60,,,\"-L matlab:1,ansys:2 --switches=1@5 --mail-user='a b' -O\"\n",
      "t.csv");
  const auto asked = [&](std::uint32_t row) {
    return workload.asked[workload.submissions[SubmissionId{row}].asked];
  };
  CHECK(asked(0).min_nodes == 2);
  CHECK(asked(0).gres_per_node == std::vector<GresCount>{{"shard", "", 2}, {"gpu", "a100", 4}});
  CHECK(asked(0).memory == Memory{MemoryPer::Gpu, 16384});
  CHECK(asked(0).constraint == "ib&(x|y)");
  CHECK(asked(0).nodelist == "n[1-2]");
  CHECK(asked(0).exclude == "n3");
  CHECK(asked(0).exclusive);
  CHECK(workload.submissions[SubmissionId{0}].nice == 100);
  CHECK(asked(1).gres_per_job == std::vector<GresCount>{{"gpu", "a40", 2}});
  CHECK(asked(1).cpus_per_gpu == 4);
  CHECK(workload.submissions[SubmissionId{1}].nice == -5);
  CHECK(special_of(workload, 1).priority == 9);
  CHECK(special_of(workload, 1).begin == at_seconds(7300));
  CHECK(special_of(workload, 1).hold);
  CHECK(workload.names[special_of(workload, 1).job_name] == "x");
  CHECK(asked(2).gres_per_task == std::vector<GresCount>{{"gpu", "", 1}});
  CHECK(special_of(workload, 2).requeue == false);
  CHECK(special_of(workload, 2).begin == at_seconds(3600));
  CHECK(workload.submissions[SubmissionId{2}].time_limit == kUnlimited);
  CHECK(workload.names[workload.submissions[SubmissionId{2}].account] == "lab");
  CHECK(special_of(workload, 3).slurm_only ==
        std::vector<std::string>{"--licenses=matlab:1,ansys:2", "--switches=1@5"});
  CHECK(special_of(workload, 3).not_simulated ==
        std::vector<std::string>{"--mail-user=a b", "--overcommit"});
}

TEST_CASE("Arrays have sorted tasks, a throttle, and a truth for each rank", "[csv]") {
  const Workload workload = read_csv(
      "id,submit,duration,array\n"
      "A,0,10|20:1|30:0:i,\"5,1,7-11:2,1%4\"\n"
      "B,0,40,0-2\n",
      "t.csv");
  CHECK(special_of(workload, 0).array_tasks == std::vector<std::uint32_t>{1, 5, 7, 9, 11});
  CHECK(special_of(workload, 0).array_throttle == 4);
  const auto truth = [&](std::size_t rank) { return workload.truth.of(SubmissionId{0}, rank); };
  CHECK(truth(0) == TaskTruth{10s});
  CHECK(truth(1) == TaskTruth{20s, 1});
  CHECK(truth(2) == TaskTruth{30s, 0, true});
  CHECK(truth(3) == TaskTruth{10s});  // the list begins again
  CHECK(workload.truth.of(SubmissionId{1}, 2).run_time == 40s);
}

// What sbatch 22.05 keeps for the next component was seen on the real one.
TEST_CASE("A word : begins a further component of a heterogeneous job", "[csv]") {
  const Workload workload = read_csv(
      "id,submit,user,partition,ntasks,mem,timelimit,duration,qos,extra\n"
      "7,5,u,q,2,100,7,53:3,fast,-w n3 -x n1 -C f -L m:2 --exclusive --hold : -n1 : -p r -t9\n"
      "8,6,u,q,1,,,1,,-d after:7\n",
      "t.csv");
  REQUIRE(workload.submissions.size() == 4);
  const auto row = [&](std::uint32_t at) { return workload.submissions[SubmissionId{at}]; };
  const auto asked = [&](std::uint32_t at) { return workload.asked[row(at).asked]; };
  CHECK(workload.id_text(SubmissionId{0}) == "7+0");
  CHECK(workload.id_text(SubmissionId{2}) == "7+2");
  CHECK(workload.id_text(SubmissionId{3}) == "8");
  CHECK(special_of(workload, 3).dependencies.front().on == SubmissionId{0});
  for (const std::uint32_t at : {0U, 1U, 2U}) {
    CHECK(special_of(workload, at).het_size == 3);
    CHECK(special_of(workload, at).het_offset == at);
    CHECK(special_of(workload, at).hold);
    CHECK(workload.names[row(at).qos] == "fast");
    CHECK(asked(at).memory.mib == 100);
    CHECK(workload.truth.of(SubmissionId{at}) == TaskTruth{53s, 3});
  }
  CHECK(workload.names[row(0).partition] == "q");
  CHECK(workload.names[row(1).partition].empty());
  CHECK(workload.names[row(2).partition] == "r");
  CHECK(row(1).time_limit == 7min);
  CHECK(row(2).time_limit == 9min);
  CHECK(asked(1).exclude == "n1,n3");  // not the node that the first one asks for
  CHECK(asked(1).nodelist.empty());
  CHECK(asked(1).constraint.empty());
  CHECK(asked(1).licenses.empty());
  CHECK_FALSE(asked(1).exclusive);
  CHECK(headlines("id,submit,duration,array,extra\nA,0,1,0-3,-n1 : -n2\nB,0,1,,-n1 : -N0\n") ==
        std::vector<std::string>{"2:11: error: an array of heterogeneous jobs",
                                 "3:16: error: \"0\" is not a number of nodes"});
}

TEST_CASE("Ids are numbers if all of them are, else names", "[csv]") {
  const Workload numbers = read_csv("id,submit,duration\n7,0,1\n18446744073709551615,0,1\n", "t");
  CHECK(numbers.submissions[SubmissionId{0}].number == 7);
  CHECK(numbers.submissions[SubmissionId{0}].name == kNone<NameId>);
  CHECK(numbers.id_text(SubmissionId{1}) == "18446744073709551615");
  const Workload names = read_csv("id,submit,duration\n7,0,1\n007,0,1\n", "t");
  CHECK(names.submissions[SubmissionId{0}].number == 0);
  CHECK(names.id_text(SubmissionId{0}) == "7");
  CHECK(names.id_text(SubmissionId{1}) == "007");
}

TEST_CASE("All fourteen bad rows are named in one go, and no good one", "[csv]") {
  const std::string text = kHeader +
                           "R1,0,ken,lab,all,,1,1,1,,2G,10,60,,,\n"            // 2: good
                           "R2,0,ken,lab,all,,0,1,1,,2G,10,60,,,\n"            // 3
                           "R3,0,ken,lab,all,,1,-2,1,,2G,10,60,,,\n"           // 4
                           "R4,0,ken,lab,all,,1,1,1,,2G,3 days,60,,,\n"        // 5
                           "R5,0,ken,lab,all,,1,1,1,gpu:t4:q,2G,10,60,,,\n"    // 6
                           "R6,0,ken,lab,all,,1,1,1,,9Z,10,60,,,\n"            // 7
                           "R1,0,ken,lab,all,,1,1,1,,2G,10,60,,,\n"            // 8
                           "R8,0,ken,lab,all,,1,1,1,,2G,10,60,afterok:X9,,\n"  // 9
                           "R9,soon,ken,lab,all,,1,1,1,,2G,10,60,,,\n"         // 10
                           "R10,0,ken,lab,all,,1,1,1,,2G,10,-7,,,\n"           // 11
                           "R11,0,ken,lab,all,,1,1,1,,2G,10,60,,8-2,\n"        // 12
                           "R12,0,ken,lab,all,,1,1\n"                          // 13
                           "R13,0,ken,lab,all,,1,1,1,,2G,10,60,,,,,\n"         // 14
                           "R14,0,ken,lab,all,,4-2,1,1,,2G,10,60,,,\n"         // 15
                           "R15,0,ken,lab,\"all,all\",,1,1,1,,2G,10,\"60\",,,\"-C \"\"a|b\"\"\"\n"
                           "R16,0,ken,lab,all,,1,1,1,,2G,10,60,afterany,,\n";  // 17
  CHECK(headlines(text) == std::vector<std::string>{
                               "3:19: error: \"0\" is not a number of nodes",
                               "4:21: error: \"-2\" is not a number of tasks",
                               "5:29: error: \"3 days\" is not a time limit",
                               "6:32: error: \"q\" is not a count",
                               "7:26: error: \"9Z\" is not a memory size",
                               "8:1: error: id \"R1\" is used twice",
                               "2:1: note: it is used here first",
                               "10:4: error: \"soon\" is not a submit time",
                               "11:33: error: \"-7\" is not a duration",
                               "12:37: error: \"8-2\" is not a range of array tasks",
                               "13:23: error: row has 8 fields, the header has 16",
                               "14:39: error: row has 18 fields, the header has 16",
                               "15:20: error: \"4-2\" is not a range of nodes",
                               "17:36: error: afterany names no job",
                               "9:43: error: no submission or array task has the id \"X9\"",
                           });
  CHECK(errors_of(text).find("help: write minutes, HH:MM:SS, D-HH:MM:SS") != std::string::npos);
}

TEST_CASE("Errors inside quotes and options point at the very byte", "[csv]") {
  CHECK(headlines("id,submit,duration,extra\nA,0,1,\"-C \"\"x\"\" --cpus-per-gpu=0\"\n") ==
        std::vector<std::string>{"2:32: error: \"0\" is not a number of CPUs"});
  CHECK(errors_of("id,submit,duration,extra\nA,0,1,--gres=gpu:1 --mem-per-gpus=1G\n") ==
        "t.csv:2:20: error: unknown option \"--mem-per-gpus\"\n"
        "    2 | A,0,1,--gres=gpu:1 --mem-per-gpus=1G\n"
        "      |                    ^\n"
        "      = help: did you mean \"--mem-per-gpu\"?\n");
  CHECK(headlines("id,submit,duration,mem,extra\nA,0,1,4G,--mem-per-cpu=2G\n") ==
        std::vector<std::string>{
            "2:24: error: --mem, --mem-per-cpu and --mem-per-gpu exclude each other"});
  CHECK(headlines("id,submit,duration\nA,0,10|20\n") ==
        std::vector<std::string>{"2:5: error: several durations without an array"});
}

TEST_CASE("An error in a line of ten million bytes shows the place, not the line", "[csv]") {
  const std::string blank(5'000'000, 'u');
  const std::string text = "id,user,submit,duration\nA," + blank + ",x,1\nB," + blank + ",1,1\n";
  const std::string near(60 - 1, 'u');
  CHECK(errors_of(text) ==
        "t.csv:2:5000004: error: \"x\" is not a submit time\n    2 | ..." + near +
            ",x,1\n      | " + std::string(63, ' ') +
            "^\n      = help: write seconds after the origin, such as 3600 or 0.25\n");
  CHECK(errors_of(std::string(10'000'000, 'x')).size() < 5'000);
}

TEST_CASE("A bad header stops the reading, with the near match", "[csv]") {
  CHECK(headlines("id,submit,durations,usr,id\nA,0,1,u,A\n") ==
        std::vector<std::string>{"1:11: error: unknown column \"durations\"",
                                 "1:21: error: unknown column \"usr\"",
                                 "1:25: error: column \"id\" is there twice",
                                 "1:27: error: column \"duration\" is missing"});
  CHECK(errors_of("id,submit,durations\n").find("did you mean \"duration\"?") != std::string::npos);
}

TEST_CASE("Misplaced quotes are errors where they are", "[csv]") {
  CHECK(headlines("id,submit,duration\nA\"b,0,1\n") ==
        std::vector<std::string>{"2:2: error: a quote in a field that does not begin with one"});
  CHECK(headlines("id,submit,duration\n\"A\"b,0,1\n") ==
        std::vector<std::string>{"2:4: error: text behind the closing quote"});
  CHECK(headlines("id,submit,duration\nA,0,\"1\nB,0,1\n") ==
        std::vector<std::string>{"2:5: error: this quote is not closed"});
}

TEST_CASE("Dependencies name submissions, array tasks, minutes, and all or any", "[csv]") {
  const Workload workload = read_csv(
      "id,submit,duration,dependency,array\n"
      "A_1,0,1,,\n"
      "B,0,1,,0-9\n"
      "C,1,1,\"afterok:A_1:B_7,after:B+5\",\n"
      "D,1,1,afternotok:C?afterany:B,\n",
      "t.csv");
  const auto& all = special_of(workload, 2).dependencies;
  REQUIRE(all.size() == 3);
  CHECK(all[0] == Dependency{DependencyKind::AfterOk, SubmissionId{0}});
  CHECK(all[1] == Dependency{DependencyKind::AfterOk, SubmissionId{1}, 7});
  CHECK(all[2].delay == 5min);
  CHECK(!special_of(workload, 2).any_dependency);
  CHECK(special_of(workload, 3).any_dependency);
  CHECK(workload.warnings.empty());

  const Dependencies dependencies(workload);
  const auto behind_b = dependencies.dependents(SubmissionId{1});
  CHECK(std::vector(behind_b.begin(), behind_b.end()) ==
        std::vector{SubmissionId{2}, SubmissionId{3}});
  CHECK(dependencies.dependents(SubmissionId{3}).empty());
}

TEST_CASE("A dependency on a later submission is accepted and said", "[csv]") {
  const Workload workload = read_csv(
      "id,submit,duration,dependency\nA,5,1,afterok:B\nB,6,1,\nC,4,1,\nD,7,1,afterok:C\n", "t.csv");
  REQUIRE(workload.warnings.size() == 1);
  CHECK(workload.warnings[0] ==
        "1 dependency names a submission that comes later, and waits for it: \"A\" (line 2) for "
        "\"B\" (line 3); sbatch would not know its id yet");
}

TEST_CASE("Rings of dependencies are errors that name every member", "[csv]") {
  CHECK(headlines("id,submit,duration,dependency\n"
                  "P,0,1,afterok:Q\nQ,1,1,afterok:R\nR,2,1,\"afterany:T,afterok:P\"\n"
                  "S,3,1,afterok:S\nT,4,1,\n") ==
        std::vector<std::string>{"2:7: error: jobs wait for each other for ever: P -> Q -> R -> P",
                                 "5:7: error: jobs wait for each other for ever: S -> S"});
}

TEST_CASE("A chain and a ring of many submissions need no deep stack", "[csv]") {
  constexpr int kCount = 200'000;
  std::string chain = "id,submit,duration,dependency\n0,0,1,\n";
  for (int i = 1; i < kCount; ++i) {
    chain += std::to_string(i) + ",0,1,afterok:" + std::to_string(i - 1) + "\n";
  }
  CHECK(read_csv(chain, "t.csv").submissions.size() == kCount);
  chain.replace(chain.find("0,0,1,\n"), 7, "0,0,1,afterok:" + std::to_string(kCount - 1) + "\n");
  CHECK(headlines(chain).size() == 1);
}

TEST_CASE("Singletons share an id, and their namesakes are found", "[csv]") {
  const Workload workload = read_csv(
      "id,submit,user,duration,dependency,extra\n"
      "S,3,ann,1,singleton,\nS,1,ann,1,singleton,\nS,2,bob,1,singleton,\nT,0,ann,1,,-J S\n",
      "t.csv");
  const Dependencies dependencies(workload);
  const auto names = dependencies.namesakes(SubmissionId{0});
  CHECK(std::vector(names.begin(), names.end()) ==
        std::vector{SubmissionId{3}, SubmissionId{1}, SubmissionId{0}});
  CHECK(dependencies.namesakes(SubmissionId{2}).size() == 1);
  CHECK(headlines("id,submit,duration,dependency\nS,0,1,singleton\nS,0,1,singleton\n"
                  "T,0,1,afterok:S\n") ==
        std::vector<std::string>{"4:15: error: \"S\" names several submissions"});
}

TEST_CASE("Bad dependencies say what is wrong with them", "[csv]") {
  const auto dependency_error = [](const std::string& text) {
    const auto lines =
        headlines("id,submit,duration,array,dependency\nA,0,1,0-3,\nB,0,1,,\"" + text + "\"\n");
    return lines.size() == 1 ? lines[0] : errors_of(text);
  };
  CHECK(dependency_error("afterokk:A") == "3:9: error: \"afterokk\" is not a kind of dependency");
  CHECK(dependency_error("afterok:A,after:A?singleton") ==
        "3:26: error: \",\" and \"?\" do not mix in a dependency");
  CHECK(dependency_error("after:A+x") == "3:17: error: \"x\" is not a number of minutes");
  CHECK(dependency_error("afterok:A:") == "3:19: error: a dependency has an empty id");
  CHECK(dependency_error("afterok:A_4") ==
        "3:17: error: no submission or array task has the id \"A_4\"");
}

TEST_CASE("A rule drops rows that ran for no time, and what waits for them goes on", "[csv]") {
  TraceRules rules;
  rules.drop_zero_runtime = true;
  rules.limit_from_runtime = true;
  const Workload workload =
      read_csv("id,submit,duration,dependency\nA,0,0,\nB,1,9,afterok:A\n", "t.csv", rules);
  REQUIRE(workload.submissions.size() == 1);
  CHECK(workload.submissions[SubmissionId{0}].time_limit == 9s);
  CHECK(special_of(workload, 0).dependencies.empty());
  CHECK(workload.repairs.at("drop-zero-runtime").count == 1);
  CHECK(workload.repairs.at("drop-dependency-on-dropped").count == 1);
}

}  // namespace
}  // namespace rehearse
