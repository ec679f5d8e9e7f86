// The command. One file a subcommand; each adds itself to the parser and leaves what to do.
#include <fmt/format.h>

#include "sim/base/diagnostics.hpp"
#include "sim/cli/commands.hpp"

int main(int argc, char** argv) {
  using namespace rehearse;
  CLI::App app{"Rehearse a scheduling policy on a Slurm-style cluster before living with it",
               "rehearse"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(REHEARSE_VERSION));
  int exit_code = 0;
  cli::add_check(app, exit_code);
  cli::add_run(app, exit_code);
  cli::add_policies(app, exit_code);
  cli::add_report(app, exit_code);
  cli::add_schema(app, exit_code);
  cli::add_trace(app, exit_code);
  try {
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
