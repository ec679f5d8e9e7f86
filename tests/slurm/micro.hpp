// A micro-scenario: a few lines of slurm.conf, a few jobs, and what a real slurmctld does with them
// (README.md of this folder).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse::micro {

/// `A 5+4 n[1-2] state=TIMEOUT cpus=3`: what becomes of an attempt.
struct Expectation {
  std::string id;
  std::string attempt = "0";
  bool starts = true;
  std::int64_t first = 0, last = 0;  ///< it starts between the two
  std::string nodes;                 ///< a host list; "" if any will do
  std::map<std::string, std::string> rest;
  std::string line;  ///< as written
};

struct Micro {
  std::map<std::string, std::string> files;     ///< slurm.conf, gres.conf, ...: name -> text
  std::map<std::string, std::string> settings;  ///< "scheduler.version" -> "24.11"
  std::string jobs_csv;
  std::string events_csv;  ///< "" if there are no operators
  std::vector<Expectation> expectations;
};

/// Reads a scenario; throws std::runtime_error with the line that is wrong.
Micro parse(std::string_view text);

/// Runs it, with `scheduler: slurm` unless its settings name another, its files in the folder
/// `folder`, and yields what is not as expected, a line each; "" if all is. Throws InputError if an
/// input is wrong.
std::string run(const Micro& micro, const std::string& folder);

}  // namespace rehearse::micro
