// Runs the micro-scenarios of this folder. `known` names those that do not hold yet: one that
// begins to hold has to be taken off the list, so that it cannot be lost again. MICRO=047 runs one
// only; SIM_UPDATE=1 writes the list anew.
#include "tests/slurm/micro.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

/// What run() says of `file`, from a process of its own: one that hangs or aborts says so.
std::string run_apart(const fs::path& file, const std::string& folder) {
  constexpr unsigned kSeconds = 30;
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);  // Catch's would report for the parent
    alarm(kSeconds);
    std::string problems;
    try {
      problems = run(parse(read(file)), folder);
    } catch (const std::exception& error) {
      problems = error.what();
    }
    const bool written = write(ends[1], problems.data(), problems.size()) >= 0;
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::string problems;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    problems.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "  has not ended after 30 s\n";
  return WIFSIGNALED(status) ? "  aborted\n" : problems;
}

}  // namespace

TEST_CASE("Micro-scenarios are written as they should be", "[micro]") {
  for (const fs::path& file : files()) {
    INFO(file);
    CHECK_NOTHROW(parse(read(file)));
  }
}

TEST_CASE("Micro-scenarios go as a real slurmctld lets them go", "[micro]") {
  const std::set<std::string> known = known_differences();
  const fs::path folder = fs::temp_directory_path() / "rehearse_micro";
  std::size_t held = 0;
  const bool update = std::getenv("SIM_UPDATE") != nullptr;
  std::string failing = "# Micro-scenarios that do not hold yet: SIM_UPDATE=1 writes them anew.\n";
  for (const fs::path& file : files()) {
    const std::string name = file.stem().string();
    const std::string problems = run_apart(file, (folder / name).string());
    held += problems.empty() ? 1 : 0;
    if (!problems.empty()) failing += name + '\n';
    if (update) continue;
    if (known.contains(name)) {
      if (problems.empty()) FAIL_CHECK(name << " holds now: take it off tests/slurm/known");
    } else if (!problems.empty()) {
      FAIL_CHECK(name << "\n" << problems);
    }
    if (std::getenv("MICRO") != nullptr && !problems.empty()) WARN(name << "\n" << problems);
  }
  WARN(held << " of " << files().size() << " micro-scenarios hold");
  if (update) std::ofstream("tests/slurm/known") << failing;
  fs::remove_all(folder);
}

}  // namespace rehearse::micro
