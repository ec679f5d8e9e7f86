// The keys of slurm.conf, and what the simulator does with each: reads it, has no use for it
// (ports, logs, programs), or does not simulate what it does and says so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

struct SlurmKey {
  std::string_view name;             ///< as slurm.conf(5) writes it
  std::string_view not_simulated{};  ///< what a run does instead; empty: read, or of no use
};

struct SlurmKeys {
  std::string_view what;  ///< "a node"
  std::vector<SlurmKey> keys;
  const SlurmKey* find(std::string_view lower_name) const;
  std::vector<std::string_view> names() const;
};

/// The keys outside records.
const SlurmKeys& slurm_option_keys();
/// The keys of lines that begin with `lower_name`; null if no record begins with it.
const SlurmKeys* slurm_record_keys(std::string_view lower_name);

}  // namespace rehearse
