// The command. Exit codes: 0 ok, 2 bad input or usage; a broken invariant aborts (2.8).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>

#include "models/event/event_scheduler.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/report/report.hpp"
#include "sim/workload/read_swf.hpp"
#include "sim/workload/read_text.hpp"

namespace {

using namespace rehearse;

// "338x1": nodes x CPUs a node.
std::optional<FlatCluster> parse_flat(const std::string& text) {
  FlatCluster cluster;
  const char* const last = text.data() + text.size();
  const auto [cross, bad] = std::from_chars(text.data(), last, cluster.nodes);
  if (bad != std::errc() || cross == last || *cross != 'x') return std::nullopt;
  const auto [end, worse] = std::from_chars(cross + 1, last, cluster.cpus_per_node);
  if (worse != std::errc() || end != last || cluster.nodes == 0 || cluster.cpus_per_node == 0) {
    return std::nullopt;
  }
  return cluster;
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
  FlatCluster cluster;
  if (options.cluster.empty()) {
    if (workload.max_procs == 0) {
      fmt::print(stderr,
                 "{}: error: the header has no MaxProcs\n      = help: give the machine, "
                 "such as --cluster 338x1\n",
                 options.trace);
      return 2;
    }
    cluster.nodes = static_cast<std::uint32_t>(workload.max_procs);
  } else if (const auto flat = parse_flat(options.cluster)) {
    cluster = *flat;
  } else {
    fmt::print(stderr,
               "error: \"{}\" is not a cluster\n      = help: write nodes x CPUs a node, "
               "such as 338x1\n",
               options.cluster);
    return 2;
  }
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
