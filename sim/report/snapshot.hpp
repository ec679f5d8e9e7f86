// The moment as Slurm's commands show it: sprio, sshare and squeue, with their columns. Field by
// field in README.md.
#pragma once

#include <string>

#include "sim/base/time.hpp"
#include "sim/policy/outlook.hpp"
#include "sim/policy/view.hpp"

namespace rehearse {

struct Snapshot {
  Time at;
  std::string sprio, sshare, squeue;  ///< CSV
};

/// O(jobs so far + associations).
Snapshot snapshot_of(const View& view, const Outlook& outlook);

/// Writes snapshots/SECONDS.{sprio,sshare,squeue}.csv below `directory`. Throws std::system_error.
void write_snapshot(const std::string& directory, const Snapshot& snapshot);

}  // namespace rehearse
