// The subcommands. Each adds itself to `app`; when it is chosen, its callback does the work and
// sets `exit_code` (0 ok, 1 comparison differs or run incomplete, 2 bad input or usage). Errors of
// input leave as InputError and are printed in main().
#pragma once

#include <CLI/CLI.hpp>

namespace rehearse::cli {

void add_audit(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_compare(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app);
void add_import(CLI::App& app);
void add_policies(CLI::App& app, int& exit_code);
void add_regress(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_schema(CLI::App& app, int& exit_code);
/// `trace`, which holds subcommands of its own: what makes traces adds itself to the result.
CLI::App* add_trace(CLI::App& app, int& exit_code);
void add_trace_synth(CLI::App& trace);

}  // namespace rehearse::cli
