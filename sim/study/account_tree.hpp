// The tree of associations that sacctmgr's files make, with what rules each of them: limits of a
// job with those handed down from above, group limits of every account above, QOS, shares.
#pragma once

#include <string>

#include "sim/config/slurm/load_slurm.hpp"

namespace rehearse {

/// For a program: `cluster`, `associations` from root down (an account, its users, then the
/// accounts below it), `qos`. Limits are named and written as sacctmgr does, times as D-HH:MM:SS.
std::string account_tree_json(const SlurmAccounts& accounts);
/// The same for a terminal, a line each, indented by two blanks a level.
std::string account_tree_text(const SlurmAccounts& accounts);

}  // namespace rehearse
