#include "sim/report/power.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/files.hpp"

namespace rehearse {

std::vector<PowerPeriod> power_periods(const Cluster& cluster, const Journal& journal) {
  std::vector<PowerPeriod> periods;
  IdVector<NodeId, std::size_t> open;  // position of a node's period, and one; 0: it is off
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    if (!cluster.nodes[node].is_cloud) periods.push_back({.node = node});
    open.push_back(cluster.nodes[node].is_cloud ? 0 : periods.size());
  }
  for (const PowerChange& change : journal.power) {
    if (change.to == NodePower::PoweringUp) {
      periods.push_back({.node = change.node, .resume = change.at});
      open[change.node] = periods.size();
      continue;
    }
    PowerPeriod& period = periods[open[change.node] - 1];
    switch (change.to) {
      case NodePower::Up:
        period.booted = change.at;
        break;
      case NodePower::Failed:
        period.failed = change.at;
        break;
      case NodePower::PoweringDown:
        period.suspend = change.at;
        break;
      case NodePower::Down:
        period.down = change.at;
        break;
      case NodePower::PoweringUp:
        break;
    }
  }
  std::stable_sort(periods.begin(), periods.end(),
                   [](const PowerPeriod& a, const PowerPeriod& b) { return a.node < b.node; });
  return periods;
}

PowerUse power_use(const Cluster& cluster, const Journal& journal, std::int64_t begin,
                   std::int64_t end) {
  PowerUse use;
  if (!cluster.power) return use;
  use.nodes = static_cast<std::int64_t>(cluster.nodes.size());
  for (const PowerPeriod& period : power_periods(cluster, journal)) {
    const std::int64_t from = period.resume == kNever ? begin : whole_seconds(period.resume);
    const std::int64_t to = period.down == kNever ? end : whole_seconds(period.down);
    use.on_seconds +=
        static_cast<double>(std::max<std::int64_t>(0, std::min(to, end) - std::max(from, begin)));
    if (period.resume != kNever) ++use.boots;
    if (period.failed != kNever) ++use.failed;
  }
  return use;
}

void write_power_csv(const Cluster& cluster, const Workload&, const Journal& journal,
                     const Sink& sink) {
  std::string out = "node,resume,booted,failed,suspend,down\n";
  for (const PowerPeriod& period : power_periods(cluster, journal)) {
    out += cluster.nodes[period.node].name;
    for (const Time at :
         {period.resume, period.booted, period.failed, period.suspend, period.down}) {
      out += at == kNever ? "," : fmt::format(",{}", whole_seconds(at));
    }
    out += '\n';
  }
  sink(out);
}

}  // namespace rehearse
