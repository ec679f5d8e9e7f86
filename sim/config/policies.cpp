#include "sim/config/policies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"
#include "sim/config/fields.hpp"
#include "sim/config/load.hpp"

namespace rehearse {
namespace {

bool is_of_type(const ParamInfo& info, const std::string& text) {
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;
  Duration duration{};
  Span span{duration};
  if (info.type == "bool") return parse_param(text, flag);
  if (info.type == "integer") return parse_param(text, integer);
  if (info.type == "number") return parse_param(text, number);
  if (info.type == "duration") return parse_param(text, duration);
  if (info.type == "seconds") return parse_param(text, span);
  return info.type != "choice" ||
         std::find(info.choices.begin(), info.choices.end(), text) != info.choices.end();
}

/// Checks the policy that `setting` names, and its parameters.
void check_setting(const SlotInfo& slot, const SlotSetting& setting, Diagnostics& diagnostics) {
  const auto policy =
      std::find_if(slot.policies.begin(), slot.policies.end(),
                   [&](const SlotInfo::Policy& each) { return each.name == setting.use.text; });
  if (policy == slot.policies.end()) {
    std::vector<std::string_view> known;
    for (const SlotInfo::Policy& each : slot.policies) known.push_back(each.name);
    const auto near = near_match(setting.use.text, known);
    diagnostics.add(
        {.file = setting.use.file,
         .line = setting.use.line,
         .column = setting.use.column,
         .message = fmt::format("unknown {} policy \"{}\"", slot.slot, setting.use.text),
         .source_line = setting.use.source_line,
         .help = near ? fmt::format("did you mean \"{}\"?", *near)
                      : fmt::format("known: {}", fmt::join(known, ", "))});
    return;
  }
  std::vector<std::string> known;
  for (const ParamInfo& info : policy->params) known.push_back(info.name);
  for (const auto& [name, text] : setting.params) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      report_unknown_param(name, text, known, diagnostics);
    } else if (const ParamInfo& info = policy->params[static_cast<std::size_t>(at - known.begin())];
               !is_of_type(info, text.text)) {
      report_bad_param(text, info, diagnostics);
    }
  }
}

SlotSetting read_slot(const Yaml& yaml, Diagnostics& diagnostics) {
  SlotSetting setting;
  if (yaml.kind == Yaml::Kind::Scalar) {
    setting.use = placed_text(yaml);
    return setting;
  }
  if (yaml.kind != Yaml::Kind::Map) {
    report_kind(yaml, "a policy's name, or a mapping with `use` and parameters", diagnostics);
  }
  for (const auto& [key, value] : yaml.members) {
    if (value.kind != Yaml::Kind::Scalar) {
      report_kind(value, fmt::format("a value of {}", key.text), diagnostics);
    } else if (key.text == "use") {
      setting.use = placed_text(value);
    } else {
      setting.params[key.text] = placed_text(value);
    }
  }
  return setting;
}

}  // namespace

PolicySettings read_policies(const Yaml& yaml, Diagnostics& diagnostics) {
  PolicySettings settings;
  if (yaml.kind != Yaml::Kind::Map) {
    report_kind(yaml, "a mapping of slots", diagnostics);
    return settings;
  }
  const std::vector<SlotInfo> slots = policy_slots();
  for (const auto& [key, value] : yaml.members) {
    const auto slot = std::find_if(slots.begin(), slots.end(),
                                   [&](const SlotInfo& each) { return each.slot == key.text; });
    if (slot == slots.end()) {
      std::vector<std::string_view> known;
      for (const SlotInfo& each : slots) known.push_back(each.slot);
      report_unknown(key, "slot", key.text, known, diagnostics);
      continue;
    }
    SlotSetting setting = read_slot(value, diagnostics);
    if (!setting.use.text.empty()) check_setting(*slot, setting, diagnostics);
    settings[key.text] = std::move(setting);
  }
  return settings;
}

void apply_set(PolicySettings& settings, const std::string& assignment, Diagnostics& diagnostics) {
  const std::size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  const std::size_t dot = path.find('.');
  const std::string slot = path.substr(0, dot);
  const std::string param = dot == std::string::npos ? "use" : path.substr(dot + 1);
  if (equals == std::string::npos || slot.empty() || param.empty() ||
      equals + 1 == assignment.size()) {
    diagnostics.add({.file = "--set",
                     .message = fmt::format("\"{}\" is not slot.parameter=value", assignment),
                     .help = "write such as backfill=easy or priority.age_weight=1000"});
    return;
  }
  const std::vector<SlotInfo> slots = policy_slots();
  std::vector<std::string_view> known;
  for (const SlotInfo& each : slots) known.push_back(each.slot);
  if (std::find(known.begin(), known.end(), slot) == known.end()) {
    const auto near = near_match(slot, known);
    diagnostics.add({.file = "--set " + assignment,
                     .message = fmt::format("unknown slot \"{}\"", slot),
                     .help = near ? fmt::format("did you mean \"{}\"?", *near)
                                  : fmt::format("known: {}", fmt::join(known, ", "))});
    return;
  }
  const ParamText place{.text = assignment.substr(equals + 1), .file = "--set " + assignment};
  PolicySettings over;
  SlotSetting& setting = over[slot];
  if (param == "use") {
    setting.use = place;
  } else {
    setting.params[param] = place;
  }
  overlay(settings, over);
}

void overlay(PolicySettings& base, const PolicySettings& over) {
  for (const auto& [slot, setting] : over) {
    SlotSetting& target = base[slot];
    if (!setting.use.text.empty()) {
      if (setting.use.text != target.use.text) target.params.clear();
      target.use = setting.use;
    }
    for (const auto& [param, text] : setting.params) target.params[param] = text;
  }
}

}  // namespace rehearse
