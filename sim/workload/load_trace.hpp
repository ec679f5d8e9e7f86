// A trace file of any known format, plain or compressed: the Standard Workload Format (read_swf) or
// the native CSV (read_csv). The name decides (`.swf`, `.csv`, whatever the compression after it);
// another name is looked into: a first row with commas is a CSV's header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/workload/trace_rules.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

enum class TraceFormat : std::uint8_t { Swf, Csv };

/// The format that the name stands for, whatever the compression; nothing if it says none.
std::optional<TraceFormat> trace_format(std::string_view path);

/// Reads `path`. Throws InputError with everything that is wrong with it; a trace without a single
/// job to replay is an error too. O(file).
Workload load_trace(const std::string& path, const TraceRules& rules = {});

}  // namespace rehearse
