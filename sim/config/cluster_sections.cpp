// The top of a cluster file, QOS and switches.
#include "sim/config/cluster_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/config/section_fields.hpp"

namespace rehearse {
namespace {

/// A field that keeps a section for later.
Field<ClusterTop> later_section(const Yaml* ClusterTop::* member, Shape shape) {
  return {std::move(shape),
          [member](const Yaml& yaml, ClusterTop& top, Diagnostics&) { top.*member = &yaml; }};
}

/// The same of a list of sections.
Field<ClusterTop> later(const Yaml* ClusterTop::* member, Shape section) {
  Shape shape{Shape::Kind::List};
  shape.of.push_back(std::move(section));
  return later_section(member, std::move(shape));
}

/// Texts, each as it stands.
Field<ClusterTop> texts(std::vector<std::string> ClusterTop::* member) {
  return list_of<ClusterTop>({Shape::Kind::Text},
                             [member](const Yaml& yaml, ClusterTop& top, Diagnostics& diagnostics) {
                               if (auto text = read_string(yaml, diagnostics))
                                 (top.*member).push_back(std::move(*text));
                             });
}

Section<SelectParameters> select_section() {
  return {"select",
          {
              {"whole_nodes", field(&SelectParameters::whole_nodes),
               "select/linear: a job has its nodes alone"},
              {"unit", choice(&SelectParameters::unit, {"cpu", "core", "socket"}),
               "CR_CPU, CR_Core or CR_Socket: what one job has alone"},
              {"one_task_per_core", field(&SelectParameters::one_task_per_core),
               "CR_ONE_TASK_PER_CORE"},
              {"least_loaded", field(&SelectParameters::least_loaded), "CR_LLN"},
              {"pack_nodes", field(&SelectParameters::pack_nodes), "CR_Pack_Nodes"},
              {"blocks_by_default", field(&SelectParameters::blocks_by_default),
               "CR_CORE_DEFAULT_DIST_BLOCK"},
          }};
}

Field<ClusterTop> licenses() {
  Shape count{Shape::Kind::Integer};
  count.min = 0;
  Shape shape{Shape::Kind::Mapping};
  shape.of = {count};
  return {std::move(shape), [](const Yaml& yaml, ClusterTop& top, Diagnostics& diagnostics) {
            if (yaml.kind != Yaml::Kind::Map) {
              report_kind(yaml, "a mapping: how many of each license", diagnostics);
              return;
            }
            for (const auto& [key, value] : yaml.members) {
              const auto count_read =
                  read_integer(value, 0, std::numeric_limits<std::int32_t>::max(), diagnostics);
              top.licenses.push_back({key.text, count_read.value_or(0)});
            }
            std::sort(top.licenses.begin(), top.licenses.end(),
                      [](const License& a, const License& b) { return a.name < b.name; });
          }};
}

Field<SwitchEntry> switch_nodes(const Cluster& cluster) {
  return stored({Shape::Kind::Text}, &SwitchEntry::nodes,
                [&cluster](const Yaml& yaml, Diagnostics& diagnostics) {
                  return read_nodes(yaml, cluster, diagnostics);
                });
}

Field<Qos> qos_flags() {
  static const std::vector<std::pair<std::string, bool Qos::*>> kFlags{
      {"DenyOnLimit", &Qos::deny_on_limit},
      {"OverPartQOS", &Qos::over_part_qos},
      {"NoReserve", &Qos::no_reserve},
      {"NoDecay", &Qos::no_decay},
      {"UsageFactorSafe", &Qos::usage_factor_safe},
      {"PartitionMinNodes", &Qos::partition_min_nodes},
      {"PartitionMaxNodes", &Qos::partition_max_nodes},
      {"PartitionTimeLimit", &Qos::partition_time_limit},
      {"RequiresReservation", &Qos::requires_reservation}};
  Shape item{Shape::Kind::Choice};
  for (const auto& [name, flag] : kFlags) item.choices.push_back(name);
  const std::vector<std::string> names = item.choices;
  return list_of<Qos>(item, [names](const Yaml& yaml, Qos& qos, Diagnostics& diagnostics) {
    if (const auto at = read_choice(yaml, names, diagnostics)) qos.*kFlags[*at].second = true;
  });
}

Field<Qos> qos_preempt(const Cluster& cluster) {
  return list_of<Qos>({Shape::Kind::Text}, [&cluster, check = is_qos_of(cluster)](
                                               const Yaml& yaml, Qos& qos, Diagnostics& diags) {
    const auto name = read_name(yaml, diags);
    if (!name) return;
    check(yaml, *name, diags);
    if (const auto found = cluster.find_qos(*name)) qos.preempts.push_back(*found);
  });
}

}  // namespace

void say_not_simulated(Cluster& cluster, const std::string& sentence) {
  std::vector<std::string>& said = cluster.not_simulated;
  if (std::find(said.begin(), said.end(), sentence) == said.end()) said.push_back(sentence);
}

GresId gres_kind(Cluster& cluster, const std::string& name, const std::string& type) {
  const GresKind kind{name, type};
  const auto found = std::find(cluster.gres.begin(), cluster.gres.end(), kind);
  if (found != cluster.gres.end()) return static_cast<GresId>(found - cluster.gres.begin());
  return cluster.gres.push_back(kind);
}

Section<ClusterTop> cluster_section(Cluster& cluster) {
  Section<ClusterTop> section(
      "cluster",
      {
          {"name", field(&ClusterTop::name), "Name of the cluster; without it the file's"},
          {"description", anything<ClusterTop>(), "For readers"},
          {"extends", anything<ClusterTop>(), "File that this one changes, beside it"},
          {"enforce_part_limits", choice(&ClusterTop::enforce_part_limits, {"no", "any", "all"}),
           "EnforcePartLimits: whether a job over a partition's limits is refused at once"},
          {"tracks_memory", field(&ClusterTop::tracks_memory),
           "Whether memory is a consumable resource; without it: if any node states its memory"},
          {"limits_are_safe", field(&ClusterTop::limits_are_safe),
           "AccountingStorageEnforce=safe: no job starts that a limit in minutes would end"},
          {"select", nested(&ClusterTop::select, select_section()),
           "SelectType and SelectTypeParameters: what is given to one job only"},
          {"licenses", licenses(), "Licenses, by name: {matlab: 3}"},
          {"switches", later(&ClusterTop::switches, switch_section(cluster).shape()),
           "The tree of topology.conf"},
          {"not_simulated", texts(&ClusterTop::not_simulated),
           "What the site has and a run does not simulate, in words for the report"},
          {"nodes", later(&ClusterTop::nodes, node_section(cluster).shape()), "The machine", true},
          {"partitions", later(&ClusterTop::partitions, partition_section(cluster).shape()),
           "Queues of jobs over sets of nodes", true},
          {"qos", later(&ClusterTop::qos, qos_section(cluster).shape()), "Qualities of service"},
          {"accounts", later(&ClusterTop::accounts, account_section(cluster).shape()),
           "Tree of accounts and their users; without it any name may be used"},
          {"users", later(&ClusterTop::users, user_section(cluster, true).shape()),
           "Users that name their account, after those of `accounts`"},
          {"power", later_section(&ClusterTop::power, power_section(cluster).shape()),
           "Power saving: idle nodes are powered down, and boot for the next job"},
          {"requires_accounts", field(&ClusterTop::requires_accounts),
           "Whether only these accounts may be used; without it: if there are any"},
          {"policies", anything<ClusterTop>(), "How the site schedules today"},
      });
  section.add(keys_not_simulated<ClusterTop>(cluster));
  return section;
}

Section<Qos> qos_section(Cluster& cluster) {
  Section<Qos> section(
      "QOS",
      {
          {"name", field(&Qos::name), "Name", true},
          {"priority", integer(&Qos::priority, 0), "A factor of multifactor"},
          {"flags", qos_flags(), "As in sacctmgr: DenyOnLimit, OverPartQOS, NoReserve, ..."},
          {"preempt", qos_preempt(cluster), "QOS whose jobs it may preempt"},
          {"preempt_mode", choice(&Qos::preempt_mode, kPreemptModes),
           "What becomes of its jobs when they are preempted"},
          {"grace_time", grace(&Qos::grace_time),
           "Time that its jobs get when preempted; a bare number is seconds"},
          {"preempt_exempt_time", field(&Qos::preempt_exempt_time),
           "Run time before which its jobs cannot be preempted"},
          {"usage_factor", number(&Qos::usage_factor, 0, 1e9), "Times the use that is charged"},
          {"limit_factor", number(&Qos::limit_factor, 0, 1e9),
           "LimitFactor: times the limits of accounts and users"},
          {"usage_threshold", number(&Qos::usage_threshold, 0, 1),
           "EnforceUsageThreshold: least fair-share factor of a job that may start"},
          {"min_priority", integer(&Qos::min_priority, 0),
           "MinPrioThreshold: jobs of a lower priority reserve nothing"},
          {"limits", nested(&Qos::limits, qos_limits(cluster)), "Named as in sacctmgr"},
      });
  section.add(keys_not_simulated<Qos>(cluster));
  return section;
}

Section<SwitchEntry> switch_section(const Cluster& cluster) {
  return {"switch",
          {
              {"name", field(&SwitchEntry::name), "Name", true},
              {"nodes", switch_nodes(cluster), "Nodes of a leaf switch: gpu[001-048]"},
              {"switches", stored({Shape::Kind::Text}, &SwitchEntry::switches, read_hosts),
               "Switches below this one: leaf[0-3]"},
          }};
}

}  // namespace rehearse
