// The table of keys of an experiment file.
#pragma once

#include "sim/config/fields.hpp"
#include "sim/config/load.hpp"

namespace rehearse {

Section<Experiment> experiment_section();

/// Takes the paths of `experiment` as `file` means them: beside itself, unless they are absolute or
/// a flat machine; then resolve_folders().
void resolve_paths(const std::string& file, Experiment& experiment);

}  // namespace rehearse
