// Fields that several sections of a cluster file share: names of hosts, QOS and accounts, limits.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"

namespace rehearse {

inline constexpr std::int64_t kMaxCpus = 1'000'000;
inline const std::vector<std::string> kPreemptModes{"off", "cancel", "requeue"};

/// Keys that a file may have although a run does nothing with them yet; the report says so.
template <class T>
std::vector<Key<T>> keys_not_simulated(Cluster& cluster) {
  static constexpr std::pair<const char*, const char*> kKeys[] = {
      {"storage", "file systems and their quotas are not simulated (storage)"},
      {"checkpoint", "jobs save nothing: a requeued job starts from its beginning (checkpoint)"},
      {"topology", "switches are not simulated: all nodes are equally near (topology)"},
      {"idle_kill", "idle sessions are not ended early (idle_kill)"},
      {"speeds", "a job runs equally long on every kind of GPU (speeds)"},
      {"prices", "costs are not computed (prices)"},
      {"data_locality", "data is everywhere: no job waits for a copy (data_locality)"},
      {"requeue_cycles", "jobs do not requeue themselves at their limit (requeue_cycles)"},
      {"mig", "GPUs are not cut into smaller ones (mig)"},
  };
  std::vector<Key<T>> keys;
  for (const auto& [name, sentence] : kKeys) {
    Field<T> field = anything<T>();
    field.read = [&cluster, text = std::string(sentence)](const Yaml&, T&, Diagnostics&) {
      say_not_simulated(cluster, text);
    };
    keys.push_back({name, std::move(field), std::string("Not simulated: ") + sentence, false});
  }
  return keys;
}

/// The names in a list, or in one text with commas. `check` reports what is wrong with a name.
using CheckName = std::function<void(const Yaml&, const std::string&, Diagnostics&)>;
template <class T>
Field<T> names(std::vector<std::string> T::* member, CheckName check) {
  return list_of<T>({Shape::Kind::Text},
                    [member, check](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
                      const auto text = read_string(yaml, diagnostics);
                      if (!text) return;
                      for (const std::string_view piece : split(*text, ',')) {
                        const std::string name(trim(piece));
                        if (name.empty()) {
                          report(yaml, "an empty name in \"" + *text + "\"", "", diagnostics);
                          continue;
                        }
                        if (check) check(yaml, name, diagnostics);
                        (target.*member).push_back(name);
                      }
                    });
}

/// Reports a name that is no QOS, or no account, of `cluster`. Where a file declares no accounts,
/// any may come up.
CheckName is_qos_of(const Cluster& cluster);
CheckName is_account_of(const Cluster& cluster);

template <class T>
Field<T> qos_name(std::string T::* member, const Cluster& cluster) {
  return {{Shape::Kind::Text},
          [member, check = is_qos_of(cluster)](const Yaml& yaml, T& target, Diagnostics& diags) {
            const auto name = read_name(yaml, diags);
            if (!name) return;
            check(yaml, *name, diags);
            target.*member = *name;
          }};
}

template <class T, class Member>
Field<T> grace(Member T::* member) {
  return stored({Shape::Kind::TimeSpan}, member, read_grace_time);
}

/// A host list as names; what is wrong with it is reported.
std::optional<std::vector<std::string>> read_hosts(const Yaml& yaml, Diagnostics& diagnostics);
/// Nodes as gpu[001-048], ALL or NONE.
std::optional<NodeSet> read_nodes(const Yaml& yaml, const Cluster& cluster,
                                  Diagnostics& diagnostics);

Section<Limits> assoc_limits(const Cluster& cluster);
Section<Limits> qos_limits(const Cluster& cluster);

}  // namespace rehearse
