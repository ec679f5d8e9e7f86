// One command of an operator: scontrol, scancel or sacctmgr, read as they read their arguments.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/workload/operations.hpp"
#include "sim/workload/option_values.hpp"

namespace rehearse {

/// The job that a trace calls so ("J12"), or a task of its array; nothing if it has none.
using FindJob = std::function<std::optional<JobName>(std::string_view name,
                                                     std::optional<std::uint32_t> array_task)>;

/// Reads `command`, given at operation.at, into operation.action. What is wrong with it is added to
/// `problems`, each with its offset in `command`.
void read_operator_command(std::string_view command, const FindJob& find_job, Operation& operation,
                           std::vector<OptionProblem>& problems);

}  // namespace rehearse
