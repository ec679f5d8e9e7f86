// Power saving: nobody runs on a node that is not up (power.csv).
#include <fmt/format.h>

#include <algorithm>

#include "sim/audit/schedule.hpp"
#include "sim/base/csv.hpp"
#include "sim/base/diagnostics.hpp"

namespace rehearse::auditing {

void read_power(std::string_view text, Schedule& schedule, Findings& findings) {
  try {
    CsvTable table("power.csv", text);
    while (table.next()) {
      const auto time = [&](std::string_view name, std::int64_t if_empty) {
        return table.integer(table.column(name)).value_or(if_empty);
      };
      const auto node = schedule.cluster.find_node(table[table.column("node")]);
      if (!node) {
        findings.add("malformed-row", "", kNoTime,
                     fmt::format("power.csv:{}: unknown node", table.line()));
        continue;
      }
      OnPeriod period{.node = *node};
      const bool was_on = time("resume", kNoTime) == kNoTime;  // when the run began
      period.up = was_on ? kNoTime : time("booted", kForever);
      period.failed = time("failed", kNoTime);
      period.end = std::min(time("suspend", kForever), time("down", kForever));
      schedule.on.push_back(period);
    }
  } catch (const InputError& error) {
    findings.add("malformed-row", "", kNoTime, error.diagnostics().entries().front().message);
  }
}

bool Schedule::lost_to_a_boot(const Attempt& attempt) const {
  if (attempt.start != attempt.end) return false;  // it never ran
  const auto is_lost = [&](const Attempt& each) {
    return std::any_of(each.held.begin(), each.held.end(), [&](const Held& held) {
      return std::any_of(on.begin(), on.end(), [&](const OnPeriod& period) {
        return period.node == held.node && period.failed == each.end;
      });
    });
  };
  const std::vector<const Attempt*> others = companions(attempt);
  return is_lost(attempt) || std::any_of(others.begin(), others.end(),
                                         [&](const Attempt* other) { return is_lost(*other); });
}

void check_power(const Schedule& schedule, Findings& findings) {
  if (schedule.on.empty()) return;
  for (const Attempt& attempt : schedule.attempts) {
    if (!attempt.started() || attempt.start == attempt.end) continue;
    for (const Held& held : attempt.held) {
      const bool is_up =
          std::any_of(schedule.on.begin(), schedule.on.end(), [&](const OnPeriod& period) {
            return period.node == held.node && period.up <= attempt.start &&
                   attempt.end_or_forever() <= period.end;
          });
      if (is_up) continue;
      findings.add("power", schedule, attempt, attempt.start, "runs while the node is not up",
                   schedule.cluster.nodes[held.node].name);
    }
  }
}

}  // namespace rehearse::auditing
