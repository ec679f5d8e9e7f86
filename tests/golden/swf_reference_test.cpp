// The same start for every job as pyss (an independent simulator) computed: ../shared/traces/
// swf-reference. Those logs hold the wait in field 3; which pass they need is in their README.
#include <sstream>

#include "sim/workload/read_text.hpp"
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse::testing {
namespace {

struct Reference {
  const char* file;
  std::uint32_t processors;
  std::uint32_t cpus_per_node;
  const char* backfill;
  const char* pass;
  bool clairvoyant;
};

void compare(const Reference& reference) {
  const std::string shared = shared_folder();
  if (shared.empty()) {
    WARN("skipped: no ../shared with the reference schedules");
    return;
  }
  const std::string path = shared + "/traces/swf-reference/" + reference.file;
  const std::string text = read_text(path);
  TraceRules rules;
  rules.limit_from_runtime = reference.clairvoyant;
  const Workload workload = read_swf(text, path, rules);
  const Journal journal =
      replay(flat_cluster(reference.processors / reference.cpus_per_node, reference.cpus_per_node),
             workload, {{"backfill", reference.backfill}, {"scheduler.pass", reference.pass}});
  const auto ours = starts(workload, journal);
  std::istringstream lines(text);
  std::size_t jobs = 0;
  std::size_t differ = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == ';') continue;
    std::istringstream fields(line);
    std::uint64_t number = 0;
    std::int64_t submit = 0;
    std::int64_t wait = 0;
    fields >> number >> submit >> wait;
    ++jobs;
    const auto found = ours.find(number);
    if (found == ours.end() || found->second != submit + wait) ++differ;
  }
  INFO(reference.file << ": " << jobs << " jobs");
  CHECK(jobs > 20000);
  CHECK(ours.size() == jobs);
  CHECK(differ == 0);
}

TEST_CASE("EASY with perfect estimates, one pass an instant, equals pyss", "[golden]") {
  compare({"KTH-SP2.easy-clairvoyant.swf.zst", 100, 1, "easy", "instant", true});
  compare({"SDSC-SP2.easy-clairvoyant.swf.zst", 128, 1, "easy", "instant", true});
  compare({"CEA-curie.easy-clairvoyant.swf.zst", 80640, 16, "easy", "instant", true});
}

TEST_CASE("EASY with users' estimates, a pass an event, equals pyss", "[golden]") {
  compare({"KTH-SP2.easy-reqtime.swf.zst", 100, 1, "easy", "event", false});
  compare({"SDSC-SP2.easy-reqtime.swf.zst", 128, 1, "easy", "event", false});
}

TEST_CASE("EASY++ (shortest job backfilled first), a pass an event, equals pyss", "[golden]") {
  compare({"KTH-SP2.easypp-sjbf-clairvoyant.swf.zst", 100, 1, "easy-sjbf", "event", true});
  compare({"SDSC-SP2.easypp-sjbf-clairvoyant.swf.zst", 128, 1, "easy-sjbf", "event", true});
}

}  // namespace
}  // namespace rehearse::testing
