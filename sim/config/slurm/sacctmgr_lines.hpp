// What sacctmgr's commands, dumps and tables have in common: lines, and Key=value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/config/slurm/slurm_accounting.hpp"

namespace rehearse {

/// The lines of a file that are neither empty nor comments, each as one word.
std::vector<SlurmWord> sacctmgr_lines(const std::string& file, std::vector<std::string>& files,
                                      Diagnostics& diagnostics);

/// `Key=value`, `Key+=value` or `Key-=value`; nothing if there is no `=`.
std::optional<SlurmOption> split_option(const SlurmWord& word);

}  // namespace rehearse
