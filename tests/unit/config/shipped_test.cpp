// What the project ships is right as it stands.
#include <filesystem>
#include <utility>

#include "sim/study/check.hpp"
#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("every file in configs is right, and so is what an experiment names", "[config]") {
  using Kind = CheckedFile::Kind;
  constexpr std::pair<const char*, Kind> kFolders[] = {
      {"configs/clusters", Kind::Cluster},
      {"configs/experiments", Kind::Experiment},
      {"configs/policies", Kind::Policies},
      {"configs/workloads", Kind::WorkloadModel},
  };
  std::size_t files = 0;
  for (const auto& [folder, kind] : kFolders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".yaml") continue;
      if (entry.path().extension() != ".yaml") continue;
      const CheckedFile checked = check_file(entry.path().string());
      INFO(entry.path() << "\n" << checked.diagnostics.render());
      CHECK(checked.ok());
      CHECK(checked.kind == kind);
      ++files;
    }
  }
  CHECK(files > 20);
}
