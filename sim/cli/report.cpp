// rehearse report DIR: makes the page of a finished run again, from its files.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sim/cli/commands.hpp"
#include "sim/report/html.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse::cli {

void add_report(CLI::App& app, int&) {
  CLI::App* const command =
      app.add_subcommand("report", "Make report.html again from the files of a finished run");
  const auto folder = std::make_shared<std::string>();
  const auto options = std::make_shared<HtmlOptions>();
  command->add_option("DIR", *folder, "What `rehearse run --output` wrote")->required();
  command
      ->add_option("--spans", options->spans,
                   "Most runs of a job on a node that the chart of the nodes carries")
      ->capture_default_str();
  command->callback([folder, options] {
    const std::string path = (std::filesystem::path(*folder) / "report.html").string();
    write_text(path, html_report(*folder, *options));
    fmt::print("{}\n", path);
  });
}

}  // namespace rehearse::cli
