#include "sim/policy/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

// A slot: what it is called, what it is unless somebody says otherwise.
constexpr std::pair<const char*, const char*> kScheduler{"scheduler", "event"};
constexpr std::pair<const char*, const char*> kPriority{"priority", "fifo"};
constexpr std::pair<const char*, const char*> kFairShare{"fair_share", "decayed-usage"};
constexpr std::pair<const char*, const char*> kBackfill{"backfill", "easy"};
constexpr std::pair<const char*, const char*> kPlacement{"placement", "first-fit"};
constexpr std::pair<const char*, const char*> kPreemption{"preemption", "never"};

template <class Interface>
SlotInfo slot_info(const std::pair<const char*, const char*>& slot) {
  SlotInfo info{slot.first, slot.second, {}};
  for (const auto& [name, entry] : Registry<Interface>::entries()) {
    info.policies.push_back({name, entry.description, entry.params});
  }
  return info;
}

class Maker {
 public:
  Maker(const PolicySettings& settings, Diagnostics& diagnostics, ReadyScheduler& ready)
      : settings_(settings), diagnostics_(diagnostics), ready_(ready) {}

  template <class Interface>
  std::unique_ptr<Interface> make(const std::pair<const char*, const char*>& slot) {
    const auto found = settings_.find(slot.first);
    const SlotSetting setting = found == settings_.end() ? SlotSetting{} : found->second;
    const std::string name = setting.use.text.empty() ? slot.second : setting.use.text;
    const auto& entries = Registry<Interface>::entries();
    const auto entry = entries.find(name);
    if (entry == entries.end()) {
      report_unknown(slot.first, setting.use, entries);
      return nullptr;
    }
    auto& resolved = ready_.resolved[slot.first];
    resolved["use"] = name;
    for (const ParamInfo& param : entry->second.params) resolved[param.name] = param.value;
    for (const auto& [param, text] : setting.params) {
      if (resolved.contains(param)) resolved[param] = text.text;
    }
    return entry->second.make(setting.params, diagnostics_);
  }

 private:
  template <class Entries>
  void report_unknown(const char* slot, const ParamText& use, const Entries& entries) {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const auto& [name, entry] : entries) names.push_back(name);
    const auto near = near_match(use.text, names);
    diagnostics_.add({.file = use.file,
                      .line = use.line,
                      .column = use.column,
                      .message = fmt::format("unknown {} policy \"{}\"", slot, use.text),
                      .source_line = use.source_line,
                      .help = near ? fmt::format("did you mean \"{}\"?", *near)
                                   : fmt::format("known: {}", fmt::join(names, ", "))});
  }

  const PolicySettings& settings_;
  Diagnostics& diagnostics_;
  ReadyScheduler& ready_;
};

}  // namespace

template <class Interface>
typename Registry<Interface>::Entries& Registry<Interface>::entries() {
  static Entries entries;
  return entries;
}
template class Registry<Scheduler>;
template class Registry<PriorityPolicy>;
template class Registry<FairShare>;
template class Registry<BackfillPolicy>;
template class Registry<PlacementPolicy>;
template class Registry<PreemptionPolicy>;

void abort_registered_twice(std::string_view name) {
  fmt::print(stderr, "policy \"{}\" is registered twice\n", name);
  std::abort();
}

std::vector<SlotInfo> policy_slots() {
  return {slot_info<Scheduler>(kScheduler),       slot_info<PriorityPolicy>(kPriority),
          slot_info<FairShare>(kFairShare),       slot_info<BackfillPolicy>(kBackfill),
          slot_info<PlacementPolicy>(kPlacement), slot_info<PreemptionPolicy>(kPreemption)};
}

ReadyScheduler make_scheduler(const PolicySettings& settings, Diagnostics& diagnostics) {
  ReadyScheduler ready;
  const std::vector<SlotInfo> infos = policy_slots();
  std::vector<std::string_view> slots;
  slots.reserve(infos.size());
  for (const SlotInfo& info : infos) slots.push_back(info.slot);
  for (const auto& [slot, setting] : settings) {
    if (std::find(slots.begin(), slots.end(), slot) != slots.end()) continue;
    report_unknown_param(slot, setting.use, std::vector<std::string>(slots.begin(), slots.end()),
                         diagnostics);
  }
  const std::size_t errors = diagnostics.error_count();
  Maker maker(settings, diagnostics, ready);
  auto scheduler = maker.make<Scheduler>(kScheduler);
  Slots policies{maker.make<PriorityPolicy>(kPriority), maker.make<FairShare>(kFairShare),
                 maker.make<BackfillPolicy>(kBackfill), maker.make<PlacementPolicy>(kPlacement),
                 maker.make<PreemptionPolicy>(kPreemption)};
  if (diagnostics.error_count() > errors || scheduler == nullptr) return ready;
  scheduler->equip(std::move(policies));
  ready.scheduler = std::move(scheduler);
  return ready;
}

}  // namespace rehearse
