// The table of keys of an experiment file.
#pragma once

#include "sim/config/fields.hpp"
#include "sim/config/load.hpp"

namespace rehearse {

Section<Experiment> experiment_section();

}  // namespace rehearse
