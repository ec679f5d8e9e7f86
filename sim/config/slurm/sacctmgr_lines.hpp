// What sacctmgr's commands, dumps and tables have in common: lines, and Key=value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/slurm/slurm_accounting.hpp"

namespace rehearse {

/// The lines of a file that are neither empty nor comments, each as one word.
std::vector<SlurmWord> sacctmgr_lines(const std::string& file, std::vector<std::string>& files,
                                      Diagnostics& diagnostics);

/// What sacctmgr reads and prints.
enum class SacctmgrKind : std::uint8_t { None, Dump, Commands, QosTable };
/// Which of them `text` is, by its first line that is no comment.
SacctmgrKind sacctmgr_kind(std::string_view text);
/// Whether `line` calls sacctmgr, or begins with a verb and a kind of its: `add account lab`.
bool is_sacctmgr_command(std::string_view line);

/// `Key=value`, `Key+=value` or `Key-=value`; nothing if there is no `=`.
std::optional<SlurmOption> split_option(const SlurmWord& word);

}  // namespace rehearse
