// The two models, for generate(). Each makes submissions until the load asked for is offered.
#pragma once

#include <cstdint>

#include "models/workload/generate.hpp"

namespace rehearse::workload {

/// More than this is taken for a model that never reaches its load.
inline constexpr std::uint64_t kMaxSubmissions = 2'000'000;

/// `capacity` is of model.load_of, in units times seconds of the whole period; the wanted work is
/// model.load times that.
Generated generate_lublin(const WorkloadModel& model, const Cluster& cluster, double capacity,
                          std::uint64_t seed);
Generated generate_gpu_lab(const WorkloadModel& model, const Cluster& cluster, double capacity,
                           std::uint64_t seed);

}  // namespace rehearse::workload
