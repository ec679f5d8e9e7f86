// A suite: experiments whose results are expected to stay as they are, in two files.
//
//   SUITE.yaml             what a person writes: experiments, metrics, tolerances
//   SUITE.expected.json    what `rehearse regress --update` writes: values and starts
//
// Metrics are dotted paths into summary.json ("by_account.vision.wait.mean"). Starts are kept as
// seconds from submit to start, job by job, because those are short.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/load.hpp"

namespace rehearse {

struct SuiteMetric {
  std::string path;
  double absolute = 0;  ///< may be off by this much,
  double relative = 0;  ///< or by this part of the expected value, whichever is more
};

struct SuiteEntry {
  std::string name;
  Experiment experiment{};
  std::vector<SuiteMetric> metrics;  ///< the suite's, then its own
  bool exact = true;                 ///< starts and nodes have to be as expected, too
};

struct Suite {
  std::string path;
  std::vector<SuiteEntry> entries;
  /// SUITE.yaml -> SUITE.expected.json
  std::string expected_path() const;
};

/// Reads a suite; paths in it are relative to its folder. Throws InputError.
Suite load_suite(const std::string& path);
Suite parse_suite(std::string_view yaml_text, const std::string& file);

/// Seconds from submit to start of each job, in job order; nothing if it has not started.
using Responses = std::vector<std::optional<std::int64_t>>;

/// What an experiment is expected to give.
struct Expected {
  std::map<std::string, double> metrics;
  std::string fingerprint;  ///< over the start and the nodes of every attempt
  Responses responses;
  bool operator==(const Expected&) const = default;
};
using ExpectedByName = std::map<std::string, Expected>;

/// Reads SUITE.expected.json; a file that is missing expects nothing. Throws InputError.
ExpectedByName load_expected(const std::string& path);
/// The text of the file. parse_expected() reads it back.
std::string expected_json(const ExpectedByName& expected);
ExpectedByName parse_expected(const std::string& json_text, const std::string& file);

}  // namespace rehearse
