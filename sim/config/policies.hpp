// Policy settings as a mapping of slots: read with their places, and checked against the registry
// as far as a file on its own can be: parameters of a slot without `use` belong to whatever the
// file below it chooses.
#pragma once

#include "sim/config/yaml.hpp"
#include "sim/policy/registry.hpp"

namespace rehearse {

PolicySettings read_policies(const Yaml& yaml, Diagnostics& diagnostics);

}  // namespace rehearse
