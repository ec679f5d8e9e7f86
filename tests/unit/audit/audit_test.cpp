// The auditor accepts a right schedule, and objects by the right rule when it is damaged.
#include "sim/audit/audit.hpp"

#include <string>
#include <vector>

#include "sim/config/load.hpp"
#include "sim/workload/read_csv.hpp"
#include "tests/catch.hpp"
#include "tests/unit/audit/damages.hpp"

namespace rehearse {
namespace {

// Two GPU nodes, two plain ones; the accounts and QOS have one limit of each kind, all of them
// reached by the schedule below and none exceeded.
constexpr const char* kCluster = R"(
name: small
nodes:
  - {names: "g[1-2]", cpus: 8, memory: 16G, gpus: {a40: 2}, gres: "shard:4", features: [fast]}
  - {names: "c[1-2]", cpus: 4, memory: 8G}
partitions:
  - {name: all, nodes: ALL, default: true, max_time: 1:00:00, default_time: 30:00}
  - {name: cpu, nodes: "c[1-2]", max_nodes: 1, max_cpus_per_node: 3, deny_accounts: [beta]}
  - {name: whole, nodes: "c[1-2]", exclusive: true}
qos:
  - {name: normal}
  - {name: small, limits: {max_tres_per_user: "gres/gpu=2", max_jobs_per_account: 2,
                           max_wall: 10:00, max_submit_jobs_per_user: 3}}
accounts:
  - {name: alpha, limits: {grp_tres: "gres/gpu:a40=3,cpu=12"}}
  - {name: beta, limits: {max_jobs: 1, max_tres_per_job: "cpu=8"}}
)";

constexpr const char* kTrace =
    "id,submit,user,account,partition,qos,nodes,ntasks,cpus_per_task,gres,mem,timelimit,duration,"
    R"(dependency,array,extra
A,0,u1,alpha,all,small,1,1,4,gpu:a40:2,4G,10,300,,,
B,10,u1,alpha,all,normal,1,1,4,gpu:a40:1,4G,10,600,,,-C fast
C,20,u2,beta,all,normal,2,4,2,,1G,20,900:1,,,--exclude=g1
D,30,u2,beta,whole,normal,1,1,1,,1G,10,100,afternotok:C,,
E,40,u1,alpha,cpu,normal,1,3,1,,1G,10,60,,0-2%1,
F,50,u1,alpha,all,normal,1,1,1,,1G,1,90,,,--begin=now+100 --nodelist=c2
G,60,u3,alpha,all,small,1,1,1,,100G,10,50,,,
H,70,u3,alpha,all,small,1,1,2,gpu:1,1G,10,200,,,
)";

// H is preempted once. Not all columns: the auditor goes by their names.
constexpr const char* kJobs =
    "id,attempt,user,account,partition,qos,state,submit,eligible,start,end,time_limit,nodes,cpus,"
    R"(gpus,memory_mib,node_list,reasons
A,0,u1,alpha,all,small,COMPLETED,0,0,0,300,600,1,4,2,4096,g1,
B,0,u1,alpha,all,normal,COMPLETED,10,10,10,610,600,1,4,1,4096,g2,
C,0,u2,beta,all,normal,FAILED,20,20,20,920,1200,2,8,0,2048,"g2,c1",
D,0,u2,beta,whole,normal,COMPLETED,30,920,920,1020,600,1,4,0,1024,c1,Dependency=890
E_0,0,u1,alpha,cpu,normal,COMPLETED,40,40,40,100,600,1,3,0,1024,c2,
E_1,0,u1,alpha,cpu,normal,COMPLETED,40,40,100,160,600,1,3,0,1024,c2,Resources=60
E_2,0,u1,alpha,cpu,normal,COMPLETED,40,40,160,220,600,1,3,0,1024,c2,Resources=120
F,0,u1,alpha,all,normal,TIMEOUT,50,150,150,210,60,1,1,0,1024,c2,BeginTime=100
G,0,u3,alpha,all,small,REJECTED,60,,,,600,0,0,0,0,,BadConstraints=0
H,0,u3,alpha,all,small,PREEMPTED,70,70,300,350,600,1,2,1,1024,g1,Resources=230
H,1,u3,alpha,all,small,COMPLETED,350,350,350,550,600,1,2,1,1024,g1,
)";

constexpr const char* kShares = R"(job,attempt,node,cpus,memory_mib,gpu:a40,gres/shard
A,0,g1,4,4096,2,0
B,0,g2,4,4096,1,0
C,0,c1,4,1024,0,0
C,0,g2,4,1024,0,0
D,0,c1,4,1024,0,0
E_0,0,c2,3,1024,0,0
E_1,0,c2,3,1024,0,0
E_2,0,c2,3,1024,0,0
F,0,c2,1,1024,0,0
H,0,g1,2,1024,1,0
H,1,g1,2,1024,1,0
)";

struct Files {
  std::string cluster = kCluster, trace = kTrace, jobs = kJobs, shares = kShares;
};

AuditResult audited(const Files& files) {
  const Cluster cluster = parse_cluster(files.cluster, "small.yaml").cluster;
  return audit(cluster, read_csv(files.trace, "trace.csv"), files.jobs, files.shares);
}

TEST_CASE("A right schedule passes the audit", "[audit]") {
  const AuditResult result = audited({});
  INFO(rendered(result));
  CHECK(result.ok());
  CHECK(result.jobs == 10);
  CHECK(result.attempts == 11);
  CHECK(result.shares == 11);
}

void object_to(const std::vector<Damage<Files>>& damages) { object_to(damages, audited); }

TEST_CASE("The audit objects to times that cannot be", "[audit]") {
  const auto jobs = &Files::jobs;
  object_to({
      {"before-submit", "starts before it is submitted", jobs, "10,10,10,610,600",
       "10,10,9,609,600"},
      {"before-submit", "the file moves the submission", jobs, "10,10,10,610,600",
       "5,5,10,610,600"},
      {"before-eligible", "starts before it is eligible", jobs, "40,40,40,100", "40,50,40,100"},
      {"before-begin", "starts before --begin", jobs, "50,150,150,210", "50,140,140,200"},
      {"before-dependency", "starts while C runs", jobs, "30,920,920,1020", "30,919,919,1019"},
      {"before-dependency", "C did complete", jobs, "FAILED,20", "COMPLETED,20"},
      {"array-throttle", "two tasks at once", jobs, "40,40,160,220", "40,40,100,160"},
      {"held-job", "nobody releases it", &Files::trace, "10,600,,,-C fast", "10,600,,,--hold"},
      {"run-time", "runs for longer than it takes", jobs, "10,10,10,610,600", "10,10,10,611,600"},
      {"run-time", "ends early", jobs, "0,0,0,300,600", "0,0,0,200,600"},
      {"run-time", "never ends", jobs, "0,0,0,300,600", "0,0,0,,600"},
      {"run-time", "fails and is called complete", jobs, "FAILED,20", "COMPLETED,20"},
      {"run-time", "TIMEOUT before its limit", jobs, "50,150,150,210", "50,150,150,200"},
      {"time-limit", "beyond its limit", jobs, "50,150,150,210", "50,150,150,240"},
      {"time-limit", "not the limit it asked for", jobs, "20,920,1200", "20,920,1300"},
      {"attempts", "attempts overlap", jobs, "350,350,350,550", "350,350,340,540"},
      {"attempts", "a number is skipped", jobs, "H,1,u3", "H,2,u3"},
      {"attempts", "tried again after it completed", jobs, "PREEMPTED,70", "COMPLETED,70"},
  });
}

TEST_CASE("The audit objects to jobs that are lost or there twice", "[audit]") {
  const auto jobs = &Files::jobs;
  object_to({
      {"lost-job", "no row", jobs,
       "E_2,0,u1,alpha,cpu,normal,COMPLETED,40,40,160,220,600,1,3,0,1024,c2,Resources=120\n", ""},
      {"lost-job", "neither end nor reason", jobs, "BadConstraints=0", ""},
      {"unknown-job", "not in the trace", jobs, "G,0,u3", "X,0,u3"},
      {"duplicate-job", "two rows of one attempt", jobs, "H,1,u3", "H,0,u3"},
      {"malformed-row", "a cell that is no number", jobs, "10,10,10,610,600", "10,ten,10,610,600"},
      {"malformed-row", "a column is missing", jobs, "node_list,reasons", "nodelist,reasons"},
      {"malformed-row", "an unknown node", &Files::shares, "D,0,c1", "D,0,c9"},
  });
}

TEST_CASE("The audit objects to jobs that are not as large as asked", "[audit]") {
  object_to({
      {"request", "fewer CPUs than tasks x cpus", &Files::shares, "C,0,g2,4", "C,0,g2,3"},
      {"request", "more CPUs", &Files::shares, "B,0,g2,4", "B,0,g2,5"},
      {"request", "one node of two", &Files::shares, "C,0,g2,4,1024,0,0\n", ""},
      {"request", "too few GPUs", &Files::shares, "A,0,g1,4,4096,2", "A,0,g1,4,4096,1"},
      {"request", "too many GPUs", &Files::shares, "B,0,g2,4,4096,1", "B,0,g2,4,4096,2"},
      {"request", "a GRES that it did not ask for", &Files::shares, "B,0,g2,4,4096,1,0",
       "B,0,g2,4,4096,1,1"},
      {"request", "less memory", &Files::shares, "B,0,g2,4,4096", "B,0,g2,4,4095"},
      {"request", "exclusive and not all CPUs", &Files::shares, "D,0,c1,4", "D,0,c1,1"},
      {"shares", "nothing held", &Files::shares, "B,0,g2,4,4096,1,0\n", ""},
      {"shares", "another node than in jobs.csv", &Files::jobs, "4096,g2,", "4096,g1,"},
      {"shares", "held by a job that did not run", &Files::shares, "F,0,c2", "G,0,c2"},
      {"shares", "an attempt that there is not", &Files::shares, "F,0,c2", "F,1,c2"},
      {"shares", "the same node twice", &Files::shares, "C,0,c1,4", "C,0,g2,4"},
  });
}

TEST_CASE("The audit objects to nodes that are forbidden or over-used", "[audit]") {
  const auto jobs = &Files::jobs;
  const auto shares = &Files::shares;
  object_to({
      {"forbidden-node", "not of the partition", shares, "E_1,0,c2", "E_1,0,g1"},
      {"forbidden-node", "without the feature", shares, "B,0,g2", "B,0,c2"},
      {"forbidden-node", "excluded", shares, "C,0,g2", "C,0,g1"},
      {"forbidden-node", "not on the node of its list", shares, "F,0,c2", "F,0,c1"},
      {"node-overused", "CPUs", shares, "E_1,0,c2,3", "E_1,0,c2,4"},
      {"node-overused", "memory", shares, "B,0,g2,4,4096", "B,0,g2,4,16000"},
      {"node-overused", "GPUs", jobs, "70,70,300,350", "70,70,299,349"},
      {"node-overused", "GRES that the node does not have", shares, "F,0,c2,1,1024,0,0",
       "F,0,c2,1,1024,0,1"},
      {"node-overused", "two jobs at one time", jobs, "40,40,160,220", "40,40,159,219"},
      {"not-exclusive", "beside a whole-node job", jobs, "30,920,920,1020", "30,900,900,1000"},
  });
}

TEST_CASE("The audit objects to what partitions do not allow", "[audit]") {
  object_to({
      {"partition", "too long", &Files::cluster, "max_time: 1:00:00, default_time: 30:00",
       "max_time: 19:00"},
      {"partition", "too many nodes", &Files::cluster, "max_nodes: 1", "min_nodes: 2"},
      {"partition", "too many CPUs of a node", &Files::cluster, "max_cpus_per_node: 3",
       "max_cpus_per_node: 2"},
      {"partition", "too much memory of a node", &Files::cluster, "default_time: 30:00",
       "max_memory_per_node: 2G"},
      {"partition", "too many CPUs for its GPUs", &Files::cluster, "default_time: 30:00",
       "max_cpus_per_gpu: {a40: 3, on_violation: reject}"},
      {"access", "not the partition it asked for", &Files::trace, "A,0,u1,alpha,all",
       "A,0,u1,alpha,cpu"},
      {"access", "an account that is denied", &Files::cluster, "deny_accounts: [beta]",
       "deny_accounts: [alpha]"},
      {"access", "a QOS that is not allowed", &Files::cluster, "max_nodes: 1",
       "allow_qos: [small]"},
      {"access", "a QOS that the account may not use", &Files::cluster, "{name: beta, ",
       "{name: beta, qos: [small], "},
      {"access", "another account than in the trace", &Files::jobs, "D,0,u2,beta", "D,0,u2,alpha"},
  });
}

TEST_CASE("The audit objects to limits that are exceeded", "[audit]") {
  const auto cluster = &Files::cluster;
  object_to({
      {"limit", "GrpTRES of an account, one type of GPU", cluster, "a40=3", "a40=2"},
      {"limit", "GrpTRES of an account, CPUs", cluster, "cpu=12", "cpu=10"},
      {"limit", "MaxTRESPerUser of a QOS", cluster, "gres/gpu=2", "gres/gpu=1"},
      {"limit", "MaxTRESPerJob of an account", cluster, "cpu=8", "cpu=7"},
      {"limit", "MaxWall of a QOS", cluster, "max_wall: 10:00", "max_wall: 9:00"},
      {"limit", "MaxJobs, inherited by its users", &Files::jobs, "30,920,920,1020",
       "30,910,910,1010"},
      {"limit", "MaxJobsPerAccount of a QOS", cluster, "max_jobs_per_account: 2",
       "max_jobs_per_account: 0"},
      {"limit", "GrpJobs of a QOS", cluster, "{name: normal}",
       "{name: normal, limits: {grp_jobs: 3}}"},
      {"limit", "MinTRESPerJob of a QOS", cluster, "{name: normal}",
       "{name: normal, limits: {min_tres_per_job: \"cpu=2\"}}"},
      {"limit", "MaxTRESPerNode of a QOS", cluster, "{name: normal}",
       "{name: normal, limits: {max_tres_per_node: \"cpu=3\"}}"},
      {"limit", "MaxTRESPerAccount of a QOS", cluster, "{name: normal}",
       "{name: normal, limits: {max_tres_per_account: \"mem=5G\"}}"},
      {"limit", "GrpTRES of a QOS, distinct nodes", cluster, "{name: normal}",
       "{name: normal, limits: {grp_tres: \"node=2\"}}"},
      {"submit-limit", "MaxSubmitJobsPerUser of a QOS", cluster, "max_submit_jobs_per_user: 3",
       "max_submit_jobs_per_user: 0"},
      {"submit-limit", "GrpSubmitJobs of an account, an array counts its tasks", cluster,
       "cpu=12\"", "cpu=12\", grp_submit_jobs: 6"},
  });
}

// Limits that a cluster file cannot set: alpha's jobs A (limit 600 s, 2 GPUs) and B (600 s, 1 GPU)
// start at 0 and 10, H (600 s, 1 GPU) at 300 when B still has 310 s.
TEST_CASE("The audit objects to use over time that limits do not allow", "[audit]") {
  const Files files;
  const auto violated = [&](auto&& edit) {
    Cluster cluster = parse_cluster(files.cluster, "small.yaml").cluster;
    edit(cluster, cluster.assocs[*cluster.find_account("alpha")].limits);
    const AuditResult result =
        audit(cluster, read_csv(files.trace, "trace.csv"), files.jobs, files.shares);
    INFO(rendered(result));
    CHECK(result.ok() != has_rule(result, "limit"));
    return has_rule(result, "limit");
  };
  const auto gpus = [](std::int64_t count) {
    TresCounts bounds(kTresGpu + 1, kNoLimit);
    bounds[kTresGpu] = count;
    return bounds;
  };
  const auto run_minutes = [&](std::int64_t most) {
    return violated([&](Cluster&, Limits& alpha) { alpha.grp_tres_run_minutes = gpus(most); });
  };
  CHECK_FALSE(run_minutes(29));  // 2 * 590 + 600 s
  CHECK(run_minutes(28));
  const auto minutes = [&](std::int64_t most, bool safe) {
    return violated([&](Cluster& cluster, Limits& alpha) {
      alpha.grp_tres_minutes = gpus(most);
      cluster.limits_are_safe = safe;
    });
  };
  CHECK(minutes(28, true));
  CHECK_FALSE(minutes(28, false));
  const auto per_job = [&](std::int64_t most) {
    return violated([&](Cluster&, Limits& alpha) { alpha.max_tres_minutes_per_job = gpus(most); });
  };
  CHECK_FALSE(per_job(20));
  CHECK(per_job(19));
  const auto wall = [&](int most) {
    return violated([&](Cluster& cluster, Limits& alpha) {
      alpha.grp_wall = std::chrono::minutes{most};
      cluster.limits_are_safe = true;
    });
  };
  CHECK_FALSE(wall(10));
  CHECK(wall(9));
  const auto factor = [&](double by) {
    return violated([&](Cluster& cluster, Limits& alpha) {
      alpha.grp_tres = gpus(2);  // A and B have three
      for (Qos& qos : cluster.qos) qos.limit_factor = by;
    });
  };
  CHECK_FALSE(factor(1.5));
  CHECK(factor(1.4));
}

TEST_CASE("The first QOS that sets a limit rules, and the accounts only if none does", "[audit]") {
  // alpha holds 3 GPUs from 10 to 300; its own limit is lowered to 2, which only counts if the QOS
  // of the job that starts then says nothing.
  Files files;
  files.cluster = replaced(files.cluster, "a40=3", "a40=2");
  CHECK(has_rule(audited(files), "limit"));
  files.cluster = replaced(files.cluster, "{name: normal}",
                           "{name: normal, limits: {grp_tres: \"gres/gpu:a40=3\"}}");
  INFO(rendered(audited(files)));
  CHECK(audited(files).ok());
}

}  // namespace
}  // namespace rehearse
