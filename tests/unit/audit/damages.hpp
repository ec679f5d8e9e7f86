// Damages of right schedules, which the auditor has to object to. Each replaces one text of one of
// the files; whatever else it breaks, the rule that is named has to be among what is found.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sim/audit/audit.hpp"
#include "tests/catch.hpp"

namespace rehearse {

template <class Files>
struct Damage {
  const char* rule;
  const char* what;
  std::string Files::* file;
  const char* from;
  const char* to;
};

/// `text` with the one place that says `from` saying `to`.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  INFO("looking for: " << from);
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find(from, at + 1) == std::string::npos);
  return text.replace(at, from.size(), to);
}

inline std::string rendered(const AuditResult& result) {
  std::string text;
  for (const Violation& each : result.violations) text += render(each) + "\n";
  return text;
}

inline bool has_rule(const AuditResult& result, const std::string& rule) {
  return std::any_of(result.violations.begin(), result.violations.end(),
                     [&](const Violation& each) { return each.rule == rule; });
}

/// `audited`: what the auditor says of Files, which are right as they are made.
template <class Files>
void object_to(const std::vector<Damage<Files>>& damages, AuditResult (*audited)(const Files&)) {
  for (const Damage<Files>& damage : damages) {
    Files files;
    files.*damage.file = replaced(files.*damage.file, damage.from, damage.to);
    const AuditResult result = audited(files);
    INFO(damage.what << "\n" << damage.from << "\nto\n" << damage.to);
    INFO(rendered(result));
    CHECK(has_rule(result, damage.rule));
  }
}

}  // namespace rehearse
