// What operators did: every form of their commands that is carried out, and what is not one.
#include "sim/workload/read_events.hpp"

#include <filesystem>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/read_csv.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

Workload jobs() {
  return read_csv("id,submit,duration,array\nJ1,0,60,\nJ2,0,60,\nA_3,0,60,1-4\n", "jobs.csv");
}

std::vector<Operation> operations_of(const std::string& rows) {
  return read_events("offset,command\n" + rows, "e.csv", jobs());
}

/// The only operation that `command` comes to, which is given at 100 s.
template <class Action>
Action action_of(const std::string& command) {
  const std::vector<Operation> all = operations_of("100,\"" + command + "\"\n");
  REQUIRE(all.size() == 1);
  REQUIRE(std::holds_alternative<Action>(all[0].action));
  return std::get<Action>(all[0].action);
}

std::string error_of(const std::string& command) {
  try {
    operations_of("1," + command + "\n");
  } catch (const InputError& error) {
    const std::string text = error.what();
    return text.substr(6, text.find('\n') - 6);
  }
  return "no error";
}

constexpr JobName kJ1{SubmissionId{0}};
constexpr JobName kJ2{SubmissionId{1}};
constexpr JobName task(std::uint32_t number) { return {SubmissionId{2}, number}; }

}  // namespace

TEST_CASE("Jobs are named by ids, tasks and lists of tasks", "[events]") {
  CHECK(action_of<HoldJobs>("scontrol hold {id:J1}").jobs == std::vector{kJ1});
  CHECK(action_of<HoldJobs>("scontrol uhold J1 {id:J2}").jobs == std::vector{kJ1, kJ2});
  CHECK(action_of<ReleaseJobs>("scontrol release {id:A_3},{id:A_3_2}").jobs ==
        std::vector{JobName{SubmissionId{2}}, task(2)});
  CHECK(action_of<RequeueJobs>("scontrol requeue {id:A_3}_4").jobs == std::vector{task(4)});
  CHECK(!action_of<SuspendJobs>("scontrol suspend J2").resume);
  CHECK(action_of<SuspendJobs>("scontrol resume {id:A_3}_4").jobs == std::vector{task(4)});
  CHECK(action_of<SuspendJobs>("scontrol resume J2").resume);
  const auto requeue = action_of<RequeueJobs>("scontrol requeuehold {id:A_3}_[1,3-4],J2");
  CHECK(requeue.jobs == std::vector{task(1), task(3), task(4), kJ2});
  CHECK(requeue.hold);
  CHECK(error_of("scontrol hold {id:A_3_5}") ==
        "2:17: error: no job of the trace has the id \"{id:A_3_5}\"");
  CHECK(error_of("scontrol hold {id:A_3}_[3-5]") ==
        "2:17: error: no job of the trace has the id \"{id:A_3}_[3-5]\"");
  CHECK(error_of("scontrol hold {id:J1}_1") ==
        "2:17: error: no job of the trace has the id \"{id:J1}_1\"");
}

TEST_CASE("scancel takes ids and filters", "[events]") {
  CHECK(action_of<CancelJobs>("scancel {id:J1}").jobs == std::vector{kJ1});
  const auto pending = action_of<CancelJobs>("scancel -u u2 -t PENDING");
  CHECK(pending.user == "u2");
  CHECK(pending.pending);
  CHECK_FALSE(pending.running);
  const auto all = action_of<CancelJobs>("scancel -uu1 --account=lab -p main -q high -n x");
  CHECK(all.user == "u1");
  CHECK(all.account == "lab");
  CHECK(all.partition == "main");
  CHECK(all.qos == "high");
  CHECK(all.name == "x");
  CHECK(all.pending);
  CHECK(all.running);
  CHECK(operations_of("3,scancel J1,J2\n").size() == 1);
  CHECK(error_of("scancel") == "2:10: error: names no job");
  CHECK(error_of("scancel -s INT J1") ==
        "2:11: error: the option \"-s\" of scancel is not simulated");
  CHECK(error_of("scancel -u") == "2:13: error: --user has no value");
}

TEST_CASE("scontrol update says what it changes", "[events]") {
  const auto nodes = action_of<UpdateNodes>("scontrol update NodeName=n[1-2] State=DRAIN Reason=x");
  CHECK(nodes.nodes == "n[1-2]");
  CHECK(nodes.settings == Settings{{"state", "DRAIN"}, {"reason", "x"}});
  const auto partition = action_of<UpdatePartition>("scontrol update PartitionName=p MaxTime=2-0");
  CHECK(partition.partition == "p");
  CHECK(partition.settings == Settings{{"maxtime", "2-0"}});
  const auto job = action_of<UpdateJob>("scontrol update JobId={id:J2} StartTime=now+60 Nice=5");
  CHECK(job.job == kJ2);
  CHECK(job.settings == Settings{{"starttime", "160"}, {"nice", "5"}});
  CHECK(error_of("scontrol update NodeName=n1 State=DOWN") ==
        "2:41: error: State=DOWN needs a reason");
  CHECK(error_of("scontrol update NodeName=n1 Stat=IDLE") ==
        "2:31: error: unknown setting \"stat\"");
}

TEST_CASE("Reservations have their times resolved", "[events]") {
  const auto made = action_of<ChangeReservation>(
      "scontrol create reservation ReservationName=maint StartTime={T+7200} Duration=30 "
      "Nodes=a01,b01 Users=root Flags=MAINT,IGNORE_JOBS");
  CHECK(made.verb == ChangeReservation::Verb::Create);
  CHECK(made.name == "maint");
  CHECK(made.start == at_seconds(7200));
  CHECK(made.end == kNever);
  CHECK(made.duration == 30min);
  CHECK(made.settings ==
        Settings{{"nodes", "a01,b01"}, {"users", "root"}, {"flags", "MAINT,IGNORE_JOBS"}});
  const auto plain = action_of<ChangeReservation>(
      "scontrol create ReservationName=r StartTime=now EndTime=now+1hour NodeCnt=1 "
      "PartitionName=main Accounts=lab");
  CHECK(plain.start == at_seconds(100));
  CHECK(plain.end == at_seconds(3700));
  CHECK(plain.settings.at("partitionname") == "main");
  const auto changed =
      action_of<ChangeReservation>("scontrol update ReservationName=r Users+=u3 Duration=60");
  CHECK(changed.verb == ChangeReservation::Verb::Update);
  CHECK(changed.settings == Settings{{"users+", "u3"}});
  CHECK(changed.duration == 1h);
  const auto gone = action_of<ChangeReservation>("scontrol delete reservation r");
  CHECK(gone.verb == ChangeReservation::Verb::Delete);
  CHECK(gone.name == "r");
  CHECK(action_of<ChangeReservation>("scontrol delete ReservationName=q").name == "q");
  CHECK(error_of("scontrol create PartitionName=p") ==
        "2:12: error: only reservations are created and deleted");
}

TEST_CASE("sacctmgr modifies QOS, accounts and users", "[events]") {
  const auto qos = action_of<ModifyAccounting>("sacctmgr -i modify qos high set GrpTRES=cpu=10");
  CHECK(qos.kind == "qos");
  CHECK(qos.who == "high");
  CHECK(qos.where.empty());
  CHECK(qos.settings == Settings{{"grptres", "cpu=10"}});
  const auto user = action_of<ModifyAccounting>(
      "sacctmgr update user where name=u1 account=lab set fairshare=5 MaxJobs=2");
  CHECK(user.who == "u1");
  CHECK(user.where == "account=lab");
  CHECK(user.settings == Settings{{"fairshare", "5"}, {"maxjobs", "2"}});
}

TEST_CASE("Operations are in order of time, then of the rows", "[events]") {
  const auto all = operations_of("5,scancel J1\n2.25,scancel J2\n5,scontrol hold J1\n");
  REQUIRE(all.size() == 3);
  CHECK(all[0].at == Time{2250ms});
  CHECK(all[0].line == 3);
  CHECK(all[0].text == "scancel J2");
  CHECK(all[1].line == 2);
  CHECK(all[2].line == 4);
  CHECK(read_events("offset,command\n", "e.csv", jobs()).empty());
}

TEST_CASE("The events of the scenarios that a real slurmctld ran are read", "[events]") {
  const fs::path scenarios = fs::path(testing::shared_folder()) / "oracle/scenarios";
  if (!fs::exists(scenarios)) {
    WARN("skipped: no ../shared");
    return;
  }
  std::size_t files = 0;
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(scenarios)) {
    const fs::path events = entry.path() / "events.csv";
    if (!fs::exists(events)) continue;
    ++files;
    count += load_events(events.string(), load_trace((entry.path() / "jobs.csv").string())).size();
  }
  CHECK(files == 3);
  CHECK(count == 28);
}

}  // namespace rehearse
