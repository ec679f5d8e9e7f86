// The command. One file a subcommand; each adds itself to the parser and leaves what to do.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/commands.hpp"

namespace {

/// CLI11 would only say that a subcommand is required.
void check_command(const CLI::App& app, std::string_view word) {
  std::vector<std::string> names;
  for (const CLI::App* const each : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(each->get_name());
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (word.starts_with('-') || std::find(known.begin(), known.end(), word) != known.end()) return;
  const auto near = rehearse::near_match(word, known);
  rehearse::fail({.message = fmt::format("unknown command \"{}\"", word),
                  .help = near ? fmt::format("did you mean \"{}\"?", *near)
                               : fmt::format("known: {}", fmt::join(known, ", "))});
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rehearse;
  CLI::App app{"Rehearse a scheduling policy on a Slurm-style cluster before living with it",
               "rehearse"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(REHEARSE_VERSION));
  int exit_code = 0;
  cli::add_audit(app, exit_code);
  cli::add_check(app, exit_code);
  cli::add_compare(app, exit_code);
  cli::add_explain(app);
  cli::add_import(app);
  cli::add_policies(app, exit_code);
  cli::add_regress(app, exit_code);
  cli::add_report(app, exit_code);
  cli::add_run(app, exit_code);
  cli::add_schema(app, exit_code);
  cli::add_trace_synth(*cli::add_trace(app, exit_code));
  try {
    if (argc > 1) check_command(app, argv[1]);
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  } catch (const InputError& error) {
    fmt::print(stderr, "{}", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  }
  return exit_code;
}
