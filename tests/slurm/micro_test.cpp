// Runs the micro-scenarios of this folder. `known` names those that do not hold yet: one that
// begins to hold has to be taken off the list, so that it cannot be lost again. MICRO=047 runs one
// only.
#include "tests/slurm/micro.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "sim/config/load.hpp"
#include "tests/catch.hpp"

namespace fs = std::filesystem;

namespace rehearse::micro {
namespace {

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<fs::path> files() {
  const char* const only = std::getenv("MICRO");
  std::vector<fs::path> result;
  for (const fs::directory_entry& entry : fs::directory_iterator("tests/slurm/micro")) {
    const std::string name = entry.path().filename().string();
    if (only == nullptr || name.starts_with(only)) result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

/// The first words of the lines of tests/slurm/known.
std::set<std::string> known_differences() {
  std::set<std::string> names;
  std::istringstream lines(read("tests/slurm/known"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') names.insert(line.substr(0, line.find(' ')));
  }
  return names;
}

bool has_slurm_scheduler() {
  for (const SlotInfo& slot : policy_slots()) {
    for (const SlotInfo::Policy& policy : slot.policies) {
      if (slot.slot == "scheduler" && policy.name == "slurm") return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("Micro-scenarios are written as they should be", "[micro]") {
  for (const fs::path& file : files()) {
    INFO(file);
    CHECK_NOTHROW(parse(read(file)));
  }
}

TEST_CASE("Micro-scenarios go as a real slurmctld lets them go", "[micro]") {
  if (!has_slurm_scheduler()) {
    WARN("skipped: no scheduler slurm");
    return;
  }
  const std::set<std::string> known = known_differences();
  const fs::path folder = fs::temp_directory_path() / "rehearse_micro";
  std::size_t held = 0;
  for (const fs::path& file : files()) {
    const std::string name = file.stem().string();
    std::string problems;
    try {
      problems = run(parse(read(file)), (folder / name).string());
    } catch (const std::exception& error) {
      problems = error.what();
    }
    held += problems.empty() ? 1 : 0;
    if (known.contains(name)) {
      if (problems.empty()) FAIL_CHECK(name << " holds now: take it off tests/slurm/known");
    } else if (!problems.empty()) {
      FAIL_CHECK(name << "\n" << problems);
    }
    if (std::getenv("MICRO") != nullptr && !problems.empty()) WARN(name << "\n" << problems);
  }
  WARN(held << " of " << files().size() << " micro-scenarios hold");
  fs::remove_all(folder);
}

}  // namespace rehearse::micro
