// rehearse trace synth MODEL.yaml -o FILE: a trace drawn from a model of a workload.
#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/workload/generate.hpp"
#include "sim/cli/commands.hpp"
#include "sim/config/load.hpp"
#include "sim/config/load_workload_model.hpp"
#include "sim/workload/write_text.hpp"
#include "sim/workload/write_trace.hpp"

namespace rehearse::cli {
namespace {

struct Arguments {
  std::string model;
  std::string cluster;
  std::string output;
  std::optional<double> days;
  std::optional<double> load;
  std::uint64_t seed = 1;
};

bool is_swf(const std::string& path) {
  const std::string_view plain =
      std::string_view(path).substr(0, path.size() - compression_suffix(path).size());
  return plain.ends_with(".swf");
}

void synthesize(const Arguments& arguments) {
  WorkloadModel model = load_workload_model(arguments.model);
  if (arguments.days) model.days = *arguments.days;
  if (arguments.load) model.load = *arguments.load;
  const std::string& cluster = arguments.cluster.empty() ? model.cluster : arguments.cluster;
  const Generated made = generate(model, load_cluster(cluster).cluster, arguments.seed);
  write_text(arguments.output,
             is_swf(arguments.output) ? write_swf(made.workload).text : write_csv(made.workload));
  fmt::print("{}: {} submissions in {} days, offered load {:.3f} of {}\n", arguments.output,
             made.workload.submissions.size(), model.days, made.load, model.load_of);
}

}  // namespace

void add_trace_synth(CLI::App& trace) {
  CLI::App* const command =
      trace.add_subcommand("synth", "Draw a trace from a model of a workload");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "YAML, as in configs/workloads")->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "The trace: .csv or .swf, and .zst, .gz, .xz or .bz2 after it to compress")
      ->required();
  command->add_option("--seed", arguments->seed, "Another seed, other jobs (default 1)");
  command->add_option("--cluster", arguments->cluster, "Instead of the model's own");
  command->add_option("--days", arguments->days, "Instead of the model's own")
      ->check(CLI::Range(0.01, 10'000.0));
  command->add_option("--load", arguments->load, "Offered, instead of the model's own")
      ->check(CLI::Range(0.001, 100.0));
  command->callback([arguments] { synthesize(*arguments); });
}

}  // namespace rehearse::cli
