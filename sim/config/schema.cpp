#include "sim/config/schema.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/check.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/experiment_section.hpp"
#include "sim/config/workload_section.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;  // keys in the order of the tables

Json json_of(const Shape& shape);

/// YAML readers disagree on what `no`, `12` and `4:00:00` are, so a text may be any scalar.
Json scalar() { return {{"type", {"string", "number", "boolean"}}}; }

Json json_of_section(const Shape& shape) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const KeyShape& key : shape.keys) {
    Json value = key.name == "policies" ? Json{{"$ref", "policies.json"}} : json_of(key.shape);
    value["description"] = key.help;
    properties[key.name] = std::move(value);
    if (key.required) required.push_back(key.name);
  }
  Json json{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) json["required"] = required;
  return json;
}

Json json_of(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Kind::Text:
      return scalar();
    case Shape::Kind::Bool:
      return {{"enum", {true, false, "yes", "no", "true", "false"}}};
    case Shape::Kind::Integer:
      return {{"type", "integer"}, {"minimum", shape.min}};
    case Shape::Kind::Number:
      return {{"type", "number"}};
    case Shape::Kind::TimeSpan:
      return {{"type", {"string", "integer"}},
              {"examples", {"4:00:00", "7-00:00:00", "UNLIMITED"}}};
    case Shape::Kind::Size:
      return {{"type", "string"},
              {"pattern", "^[0-9]+[KMGTkmgt](iB|B)?$"},
              {"examples", {"384G", "512M"}}};
    case Shape::Kind::Choice: {
      Json choices = shape.choices;
      for (const std::string& each : shape.choices) {
        if (each == "no" || each == "off") choices.push_back(false);  // YAML 1.1's idea of them
      }
      return {{"enum", choices}};
    }
    case Shape::Kind::List: {
      const Json item = json_of(shape.of.front());
      const Json list{{"type", "array"}, {"items", item}};
      return shape.of.front().kind == Shape::Kind::Section ? list : Json{{"anyOf", {list, item}}};
    }
    case Shape::Kind::Mapping:
      return {{"type", "object"}, {"additionalProperties", json_of(shape.of.front())}};
    case Shape::Kind::Section:
      return json_of_section(shape);
    case Shape::Kind::AnyOf: {
      Json options = Json::array();
      for (const Shape& option : shape.of) options.push_back(json_of(option));
      return {{"anyOf", options}};
    }
    case Shape::Kind::Anything:
      return Json::object();
  }
  return Json::object();
}

Json json_of_param(const ParamInfo& info) {
  Shape shape;
  if (info.type == "bool") shape.kind = Shape::Kind::Bool;
  if (info.type == "integer") shape.kind = Shape::Kind::Integer;
  if (info.type == "number") shape.kind = Shape::Kind::Number;
  if (info.type == "duration" || info.type == "seconds") shape.kind = Shape::Kind::TimeSpan;
  if (info.type == "choice") {
    shape.kind = Shape::Kind::Choice;
    shape.choices = info.choices;
  }
  Json json = json_of(shape);
  json.erase("minimum");  // known to the policy alone
  json["description"] = fmt::format("{} (default {})", info.help, info.value);
  return json;
}

/// A slot is a policy's name, or a mapping with `use` and that policy's parameters. Without `use`
/// the policy is that of the file below this one, and any parameter may be right.
Json json_of_slot(const SlotInfo& slot) {
  Json names = Json::array();
  Json options = Json::array();
  Json all_params = Json::object();
  for (const SlotInfo::Policy& policy : slot.policies) {
    names.push_back({{"const", policy.name}, {"description", policy.description}});
    Json properties = Json::object();
    properties["use"] = {{"const", policy.name}, {"description", policy.description}};
    for (const ParamInfo& info : policy.params) {
      properties[info.name] = all_params[info.name] = json_of_param(info);
    }
    options.push_back({{"type", "object"},
                       {"properties", properties},
                       {"required", {"use"}},
                       {"additionalProperties", false}});
  }
  options.push_back(
      {{"type", "object"}, {"properties", all_params}, {"additionalProperties", false}});
  options.insert(options.begin(), Json{{"oneOf", names}});
  return {{"description", fmt::format("Default: {}", slot.default_name)}, {"anyOf", options}};
}

Json policies_json() {
  Json properties = Json::object();
  for (const SlotInfo& slot : policy_slots()) properties[slot.slot] = json_of_slot(slot);
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

Json body_of(std::string_view kind) {
  Cluster empty;
  if (kind == "cluster") return json_of(cluster_section(empty).shape());
  if (kind == "experiment") return json_of(experiment_section().shape());
  if (kind == "workload") return json_of(workload_section().shape());
  SIM_CHECK(kind == "policies", "no schema \"{}\"", kind);
  return policies_json();
}

}  // namespace

std::string schema_json(std::string_view kind) {
  Json json{{"$schema", "http://json-schema.org/draft-07/schema#"},
            {"title", fmt::format("rehearse: {}", kind)}};
  json.update(body_of(kind));
  // An overlay says only what differs, and takes things away.
  if (kind == "cluster") {
    json.erase("required");
    json["anyOf"] = {{{"required", {"extends"}}}, {{"required", {"nodes", "partitions"}}}};
    for (const char* const list : {"nodes", "partitions", "qos", "accounts"}) {
      Json& item = json["properties"][list]["items"];
      item["required"] = {list == std::string_view("nodes") ? "names" : "name"};
      item["properties"]["remove"] = {{"type", "boolean"},
                                      {"description", "With `extends`: take it away"}};
    }
  }
  return json.dump(2) + "\n";
}

}  // namespace rehearse
