// Every class of bad input has a file here, and beside it the exact message expected: NAME.expected
// for NAME.yaml, NAME.csv, a folder NAME, ... SIM_UPDATE=1 writes the messages anew; the review
// reads the diff.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "sim/study/check.hpp"
#include "tests/catch.hpp"

namespace fs = std::filesystem;
using namespace rehearse;

namespace {

constexpr std::array kInputs{".yaml", ".swf", ".csv", ".gz", ".zst", ".xz", ".bz2"};

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// All inputs: base_* are only there for others to extend, and folders of Slurm's files begin with
/// slurm_. What Slurm accepts, slurm_accepted_*, is warned of.
std::vector<fs::path> bad_files() {
  std::vector<fs::path> result;
  for (const fs::directory_entry& entry : fs::directory_iterator("tests/errors")) {
    const std::string name = entry.path().filename().string();
    const bool is_input = std::any_of(kInputs.begin(), kInputs.end(),
                                      [&](const char* end) { return name.ends_with(end); });
    const bool is_slurm = entry.is_directory() && name.starts_with("slurm_");
    if (is_slurm || (is_input && !name.starts_with("base_"))) result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

TEST_CASE("bad input is answered with exactly the message beside it", "[errors]") {
  const bool update = std::getenv("SIM_UPDATE") != nullptr;
  const std::vector<fs::path> files = bad_files();
  REQUIRE(files.size() > 40);
  for (const fs::path& file : files) {
    const CheckedFile checked = check_file(file.string());
    const std::string found = checked.diagnostics.render();
    const std::string name = file.filename().string();
    const fs::path expected = file.parent_path() / (name.substr(0, name.find('.')) + ".expected");
    if (update) std::ofstream(expected, std::ios::binary) << found;
    INFO(name);
    CHECK(checked.ok() == name.starts_with("slurm_accepted_"));
    CHECK(found == read(expected));
  }
}
