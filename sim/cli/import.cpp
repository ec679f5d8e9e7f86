// rehearse import slurm DIR: Slurm's own configuration as a cluster file.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "sim/cli/commands.hpp"
#include "sim/config/slurm/load_slurm.hpp"
#include "sim/config/write_cluster.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse::cli {

void add_import(CLI::App& app) {
  CLI::App* const import = app.add_subcommand("import", "Write what others say as a cluster file");
  import->require_subcommand(1);
  CLI::App* const slurm = import->add_subcommand(
      "slurm", "slurm.conf, gres.conf, topology.conf and sacctmgr's files as YAML");
  struct Options {
    std::string path, output;
  };
  const auto options = std::make_shared<Options>();
  slurm->add_option("DIR", options->path, "A folder that holds slurm.conf, or such a file")
      ->required();
  slurm->add_option("-o,--output", options->output, "The cluster file; default: standard output");
  slurm->callback([options] {
    const ClusterFile read = load_slurm(options->path);
    fmt::print(stderr, "{}", read.warnings.render());
    const std::string yaml =
        write_cluster(read.cluster, read.policies,
                      fmt::format("Written by `rehearse import slurm {}`", options->path));
    if (options->output.empty()) {
      fmt::print("{}", yaml);
    } else {
      write_text(options->output, yaml);
    }
  });
}

}  // namespace rehearse::cli
