// A finished run as its folder tells it: jobs.csv, summary.json and manifest.json, whose fields
// sim/report/README.md describes. What the run was made of need not be there any more.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/text.hpp"
#include "sim/report/files.hpp"

namespace rehearse {

/// One job with its attempts folded.
struct SavedJob {
  std::string id;  ///< with its array task: "A03_7"
  std::string user;
  std::string account;
  std::string state;                  ///< of the last attempt
  std::int64_t submit = 0;            ///< of the first attempt
  std::optional<std::int64_t> start;  ///< of the last attempt, as the following
  std::optional<std::int64_t> end;
  std::string node_list;
};

/// What summary.json says of one partition, account, QOS or number of GPUs.
struct SavedGroup {
  double jobs = 0;  ///< that have started
  double wait_mean = 0;
  double wait_p90 = 0;
  double slowdown_mean = 0;
  double gpu_hours = 0;
  double lost_gpu_hours = 0;
  bool operator==(const SavedGroup&) const = default;
};
struct NaturalLess {
  bool operator()(const std::string& a, const std::string& b) const { return natural_less(a, b); }
};
using SavedGroups = std::map<std::string, SavedGroup, NaturalLess>;

struct SavedRun {
  std::string directory;
  std::string trace_path;
  std::string trace_sha256;
  /// slot.parameter -> value; also "cluster" and "seed".
  std::map<std::string, std::string> settings;
  /// Every number of summary.json by its dotted path: "by_account.vision.wait.mean".
  std::map<std::string, double> figures;
  SavedGroups by_partition, by_account, by_gpus;
  bool clairvoyant = false;
  std::vector<SavedJob> jobs;  ///< in the order of jobs.csv
};

/// Reads the three files of `directory`. Throws InputError naming the file, and the line if a row
/// of jobs.csv is at fault. O(bytes).
SavedRun load_saved_run(const std::string& directory);

/// What manifest.json of `directory` says. Throws InputError if it is none of this version's
/// schema.
RunManifest load_manifest(const std::string& directory);

/// Every number of a summary.json by its dotted path; a list's numbers by their position. A key's
/// own dots are kept. `file` is its name in messages. Throws InputError if it is no JSON, or a
/// summary of another schema.
std::map<std::string, double> summary_figures(const std::string& json_text,
                                              const std::string& file);

}  // namespace rehearse
