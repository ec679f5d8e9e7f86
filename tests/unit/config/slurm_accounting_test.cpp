#include <algorithm>

#include "sim/config/write_cluster.hpp"
#include "tests/catch.hpp"
#include "tests/unit/config/slurm_folder.hpp"

using namespace rehearse;
using namespace std::chrono_literals;
using rehearse::testing::kSmallSlurmConf;
using rehearse::testing::SlurmFolder;
using Names = std::vector<std::string>;

namespace {

ClusterFile with(const std::string& file, const std::string& text,
                 std::string conf = kSmallSlurmConf) {
  return SlurmFolder({{"slurm.conf", std::move(conf)}, {file, text}}).load();
}

const Qos& qos(const Cluster& cluster, std::string_view name) {
  return cluster.qos[cluster.find_qos(name).value()];
}
const Assoc& account(const Cluster& cluster, std::string_view name) {
  return cluster.assocs[cluster.find_account(name).value()];
}
const Assoc& user(const Cluster& cluster, std::string_view of, std::string_view name) {
  return cluster.assocs[cluster.find_user(of, name).value()];
}

}  // namespace

TEST_CASE("sacctmgr commands: names in lower case, lists of QOS handed down", "[slurm]") {
  const Cluster cluster = with("accounts.txt", R"(
# comments and both ways of writing
sacctmgr -i add qos High Priority=10
create QOS Name=debug,low MaxWall=30
add account LabA Fairshare=50 Description="the first lab"
add account sub parent=laba fairshare=parent qos+=debug
add user Ann,bob Account=LabA,sub Fairshare=2 DefaultQOS=high
modify user ann where Account=laba set QOS+=high MaxJobs=3
modify user bob set qos=low,high
modify qos high set Preempt=low,debug PreemptMode=cancel GraceTime=120 Flags=DenyOnLimit,NoDecay
modify account laba set GrpTRES=cpu=12,gres/gpu=4 GrpWall=100
modify account where parent=laba set MaxJobs=7
list associations format=Account
)")
                              .cluster;
  CHECK(cluster.declares_accounts);
  REQUIRE(cluster.qos.size() == 4);
  CHECK(qos(cluster, "normal").priority == 0);
  CHECK(qos(cluster, "high").priority == 10);
  CHECK(qos(cluster, "low").limits.max_wall_per_job == 30min);
  CHECK(qos(cluster, "high").preempts ==
        std::vector<QosId>{cluster.find_qos("low").value(), cluster.find_qos("debug").value()});
  CHECK(qos(cluster, "high").preempt_mode == PreemptMode::Cancel);
  CHECK(qos(cluster, "high").grace_time == 120s);
  CHECK((qos(cluster, "high").deny_on_limit && qos(cluster, "high").no_decay));
  REQUIRE(cluster.assocs.size() == 8);
  CHECK(cluster.assocs[AssocId{0}].account == "root");
  CHECK(cluster.assocs[AssocId{1}].account == "laba");
  CHECK(cluster.assocs[AssocId{3}].user == "root");
  CHECK(account(cluster, "laba").shares == 50);
  CHECK(account(cluster, "laba").allow_qos == Names{"normal"});
  CHECK(account(cluster, "laba").limits.grp_tres[kTresGpu] == 4);
  CHECK(account(cluster, "laba").limits.grp_wall == 100min);
  CHECK(account(cluster, "sub").parent == AssocId{1});
  CHECK(account(cluster, "sub").shares_as_parent);
  CHECK(account(cluster, "sub").limits.max_jobs == 7);
  CHECK_FALSE(account(cluster, "laba").limits.max_jobs);
  CHECK(account(cluster, "sub").allow_qos == Names{"normal", "debug"});
  CHECK(user(cluster, "laba", "ann").allow_qos == Names{"normal", "high"});
  CHECK(user(cluster, "laba", "ann").default_qos == "high");
  CHECK(user(cluster, "laba", "ann").limits.max_jobs == 3);
  CHECK_FALSE(user(cluster, "sub", "ann").limits.max_jobs);
  CHECK(user(cluster, "sub", "bob").allow_qos == Names{"low", "high"});
}

TEST_CASE("sacctmgr commands: every name of a limit", "[slurm]") {
  const Cluster cluster = with("x.sacctmgr.script", R"(
add qos a MaxTRESPU=cpu=1 MaxJobsPU=2 MaxSubmitJobsPerUser=3 MaxTRESPA=mem=4G MaxJobsPA=5
modify qos a set MaxSubmitPA=6 GrpTRESMins=billing=7 GrpTRESRunMins=cpu=8 MaxTRESMins=cpu=9
modify qos a set MaxTRESPerNode=gres/gpu:a100=1 MinTRESPerJob=cpu=2 GrpJobs=3 GrpSubmit=4
modify qos a set UsageFactor=0.5 LimitFactor=2 MinPrioThreshold=10 PreemptExemptTime=00:05:00
modify qos a set MaxTRES=node=3 MaxTRES=cpu=5 GrpNodes=7 Flags=EnforceUsageThreshold
modify qos a set UsageThreshold=0.25 Flags+=OverPartQOS MaxJobsPU=-1
add account b MaxSubmitJobs=1 MaxTRESPerJob=cpu=2 MaxWallDurationPerJob=1-0 GrpSubmitJobs=3
)")
                              .cluster;
  const Qos& a = qos(cluster, "a");
  CHECK(a.limits.max_tres_per_user[kTresCpu] == 1);
  CHECK_FALSE(a.limits.max_jobs_per_user);
  CHECK(a.limits.max_submit_jobs_per_user == 3);
  CHECK(a.limits.max_tres_per_account[kTresMem] == 4096);
  CHECK((a.limits.max_jobs_per_account == 5 && a.limits.max_submit_jobs_per_account == 6));
  CHECK(a.limits.grp_tres_minutes[kTresBilling] == 7);
  CHECK(a.limits.grp_tres_run_minutes[kTresCpu] == 8);
  CHECK(a.limits.max_tres_minutes_per_job[kTresCpu] == 9);
  CHECK(a.limits.max_tres_per_node[kTresFirstGres] == 1);
  CHECK(a.limits.min_tres_per_job[kTresCpu] == 2);
  CHECK((a.limits.max_tres_per_job[kTresNode] == 3 && a.limits.max_tres_per_job[kTresCpu] == 5));
  CHECK(a.limits.grp_tres[kTresNode] == 7);
  CHECK((a.limits.grp_jobs == 3 && a.limits.grp_submit_jobs == 4));
  CHECK((a.usage_factor == 0.5 && a.limit_factor == 2.0 && a.min_priority == 10));
  CHECK((a.usage_threshold == 0.25 && a.over_part_qos && a.preempt_exempt_time == 5min));
  const Limits& b = account(cluster, "b").limits;
  CHECK((b.max_submit_jobs == 1 && b.max_tres_per_job[kTresCpu] == 2));
  CHECK((b.max_wall_per_job == 24h && b.grp_submit_jobs == 3));
}

TEST_CASE("AccountingStorageEnforce says what of accounting rules", "[slurm]") {
  const std::string script =
      "add qos q GrpTRES=cpu=1\nadd account a GrpJobs=1\nadd user u Account=a\n";
  const auto enforced = [&](const std::string& what) {
    std::string conf = kSmallSlurmConf;
    const std::string key = "AccountingStorageEnforce=";
    conf.replace(conf.find(key), conf.find('\n', conf.find(key)) - conf.find(key), what);
    return with("accounts.txt", script, conf).cluster;
  };
  const Cluster nothing = enforced("");
  CHECK_FALSE(nothing.declares_accounts);
  CHECK(account(nothing, "a").limits == Limits{});
  CHECK(qos(nothing, "q").limits == Limits{});
  const Cluster associations = enforced("AccountingStorageEnforce=associations");
  CHECK(associations.declares_accounts);
  CHECK(account(associations, "a").limits == Limits{});
  CHECK(user(associations, "a", "u").allow_qos.empty());
  CHECK(associations.not_simulated.empty());
  const Cluster safe = enforced("AccountingStorageEnforce=safe,qos");
  CHECK(account(safe, "a").limits.grp_jobs == 1);
  CHECK(user(safe, "a", "u").allow_qos == Names{"normal"});
  CHECK(safe.limits_are_safe);
}

TEST_CASE("a dump of sacctmgr, and a table of QOS", "[slurm]") {
  const SlurmFolder folder(
      {{"slurm.conf", kSmallSlurmConf},
       {"dump.cfg", R"(# To edit this file start with a cluster line for the new cluster
Cluster - 'small':Fairshare=1:QOS='normal,viz'
Parent - 'root'
User - 'root':DefaultAccount='root':AdminLevel='Administrator':Fairshare=1
Account - 'Lab':Description='a: lab':Organization='x':Fairshare=100:GrpTRES=cpu=4,gres/gpu:a100=2
Parent - 'lab'
User - 'ann':DefaultAccount='lab':Fairshare=2147483647:MaxWallDurationPerJob=1-00:00:00:QOS+=viz
User - 'bob':Fairshare=3:MaxJobs=2:DefaultQOS='viz'
)"},
       {"qos.txt",
        "Name|Priority|GraceTime|Preempt|PreemptMode|Flags|UsageThres|UsageFactor|GrpTRES|MaxWall|"
        "MaxTRESPU|MaxJobsPU|MinTRES\n"
        "normal|5|00:00:00||cluster|||1.000000||||4|\n"
        "viz|9|00:02:00|normal|cancel|DenyOnLimit,OverPartQOS||0.500000|gres/gpu=2|1-00:00:00|"
        "cpu=3||cpu=1\n"}});
  const ClusterFile file = folder.load();
  const Cluster& cluster = file.cluster;
  CHECK(file.warnings.entries().empty());
  CHECK(qos(cluster, "normal").priority == 5);
  CHECK_FALSE(qos(cluster, "normal").grace_time);
  CHECK(qos(cluster, "normal").limits.max_jobs_per_user == 4);
  CHECK(qos(cluster, "viz").grace_time == 2min);
  CHECK(qos(cluster, "viz").preempt_mode == PreemptMode::Cancel);
  CHECK(qos(cluster, "viz").limits.max_wall_per_job == 24h);
  CHECK((qos(cluster, "viz").deny_on_limit && qos(cluster, "viz").usage_factor == 0.5));
  CHECK(account(cluster, "lab").shares == 100);
  CHECK(account(cluster, "lab").limits.grp_tres[kTresFirstGres] == 2);
  CHECK(account(cluster, "lab").limits.grp_tres[kTresCpu] == 4);
  CHECK(account(cluster, "lab").allow_qos == Names{"normal", "viz"});
  CHECK(user(cluster, "lab", "ann").shares_as_parent);
  CHECK(user(cluster, "lab", "ann").limits.max_wall_per_job == 24h);
  CHECK(user(cluster, "lab", "bob").default_qos == "viz");
  CHECK(file.files.size() == 3);
}

TEST_CASE("a user's associations with partitions, and default account", "[slurm]") {
  const ClusterFile file = with("accounts.txt", R"(
add account a
add account b
add user ann Account=a MaxJobs=1
add user ann Account=a Partition=main,Big MaxJobs=2
add user ann Account=b DefaultAccount=b
modify user ann where Account=a Partition=big set MaxJobs=3
)");
  const Cluster& cluster = file.cluster;
  const auto most_jobs = [&](std::string_view partition) {
    return cluster.assocs[cluster.find_user("a", "ann", partition).value()].limits.max_jobs.value();
  };
  CHECK(most_jobs("") == 1);
  CHECK(most_jobs("other") == 1);
  CHECK(most_jobs("main") == 2);
  CHECK(most_jobs("big") == 3);
  CHECK_FALSE(user(cluster, "a", "ann").is_default);
  CHECK(user(cluster, "b", "ann").is_default);
  CHECK(parse_cluster(write_cluster(cluster, file.policies, "a test"), "again").cluster == cluster);
}

TEST_CASE("a dump alone does not tell QOS: they are made, with a warning", "[slurm]") {
  const ClusterFile file = with("dump.cfg",
                                "Cluster - 'small':QOS='fast'\nParent - 'root'\n"
                                "Account - 'a':Fairshare=1:QOS='fast'\n");
  CHECK(file.cluster.find_qos("fast"));
  CHECK(file.warnings.render().find("no file tells the limits of QOS \"fast\"") !=
        std::string::npos);
}

TEST_CASE("sacctmgr: what changes nothing is warned of, what cannot be is an error", "[slurm]") {
  const ClusterFile file = with("accounts.txt",
                                "add account a\nadd account a Fairshare=3\n"
                                "modify user ghost set MaxJobs=1\nadd account b Farshare=2\n"
                                "modify qos normal set Flags=DenyOnLimits GrpTRES=gres/xyz=1\n"
                                "delete account b\nremove qos normal\nsudo reboot\n");
  const std::string warnings = file.warnings.render();
  for (const char* const part :
       {"account \"a\" is there already", "no user \"ghost\"", "unknown option \"Farshare\"",
        "did you mean \"Fairshare\"?", "did you mean \"DenyOnLimit\"?", "no node has \"gres/xyz\"",
        "\"sudo\" is no command of sacctmgr"}) {
    INFO(part << "\n" << warnings);
    CHECK(warnings.find(part) != std::string::npos);
  }
  CHECK(account(file.cluster, "a").shares == 1);
  CHECK_FALSE(file.cluster.find_account("b"));
  CHECK_FALSE(file.cluster.find_qos("normal"));
}

TEST_CASE("partitions name accounts and QOS in any case", "[slurm]") {
  std::string conf = kSmallSlurmConf;
  conf += "PartitionName=x Nodes=n1 QOS=Cap AllowAccounts=LabA,ghost AllowQos=ALL\n";
  const ClusterFile file = with("accounts.txt", "add qos cap\nadd account laba\n", conf);
  const Partition& x = file.cluster.partitions[file.cluster.find_partition("x").value()];
  CHECK(x.qos == file.cluster.find_qos("cap"));
  CHECK(x.allow_accounts == Names{"laba"});
  CHECK(x.allow_qos.empty());
  CHECK(file.warnings.render().find("unknown account \"ghost\"") != std::string::npos);
}
