// Real configurations: those of ../shared, which are not ours to commit.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/text.hpp"
#include "sim/config/write_cluster.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"
#include "tests/unit/config/slurm_folder.hpp"

namespace fs = std::filesystem;
using namespace rehearse;
using rehearse::testing::shared_folder;
using rehearse::testing::SlurmFolder;

namespace {

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Rows of the table of sites in traces/INDEX.md: name, cluster, nodes, CPUs, GPU nodes, GPUs,
/// partitions. Templates are left out.
std::vector<std::vector<std::string>> sites(const std::string& shared) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream index(read(shared + "/traces/INDEX.md"));
  bool is_section = false;
  for (std::string line; std::getline(index, line);) {
    if (line.starts_with("## ")) is_section = line.starts_with("## 5");
    if (!is_section || !line.starts_with("| ")) continue;
    std::vector<std::string> cells;
    for (const std::string_view cell : split(line, '|')) cells.emplace_back(trim(cell));
    if (cells.size() < 9 || cells[1].find("(T)") != std::string::npos) continue;
    rows.push_back({cells.begin() + 1, cells.begin() + 8});
  }
  return rows;
}

bool has_scheduler(std::string_view name) {
  for (const SlotInfo& slot : policy_slots()) {
    for (const SlotInfo::Policy& policy : slot.policies) {
      if (slot.slot == "scheduler" && policy.name == name) return true;
    }
  }
  return false;
}

std::map<std::string, std::string> texts(const PolicySettings& settings) {
  std::map<std::string, std::string> result;
  for (const auto& [slot, setting] : settings) {
    result[slot] = setting.use.text;
    for (const auto& [param, text] : setting.params) result[slot + "." + param] = text.text;
  }
  return result;
}

/// Writes what `path` holds as YAML and reads it again.
void check_round_trip(const std::string& path) {
  INFO(path);
  const ClusterFile original = load_cluster(path);
  const bool with_policies = has_scheduler("slurm");
  const std::string yaml = write_cluster(
      original.cluster, with_policies ? original.policies : PolicySettings{}, "a test");
  const ClusterFile again = parse_cluster(yaml, "again.yaml");
  CHECK((again.cluster.nodes == original.cluster.nodes));
  CHECK((again.cluster.qos == original.cluster.qos));
  CHECK((again.cluster.assocs == original.cluster.assocs));
  CHECK((again.cluster.partitions == original.cluster.partitions));
  CHECK((again.cluster == original.cluster));
  if (with_policies) CHECK(texts(again.policies) == texts(original.policies));
}

}  // namespace

TEST_CASE("the configurations of real sites are read as they were counted by hand", "[slurm]") {
  const std::string shared = shared_folder();
  if (shared.empty()) {
    WARN("skipped: no ../shared with the configurations");
    return;
  }
  std::size_t count = 0;
  for (const std::vector<std::string>& row : sites(shared)) {
    const std::string folder = shared + "/traces/slurmconf/" + row[0];
    if (!fs::is_regular_file(folder + "/slurm.conf")) continue;
    ++count;
    INFO(row[0]);
    const Cluster cluster = load_cluster(folder).cluster;
    const TresCounts totals = cluster.totals();
    CHECK(std::to_string(totals[kTresNode]) == row[2]);
    CHECK(std::to_string(totals[kTresCpu]) == row[3]);
    CHECK(std::to_string(totals[kTresGpu]) == row[5]);
    CHECK(std::to_string(cluster.partitions.size()) == row[6]);
    check_round_trip(folder);
  }
  CHECK(count >= 25);
}

TEST_CASE("sacctmgr's files of real sites are read", "[slurm]") {
  const std::string shared = shared_folder();
  if (shared.empty()) {
    WARN("skipped: no ../shared with the files of sacctmgr");
    return;
  }
  struct Expected {
    const char* file;
    const char* as;
    std::size_t qos, assocs;
  };
  for (const Expected& each : {Expected{"cirrus-sim.sacctmgr.script", "accounts.txt", 2, 11},
                               Expected{"ubhpc.sacctmgr.script", "accounts.txt", 5, 169},
                               Expected{"coldfront-doc1.dump.cfg", "dump.cfg", 5, 5},
                               Expected{"coldfront-test1.dump.cfg", "dump.cfg", 3, 6},
                               Expected{"coldfront-test-qos.dump.cfg", "dump.cfg", 7, 2},
                               Expected{"vega.dump.cfg", "dump.cfg", 1, 11}}) {
    INFO(each.file);
    const SlurmFolder folder({{"slurm.conf", rehearse::testing::kSmallSlurmConf},
                              {each.as, read(shared + "/traces/sacctmgr/" + each.file)}});
    const Cluster cluster = folder.load().cluster;
    CHECK(cluster.qos.size() == each.qos);
    CHECK(cluster.assocs.size() == each.assocs);
    check_round_trip(folder.path().string());
  }
  for (const char* const folder : {"slurm-micro-500", "ubhpc-simweek"}) {
    check_round_trip(shared + "/traces/sacct/" + folder);
  }
}

TEST_CASE("the clusters of the oracle's scenarios survive being written as YAML", "[slurm]") {
  const std::string shared = shared_folder();
  if (shared.empty() || !fs::is_directory(shared + "/oracle/scenarios")) {
    WARN("skipped: no ../shared with the scenarios");
    return;
  }
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(shared + "/oracle/scenarios")) {
    if (!fs::is_regular_file(entry.path() / "slurm.conf")) continue;
    ++count;
    check_round_trip(entry.path().string());
  }
  CHECK(count >= 17);
}
