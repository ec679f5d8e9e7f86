#include "sim/audit/audit.hpp"

#include <fmt/format.h>

#include "sim/audit/schedule.hpp"

namespace rehearse {

std::string render(const Violation& violation) {
  std::string result = violation.rule + ":";
  if (!violation.job.empty()) result += " job " + violation.job;
  if (!violation.node.empty()) result += " on " + violation.node;
  if (violation.at) result += fmt::format(" at {}", *violation.at);
  return fmt::format("{}: {}", result, violation.text);
}

AuditResult audit(const Cluster& cluster, const Workload& workload, std::string_view jobs_csv,
                  std::string_view shares_csv, const AuditRules& rules,
                  std::string_view power_csv) {
  AuditResult result;
  auditing::Findings findings(result);
  auditing::Schedule schedule =
      auditing::read_schedule(cluster, workload, rules, jobs_csv, shares_csv, findings);
  if (!power_csv.empty()) auditing::read_power(power_csv, schedule, findings);
  result.jobs = schedule.jobs.size();
  result.attempts = schedule.attempts.size();
  result.shares = schedule.shares;
  auditing::check_life(schedule, findings);
  auditing::check_places(schedule, findings);
  auditing::check_access(schedule, findings);
  auditing::check_operations(schedule, findings);
  auditing::check_power(schedule, findings);
  auditing::check_limits(schedule, findings);
  return result;
}

}  // namespace rehearse
