// The same start for every job as the naive reference scheduler that counts processors, wherever
// ../shared/peers/README.md calls its schedules trustworthy (FCFS and EASY equal pyss, AccaSim, …).
#include <sstream>

#include "sim/workload/read_text.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse::testing {
namespace {

// Rows are job,submit,start,end,procs,est.
std::map<std::uint64_t, std::int64_t> read_schedule(const std::string& path) {
  std::map<std::uint64_t, std::int64_t> result;
  std::istringstream lines(read_text(path));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::uint64_t number = 0;
    std::int64_t submit = 0;
    std::int64_t start = 0;
    char comma = 0;
    std::istringstream(line) >> number >> comma >> submit >> comma >> start;
    result[number] = start;
  }
  return result;
}

TEST_CASE("FCFS, SJF and EASY equal the counting reference on three logs", "[golden]") {
  const std::string shared = shared_folder();
  if (shared.empty()) {
    WARN("skipped: no ../shared with the peers' schedules");
    return;
  }
  struct Log {
    const char* name;
    std::uint32_t processors;
  };
  for (const Log& log : {Log{"kthsp2_28k", 100}, Log{"sdscsp2_5k", 128}, Log{"curie_30k", 93312}}) {
    const std::string path = shared + "/peers/" + log.name + ".swf.zst";
    const Workload workload = read_swf(read_text(path), path);
    const auto compare = [&](const std::string& policy, const char* priority, const char* backfill,
                             const char* pass) {
      INFO(log.name << " " << policy);
      const auto expected =
          read_schedule(shared + "/peers/ref_" + log.name + "_" + policy + ".csv.zst");
      REQUIRE(expected.size() == workload.submissions.size());
      const Journal journal =
          replay(flat_cluster(log.processors, 1), workload,
                 {{"priority", priority}, {"backfill", backfill}, {"scheduler.pass", pass}});
      CHECK(starts(workload, journal) == expected);
    };
    compare("fcfs", "fifo", "none", "instant");
    compare("sjf", "shortest-first", "none", "instant");
    compare("easy", "fifo", "easy", "instant");
    compare("easysjbf", "fifo", "easy-sjbf", "instant");
    if (log.processors <= 128) compare("easy-pyssorder", "fifo", "easy", "event");
  }
}

}  // namespace
}  // namespace rehearse::testing
