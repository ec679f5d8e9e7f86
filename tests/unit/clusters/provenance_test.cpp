// Every value of the shipped clusters says where it comes from, on its line or in the comment
// around it, so that an admin sees what to replace.
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "sim/base/text.hpp"
#include "sim/workload/read_text.hpp"
#include "tests/catch.hpp"

namespace rehearse {

TEST_CASE("Every value of a shipped cluster is [seed], [public] or [assumed]", "[clusters]") {
  // Structure: names of things, what a file extends or takes away, keys of sections.
  const std::regex structure(
      R"(^\s*(- )?(name: \S+|extends: \S+|\{?names?: [^}]*remove: true\}|[a-z_]+:|\{?)\s*$)");
  const std::regex tag(R"(\[(seed|public|assumed))");
  int values = 0;
  for (const auto& entry : std::filesystem::directory_iterator("configs/clusters")) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string text = read_text(entry.path().string());
    bool is_said_above = false;  // by the comment lines just above
    std::vector<std::string_view> lines = split(text, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string line(trim(lines[i]));
      const bool has_tag = std::regex_search(line, tag);
      if (line.starts_with('#')) {
        is_said_above = is_said_above || has_tag;
        continue;
      }
      const bool is_said_below = i + 1 < lines.size() && trim(lines[i + 1]).starts_with('#') &&
                                 std::regex_search(std::string(lines[i + 1]), tag);
      const bool is_structure = line.empty() || std::regex_match(std::string(lines[i]), structure);
      INFO(entry.path().string() << ":" << i + 1 << ": " << line);
      CHECK((is_structure || has_tag || is_said_above || is_said_below));
      values += !is_structure;
      if (!is_structure || line.empty()) is_said_above = false;
    }
  }
  CHECK(values > 400);
}

}  // namespace rehearse
