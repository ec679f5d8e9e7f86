// A scenario: a tiny cluster, a few jobs, and the schedule drawn in text. README.md of this folder
// has the format. A reviewer reads the behaviour, not assertions.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/policy/registry.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse::scenario {

struct Scenario {
  std::string head;  ///< the file up to `expect`, kept as it is when the rest is rewritten
  Cluster cluster;
  Workload workload;
  PolicySettings policies;
  std::int64_t step = 1;  ///< seconds per column of the picture
  /// What is expected: the picture, and the lines of the sections that the file has.
  std::vector<std::string> picture;
  struct Section {
    std::string name;                ///< reasons, nodes or states
    std::vector<std::string> lines;  ///< "B Resources=9"
  };
  std::vector<Section> sections;
};

/// Reads a scenario. Throws InputError.
Scenario parse(const std::string& text, const std::string& file);

/// The file with the picture and the sections as `journal` has them; sections speak of the same
/// jobs as before.
std::string render(const Scenario& scenario, const Journal& journal);

}  // namespace rehearse::scenario
