// Policies register themselves under a name, so that a new one is one file: it is then listed by
// `rehearse policies`, accepted and checked in YAML, and part of the schema.
//
//   const rehearse::Register<rehearse::PriorityPolicy, Fifo> registered{"fifo", "First come
//   first"};
//
// Impl may have a `Params` struct with visit() (base/params.hpp) and a constructor from it.
// Registering a name twice aborts. Listings are in order of the names, whatever the link order.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/params.hpp"
#include "sim/policy/scheduler.hpp"

namespace rehearse {

template <class Interface>
struct PolicyEntry {
  std::string description;
  std::vector<ParamInfo> params;
  std::function<std::unique_ptr<Interface>(const ParamTexts&, Diagnostics&)> make;
};

[[noreturn]] void abort_registered_twice(std::string_view name);

template <class Interface>
class Registry {
 public:
  using Entries = std::map<std::string, PolicyEntry<Interface>, std::less<>>;
  /// One registry per interface and program: defined in registry.cpp.
  static Entries& entries();
};

template <class Interface, class Impl>
class Register {
 public:
  Register(std::string_view name, std::string_view description) {
    PolicyEntry<Interface> entry;
    entry.description = description;
    if constexpr (requires { typename Impl::Params; }) {
      entry.params = describe_params(typename Impl::Params{});
      entry.make = [](const ParamTexts& texts, Diagnostics& diagnostics) {
        return std::make_unique<Impl>(read_params<typename Impl::Params>(texts, diagnostics));
      };
    } else {
      entry.make = [](const ParamTexts& texts, Diagnostics& diagnostics) {
        for (const auto& [param, text] : texts) {
          report_unknown_param(param, text, {}, diagnostics);
        }
        return std::make_unique<Impl>();
      };
    }
    const bool is_new =
        Registry<Interface>::entries().emplace(std::string(name), std::move(entry)).second;
    if (!is_new) abort_registered_twice(name);
  }
};

/// What a file or --set says of one slot: `backfill: {use: easy, max_jobs: 100}`, or just the name.
struct SlotSetting {
  ParamText use{};  ///< empty text: the default
  ParamTexts params{};
};

/// By slot: "scheduler", "priority", "fair_share", "backfill", "placement", "preemption".
using PolicySettings = std::map<std::string, SlotSetting>;

/// A slot, for listings and schemas.
struct SlotInfo {
  std::string slot;
  std::string default_name;
  struct Policy {
    std::string name;
    std::string description;
    std::vector<ParamInfo> params;
  };
  std::vector<Policy> policies;
};
/// All slots in the order of the documentation, with all registered policies.
std::vector<SlotInfo> policy_slots();

/// A scheduler with its policies.
struct ReadyScheduler {
  std::unique_ptr<Scheduler> scheduler;  ///< null after an error
  /// slot -> name and all parameters with their values, for the manifest.
  std::map<std::string, std::map<std::string, std::string>> resolved;
};

/// Builds what `settings` name. Unknown slots, policies, parameters and values are added to
/// `diagnostics`, and then the scheduler is null.
ReadyScheduler make_scheduler(const PolicySettings& settings, Diagnostics& diagnostics);

}  // namespace rehearse
