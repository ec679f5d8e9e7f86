// rehearse compare DIR_A DIR_B: what another policy changed, and for whom.
#include "sim/study/compare.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "sim/cli/commands.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse::cli {
namespace {

struct CompareOptions {
  std::string before, after, markdown;
  bool json = false, force = false, exit_code = false;
};

int compare(const CompareOptions& options) {
  const Comparison comparison =
      compare_runs(load_saved_run(options.before), load_saved_run(options.after), options.force);
  if (!options.markdown.empty()) write_text(options.markdown, comparison_markdown(comparison));
  fmt::print("{}", options.json ? comparison_json(comparison) : comparison_text(comparison));
  return options.exit_code && comparison.differs() ? 1 : 0;
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("compare", "Two runs of one trace, paired job by job");
  const auto options = std::make_shared<CompareOptions>();
  command->add_option("BEFORE", options->before, "Folder of the run to start from")->required();
  command->add_option("AFTER", options->after, "Folder of the run to compare with it")->required();
  command->add_flag("--json", options->json, "Print JSON instead of text");
  command->add_option("--markdown", options->markdown, "Write it as Markdown to this file, too");
  command->add_flag("--force", options->force, "Compare runs of different traces, too");
  command->add_flag("--exit-code", options->exit_code,
                    "Exit with 1 if anything differs; without it a comparison exits with 0");
  command->callback([options, &exit_code] { exit_code = compare(*options); });
}

}  // namespace rehearse::cli
