// The auditor on schedules as slurmctld makes them: whole cores, limits that are looked at every
// 30 s, names without case, rows of one name, operators' commands.
#include <string>
#include <vector>

#include "sim/audit/audit.hpp"
#include "sim/config/load.hpp"
#include "sim/workload/read_csv.hpp"
#include "sim/workload/read_events.hpp"
#include "tests/catch.hpp"
#include "tests/unit/audit/damages.hpp"

namespace rehearse {
namespace {

constexpr const char* kCluster = R"(
name: cores
nodes:
  - {names: "n[1-2]", sockets: 1, cores_per_socket: 4, threads_per_core: 2, memory: 16G}
partitions:
  - {name: all, nodes: ALL, default: true, max_time: 1:00:00}
accounts:
  - {name: lab}
)";

// S is there twice; F is hit by its node's failure and tried again; H is released at 1000.
constexpr const char* kTrace =
    "id,submit,user,account,partition,qos,nodes,ntasks,cpus_per_task,mem,timelimit,duration,"
    R"(dependency,extra
A,0,u1,LAB,all,,1,1,3,1G,10,300,,
T,5,u1,lab,all,,1,1,1,1G,10,700,,
S,10,u1,lab,all,,1,1,2,1G,10,50,singleton,
S,20,u1,lab,all,,1,1,2,1G,10,60,singleton,
H,30,u1,lab,all,,1,1,2,1G,10,60,,--hold
M,40,u1,lab,all,,1,1,2,1G,10,60,,--time-min=5
F,50,u1,lab,all,,1,1,2,1G,10,100,,
)";

constexpr const char* kEvents = R"(offset,command
100,scontrol update nodename=n2 state=down reason=x
400,scontrol update nodename=n2 state=resume
1000,scontrol release {id:H}
)";

constexpr const char* kJobs =
    "id,attempt,user,account,partition,qos,state,submit,eligible,start,end,time_limit,nodes,cpus,"
    R"(gpus,memory_mib,node_list,reasons
A,0,u1,lab,all,,COMPLETED,0,0,0,300,600,1,4,0,1024,n1,
T,0,u1,lab,all,,TIMEOUT,5,5,5,630,600,1,2,0,1024,n1,
S,0,u1,lab,all,,COMPLETED,10,10,10,60,600,1,2,0,1024,n1,
S,0,u1,lab,all,,COMPLETED,20,20,60,120,600,1,2,0,1024,n1,
H,0,u1,lab,all,,COMPLETED,30,1000,1000,1060,600,1,2,0,1024,n1,JobHeldUser=970
M,0,u1,lab,all,,COMPLETED,40,40,40,100,300,1,2,0,1024,n2,
F,0,u1,lab,all,,NODE_FAIL,50,50,50,100,600,1,2,0,1024,n2,
F,1,u1,lab,all,,COMPLETED,100,221,300,400,600,1,2,0,1024,n1,
)";

constexpr const char* kShares = R"(job,attempt,node,cpus,memory_mib
A,0,n1,4,1024
T,0,n1,2,1024
S,0,n1,2,1024
S,0,n1,2,1024
H,0,n1,2,1024
M,0,n2,2,1024
F,0,n2,2,1024
F,1,n1,2,1024
)";

struct Files {
  std::string jobs = kJobs, shares = kShares, events = kEvents;
};

AuditResult audited(const Files& files) {
  const Cluster cluster = parse_cluster(kCluster, "cores.yaml").cluster;
  Workload workload = read_csv(kTrace, "trace.csv");
  workload.operations = read_events(files.events, "events.csv", workload);
  return audit(cluster, workload, files.jobs, files.shares,
               {.is_slurm = true, .time_limit_interval = 30, .started_before = 240});
}

TEST_CASE("A right schedule of slurmctld passes the audit", "[audit]") {
  const AuditResult result = audited({});
  INFO(rendered(result));
  CHECK(result.ok());
  CHECK(result.jobs == 7);
  CHECK(result.attempts == 8);
}

TEST_CASE("The audit objects to what slurmctld does not do", "[audit]") {
  const auto jobs = &Files::jobs;
  const auto shares = &Files::shares;
  const auto events = &Files::events;
  const std::vector<Damage<Files>> damages = {
      {"time-limit", "40 s over its limit, beyond the next look", jobs, "5,5,5,630", "5,5,5,645"},
      {"run-time", "killed between two looks", jobs, "5,5,5,630", "5,5,5,620"},
      {"run-time", "killed at a look before the limit", jobs, "5,5,5,630", "5,5,5,600"},
      {"request", "a CPU more than rounding explains", shares, "A,0,n1,4", "A,0,n1,5"},
      {"request", "a core more", shares, "A,0,n1,4", "A,0,n1,6"},
      {"request", "a core less", shares, "A,0,n1,4", "A,0,n1,2"},
      {"access", "another account", jobs, "A,0,u1,lab", "A,0,u1,root"},
      {"lost-job", "one of two of a name is gone", jobs,
       "S,0,u1,lab,all,,COMPLETED,20,20,60,120,600,1,2,0,1024,n1,\n", ""},
      {"held-job", "before it is released", events, "1000,scontrol", "1001,scontrol"},
      {"time-limit", "below --time-min", jobs, "40,40,40,100,300", "40,40,40,100,240"},
      {"time-limit", "above what it asked for", jobs, "40,40,40,100,300", "40,40,40,100,660"},
      {"operator", "no node went down", events, "100,scontrol", "99,scontrol"},
      {"operator", "starts on a node that is down", events, "100,scontrol", "30,scontrol"},
      {"operator", "nobody cancelled it", jobs, "NODE_FAIL", "CANCELLED"},
      {"attempts", "tried again after a time-out", jobs, "NODE_FAIL", "TIMEOUT"},
  };
  object_to(damages, audited);
}

}  // namespace
}  // namespace rehearse
