// Power saving as slurm.conf has it.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {
namespace {

class PowerReader {
 public:
  PowerReader(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics)
      : conf_(conf), cluster_(cluster), diagnostics_(diagnostics) {}

  void read() {
    time("suspendtime", power_.suspend_time);
    bool is_set = power_.suspend_time != kUnlimited;
    for (const SlurmRecord& record : conf_.partitions) {
      const auto found = cluster_.find_partition(record.name.text);
      if (!found) continue;
      Partition& partition = cluster_.partitions[*found];
      partition.suspend_time = time_of(record, "suspendtime");
      partition.suspend_timeout = time_of(record, "suspendtimeout");
      partition.resume_timeout = time_of(record, "resumetimeout");
      if (const SlurmWord* const word = record.find("powerdownonidle")) {
        partition.power_down_on_idle = slurm_bool(*word, diagnostics_).value_or(false);
      }
      is_set = is_set || partition.suspend_time.value_or(kUnlimited) != kUnlimited;
    }
    const SlurmWord* const suspend = conf_.find("suspendprogram");
    const SlurmWord* const resume = conf_.find("resumeprogram");
    if (!is_set || suspend == nullptr || resume == nullptr) return leave_on(is_set);
    time("suspendtimeout", power_.suspend_timeout);
    time("resumetimeout", power_.resume_timeout);
    rate("suspendrate", power_.suspend_rate);
    rate("resumerate", power_.resume_rate);
    read_kept_on();
    read_cloud();
    read_parameters();
    say_not_simulated(cluster_,
                      "slurm.conf does not say how long nodes boot: half of ResumeTimeout is "
                      "taken (power.boot_time)");
    cluster_.power = std::move(power_);
  }

 private:
  std::optional<Duration> time_of(const SlurmRecord& record, std::string_view key) {
    const SlurmWord* const word = record.find(key);
    return word == nullptr ? std::nullopt : slurm_seconds(*word, diagnostics_);
  }
  void time(std::string_view key, Duration& target) {
    target = time_of(conf_.options, key).value_or(target);
  }
  void rate(std::string_view key, std::uint32_t& target) {
    const SlurmWord* const word = conf_.find(key);
    if (word == nullptr) return;
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    target = static_cast<std::uint32_t>(slurm_integer(*word, 0, most, diagnostics_).value_or(0));
  }

  // Without a time, or without the programs, slurmctld powers nothing down.
  void leave_on(bool is_set) {
    for (Partition& each : cluster_.partitions) {
      each.suspend_time = each.suspend_timeout = each.resume_timeout = std::nullopt;
      each.power_down_on_idle = false;
    }
    if (is_set) {
      const SlurmWord* const word = conf_.find("suspendtime");
      if (word != nullptr) {
        warn(*word, "nodes are always on: power saving needs SuspendProgram and ResumeProgram", "",
             diagnostics_);
      }
    }
    std::vector<std::string> hosts;
    for_each_cloud_host([&](const std::string& host) { hosts.push_back(host); });
    if (hosts.empty()) return;
    std::sort(hosts.begin(), hosts.end(), natural_less);
    say_not_simulated(cluster_, fmt::format("all nodes are up from the start: {} (State=CLOUD)",
                                            compress_hostlist(hosts)));
  }

  template <class Visit>
  void for_each_cloud_host(Visit&& visit) {
    for (const SlurmRecord& record : conf_.nodes) {
      const SlurmWord* const state = record.find("state");
      if (state == nullptr || !lower(state->text).starts_with("cloud")) continue;
      for (const std::string& host : expand_hostlist(record.name.text).hosts) visit(host);
    }
  }

  void read_cloud() {
    for_each_cloud_host([&](const std::string& host) {
      if (const auto node = cluster_.find_node(host)) cluster_.nodes[*node].is_cloud = true;
    });
  }

  void read_kept_on() {
    if (const SlurmWord* const word = conf_.find("suspendexcnodes")) {
      for (SlurmWord piece : slurm_pieces(*word, '[', ']')) keep_on(std::move(piece));
    }
    if (const SlurmWord* const word = conf_.find("suspendexcparts")) {
      std::vector<std::string_view> known;
      for (const Partition& each : cluster_.partitions) known.push_back(each.name);
      for (const SlurmWord& name : slurm_list(*word)) {
        if (const auto found = cluster_.find_partition(name.text)) {
          const NodeSet& nodes = cluster_.partitions[*found].nodes;
          if (!nodes.empty()) power_.kept_on.push_back({nodes, std::nullopt});
        } else {
          report(name, fmt::format("unknown partition \"{}\"", name.text),
                 near_help(name.text, known, diagnostics_), diagnostics_);
        }
      }
    }
    if (conf_.find("suspendexcstates") != nullptr) {
      say_not_simulated(cluster_, "SuspendExcStates: idle nodes are powered down in any state");
    }
  }

  // A host list, or one of which `:N` stay.
  void keep_on(SlurmWord piece) {
    KeptOn kept{NodeSet(cluster_.nodes.size()), std::nullopt};
    if (const std::size_t colon = piece.text.find(':'); colon != std::string::npos) {
      const SlurmWord count{piece.text.substr(colon + 1), piece.line, piece.at + colon + 1};
      kept.count = static_cast<std::uint32_t>(
          slurm_integer(count, 0, std::numeric_limits<std::int32_t>::max(), diagnostics_)
              .value_or(0));
      piece.text.resize(colon);
    }
    const auto hosts = slurm_hosts(piece, diagnostics_);
    if (!hosts) return;
    for (const std::string& host : *hosts) {
      if (const auto node = cluster_.find_node(host)) {
        kept.nodes.insert(*node);
      } else {
        report(piece, fmt::format("unknown node \"{:.200}\"", host), "every node needs a NodeName",
               diagnostics_);
        return;
      }
    }
    if (kept.count != 0U) power_.kept_on.push_back(std::move(kept));
  }

  // With idle_on_node_suspend a node that is DOWN is suspended like one that is idle, and can be
  // used again from then on.
  void read_parameters() {
    const SlurmWord* const word = conf_.find("slurmctldparameters");
    if (word == nullptr) return;
    for (const SlurmWord& each : slurm_list(*word)) {
      if (!same_name(each.text, "idle_on_node_suspend")) continue;
      const bool is_endless = power_.suspend_time == kUnlimited;
      power_.retry = is_endless ? kUnlimited : power_.suspend_time + power_.suspend_timeout;
    }
  }

  const SlurmConf& conf_;
  Cluster& cluster_;
  Diagnostics& diagnostics_;
  PowerSaving power_;
};

}  // namespace

void read_slurm_power(const SlurmConf& conf, Cluster& cluster, Diagnostics& diagnostics) {
  PowerReader(conf, cluster, diagnostics).read();
}

}  // namespace rehearse
