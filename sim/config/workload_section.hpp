// The table of keys of a workload model's file.
#pragma once

#include "sim/config/fields.hpp"
#include "sim/workload/generate.hpp"

namespace rehearse {

Section<WorkloadModel> workload_section();

}  // namespace rehearse
