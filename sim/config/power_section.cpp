// Power saving, read when nodes and partitions are known.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"
#include "sim/config/section_fields.hpp"

namespace rehearse {
namespace {

struct BootTime {
  Duration median = kUnset;
  double sigma = 0;
};
struct StockOut {
  double probability = 0;
  Duration retry = kUnlimited;
};

Field<PowerSaving> boot_time() {
  const Section<BootTime> section(
      "boot_time", {
                       {"median", grace(&BootTime::median), "Median of a log-normal time", true},
                       {"sigma", number(&BootTime::sigma, 0, 10), "Of its logarithm"},
                   });
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {{Shape::Kind::TimeSpan}, section.shape()};
  return {std::move(shape),
          [section](const Yaml& yaml, PowerSaving& power, Diagnostics& diagnostics) {
            BootTime read;
            if (yaml.kind == Yaml::Kind::Map) {
              section.read(yaml, read, diagnostics);
            } else {
              read.median = read_grace_time(yaml, diagnostics).value_or(kUnset);
            }
            power.boot_median = read.median;
            power.boot_sigma = read.sigma;
          }};
}

Field<PowerSaving> stock_out() {
  const Section<StockOut> section("stock_out",
                                  {
                                      {"probability", number(&StockOut::probability, 0, 0.99),
                                       "Of there being no machine for a node that is to boot"},
                                      {"retry", grace(&StockOut::retry),
                                       "From a boot that failed until the node may be tried again"},
                                  });
  return {section.shape(),
          [section](const Yaml& yaml, PowerSaving& power, Diagnostics& diagnostics) {
            StockOut read;
            section.read(yaml, read, diagnostics);
            power.stock_out = read.probability;
            power.retry = read.retry;
          }};
}

// "n[1-4]", or "n[1-4]:2" of which two stay.
Field<PowerSaving> kept_nodes(const Cluster& cluster) {
  return list_of<PowerSaving>({Shape::Kind::Text}, [&cluster](const Yaml& yaml, PowerSaving& power,
                                                              Diagnostics& diagnostics) {
    KeptOn kept;
    Yaml nodes = yaml;
    if (const std::size_t colon = yaml.text.find(':'); colon != std::string::npos) {
      nodes.text.resize(colon);
      const auto count = parse_int64(std::string_view(yaml.text).substr(colon + 1));
      if (!count || *count < 1 || *count > kMaxCpus) {
        report(yaml, fmt::format("\"{}\" does not end in a number of nodes", yaml.text),
               "write such as gpu[1-8]:2", diagnostics, colon + 1);
        return;
      }
      kept.count = static_cast<std::uint32_t>(*count);
    }
    if (auto read = read_nodes(nodes, cluster, diagnostics)) {
      kept.nodes = std::move(*read);
      power.kept_on.push_back(std::move(kept));
    }
  });
}

Field<PowerSaving> kept_partitions(const Cluster& cluster) {
  return list_of<PowerSaving>({Shape::Kind::Text}, [&cluster](const Yaml& yaml, PowerSaving& power,
                                                              Diagnostics& diagnostics) {
    const auto name = read_name(yaml, diagnostics);
    if (!name) return;
    if (const auto found = cluster.find_partition(*name)) {
      power.kept_on.push_back({cluster.partitions[*found].nodes, std::nullopt});
      return;
    }
    std::vector<std::string_view> known;
    for (const Partition& each : cluster.partitions) known.push_back(each.name);
    report_unknown(yaml, "partition", *name, known, diagnostics);
  });
}

}  // namespace

Section<PowerSaving> power_section(const Cluster& cluster) {
  return {
      "power",
      {
          {"suspend_time", grace(&PowerSaving::suspend_time),
           "SuspendTime: idle nodes are powered down after it; a bare number is seconds"},
          {"suspend_timeout", grace(&PowerSaving::suspend_timeout),
           "SuspendTimeout: how long powering down takes"},
          {"resume_timeout", grace(&PowerSaving::resume_timeout),
           "ResumeTimeout: a boot that takes longer has failed"},
          {"suspend_rate", integer(&PowerSaving::suspend_rate, 0),
           "SuspendRate: most nodes powered down in a minute; 0: any number"},
          {"resume_rate", integer(&PowerSaving::resume_rate, 0),
           "ResumeRate: most nodes booted in a minute; 0: any number"},
          {"suspend_exc_nodes", kept_nodes(cluster),
           "SuspendExcNodes: nodes that stay on, gpu[1-8], or some of them, gpu[1-8]:2"},
          {"suspend_exc_parts", kept_partitions(cluster),
           "SuspendExcParts: partitions whose nodes stay on"},
          {"boot_time", boot_time(), "How long a boot takes; without it half of resume_timeout"},
          {"stock_out", stock_out(), "Boots that fail"},
      }};
}

}  // namespace rehearse
