#include "models/workload/generate.hpp"

#include <fmt/format.h>

#include "models/workload/draw.hpp"
#include "models/workload/models.hpp"
#include "sim/base/diagnostics.hpp"

namespace rehearse {
namespace {

// What the cluster has of `tres`.
double amount_of(const std::string& tres, const Cluster& cluster) {
  const TresCounts totals = cluster.totals();
  for (std::size_t at = 0; at < cluster.tres_count(); ++at) {
    if (cluster.tres_name(at) == tres && totals[at] > 0) return static_cast<double>(totals[at]);
  }
  fail({.message = fmt::format("load_of: cluster \"{}\" has no \"{}\"", cluster.name, tres),
        .help = "a TRES such as cpu or gres/gpu"});
}

}  // namespace

Generated generate(const WorkloadModel& model, const Cluster& cluster, std::uint64_t seed) {
  const double capacity = amount_of(model.load_of, cluster) * model.days * workload::kSecondsPerDay;
  return std::holds_alternative<LublinModel>(model.kind)
             ? workload::generate_lublin(model, cluster, capacity, seed)
             : workload::generate_gpu_lab(model, cluster, capacity, seed);
}

}  // namespace rehearse
