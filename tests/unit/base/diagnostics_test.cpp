#include "sim/base/diagnostics.hpp"

#include <string>

#include "tests/catch.hpp"

using namespace rehearse;

namespace {

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a diagnostic shows position, line, caret and help", "[diagnostics]") {
  CHECK(render({.severity = Severity::Error,
                .file = "bad.yaml",
                .line = 3,
                .column = 1,
                .message = "unknown key \"partitons\"",
                .source_line = "partitons:",
                .help = "did you mean \"partitions\"?"}) ==
        "bad.yaml:3:1: error: unknown key \"partitons\"\n"
        "    3 | partitons:\n"
        "      | ^\n"
        "      = help: did you mean \"partitions\"?\n");
}

TEST_CASE("a diagnostic leaves out what is not known", "[diagnostics]") {
  CHECK(render({.message = "no nodes"}) == "error: no nodes\n");
  CHECK(render({.severity = Severity::Warning, .file = "a.swf", .message = "m"}) ==
        "a.swf: warning: m\n");
  CHECK(render({.severity = Severity::Note, .file = "a.swf", .line = 12, .message = "m"}) ==
        "a.swf:12: note: m\n");
  CHECK(render({.file = "f", .line = 7, .message = "m", .source_line = "x y\r"}) ==
        "f:7: error: m\n    7 | x y\n");
}

TEST_CASE("the caret stands under its character after tabs and UTF-8", "[diagnostics]") {
  // "\t", then "é" (two bytes), then the character in question at byte 4.
  CHECK(
      render({.file = "f", .line = 1, .column = 4, .message = "m", .source_line = "\t\xC3\xA9!"}) ==
      "f:1:4: error: m\n    1 | \t\xC3\xA9!\n      | \t ^\n");
  // A column just past the end points behind the line.
  CHECK(render({.file = "f", .line = 1, .column = 3, .message = "m", .source_line = "ab"}) ==
        "f:1:3: error: m\n    1 | ab\n      |   ^\n");
}

TEST_CASE("only errors make an input wrong", "[diagnostics]") {
  Diagnostics diagnostics;
  diagnostics.add({.severity = Severity::Warning, .message = "odd"});
  diagnostics.add({.severity = Severity::Note, .message = "here"});
  CHECK(diagnostics.error_count() == 0);
  CHECK_NOTHROW(diagnostics.throw_if_errors());

  diagnostics.add({.file = "f", .message = "wrong"});
  CHECK(diagnostics.error_count() == 1);
  try {
    diagnostics.throw_if_errors();
    FAIL("did not throw");
  } catch (const InputError& error) {
    CHECK(std::string(error.what()) == "warning: odd\nnote: here\nf: error: wrong\n");
    CHECK(error.diagnostics().entries().size() == 3);
  }
}

TEST_CASE("at most twenty errors are rendered", "[diagnostics]") {
  Diagnostics diagnostics;
  for (int line = 1; line <= 20; ++line) diagnostics.add({.file = "f", .line = line});
  CHECK(occurrences(diagnostics.render(), "error: ") == 20);
  CHECK(occurrences(diagnostics.render(), "more") == 0);

  diagnostics.add({.file = "f", .line = 21});
  CHECK(occurrences(diagnostics.render(), "error: ") == 20);
  CHECK_THAT(diagnostics.render(), Catch::Matchers::EndsWith("and 1 more error\n"));

  for (int line = 22; line <= 50; ++line) diagnostics.add({.file = "f", .line = line});
  CHECK(diagnostics.error_count() == 50);
  CHECK_THAT(diagnostics.render(), Catch::Matchers::EndsWith("and 30 more errors\n"));
}
