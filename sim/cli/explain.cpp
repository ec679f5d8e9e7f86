// rehearse explain DIR JOB: why a job of a finished run waited.
#include "sim/study/explain.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "sim/cli/commands.hpp"

namespace rehearse::cli {
namespace {

struct Options {
  std::string directory, job;
  bool json = false;
};

// Of the terminal; what goes elsewhere is the same everywhere.
std::size_t width() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return kUsual;
  return size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace

void add_explain(CLI::App& app) {
  CLI::App* const command =
      app.add_subcommand("explain", "Say why a job of a finished run waited, by running it again");
  const auto options = std::make_shared<Options>();
  command->add_option("DIR", options->directory, "What `rehearse run --output` wrote")->required();
  command->add_option("JOB", options->job, "Its id in jobs.csv: 17, A03_7")->required();
  command->add_flag("--json", options->json, "Everything, for programs");
  command->callback([options] {
    const Explanation explanation = explain(options->directory, options->job);
    fmt::print("{}", options->json ? explanation_json(explanation)
                                   : explanation_text(explanation, width()));
  });
}

}  // namespace rehearse::cli
