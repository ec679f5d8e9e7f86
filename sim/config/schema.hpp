// The JSON schema of the YAML files, for editors: made from the same tables as the readers and from
// the registry, so that it cannot drift (D9). Committed in configs/schema/, where a test keeps it
// fresh; the first line of a file names its schema:
//   # yaml-language-server: $schema=../schema/cluster.json
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace rehearse {

/// The kinds of files that have a schema.
inline constexpr std::array<std::string_view, 4> kSchemas{"cluster", "experiment", "policies",
                                                          "workload"};

/// The schema of one of kSchemas, indented, ending with a newline.
std::string schema_json(std::string_view kind);

}  // namespace rehearse
