// rehearse run: replay a trace on a cluster and write the report.
#include "sim/study/run.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/cli/commands.hpp"
#include "sim/report/html.hpp"
#include "sim/workload/moment.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse::cli {
namespace {

struct Options {
  std::string experiment, cluster, trace, events, follow, policies, output;
  std::vector<std::string> sets, repairs, snapshots;
  std::uint64_t seed = 1;
  bool seed_given = false, shares = false, no_html = false, quiet = false, json = false;
};

// "2026-01-12 08:00  41200 jobs  38 %  210000 jobs/s  0:03 left" over itself, on a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool shown) : shown_(shown) {}
  ~ProgressLine() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
  }
  void operator()(Time now, std::size_t submitted, std::size_t all) {
    using Clock = std::chrono::steady_clock;
    if (!shown_ || Clock::now() < next_) return;
    next_ = Clock::now() + std::chrono::milliseconds(200);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    const double rate = static_cast<double>(submitted) / std::max(seconds, 1e-3);
    const auto left =
        static_cast<std::int64_t>(static_cast<double>(all - submitted) / std::max(rate, 1.0));
    fmt::print(stderr, "\r\033[K{}  {} of {} jobs  {:.0f} jobs/s  {}:{:02} left", date(now),
               submitted, all, rate, left / 60, left % 60);
    drawn_ = true;
  }

 private:
  // Traces that count from 0 have no date: then it is the day and the time of that day.
  static std::string date(Time now) {
    const std::int64_t seconds = whole_seconds(now);
    constexpr std::int64_t kYear2000 = 946'684'800;
    if (seconds >= kYear2000) return fmt::format("{:%F %H:%M}", fmt::gmtime(seconds));
    return fmt::format("day {} {:02}:{:02}", seconds / 86400, seconds / 3600 % 24,
                       seconds / 60 % 60);
  }

  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point next_ = begin_;
};

Experiment experiment_of(const Options& options) {
  Experiment experiment;
  if (!options.experiment.empty()) experiment = load_experiment(options.experiment);
  if (!options.cluster.empty()) experiment.cluster = options.cluster;
  if (!options.trace.empty()) {
    experiment.trace = options.trace;
    experiment.events.clear();  // they name jobs of another trace
  }
  if (!options.events.empty()) experiment.events = options.events;
  experiment.follow = options.follow;
  resolve_folders(experiment);
  if (experiment.trace.empty()) {
    fail({.message = "there is no trace to replay",
          .help = "rehearse run --cluster FILE --trace FILE --output DIR, or an experiment file"});
  }
  if (!options.policies.empty()) overlay(experiment.policies, load_policies(options.policies));
  Diagnostics diagnostics;
  for (const std::string& set : options.sets) {
    apply_set(experiment.policies, set, diagnostics);
  }
  diagnostics.throw_if_errors();
  for (const std::string& rule : options.repairs) experiment.repairs.push_back(rule);
  if (options.seed_given) experiment.seed = options.seed;
  return experiment;
}

std::vector<Time> snapshot_times(const Options& options) {
  std::vector<Time> times;
  for (const std::string& text : options.snapshots) {
    const auto moment = parse_moment(text);
    if (!moment) {
      fail({.message = fmt::format("--snapshot \"{}\" is no time", text),
            .help = std::string(kMomentHelp)});
    }
    times.push_back(at_seconds(whole_seconds(moment->at(Time{}))));
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

int run(const Options& options) {
  const Experiment experiment = experiment_of(options);
  ProgressLine line(!options.quiet && !options.json && isatty(STDERR_FILENO) != 0);
  SimulationOptions simulation;
  simulation.progress = [&](Time now, std::size_t submitted, std::size_t all) {
    line(now, submitted, all);
  };
  simulation.snapshots = snapshot_times(options);
  const RunResult result = run_experiment(experiment, simulation);
  if (!options.quiet) fmt::print(stderr, "{}", result.warnings.render());
  const Metrics metrics = measure(result.cluster, result.workload, result.journal, result.metrics);
  write_run(options.output, result.cluster, result.workload, result.journal, metrics,
            result.manifest, options.shares);
  for (const Snapshot& each : result.snapshots) write_snapshot(options.output, each);
  const std::string page = options.output + "/report.html";
  if (!options.no_html) write_text(page, html_report(options.output));
  if (options.json) {
    fmt::print("{}", summary_json(metrics));
  } else if (!options.quiet) {
    fmt::print("{}", summary_text(metrics));
    if (!options.no_html) fmt::print("report                {}\n", page);
  }
  return metrics.left_over.empty() ? 0 : 1;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand("run", "Replay a trace on a cluster");
  const auto options = std::make_shared<Options>();
  command->add_option("EXPERIMENT", options->experiment, "The same, written down in YAML");
  command->add_option("--cluster", options->cluster,
                      "A cluster file, or nodes x CPUs a node such as 338x1; default: the machine "
                      "of the trace's header");
  command->add_option("--trace", options->trace,
                      "A trace, SWF or CSV, plain or compressed, or a folder with jobs.csv and "
                      "perhaps events.csv");
  command->add_option("--events", options->events,
                      "What operators did: a CSV of scontrol, scancel and sacctmgr commands");
  command->add_option("--follow", options->follow,
                      "Decisions that are taken where the scheduler's own differ, as a jobs.csv; "
                      "divergences.csv then says where");
  command
      ->add_option("--snapshot", options->snapshots,
                   "Times such as 3600,7200 at which sprio, sshare and squeue are written down")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--policies", options->policies, "A file of policies, by slot");
  command->add_option("--set", options->sets, "One setting: backfill=easy, backfill.max_jobs=100")
      ->allow_extra_args(false);
  command->add_option("--repair", options->repairs, "A repair rule of the trace, by name")
      ->allow_extra_args(false);
  CLI::Option* const seed = command->add_option("--seed", options->seed, "Seed of random numbers");
  command->add_option("--output", options->output, "Folder for the report")->required();
  command->add_flag("--shares", options->shares, "Write shares.csv: what was held on each node");
  command->add_flag("--no-html", options->no_html, "Leave out report.html");
  command->add_flag("--quiet", options->quiet, "Print nothing but errors");
  command->add_flag("--json", options->json, "Print summary.json instead of text");
  command->callback([options, seed, &exit_code] {
    options->seed_given = seed->count() > 0;
    exit_code = run(*options);
  });
}

}  // namespace rehearse::cli
