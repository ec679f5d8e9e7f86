#include "sim/config/schema.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/policy/registry.hpp"
#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("the schemas in configs/schema are what the program prints", "[schema]") {
  for (const std::string_view kind : kSchemas) {
    const auto path = std::filesystem::path("configs/schema") / (std::string(kind) + ".json");
    if (std::getenv("SIM_UPDATE") != nullptr) std::ofstream(path) << schema_json(kind);
    std::ifstream stream(path);
    std::ostringstream committed;
    committed << stream.rdbuf();
    INFO("SIM_UPDATE=1 rehearse_tests [schema] writes them anew: " << path);
    CHECK((committed.str() == schema_json(kind)));
  }
}

TEST_CASE("a schema describes every key, slot and parameter", "[schema]") {
  const auto cluster = nlohmann::json::parse(schema_json("cluster"));
  const auto& partition = cluster["properties"]["partitions"]["items"];
  CHECK(partition["additionalProperties"] == false);
  CHECK(partition["properties"]["preempt_mode"]["enum"][1] == "cancel");
  for (const auto& [name, key] : partition["properties"].items()) {
    INFO(name);
    CHECK(key["description"].get<std::string>().size() > 3);
  }
  const auto policies = nlohmann::json::parse(schema_json("policies"));
  for (const SlotInfo& slot : policy_slots()) {
    const auto& options = policies["properties"][slot.slot]["anyOf"];
    // The names, a mapping for each of them, and a mapping without `use`.
    CHECK(options.size() == slot.policies.size() + 2);
    for (std::size_t i = 0; i < slot.policies.size(); ++i) {
      const auto& properties = options[i + 1]["properties"];
      CHECK(properties["use"]["const"] == slot.policies[i].name);
      CHECK(properties.size() == slot.policies[i].params.size() + 1);
    }
  }
}
