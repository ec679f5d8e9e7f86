// The command. Exit codes: 0 ok, 2 bad input or usage; a broken invariant aborts (2.8).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/event/event_scheduler.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/report/report.hpp"
#include "sim/workload/read_swf.hpp"
#include "sim/workload/read_text.hpp"

namespace {

using namespace rehearse;

constexpr std::int64_t kMostNodes = 10'000'000;  // beyond it the text is surely a mistake
constexpr std::int64_t kMostCpus = 1'000'000;    // of one node

// "338x1": nodes x CPUs a node.
FlatCluster parse_flat(const std::string& text) {
  const std::vector<std::string_view> parts = split(text, 'x');
  const auto nodes = parse_int64(parts.front());
  const auto cpus = parse_int64(parts.back());
  if (parts.size() != 2 || !nodes || !cpus || *nodes < 1 || *nodes > kMostNodes || *cpus < 1 ||
      *cpus > kMostCpus) {
    fail({.message = fmt::format("\"{}\" is not a cluster", text),
          .help = "write nodes x CPUs a node, such as 338x1"});
  }
  return {static_cast<std::uint32_t>(*nodes), static_cast<std::uint32_t>(*cpus)};
}

// The machine of the trace's header: as many one-CPU nodes as it has processors.
FlatCluster header_machine(const Workload& workload, const std::string& trace) {
  if (workload.max_procs < 1 || workload.max_procs > kMostNodes) {
    fail({.file = trace,
          .message = workload.max_procs == 0
                         ? "the header has no MaxProcs"
                         : fmt::format("MaxProcs {} is no machine", workload.max_procs),
          .help = "give the machine, such as --cluster 338x1"});
  }
  return {static_cast<std::uint32_t>(workload.max_procs), 1};
}

struct RunOptions {
  std::string cluster;
  std::string trace;
  std::string backfill = "easy";
  std::string pass = "instant";
  std::string output;
  SwfRules rules;
};

int run(const RunOptions& options) {
  const Workload workload = read_swf(read_text(options.trace), options.trace, options.rules);
  const FlatCluster cluster = options.cluster.empty() ? header_machine(workload, options.trace)
                                                      : parse_flat(options.cluster);
  const auto scheduler = make_event_scheduler(*parse_backfill(options.backfill));
  const PassMode mode = options.pass == "event" ? PassMode::Event : PassMode::Instant;
  const Journal journal = simulate(cluster, workload, *scheduler, mode);
  const std::int64_t cpus = std::int64_t{cluster.nodes} * cluster.cpus_per_node;
  fmt::print(
      "cluster               {} nodes of {} CPUs\npolicies              event scheduler, fifo, "
      "backfill {}, pass {}\n{}",
      cluster.nodes, cluster.cpus_per_node, options.backfill, options.pass,
      summary_text(workload, summarize(workload, journal, cpus)));
  if (!options.output.empty()) {
    std::filesystem::create_directories(options.output);
    write_file(options.output + "/jobs.csv", jobs_csv(workload, journal));
    fmt::print("jobs                  {}/jobs.csv\n", options.output);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Rehearse a scheduling policy before anyone has to live with it"};
  app.require_subcommand(1);
  RunOptions options;
  CLI::App* const replay = app.add_subcommand("run", "Replay a SWF trace on a flat machine");
  replay->add_option("--cluster", options.cluster,
                     "The machine, nodes x CPUs a node (338x1); default: MaxProcs of the trace");
  replay->add_option("--trace", options.trace, "SWF, plain or .gz, .zst, .xz, .bz2")->required();
  const auto names = rehearse::backfill_names();
  replay->add_option("--backfill", options.backfill, "The backfill policy")
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())));
  replay->add_option("--pass", options.pass, "One pass an instant, or one an event")
      ->check(CLI::IsMember({"instant", "event"}));
  replay->add_option("--output", options.output, "Where jobs.csv goes");
  replay->add_flag("--limit-from-runtime", options.rules.limit_from_runtime, "Perfect estimates");
  replay->add_flag("--drop-zero-runtime", options.rules.drop_zero_runtime, "As most studies do");
  try {
    app.parse(argc, argv);
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const rehearse::InputError& error) {
    fmt::print(stderr, "{}", error.what());
    return 2;
  } catch (const std::system_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  }
}
