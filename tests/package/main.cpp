// Replays four jobs under a policy of this project and under one of the library, and checks when
// they start. Prints nothing and returns 0 if all is well.
#include <fmt/format.h>

#include <cstdint>
#include <sim/sim.hpp>
#include <string>
#include <vector>

namespace {

std::vector<std::int64_t> starts(const std::string& priority) {
  rehearse::Experiment experiment;
  experiment.cluster = "4x1";
  experiment.trace = TRACE;
  experiment.policies = rehearse::parse_policies("backfill: none\npriority: " + priority, "test");
  const rehearse::RunResult run = rehearse::run_experiment(experiment);
  std::vector<std::int64_t> result;
  for (const rehearse::Attempt& attempt : run.journal.attempts) {
    result.push_back(rehearse::whole_seconds(attempt.start));
  }
  return result;
}

bool expect(const std::string& priority, const std::vector<std::int64_t>& wanted) {
  const std::vector<std::int64_t> got = starts(priority);
  if (got == wanted) return true;
  fmt::print(stderr, "{}: starts {}, not {}\n", priority, fmt::join(got, " "),
             fmt::join(wanted, " "));
  return false;
}

}  // namespace

int main() {
  const bool theirs = expect("fifo", {0, 10, 20, 30});
  const bool ours = expect("largest-first", {0, 20, 10, 20});
  return theirs && ours ? 0 : 1;
}
