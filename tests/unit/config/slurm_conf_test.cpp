#include <algorithm>

#include "sim/base/slurm_text.hpp"
#include "sim/config/load.hpp"
#include "sim/config/write_cluster.hpp"
#include "sim/study/check.hpp"
#include "tests/catch.hpp"
#include "tests/unit/config/slurm_folder.hpp"

using namespace rehearse;
using namespace std::chrono_literals;
using rehearse::testing::kSmallSlurmConf;
using rehearse::testing::SlurmFolder;

namespace {

ClusterFile load(const std::string& slurm_conf) {
  return SlurmFolder({{"slurm.conf", slurm_conf}}).load();
}

const Node& node(const Cluster& cluster, std::string_view name) {
  return cluster.nodes[cluster.find_node(name).value()];
}
const Partition& partition(const Cluster& cluster, std::string_view name) {
  return cluster.partitions[cluster.find_partition(name).value()];
}
std::string param(const ClusterFile& file, const std::string& slot, const std::string& name) {
  const SlotSetting& setting = file.policies.at(slot);
  if (name == "use") return setting.use.text;
  const auto found = setting.params.find(name);
  return found == setting.params.end() ? "" : found->second.text;
}
bool says(const Cluster& cluster, std::string_view part) {
  return std::any_of(cluster.not_simulated.begin(), cluster.not_simulated.end(),
                     [&](const std::string& each) { return each.find(part) != each.npos; });
}

}  // namespace

TEST_CASE("slurm.conf: power saving", "[slurm][power]") {
  const std::string text =
      "SuspendTime=300\nSuspendTimeout=45\nResumeTimeout=600\nResumeRate=0\nSuspendRate=7\n"
      "SuspendExcNodes=n1,n[2-4]:2\nSuspendExcParts=q\n"
      "SlurmctldParameters=idle_on_node_suspend,cloud_dns\n"
      "NodeName=n[1-4] CPUs=4 RealMemory=1000\nNodeName=c[1-2] CPUs=4 RealMemory=1000 State=CLOUD\n"
      "PartitionName=p Nodes=ALL Default=YES SuspendTime=INFINITE PowerDownOnIdle=YES\n"
      "PartitionName=q Nodes=n4 ResumeTimeout=100\n";
  const ClusterFile file =
      load(text + "SuspendProgram=/sbin/suspend\nResumeProgram=/sbin/resume\n");
  const Cluster& cluster = file.cluster;
  REQUIRE(cluster.power);
  const PowerSaving& power = *cluster.power;
  CHECK(power.suspend_time == 300s);
  CHECK(power.suspend_timeout == 45s);
  CHECK(power.resume_timeout == 600s);
  CHECK(power.resume_rate == 0);
  CHECK(power.suspend_rate == 7);
  CHECK(power.retry == 345s);
  REQUIRE(power.kept_on.size() == 3);
  CHECK(power.kept_on[0].nodes.count() == 1);
  CHECK(power.kept_on[1].count == 2);
  CHECK(power.kept_on[2].nodes.contains(*cluster.find_node("n4")));
  CHECK(node(cluster, "c2").is_cloud);
  CHECK_FALSE(node(cluster, "n1").is_cloud);
  CHECK(partition(cluster, "p").suspend_time == kUnlimited);
  CHECK(partition(cluster, "p").power_down_on_idle);
  CHECK(partition(cluster, "q").resume_timeout == 100s);
  CHECK(parse_cluster(write_cluster(cluster, file.policies, "a test"), "again").cluster == cluster);
  // Without the programs slurmctld powers nothing down.
  const Cluster on = load(text).cluster;
  CHECK_FALSE(on.power);
  CHECK(says(on, "c[1-2] (State=CLOUD)"));
  CHECK_FALSE(node(on, "c1").is_cloud);
}

TEST_CASE("slurm.conf: keys in any case, comments, continuations, quotes, blanks", "[slurm]") {
  const ClusterFile file = load(
      "clustername = lab   # the lab\n"
      "GRESTYPES=gpu # NodeName=ghost CPUs=1\r\n"
      "# a comment that does not go on \\\n"
      "NODENAME=n[1-2,10] \\  \n"
      "  sockets=2 CoresPerSocket=4 \\\n"
      "  ThreadsPerCore=2 RealMemory=16G Feature=\"b,a\" Gres=gpu:a100:2 Weight=7\n"
      "\tPartitionName=main Nodes=n1,\\\nn2 Default=yes MaxTime=1-00:00:00\n");
  const Cluster& cluster = file.cluster;
  REQUIRE(cluster.name == "lab");
  REQUIRE(cluster.nodes.size() == 3);
  REQUIRE(cluster.nodes[NodeId{2}].name == "n10");
  const Node& n2 = node(cluster, "n2");
  CHECK(n2.cpus == 16);
  CHECK(n2.memory_mib == 16 * 1024);
  CHECK(n2.features == std::vector<std::string>{"a", "b"});
  CHECK(n2.weight == 7);
  CHECK(cluster.totals()[kTresGpu] == 6);
  CHECK(partition(cluster, "main").nodes.count() == 2);
  CHECK(partition(cluster, "main").max_time == 24h);
  CHECK(cluster.default_partition() == cluster.find_partition("main"));
  CHECK(cluster.select.whole_nodes);  // SelectType is select/linear without being said
  CHECK_FALSE(cluster.tracks_memory);
  CHECK(file.warnings.entries().empty());
}

TEST_CASE("slurm.conf: DEFAULT records go into those that follow, and add up", "[slurm]") {
  const Cluster cluster = load(
                              "NodeName=DEFAULT CPUs=8 RealMemory=1000\n"
                              "NodeName=a\n"
                              "NodeName=DEFAULT RealMemory=2000 Feature=new\n"
                              "NodeName=b\n"
                              "NodeName=c RealMemory=3000\n"
                              "PartitionName=DEFAULT Nodes=ALL MaxTime=60 PriorityTier=5\n"
                              "PartitionName=p Default=YES\n"
                              "PartitionName=q MaxTime=INFINITE\n")
                              .cluster;
  CHECK(node(cluster, "a").memory_mib == 1000);
  CHECK(node(cluster, "b").memory_mib == 2000);
  CHECK(node(cluster, "b").cpus == 8);
  CHECK(node(cluster, "c").features == std::vector<std::string>{"new"});
  CHECK(node(cluster, "a").features.empty());
  CHECK(partition(cluster, "p").max_time == 1h);
  CHECK(partition(cluster, "q").max_time == kUnlimited);
  CHECK(partition(cluster, "q").priority_tier == 5);
  CHECK(partition(cluster, "q").nodes.count() == 3);
}

TEST_CASE("slurm.conf: CPUs, boards, sockets, cores, threads as Slurm completes them", "[slurm]") {
  const ClusterFile file = load(
      "NodeName=a CPUs=12\n"
      "NodeName=b Boards=2 SocketsPerBoard=2 CoresPerSocket=3\n"
      "NodeName=c Procs=36 Sockets=2 CoresPerSocket=18 ThreadsPerCore=2\n"
      "NodeName=d CPUs=8 CoresPerSocket=2 ThreadsPerCore=2\n"
      "NodeName=e CPUs=9 Sockets=2 CoresPerSocket=2\n"
      "NodeName=f CPUs=48 Sockets=2 CoresPerSocket=12 ThreadsPerCore=2 "
      "RealMemory=256000 CoreSpecCount=2 MemSpecLimit=23552\n"
      "PartitionName=p Nodes=ALL\n");
  const Cluster& cluster = file.cluster;
  CHECK(node(cluster, "a").cpus == 12);
  CHECK(node(cluster, "a").sockets == 12);
  CHECK(node(cluster, "b").cpus == 12);
  CHECK(node(cluster, "c").cpus == 36);  // cores are the CPUs
  CHECK(node(cluster, "c").threads_per_core == 1);
  CHECK(node(cluster, "d").sockets == 2);
  CHECK(node(cluster, "e").cpus == 4);
  CHECK(node(cluster, "f").cpus == 44);
  CHECK(node(cluster, "f").reserved_cores == 2);
  CHECK(node(cluster, "f").memory_mib == 256000 - 23552);
  REQUIRE(file.warnings.entries().size() == 1);
  CHECK(file.warnings.entries()[0].message == "9 CPUs, but 2 x 2 x 1 = 4");
}

TEST_CASE("slurm.conf: Include, node sets, down nodes", "[slurm]") {
  const SlurmFolder folder({{"slurm.conf",
                             "include /etc/slurm/nodes.conf\n"
                             "Include parts.conf\n"
                             "DownNodes=n2 State=DOWN Reason=broken\n"},
                            {"nodes.conf",
                             "NodeName=n[1-3] Feature=old\nNodeName=m1\n"
                             "NodeSet=olds Feature=old\n"},
                            {"parts.conf",
                             "PartitionName=p Nodes=olds\n"
                             "PartitionName=q Nodes=m1,n[2-3]\n"}});
  const ClusterFile file = folder.load();
  CHECK(partition(file.cluster, "p").nodes.count() == 3);
  CHECK(partition(file.cluster, "q").nodes.count() == 3);
  CHECK(says(file.cluster, "all nodes are up from the start: n2 (State=DOWN)"));
  REQUIRE(file.files.size() == 3);
  CHECK(file.files[1].ends_with("nodes.conf"));
}

// Case 12 from the field: generated files, a node of a list to a line.
TEST_CASE("slurm.conf: lines that go on, and Include of a file named after the cluster",
          "[slurm]") {
  const SlurmFolder folder(
      {{"slurm.conf",
        "ClusterName=Plum   # in lower case in names of files\n"
        "# a comment that does not go on \\\n"
        "SchedulerParameters=bf_interval=90,\\\nbf_window=2880\n"
        "PriorityType = priority/multifactor\nSelectType=select/cons_tres\n"
        "SELECTTYPEPARAMETERS=CR_Core_Memory\n"
        "include machines.conf\nINCLUDE queues/of-%c.conf\n"
        "AccountingStorageTRES=gres/gpu\\#x\n"},
       {"machines.conf",
        "NodeName=DEFAULT CPUs=4 CoresPerSocket=4 \\   \n  RealMemory=9000 \\\t\n"
        "  Feature=opa,old\r\n"
        "NodeName=p1\r\nNodeName=p\\\n2 State=UNKNOWN\nNodeName=p3 Weight=5 # NodeName=p4\n"},
       {"queues/of-plum.conf",
        "PartitionName=work \\\n   Nodes=\\\np1,\\\np2 \\\n   Default=YES MaxTime=3-0\n"
        "PartitionName=short Nodes=p1 MaxTime=20 # Nodes=p[1-3]\n"
        "PartitionName=last Nodes=p3 \\"}});
  const ClusterFile file = folder.load();
  const Cluster& cluster = file.cluster;
  CHECK(cluster.name == "Plum");
  CHECK(param(file, "scheduler", "bf_interval") == "00:01:30");
  CHECK(param(file, "scheduler", "bf_window") == "2880");
  CHECK(param(file, "priority", "use") == "multifactor");
  CHECK((cluster.tracks_memory && cluster.select.unit == ConsumableUnit::Core));
  REQUIRE(cluster.nodes.size() == 3);
  for (const Node& each : cluster.nodes) {
    CHECK((each.cpus == 4 && each.sockets == 1 && each.cores_per_socket == 4));
    CHECK(each.memory_mib == 9000);
    CHECK(each.features == std::vector<std::string>{"old", "opa"});
    CHECK(each.weight == (each.name == "p3" ? 5 : 1));
  }
  const auto nodes_of = [&](const char* name) {
    return cluster.host_list(partition(cluster, name).nodes);
  };
  CHECK(nodes_of("work") == "p[1-2]");
  CHECK(cluster.default_partition() == cluster.find_partition("work"));
  CHECK(partition(cluster, "work").max_time == 72h);
  CHECK(nodes_of("short") == "p1");
  CHECK(partition(cluster, "short").max_time == 20min);
  CHECK(nodes_of("last") == "p3");
  REQUIRE(file.warnings.entries().size() == 1);
  CHECK(file.warnings.entries()[0].message == "unknown TRES \"gres/gpu#x\"");
  CHECK(file.files.size() == 3);
}

// Case 14 from the field: several brackets in a name, padding, the right comma.
TEST_CASE("slurm.conf: host lists name nodes, and are written as they can be read", "[slurm]") {
  const ClusterFile file = load(
      "SelectType=select/cons_tres\nNodeName=DEFAULT CPUs=2\nNodeName=a[0-1]u[01-03]\n"
      "NodeName=rack7-[09-10]\nNodeName=g[8-11]\nNodeName=h[098-101]\n"
      "NodeName=front,w[1,3],z7\nNodeName=y[1-2]-eth\n"
      "PartitionName=all Nodes=ALL Default=YES\n"
      "PartitionName=odd Nodes=a[0-1]u[01,03],g[9-10],h[100-101],w3,y[2]-eth\n"
      "PartitionName=gg Nodes=g11,g10,g[8-9]\n");
  const Cluster& cluster = file.cluster;
  std::string names;
  for (const Node& each : cluster.nodes) names += each.name + " ";
  CHECK(names ==
        "a0u01 a0u02 a0u03 a1u01 a1u02 a1u03 front g8 g9 g10 g11 h098 h099 h100 h101 rack7-09 "
        "rack7-10 w1 w3 y1-eth y2-eth z7 ");
  const auto list = [&](const char* name) {
    return cluster.host_list(partition(cluster, name).nodes);
  };
  CHECK(list("gg") == "g[8-11]");
  CHECK(list("odd") == "a0u[01,03],a1u[01,03],g[9-10],h[100-101],w3,y2-eth");
  CHECK(partition(cluster, "odd").nodes.count() == 10);
  CHECK(list("all") ==
        "a0u[01-03],a1u[01-03],front,g[8-11],h[098-101],rack7-[09-10],w[1,3],y1-eth,y2-eth,z7");
  std::string again;
  for (const std::string& each : expand_hostlist(list("all")).hosts) again += each + " ";
  CHECK(again == names);
}

TEST_CASE("slurm.conf: lists of nodes that are none", "[slurm]") {
  const auto error = [](const std::string& list) {
    return SlurmFolder({{"slurm.conf",
                         "NodeName=g[8-11]\nNodeName=h[098-101]\n"
                         "PartitionName=p Nodes=" +
                             list + "\n"}})
        .errors();
  };
  const auto at = [](int column, const std::string& message) {
    return Catch::Contains("slurm.conf:3:" + std::to_string(column) + ": error: " + message);
  };
  CHECK_THAT(error("g[8-12]"), at(23, "unknown node \"g12\""));
  CHECK_THAT(error("g[8-12]"), Catch::Contains("Nodes=g[8-12]"));
  CHECK_THAT(error("h[101-098]"), at(25, "\"h[101-098]\": the range \"101-098\" is reversed"));
  CHECK_THAT(error("m[1-3"), at(24, "\"m[1-3\": \"[\" is not closed"));
  CHECK_THAT(error("a[0-1]b[01-02]]"), at(37, "\"a[0-1]b[01-02]]\": \"]\" without \"[\""));
  CHECK_THAT(error("k[0-999999999]"), at(25, "\"k[0-999999999]\": the list names more than"));
  CHECK_THAT(error("a[0-1][b-c]"), at(30, "\"a[0-1][b-c]\": \"b-c\" is not a number"));
  CHECK_THAT(error("g[8-]"), at(25, "\"g[8-]\": \"8-\" is not a number or a range"));
  const ClusterFile nothing = load("NodeName=g8\nPartitionName=p Nodes=\n");
  REQUIRE(nothing.warnings.entries().size() == 1);
  CHECK(nothing.warnings.entries()[0].message == "Nodes has no value");
}

TEST_CASE("slurm.conf: what a partition may say", "[slurm]") {
  const Cluster cluster =
      load(
          "SelectType=select/cons_tres\nGresTypes=gpu\nDefMemPerCPU=2000\nMaxMemPerNode=9000\n"
          "JobDefaults=DefCpuPerGPU=3\n"
          "NodeName=n[1-4] CPUs=8 RealMemory=10000 Gres=gpu:2\n"
          "PartitionName=a Nodes=ALL Priority=9 Shared=FORCE:2 State=DRAIN LLN=YES "
          "ExclusiveUser=YES RootOnly=YES ReqResv=YES OverTimeLimit=5 GraceTime=90 "
          "PreemptMode=CANCEL MinNodes=1 MaxNodes=2 DefaultTime=30 MaxTime=2:00:00 "
          "TRESBillingWeights=\"CPU=1.0,Mem=0.25G,GRES/gpu=2.0\" MaxCPUsPerNode=6\n"
          "PartitionName=b Nodes=n1 OverSubscribe=EXCLUSIVE DefMemPerNode=500 "
          "MaxMemPerCPU=300 AllowGroups=x PriorityTier=3 PriorityJobFactor=4 Default=YES\n")
          .cluster;
  const Partition& a = partition(cluster, "a");
  CHECK((a.priority_tier == 9 && a.priority_job_factor == 9));
  CHECK((a.over_subscribe == OverSubscribe::Force && a.over_subscribe_jobs == 2));
  CHECK(a.state == PartitionState::Drain);
  CHECK((a.least_loaded && a.exclusive_user && a.root_only && a.requires_reservation));
  CHECK((a.over_time_limit == 5min && a.grace_time == 90s && a.default_time == 30min));
  CHECK(a.preempt_mode == PreemptMode::Cancel);
  CHECK((a.min_nodes == 1 && a.max_nodes == 2U && a.max_cpus_per_node == 6U));
  CHECK(a.default_memory == Memory{MemoryPer::Cpu, 2000});
  CHECK(a.max_memory_per_node_mib == 9000);
  CHECK(a.default_cpus_per_gpu == 3U);
  CHECK(a.billing_weights[kTresMem] == 0.25 / 1024);
  CHECK(a.billing_weights[kTresGpu] == 2);
  const Partition& b = partition(cluster, "b");
  CHECK((b.exclusive && b.over_subscribe == OverSubscribe::Exclusive));
  CHECK(b.default_memory == Memory{MemoryPer::Node, 500});
  CHECK((b.max_memory_per_cpu_mib == 300 && !b.max_memory_per_node_mib));
  CHECK((b.priority_tier == 3 && b.priority_job_factor == 4));
  CHECK(says(cluster, "AllowGroups"));
}

TEST_CASE("slurm.conf: the cluster as a whole", "[slurm]") {
  const ClusterFile file = load(
      "SelectType=select/cons_tres\n"
      "SelectTypeParameters=CR_CPU,CR_LLN,CR_ONE_TASK_PER_CORE,CR_Pack_Nodes\n"
      "Licenses=matlab:3,ansys*2,one\nEnforcePartLimits=YES\n"
      "AccountingStorageEnforce=safe\nJobSubmitPlugins=lua\nSlurmctldPort=6817\n"
      "MaxTimee=3\n"
      "NodeName=n CPUs=2\nPartitionName=p Nodes=n\n");
  const Cluster& cluster = file.cluster;
  CHECK(cluster.select.unit == ConsumableUnit::Cpu);
  CHECK((cluster.select.least_loaded && cluster.select.one_task_per_core));
  CHECK((cluster.select.pack_nodes && !cluster.select.whole_nodes && !cluster.tracks_memory));
  REQUIRE(cluster.licenses.size() == 3);
  CHECK((cluster.licenses[0].name == "ansys" && cluster.licenses[0].count == 2));
  CHECK(cluster.licenses[2].count == 1);
  CHECK(cluster.enforce_part_limits == EnforcePartLimits::All);
  CHECK(cluster.limits_are_safe);
  CHECK_FALSE(cluster.declares_accounts);  // there is no file with them
  CHECK(says(cluster, "JobSubmitPlugins"));
  CHECK(cluster.not_simulated.size() == 1);
  const std::string warnings = file.warnings.render();
  CHECK(warnings.find("unknown key \"MaxTimee\" of slurm.conf") != std::string::npos);
  CHECK(warnings.find("no file with accounts") != std::string::npos);
}

TEST_CASE("gres.conf: devices near cores, types that slurm.conf leaves out", "[slurm]") {
  const SlurmFolder folder(
      {{"slurm.conf",
        "GresTypes=gpu,shard\n"
        "NodeName=a CPUs=32 Sockets=2 CoresPerSocket=8 ThreadsPerCore=2 Gres=gpu:4\n"
        "NodeName=b CPUs=8 Sockets=2 CoresPerSocket=4 Gres=gpu:x:2(S:1),shard:8\n"
        "NodeName=c CPUs=4 Gres=gpu:2\n"
        "PartitionName=p Nodes=ALL\n"},
       {"gres.conf",
        "AutoDetect=off\n"
        "NodeName=a Name=gpu Type=a100 File=/dev/nvidia[0-1] Cores=0-7\n"
        "NodeName=a Name=gpu Type=a40 File=/dev/nvidia[2-3] CPUs=8-15,24-31\n"
        "NodeName=c Name=gpu File=/dev/nvidia[0-1]\n"}});
  const Cluster cluster = folder.load().cluster;
  REQUIRE(cluster.gres.size() == 5);
  CHECK(cluster.tres_name(kTresFirstGres) == "gres/gpu:a100");
  const Node& a = node(cluster, "a");
  REQUIRE(a.devices.size() == 2);
  CHECK(a.devices[0].count == 2);
  CHECK(a.devices[0].cores == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(a.devices[1].cores == std::vector<std::uint32_t>{8, 9, 10, 11, 12, 13, 14, 15});
  const Node& b = node(cluster, "b");
  REQUIRE(b.devices.size() == 2);
  CHECK(b.devices[0].cores == std::vector<std::uint32_t>{4, 5, 6, 7});
  CHECK(node(cluster, "c").devices.empty());
  CHECK(cluster.totals()[kTresGpu] == 8);
}

TEST_CASE("topology.conf: levels, nodes below, and what is left out", "[slurm]") {
  const std::string conf =
      "TopologyPlugin=topology/tree\nNodeName=n[1-5] CPUs=1\n"
      "PartitionName=p Nodes=ALL\n";
  const std::string tree =
      "SwitchName=top Switches=s[0-1]\n"
      "SwitchName=s0 Nodes=n[1-2]\nSwitchName=s1 Nodes=n[3-4],ghost\n";
  const ClusterFile file = SlurmFolder({{"slurm.conf", conf}, {"topology.conf", tree}}).load();
  const std::vector<Switch>& switches = file.cluster.switches;
  REQUIRE(switches.size() == 3);
  CHECK((switches[0].name == "top" && switches[0].level == 1 && switches[0].nodes.count() == 4));
  CHECK(switches[0].below == std::vector<std::uint32_t>{1, 2});
  const std::string warnings = file.warnings.render();
  CHECK(warnings.find("no switch has \"n5\"") != std::string::npos);
  CHECK(warnings.find("unknown nodes \"ghost\"") != std::string::npos);
  const std::string islands = "SwitchName=s0 Nodes=n[1-2]\nSwitchName=s1 Nodes=n[3-5]\n";
  const ClusterFile two = SlurmFolder({{"slurm.conf", conf}, {"topology.conf", islands}}).load();
  CHECK(two.warnings.render().find("no switch is above all nodes") != std::string::npos);
}

TEST_CASE("slurm.conf: settings of the slots", "[slurm]") {
  const ClusterFile file = load(
      "SchedulerType=sched/backfill\nKillWait=5\nOverTimeLimit=3\nCompleteWait=10\nJobRequeue=0\n"
      "SchedulerParameters=bf_interval=20,bf_window=2880,bf_continue,bf_max_job_user=7,defer,"
      "batch_sched_delay=4,sched_min_interval=5000,max_rpc_cnt=3,bf_yield_sleep=1,"
      "preempt_youngest_first,bf_intervall=3,whole_hetjob\n"
      "DependencyParameters=kill_invalid_depend\nMaxArraySize=500\n"
      "PriorityType=priority/multifactor\nPriorityWeightAge=1000\nPriorityMaxAge=1-0\n"
      "PriorityWeightTRES=CPU=2,Mem=0.5G\nPriorityFavorSmall=YES\nPriorityDecayHalfLife=0-1\n"
      "PriorityCalcPeriod=5\nPriorityFlags=CALCULATE_RUNNING,NO_FAIR_TREE,ACCRUE_ALWAYS\n"
      "FairShareDampeningFactor=3\nPriorityUsageResetPeriod=DAILY\n"
      "PreemptType=preempt/qos\nPreemptMode=REQUEUE,WITHIN\nPreemptExemptTime=00:10:00\n"
      "NodeName=n CPUs=2\nPartitionName=p Nodes=n\n");
  CHECK(param(file, "scheduler", "use") == "slurm");
  CHECK(param(file, "scheduler", "backfill") == "true");
  CHECK(param(file, "scheduler", "kill_wait") == "00:00:05");
  CHECK(param(file, "scheduler", "over_time_limit") == "00:03:00");
  CHECK(param(file, "scheduler", "complete_wait") == "00:00:10");
  CHECK(param(file, "scheduler", "job_requeue") == "false");
  CHECK(param(file, "scheduler", "bf_interval") == "00:00:20");
  CHECK(param(file, "scheduler", "bf_window") == "2880");
  CHECK(param(file, "scheduler", "bf_continue") == "true");
  CHECK(param(file, "scheduler", "bf_max_job_user") == "7");
  CHECK(param(file, "scheduler", "defer") == "true");
  CHECK(param(file, "scheduler", "sched_min_interval") == "5000");
  CHECK(param(file, "scheduler", "kill_invalid_depend") == "true");
  CHECK(param(file, "scheduler", "calculate_running") == "true");
  CHECK(param(file, "scheduler", "priority_calc_period") == "00:05:00");
  CHECK(param(file, "scheduler", "priority_usage_reset_period") == "daily");
  CHECK(param(file, "scheduler", "max_rpc_cnt").empty());
  CHECK(param(file, "priority", "use") == "multifactor");
  CHECK(param(file, "priority", "age_weight") == "1000");
  CHECK(param(file, "priority", "max_age") == "1-00:00:00");
  CHECK(param(file, "priority", "tres_weights") == "cpu=2,mem=0.00048828125");
  CHECK(param(file, "priority", "accrue_always") == "true");
  CHECK(param(file, "scheduler", "fair_tree") == "false");
  CHECK(param(file, "scheduler", "decay_half_life") == "01:00:00");
  CHECK(param(file, "scheduler", "fair_share_damping") == "3");
  CHECK(param(file, "preemption", "use") == "by-qos");
  CHECK(param(file, "preemption", "mode") == "requeue");
  CHECK(param(file, "preemption", "within") == "true");
  CHECK(param(file, "preemption", "exempt_time") == "00:10:00");
  CHECK(param(file, "preemption", "youngest_first") == "true");
  CHECK(says(file.cluster, "whole_hetjob"));
  CHECK(file.warnings.render().find("did you mean \"bf_interval\"?") != std::string::npos);
  const ParamText& window = file.policies.at("scheduler").params.at("bf_window");
  CHECK((window.line == 6 && window.column == 46));

  const ClusterFile plain = load("NodeName=n CPUs=2\nPartitionName=p Nodes=n\n");
  CHECK(param(plain, "scheduler", "use") == "slurm");
  CHECK(param(plain, "priority", "use") == "basic");
  CHECK(param(plain, "preemption", "use") == "never");
  CHECK(plain.policies.count("fair_share") == 0);
}

TEST_CASE("slurm.conf: suspending is not simulated, and said", "[slurm]") {
  const ClusterFile file = load(
      "PreemptType=preempt/partition_prio\nPreemptMode=SUSPEND,GANG\n"
      "NodeName=n CPUs=2\nPartitionName=p Nodes=n PreemptMode=suspend\n");
  CHECK(param(file, "preemption", "mode") == "off");
  CHECK(partition(file.cluster, "p").preempt_mode == PreemptMode::Off);
  CHECK(says(file.cluster, "PreemptMode=SUSPEND"));
  CHECK(says(file.cluster, "PreemptMode=GANG"));
}

TEST_CASE("a file's own name, and a folder, may stand for a cluster", "[slurm]") {
  const SlurmFolder folder({{"slurm.conf", kSmallSlurmConf}, {"old.conf", kSmallSlurmConf}});
  CHECK(load_cluster((folder.path() / "old.conf").string()).cluster.name == "small");
  CHECK(load_cluster((folder.path() / "slurm.conf").string()).cluster == folder.load().cluster);
  const CheckedFile checked = check_file(folder.path().string());
  REQUIRE(checked.cluster);
  CHECK(checked.cluster->cluster.totals()[kTresGpu] == 8);
}

TEST_CASE("a line of 10 MB is refused at once", "[slurm]") {
  std::string line = "NodeName=n CPUs=2\n";
  for (int i = 0; i < 2'500'000; ++i) line += "a=b ";
  CHECK(SlurmFolder({{"slurm.conf", line}}).errors().find("a line of 9999999 bytes") !=
        std::string::npos);
  std::string many = "NodeName=n CPUs=2\nPartitionName=p Nodes=n\n";
  for (int i = 0; i < 2'000; ++i) many += "Key" + std::to_string(i) + "=1\n";
  const ClusterFile file = SlurmFolder({{"slurm.conf", many}}).load();
  CHECK(file.warnings.entries().size() <= 100);
}
