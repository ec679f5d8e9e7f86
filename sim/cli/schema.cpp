// rehearse schema [KIND]: the JSON schema of the YAML files, as editors want it.
#include "sim/config/schema.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/cli/commands.hpp"

namespace rehearse::cli {

void add_schema(CLI::App& app, int&) {
  CLI::App* const command =
      app.add_subcommand("schema", "Print the JSON schema of a kind of file, or of all");
  const auto kind = std::make_shared<std::string>();
  command->add_option("KIND", *kind, "cluster, experiment, policies or workload")
      ->check(CLI::IsMember(std::vector<std::string>(kSchemas.begin(), kSchemas.end())));
  command->callback([kind] {
    for (const std::string_view each : kSchemas) {
      if (kind->empty() || *kind == each) fmt::print("{}", schema_json(each));
    }
  });
}

}  // namespace rehearse::cli
