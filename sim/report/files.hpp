// The files of a run, field by field in README.md: text from (cluster, workload, journal), or from
// the metrics that were measured of them. Nothing here reads a clock: the same run writes the same
// bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/report/metrics.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// Where long tables go, in pieces of about a megabyte.
using Sink = std::function<void(std::string_view)>;

/// A row per attempt, in job order, then attempt. O(attempts + shares + reason changes).
void write_jobs_csv(const Cluster& cluster, const Workload& workload, const Journal& journal,
                    const Sink& sink);

/// A row per attempt and node: what it held there. Attempts in the same order.
void write_shares_csv(const Cluster& cluster, const Workload& workload, const Journal& journal,
                      const Sink& sink);

/// A row per difference from the decisions that were followed, in order of time.
void write_divergences_csv(const Cluster& cluster, const Workload& workload, const Journal& journal,
                           const Sink& sink);

/// A row per time that a node was on, by node, then time.
void write_power_csv(const Cluster& cluster, const Workload& workload, const Journal& journal,
                     const Sink& sink);

std::string timeline_csv(const Timeline& timeline);

/// Everything in Metrics but its timeline. The value of "schema" is kSummarySchema; it grows when a
/// field changes its meaning or goes.
std::string summary_json(const Metrics& metrics);
inline constexpr int kSummarySchema = 1;

/// The same numbers for a terminal. The first line says if a policy could see the future.
std::string summary_text(const Metrics& metrics);

/// An input of a run and its SHA-256 in hexadecimal digits.
struct InputFile {
  std::string path;    ///< as the user gave it; "338x1" for a flat machine
  std::string sha256;  ///< of the file as it is stored; empty for a flat machine
};

/// Enough to run it again.
struct RunManifest {
  std::string version;             ///< of rehearse
  std::vector<InputFile> cluster;  ///< the file, then those that it extends
  InputFile trace;
  InputFile events{};  ///< without a path: there are none
  InputFile follow{};  ///< decisions that were followed, likewise
  std::map<std::string, std::map<std::string, std::string>> policies;  ///< slot -> parameters
  std::vector<std::string> repairs;                                    ///< rules in force
  std::uint64_t seed = 0;
};

inline constexpr int kManifestSchema = 1;
std::string manifest_json(const RunManifest& manifest);

/// SHA-256 of the file's bytes in hexadecimal digits. Throws std::system_error.
std::string sha256_of_file(const std::string& path);
std::string sha256(std::string_view bytes);

/// Writes jobs.csv, timeline.csv, summary.json, manifest.json, if `shares` shares.csv, if the
/// cluster saves power power.csv, and if decisions were followed divergences.csv, into `directory`,
/// which is made if it is missing. Throws std::system_error.
void write_run(const std::string& directory, const Cluster& cluster, const Workload& workload,
               const Journal& journal, const Metrics& metrics, const RunManifest& manifest,
               bool shares);

}  // namespace rehearse
