// rehearse trace info|convert|slice|validate: look at traces, and make others of them.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/commands.hpp"
#include "sim/config/load.hpp"
#include "sim/workload/load_trace.hpp"
#include "sim/workload/slice.hpp"
#include "sim/workload/trace_info.hpp"
#include "sim/workload/write_text.hpp"
#include "sim/workload/write_trace.hpp"

namespace rehearse::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A trace and how to read it; every subcommand with one input has these.
struct Input {
  std::string path;
  std::vector<std::string> repairs;

  void add_to(CLI::App& command) {
    command.add_option("FILE", path, "A trace: .swf or .csv, plain or .gz, .zst, .xz, .bz2")
        ->required();
    command.add_option("--repair", repairs, repair_help())->allow_extra_args(false);
  }

  Workload load() const {
    Diagnostics diagnostics;
    std::vector<ParamText> names;
    for (const std::string& name : repairs) names.push_back({name, "--repair"});
    const TraceRules rules = parse_trace_rules(names, diagnostics);
    diagnostics.throw_if_errors();
    Workload workload = load_trace(path, rules);
    for (const std::string& warning : workload.warnings) {
      fmt::print(stderr, "{}: warning: {}\n", path, warning);
    }
    return workload;
  }

 private:
  static std::string repair_help() {
    std::string help = "A rule for dirty rows (no-NAME: not that one). ";
    for (const TraceRule& rule : trace_rules()) {
      if (rule.flag != nullptr) help += fmt::format("{}: {}. ", rule.name, rule.help);
    }
    help.pop_back();
    return help;
  }
};

/// "3600" is seconds, as in the trace; "1-12:00:00" is Slurm's.
Time parse_time(const std::string& text, const char* option) {
  const bool plain = text.find_first_of(":-") == std::string::npos;
  const auto seconds = plain ? parse_int64(text) : parse_slurm_seconds(text);
  if (seconds && *seconds >= 0 && *seconds < kUnlimitedSeconds / 1000) return at_seconds(*seconds);
  fail({.message = fmt::format("{}: \"{}\" is not a time", option, text),
        .help = "write seconds after the trace's origin, or D-HH:MM:SS"});
}

void print_repairs(const Workload& workload) {
  for (const auto& [name, repair] : workload.repairs) {
    fmt::print("repair {}: {} rows, first in line {}\n", name, repair.count, repair.first_line);
  }
}

/// Writes in the format that the name stands for, and says what it had no place for.
void save_trace(const std::string& path, const Workload& workload) {
  const auto format = trace_format(path);
  if (!format) {
    fail({.file = path,
          .message = "the name does not say which format to write",
          .help = "let it end with .swf or .csv, and .gz, .zst, .xz or .bz2 if you like"});
  }
  if (*format == TraceFormat::Csv) return write_text(path, write_csv(workload));
  const SwfText swf = write_swf(workload);
  write_text(path, swf.text);
  for (const auto& [what, rows] : swf.lost) {
    fmt::print(stderr, "{}: warning: SWF cannot say: {} ({} rows)\n", path, what, rows);
  }
}

// --- info ---

Json json_of(const Quantiles& values) {
  return {{"min", values.min}, {"p25", values.p25}, {"median", values.median}, {"p75", values.p75},
          {"p90", values.p90}, {"max", values.max}, {"mean", values.mean}};
}

Json json_of(const std::map<std::int64_t, std::size_t>& jobs_by_size) {
  Json json = Json::array();
  for (const auto& [size, jobs] : jobs_by_size) json.push_back({{"size", size}, {"jobs", jobs}});
  return json;
}

Json json_of(const TraceInfo& info, const Workload& workload, const Cluster* cluster) {
  Json json{{"submissions", info.submissions},
            {"jobs", info.jobs},
            {"first_submit", whole_seconds(info.first_submit)},
            {"last_submit", whole_seconds(info.last_submit)},
            {"users", info.users},
            {"accounts", info.accounts},
            {"partitions", info.partitions},
            {"max_procs", workload.max_procs},
            {"run_time", json_of(info.run_time)},
            {"time_limit", json_of(info.time_limit)},
            {"run_to_limit", json_of(info.run_to_limit)},
            {"jobs_without_limit", info.without_limit},
            {"cpu_hours", info.cpu_seconds / 3600},
            {"gpu_hours", info.gpu_seconds / 3600},
            {"dependent", info.dependent},
            {"jobs_by_cpus", json_of(info.jobs_by_cpus)},
            {"jobs_by_gpus", json_of(info.jobs_by_gpus)}};
  if (cluster != nullptr) {
    const TresCounts totals = cluster->totals();
    json["offered_load"] = {{"cpus", offered_load(info.cpu_seconds, info, totals[kTresCpu])},
                            {"gpus", offered_load(info.gpu_seconds, info, totals[kTresGpu])}};
  }
  json["slurm_only"] = info.slurm_only;
  json["not_simulated"] = info.not_simulated;
  Json repairs = Json::object();
  for (const auto& [name, repair] : workload.repairs) {
    repairs[name] = {{"rows", repair.count}, {"first_line", repair.first_line}};
  }
  json["repairs"] = std::move(repairs);
  json["warnings"] = workload.warnings;
  return json;
}

void print_line(const char* label, const std::string& text) {
  fmt::print("{:<16} {}\n", label, text);
}

std::string duration_line(const Quantiles& values) {
  const auto text = [](double seconds) {
    return format_slurm_seconds(static_cast<std::int64_t>(seconds));
  };
  return fmt::format("min {}, p25 {}, median {}, p75 {}, p90 {}, max {}, mean {}", text(values.min),
                     text(values.p25), text(values.median), text(values.p75), text(values.p90),
                     text(values.max), text(values.mean));
}

/// The sizes that most jobs have, by size: "1 (52%), 2 (7%), 128 (3%), 40 others".
std::string size_line(const std::map<std::int64_t, std::size_t>& jobs_by_size, std::size_t jobs) {
  constexpr std::size_t kShown = 8;
  std::vector<std::pair<std::size_t, std::int64_t>> common;
  for (const auto& [size, count] : jobs_by_size) common.emplace_back(count, size);
  std::ranges::sort(common, std::greater<>());
  if (common.size() > kShown) common.resize(kShown);
  std::ranges::sort(common, {}, &std::pair<std::size_t, std::int64_t>::second);
  std::string line;
  for (const auto& [count, size] : common) {
    const double share = 100.0 * static_cast<double>(count) / static_cast<double>(jobs);
    line += fmt::format("{}{} ({:.1f}%)", line.empty() ? "" : ", ", size, share);
  }
  const std::size_t others = jobs_by_size.size() - common.size();
  return others == 0 ? line : line + fmt::format(", {} other sizes", others);
}

void print_info(const TraceInfo& info, const Workload& workload, const Cluster* cluster) {
  const std::int64_t first = whole_seconds(info.first_submit);
  const std::int64_t last = whole_seconds(info.last_submit);
  print_line("jobs", info.jobs == info.submissions
                         ? std::to_string(info.jobs)
                         : fmt::format("{} of {} submissions", info.jobs, info.submissions));
  print_line("submitted", fmt::format("from {} to {} s, {} long", first, last,
                                      format_slurm_seconds(last - first)));
  print_line("people", fmt::format("{} users, {} accounts, {} partitions", info.users,
                                   info.accounts, info.partitions));
  print_line("CPUs", size_line(info.jobs_by_cpus, info.jobs));
  print_line("GPUs", size_line(info.jobs_by_gpus, info.jobs));
  print_line("run time", duration_line(info.run_time));
  print_line("time limit", duration_line(info.time_limit));
  print_line("run / limit",
             fmt::format("p25 {:.3f}, median {:.3f}, p75 {:.3f}, p90 {:.3f}; {} jobs have no limit",
                         info.run_to_limit.p25, info.run_to_limit.median, info.run_to_limit.p75,
                         info.run_to_limit.p90, info.without_limit));
  print_line("work", fmt::format("{:.1f} CPU hours, {:.1f} GPU hours", info.cpu_seconds / 3600,
                                 info.gpu_seconds / 3600));
  if (cluster != nullptr) {
    const TresCounts totals = cluster->totals();
    print_line(
        "offered load",
        fmt::format("CPUs {:.3f} of {}, GPUs {:.3f} of {}",
                    offered_load(info.cpu_seconds, info, totals[kTresCpu]), totals[kTresCpu],
                    offered_load(info.gpu_seconds, info, totals[kTresGpu]), totals[kTresGpu]));
  }
  if (info.dependent > 0) print_line("dependent", fmt::format("{} submissions", info.dependent));
  for (const auto& [option, rows] : info.slurm_only) {
    fmt::print("only in scheduler slurm: {} ({} rows)\n", option, rows);
  }
  for (const auto& [option, rows] : info.not_simulated) {
    fmt::print("not simulated: {} ({} rows)\n", option, rows);
  }
  print_repairs(workload);
}

void add_info(CLI::App& trace) {
  struct Options : Input {
    std::string cluster;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = trace.add_subcommand("info", "Say what is in a trace");
  options->add_to(*command);
  command->add_option("--cluster", options->cluster,
                      "A machine (338x1, or a YAML file) to say the offered load of");
  command->add_flag("--json", options->json, "For machines");
  command->callback([options] {
    const Workload workload = options->load();
    std::optional<Cluster> cluster;
    if (!options->cluster.empty()) cluster = load_cluster(options->cluster).cluster;
    const Cluster* const machine = cluster ? &*cluster : nullptr;
    const TraceInfo info = trace_info(workload);
    if (options->json) {
      fmt::print("{}\n", json_of(info, workload, machine).dump(2));
    } else {
      print_info(info, workload, machine);
    }
  });
}

// --- convert, slice, validate ---

void add_convert(CLI::App& trace) {
  struct Options : Input {
    std::string output;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = trace.add_subcommand(
      "convert", "Write a trace in another format or compression, as the names say");
  options->add_to(*command);
  command->add_option("OUT", options->output, "Ends with .swf or .csv, and a compression")
      ->required();
  command->callback([options] {
    const Workload workload = options->load();
    print_repairs(workload);
    save_trace(options->output, workload);
  });
}

void add_slice(CLI::App& trace) {
  struct Options : Input {
    std::string output, from, to;
    std::size_t first = 0;
    Slice slice;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = trace.add_subcommand("slice", "Write a part of a trace");
  options->add_to(*command);
  command->add_option("OUT", options->output, "Ends with .swf or .csv, and a compression")
      ->required();
  command->add_option("--from", options->from, "Submitted at this time or later: s or D-HH:MM:SS");
  command->add_option("--to", options->to, "Submitted before this time");
  command->add_option("--first", options->first, "So many submissions, the earliest")
      ->check(CLI::PositiveNumber);
  command->add_option("--users", options->slice.users, "Of these users only")->delimiter(',');
  command->add_option("--accounts", options->slice.accounts, "Of these accounts only")
      ->delimiter(',');
  command->add_flag("--rebase", options->slice.rebase, "Let the first submission be at 0");
  command->callback([options] {
    Slice& wanted = options->slice;
    if (!options->from.empty()) wanted.from = parse_time(options->from, "--from");
    if (!options->to.empty()) wanted.to = parse_time(options->to, "--to");
    if (options->first > 0) wanted.first = options->first;
    const Workload part = slice(options->load(), wanted);
    if (part.submissions.empty()) fail({.file = options->path, .message = "no job is in the part"});
    print_repairs(part);
    save_trace(options->output, part);
    fmt::print("{} submissions\n", part.submissions.size());
  });
}

void add_validate(CLI::App& trace, int& exit_code) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* const command =
      trace.add_subcommand("validate", "Print every error of traces; 2 if there is any");
  command->add_option("FILE", *paths, "Traces")->required();
  command->callback([paths, &exit_code] {
    for (const std::string& path : *paths) {
      try {
        const Workload workload = load_trace(path);
        fmt::print("{}: {} submissions\n", path, workload.submissions.size());
        for (const std::string& each : workload.warnings) fmt::print("  warning: {}\n", each);
        print_repairs(workload);
      } catch (const InputError& error) {
        fmt::print(stderr, "{}", error.what());
        exit_code = 2;
      }
    }
  });
}

}  // namespace

CLI::App* add_trace(CLI::App& app, int& exit_code) {
  CLI::App* const trace = app.add_subcommand("trace", "Look at traces, and make others of them");
  trace->require_subcommand(1);
  add_info(*trace);
  add_convert(*trace);
  add_slice(*trace);
  add_validate(*trace, exit_code);
  return trace;
}

}  // namespace rehearse::cli
