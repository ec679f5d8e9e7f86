// Reads a model of a workload (sim/workload/generate.hpp) from YAML: examples, and what each key
// means, are in configs/workloads/.
#pragma once

#include <string>
#include <string_view>

#include "sim/workload/generate.hpp"

namespace rehearse {

/// Throws InputError with everything that is wrong. The model's cluster is relative to the file's
/// folder.
WorkloadModel load_workload_model(const std::string& path);

/// The same from a text; `file` is its name in messages.
WorkloadModel parse_workload_model(std::string_view yaml_text, const std::string& file);

}  // namespace rehearse
