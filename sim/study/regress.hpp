// Whether experiments still give what they gave: for CI. What moved is named, metric by metric, and
// so is the first job that starts at another time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/study/run.hpp"
#include "sim/study/suite.hpp"

namespace rehearse {

/// A metric that is not what it was.
struct MovedMetric {
  SuiteMetric metric;
  std::optional<double> expected;  ///< nothing: not in the expected values
  std::optional<double> got;       ///< nothing: not in summary.json
};

/// The first job, in job order, that starts at another time.
struct MovedJob {
  std::string id;
  std::optional<std::int64_t> expected_start;  ///< nothing: it did not start
  std::optional<std::int64_t> got_start;
  std::int64_t jobs = 0;  ///< that start at another time, together
};

struct EntryResult {
  std::string name;
  bool is_new = false;  ///< nothing is expected of it yet
  std::string error{};  ///< it could not be run: a whole rendered InputError
  std::size_t metrics = 0;
  std::size_t jobs = 0;
  std::vector<MovedMetric> moved{};
  std::optional<std::size_t> expected_jobs{};  ///< set if there is another number of jobs
  std::optional<MovedJob> first_moved{};
  bool elsewhere = false;  ///< every start is as expected, but nodes or attempts are not
  Expected actual{};       ///< what --update keeps

  bool ok() const {
    return error.empty() && !is_new && moved.empty() && !expected_jobs && !first_moved &&
           !elsewhere;
  }
};

/// Holds a finished run against what is expected; null: nothing is. O(jobs).
EntryResult judge(const SuiteEntry& entry, const RunResult& run, const Expected* expected);

/// Runs every experiment of the suite, one after the other.
std::vector<EntryResult> run_suite(const Suite& suite, const ExpectedByName& expected);

/// A line for what is as expected, a few for what is not.
std::string result_text(const EntryResult& result);

/// All results as JUnit XML, a test case each.
std::string junit_xml(const Suite& suite, const std::vector<EntryResult>& results);

}  // namespace rehearse
