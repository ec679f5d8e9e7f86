// What the project ships is right as it stands.
#include <filesystem>

#include "sim/config/check.hpp"
#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("every cluster and every set of policies in configs is right", "[config]") {
  std::size_t files = 0;
  for (const char* const folder : {"configs/clusters", "configs/policies", "configs/workloads"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const CheckedFile checked = check_file(entry.path().string());
      INFO(checked.diagnostics.render());
      CHECK(checked.ok());
      CHECK(checked.kind != CheckedFile::Kind::Experiment);
      ++files;
    }
  }
  CHECK(files >= 20);
}

TEST_CASE("every experiment in configs can be set up", "[config]") {
  for (const auto& entry : std::filesystem::directory_iterator("configs/experiments")) {
    const Experiment experiment = load_experiment(entry.path().string());
    ClusterFile base = load_cluster(experiment.cluster);
    overlay(base.policies, experiment.policies);
    Diagnostics diagnostics;
    make_scheduler(base.policies, diagnostics);
    INFO(entry.path() << diagnostics.render());
    CHECK(diagnostics.error_count() == 0);
  }
}
