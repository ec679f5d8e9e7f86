// Case 16 from the field: a dump of sacctmgr and its table of QOS, read without a cluster.
#include "sim/study/account_tree.hpp"

#include <nlohmann/json.hpp>

#include "sim/study/check.hpp"
#include "tests/catch.hpp"
#include "tests/unit/config/slurm_folder.hpp"

using namespace rehearse;
using rehearse::testing::SlurmFolder;
using Json = nlohmann::json;

namespace {

constexpr const char* kDump = R"(# associations, saved
# a remark that looks like a line: Account - 'nobody':Fairshare=9

Cluster - 'plum':Fairshare=1:QOS='normal':DefaultQOS='normal'
Parent - 'root'
User - 'root':DefaultAccount='root':AdminLevel='Administrator':Fairshare=1
Account - 'geo':Description='ice: cores':Organization='earth':Fairshare=30)"
                              R"(:GrpTRES=cpu=32,gres/gpu=6:MaxWallDurationPerJob=1440
Account - 'math':Description='proof #2':Organization='logic & sets')"
                              R"(:Fairshare=9:GrpJobs=40:QOS='fast,normal'
Account - 'all':Description='all':Organization='all':Fairshare=parent
Parent - 'geo'
Account - 'geo-sat':Description='sat':Organization='earth')"
                              R"(:Fairshare=3:GrpTRES=gres/gpu=3:QOS='+fast'
User - 'ida':DefaultAccount='geo-sat':Fairshare=1
Parent - 'geo-sat'
User - 'ida':Fairshare=2:MaxTRESPerJob=cpu=8,gres/gpu=1:MaxSubmitJobs=30
User - 'tom':DefaultAccount='geo-sat':Fairshare=1:QOS='-normal'
Parent - 'math'
User - 'tom':Partition='big':Fairshare=1:GrpTRES=gres/gpu=2
User - 'tom':Fairshare=1:GrpTRESMins=cpu=7000
User - 'Eve':DefaultAccount='math':Fairshare=2147483647
Parent - 'all'
User - 'ida':Fairshare=1
)";
constexpr const char* kQos =
    "Name|Priority|GraceTime|Preempt|PreemptExemptTime|PreemptMode|Flags|UsageThres|UsageFactor|"
    "GrpTRES|GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpSubmit|GrpWall|MaxTRES|MaxTRESPerNode|"
    "MaxTRESMins|MaxWall|MaxTRESPU|MaxJobsPU|MaxSubmitPU|MaxTRESPA|MaxJobsPA|MaxSubmitPA|MinTRES\n"
    "normal|0|00:00:00|||cluster|||1.000000|||||||||||||||||\n"
    "fast|7|00:03:00|normal|00:15:00|requeue|DenyOnLimit,OverPartQOS||0.250000|gres/gpu=10|||||||||"
    "2-00:00:00|cpu=64,gres/gpu=4||50||||\n";

class Accounts {
 public:
  Accounts() : folder_({{"plum.cfg", kDump}, {"qos.psv", kQos}}) {
    checked_ = check_files({path("plum.cfg"), path("qos.psv")});
  }
  std::string path(const char* name) const { return (folder_.path() / name).string(); }
  const std::vector<CheckedFile>& checked() const { return checked_; }
  const SlurmAccounts& accounts() const { return *checked_.front().accounts; }
  Json json() const { return Json::parse(account_tree_json(accounts())); }
  /// Of an account; with a user, of the user's association in it.
  Json of(const std::string& account, const std::string& user = "",
          const std::string& partition = "") const {
    const Json all = json();
    for (const Json& each : all["associations"]) {
      if (each["account"] == account && each.value("user", "") == user &&
          each.value("partition", "") == partition) {
        return each;
      }
    }
    return nullptr;
  }
  std::vector<std::string> qos_of(const std::string& account, const std::string& user) const {
    return of(account, user)["qos"];
  }

 private:
  SlurmFolder folder_;
  std::vector<CheckedFile> checked_;
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a dump and a table of QOS are told by their content, and read together", "[study]") {
  const Accounts accounts;
  REQUIRE(accounts.checked().size() == 1);
  CHECK(accounts.checked()[0].kind == CheckedFile::Kind::Accounts);
  CHECK(accounts.checked()[0].diagnostics.entries().empty());
  const SlurmFolder folder({{"a", kDump},
                            {"b", kQos},
                            {"c", "# made by hand\nadd account x\nadd user y Account=x\n"},
                            {"d", "# made by hand\nsacctmgr -i create qos z\n"},
                            {"e", "1 0 0 5 1 -1 -1 1 5 -1 1 1 1 -1 1 -1 -1 -1\n"}});
  for (const char* const name : {"a", "b", "c", "d"}) {
    INFO(name);
    const CheckedFile one = check_file((folder.path() / name).string());
    CHECK(one.kind == CheckedFile::Kind::Accounts);
    CHECK(one.ok());
  }
  CHECK(check_file((folder.path() / "e").string()).kind == CheckedFile::Kind::Trace);
  const SlurmFolder both({{"plum.cfg", kDump}, {"qos.psv", kQos}});
  const CheckedFile of_folder = check_file(both.path().string());
  CHECK(of_folder.kind == CheckedFile::Kind::Accounts);
  CHECK(of_folder.diagnostics.entries().empty());
  const SlurmFolder wrong(std::map<std::string, std::string>{
      {"x", "Account - 'a':Fairshare=many:MaxJobs=-3\nParent - 'b'\n"}});
  CHECK(check_file((wrong.path() / "x").string()).diagnostics.error_count() == 3);
}

TEST_CASE("the tree of a dump: accounts, users, names, labels", "[study]") {
  const Accounts accounts;
  const Json all = accounts.json();
  Names tree;
  for (const Json& each : all["associations"]) {
    std::string name = each.value("parent", "") + ">" + each["account"].get<std::string>();
    if (each.contains("user")) name = each.value("user", "") + "@" + each.value("account", "");
    if (each.contains("partition")) name += "/" + each.value("partition", "");
    tree.push_back(name);
  }
  CHECK(tree == Names{">root", "root@root", "root>geo", "ida@geo", "geo>geo-sat", "ida@geo-sat",
                      "tom@geo-sat", "root>math", "tom@math/big", "tom@math", "eve@math",
                      "root>all", "ida@all"});
  CHECK(all["cluster"] == "plum");
  CHECK(accounts.of("geo")["description"] == "ice: cores");
  CHECK(accounts.of("math")["description"] == "proof #2");
  CHECK(accounts.of("math")["organization"] == "logic & sets");
  Names defaults;
  for (const Json& each : all["associations"]) {
    if (each.contains("is_default_account")) {
      defaults.push_back(each.value("user", "") + "@" + each.value("account", ""));
    }
  }
  CHECK(defaults == Names{"root@root", "ida@geo-sat", "tom@geo-sat", "eve@math"});
}

TEST_CASE("effective limits of a dump: one job's from above, a group's at every level", "[study]") {
  const Accounts accounts;
  const Json ida = accounts.of("geo-sat", "ida");
  CHECK(ida["limits"] ==
        Json{{"MaxTRES", "cpu=8,gres/gpu=1"}, {"MaxSubmitJobs", "30"}, {"MaxWall", "1-00:00:00"}});
  const Json sat = {{"of", "geo-sat"}, {"limits", {{"GrpTRES", "gres/gpu=3"}}}};
  const Json geo = {{"of", "geo"}, {"limits", {{"GrpTRES", "cpu=32,gres/gpu=6"}}}};
  CHECK(ida["group_limits"] == Json::array({sat, geo}));
  CHECK(accounts.of("geo", "ida")["limits"] == Json::object({{"MaxWall", "1-00:00:00"}}));
  CHECK(accounts.of("geo", "ida")["group_limits"] == Json::array({geo}));
  CHECK(accounts.of("geo-sat")["limits"] == Json::object({{"MaxWall", "1-00:00:00"}}));
  const Json math = {{"of", "math"}, {"limits", {{"GrpJobs", "40"}}}};
  CHECK(accounts.of("math", "tom", "big")["group_limits"] ==
        Json::array({{{"of", "tom"}, {"limits", {{"GrpTRES", "gres/gpu=2"}}}}, math}));
  CHECK(accounts.of("math", "tom")["group_limits"] ==
        Json::array({{{"of", "tom"}, {"limits", {{"GrpTRESMins", "cpu=7000"}}}}, math}));
}

TEST_CASE("QOS of a dump: lists handed down, added to and taken from", "[study]") {
  const Accounts accounts;
  CHECK(accounts.qos_of("math", "eve") == Names{"fast", "normal"});
  CHECK(accounts.qos_of("math", "tom") == Names{"fast", "normal"});
  CHECK(accounts.qos_of("geo-sat", "") == Names{"normal", "fast"});
  CHECK(accounts.qos_of("geo-sat", "ida") == Names{"normal", "fast"});
  CHECK(accounts.qos_of("geo-sat", "tom") == Names{"fast"});
  CHECK(accounts.qos_of("geo", "ida") == Names{"normal"});
  CHECK(accounts.qos_of("all", "ida") == Names{"normal"});
  const Json qos = accounts.json()["qos"];
  REQUIRE(qos.size() == 2);
  CHECK(
      qos[0] ==
      Json{{"name", "normal"}, {"priority", 0}, {"usage_factor", 1.0}, {"limits", Json::object()}});
  CHECK(qos[1] == Json{{"name", "fast"},
                       {"priority", 7},
                       {"preempts", {"normal"}},
                       {"preempt_mode", "REQUEUE"},
                       {"grace_time", "00:03:00"},
                       {"preempt_exempt_time", "00:15:00"},
                       {"usage_factor", 0.25},
                       {"flags", {"DenyOnLimit", "OverPartQOS"}},
                       {"limits",
                        {{"GrpTRES", "gres/gpu=10"},
                         {"MaxTRESPerUser", "cpu=64,gres/gpu=4"},
                         {"MaxSubmitJobsPerUser", "50"},
                         {"MaxWall", "2-00:00:00"}}}});
}

TEST_CASE("shares of a dump: those who use their parent's take part in none", "[study]") {
  const Accounts accounts;
  CHECK(accounts.of("root", "root")["shares_of"] == 40);
  CHECK(accounts.of("geo")["shares"] == 30);
  CHECK(accounts.of("geo")["normalised_shares"] == Approx(30.0 / 40));
  CHECK(accounts.of("math")["normalised_shares"] == Approx(9.0 / 40));
  CHECK(accounts.of("all")["shares"] == "parent");
  CHECK(accounts.of("math", "eve")["shares"] == "parent");
  CHECK(accounts.of("math", "tom")["shares_of"] == 2);
  CHECK_THAT(account_tree_text(accounts.accounts()),
             Catch::Contains("\n  geo \"ice: cores\" of \"earth\": shares 30 of 40; QOS normal") &&
                 Catch::Contains("\n    user tom in partition big: shares 1 of 2;"));
}
