// rehearse policies [NAME]: what can be chosen, and what each takes.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/commands.hpp"
#include "sim/policy/registry.hpp"

namespace rehearse::cli {
namespace {

void print_one(const SlotInfo& slot, const SlotInfo::Policy& policy) {
  fmt::print("{} ({}): {}\n", policy.name, slot.slot, policy.description);
  for (const ParamInfo& param : policy.params) {
    const std::string type =
        param.choices.empty() ? param.type : fmt::format("{}", fmt::join(param.choices, " | "));
    fmt::print("  {}: {}  [{}, default {}]\n", param.name, param.help, type, param.value);
  }
}

void print_all() {
  for (const SlotInfo& slot : policy_slots()) {
    fmt::print("{}:\n", slot.slot);
    for (const SlotInfo::Policy& policy : slot.policies) {
      fmt::print("  {:<22} {}{}\n", policy.name, policy.description,
                 policy.name == slot.default_name ? " (default)" : "");
    }
  }
}

void print_named(const std::string& wanted) {
  const std::vector<SlotInfo> slots = policy_slots();
  std::vector<std::string_view> names;
  bool found = false;
  for (const SlotInfo& slot : slots) {
    for (const SlotInfo::Policy& policy : slot.policies) {
      names.push_back(policy.name);
      if (policy.name != wanted && slot.slot != wanted) continue;
      print_one(slot, policy);
      found = true;
    }
  }
  if (found) return;
  const auto near = near_match(wanted, names);
  fail({.message = fmt::format("unknown policy \"{}\"", wanted),
        .help = near ? fmt::format("did you mean \"{}\"?", *near)
                     : "`rehearse policies` lists them all"});
}

}  // namespace

void add_policies(CLI::App& app, int&) {
  CLI::App* const command = app.add_subcommand("policies", "List the policies, or describe one");
  const auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "A policy or a slot");
  command->callback([name] {
    if (name->empty()) {
      print_all();
    } else {
      print_named(*name);
    }
  });
}

}  // namespace rehearse::cli
