// Two runs of one trace, paired job by job: what changed, and for whom. One pair of runs is one
// sample; nothing here says that a difference would come again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/study/saved_run.hpp"

namespace rehearse {

/// A figure of both runs.
struct FigureChange {
  std::string name;  ///< dotted path in summary.json, or slot.parameter
  double before = 0;
  double after = 0;
};

struct SettingChange {
  std::string name;
  std::string before;  ///< empty: not in this run
  std::string after;
};

/// A job that started in both runs, at another time.
struct JobChange {
  std::string id;
  std::string user;
  std::int64_t before = 0;  ///< start of its last attempt
  std::int64_t after = 0;
  std::int64_t later() const { return after - before; }
};

struct UserChange {
  std::string user;
  std::int64_t jobs = 0;   ///< that start at another time
  std::int64_t later = 0;  ///< seconds, summed over them; negative: earlier
};

struct GroupChange {
  std::string name;
  SavedGroup before;  ///< all zero if the run has no such group
  SavedGroup after;
};

struct Comparison {
  static constexpr std::size_t kNamed = 10;  ///< winners and losers of each kind

  std::string before;  ///< folders
  std::string after;
  bool same_trace = true;
  bool before_clairvoyant = false, after_clairvoyant = false;
  std::vector<SettingChange> settings;  ///< only those that differ
  std::vector<FigureChange> figures;    ///< the headline figures, equal ones too
  std::vector<GroupChange> by_partition, by_account, by_gpus;

  std::int64_t earlier = 0;  ///< jobs that start earlier in the second run
  std::int64_t later = 0;
  std::int64_t same = 0;
  std::int64_t started_only_before = 0;
  std::int64_t started_only_after = 0;
  std::int64_t started_in_neither = 0;
  std::int64_t unpaired = 0;           ///< in one run only; 0 if the traces are the same
  std::int64_t otherwise_changed = 0;  ///< same start, but another state, end or other nodes

  std::vector<JobChange> winners, losers;  ///< by seconds, the biggest first
  std::vector<UserChange> winning_users, losing_users;

  /// Whether any job's start, end, state or nodes, or any headline figure, is another.
  bool differs() const;
};

/// Pairs by the job's id, its array task included. Throws InputError if the runs are not of the
/// same trace (by the hash of the file), unless `force`. O(jobs log jobs).
Comparison compare_runs(const SavedRun& before, const SavedRun& after, bool force = false);

std::string comparison_text(const Comparison& comparison);      ///< for a terminal
std::string comparison_markdown(const Comparison& comparison);  ///< for an issue or a wiki
std::string comparison_json(const Comparison& comparison);      ///< for a program

}  // namespace rehearse
