// The texts that Slurm's commands and files use for lengths of time, memory and lists of hosts,
// read and written as Slurm does, so that a site's own values can be pasted into an experiment.
// Nothing here throws on bad text: readers turn a missing value into a Diagnostic with a position.
// Rules from Slurm's manual pages: sbatch(1) --time and --mem, slurm.conf(5) NodeName.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

inline constexpr std::int64_t kUnlimitedSeconds = std::numeric_limits<std::int64_t>::max();

/// Seconds in a Slurm time limit (sbatch(1) --time): "minutes", "MM:SS", "HH:MM:SS", "D-HH",
/// "D-HH:MM", "D-HH:MM:SS"; UNLIMITED, INFINITE (any case) and -1 are kUnlimitedSeconds. As in
/// Slurm a field may exceed its unit ("90:00" is 90 minutes). Nothing if it is none of these or too
/// large.
std::optional<std::int64_t> parse_slurm_seconds(std::string_view text);

/// `seconds` (>= 0) as squeue and sacct print it: "HH:MM:SS", "D-HH:MM:SS" from one day on, or
/// "UNLIMITED". parse_slurm_seconds() reads it back.
std::string format_slurm_seconds(std::int64_t seconds);

/// MiB in a Slurm memory size (sbatch(1) --mem): a whole number and K, M, G or T, in any case,
/// optionally followed by B or iB; without a unit it is MiB. K is rounded up to whole MiB. Nothing
/// if it is anything else, negative or too large.
std::optional<std::int64_t> parse_memory_mib(std::string_view text);

/// A list of host names or the reason why there is none.
struct Hostlist {
  std::vector<std::string> hosts;  ///< in the order of the text; empty if there is an error
  std::string error;               ///< empty = none
  std::size_t offset = 0;          ///< of the error: bytes from the start of the text

  bool ok() const { return error.empty(); }
};

/// Most hosts that a list may name; a longer one is taken for a slip of the keyboard.
inline constexpr std::size_t kMaxHosts = 1'000'000;

/// The hosts of "n[001-010,012],r[1-2]c[1-4],login": each bracket holds numbers and ranges, the
/// last bracket of a name varies fastest, and numbers are padded to the width of the range's first
/// one. Repeated names are kept. An error for an empty list or name, a reversed or malformed range,
/// brackets that do not pair, blanks, a name over 255 bytes and more than kMaxHosts hosts.
Hostlist expand_hostlist(std::string_view text);

/// `hosts` as Slurm abbreviates them (scontrol show hostlist): neighbours with the same text before
/// their last digits share a bracket and successive numbers become ranges. The order is kept, so
/// expand_hostlist() gives `hosts` back. They must be names that expand_hostlist() can yield.
std::string compress_hostlist(const std::vector<std::string>& hosts);

}  // namespace rehearse
