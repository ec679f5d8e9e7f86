#include "sim/config/section_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/slurm_text.hpp"
#include "sim/cluster/gres.hpp"

namespace rehearse {
namespace {

/// "cpu=112,mem=128G" or a mapping {cpu: 112, mem: 128G}.
Field<Limits> tres(TresCounts Limits::* member, const Cluster& cluster) {
  Shape mapping{Shape::Kind::Mapping};
  mapping.of = {{Shape::Kind::Text}};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {{Shape::Kind::Text}, mapping};
  return {std::move(shape),
          [member, &cluster](const Yaml& yaml, Limits& limits, Diagnostics& diagnostics) {
            (limits.*member).assign(cluster.tres_count(), kNoLimit);
            const auto apply = [&](const Yaml& at, const std::string& text, std::size_t offset) {
              const TresParse parsed = parse_tres(text, cluster);
              if (!parsed.ok()) {
                report(at, parsed.error, "write such as cpu=112,mem=128G,gres/gpu:a40=4",
                       diagnostics, parsed.offset - std::min(offset, parsed.offset));
              }
              for (std::size_t i = 0; i < parsed.counts.size(); ++i) {
                if (parsed.counts[i] != kNoLimit) (limits.*member)[i] = parsed.counts[i];
              }
            };
            if (yaml.kind != Yaml::Kind::Map) {
              if (const auto text = read_string(yaml, diagnostics)) apply(yaml, *text, 0);
              return;
            }
            for (const auto& [key, value] : yaml.members) {
              const auto text = read_string(value, diagnostics);
              if (!text) continue;
              const std::string item = key.text + "=" + *text;
              const bool is_key = !parse_tres(key.text + "=0", cluster).ok();
              apply(is_key ? key : value, item, is_key ? 0 : key.text.size() + 1);
            }
          }};
}

/// A count of jobs; -1 takes the limit away.
Field<Limits> jobs(std::optional<std::int64_t> Limits::* member) {
  Shape shape{Shape::Kind::Integer};
  shape.min = -1;
  return {std::move(shape), [member](const Yaml& yaml, Limits& limits, Diagnostics& diagnostics) {
            const auto count =
                read_integer(yaml, -1, std::numeric_limits<std::int32_t>::max(), diagnostics);
            if (count && *count >= 0) limits.*member = *count;
          }};
}

Field<Limits> wall(std::optional<Duration> Limits::* member) {
  return {{Shape::Kind::TimeSpan},
          [member](const Yaml& yaml, Limits& limits, Diagnostics& diagnostics) {
            const auto length = read_duration(yaml, diagnostics);
            if (length && *length != kUnlimited) limits.*member = *length;
          }};
}

/// What associations, QOS and partitions have.
std::vector<Key<Limits>> common_limits(const Cluster& cluster) {
  return {
      {"grp_tres", tres(&Limits::grp_tres, cluster), "GrpTRES: most of all running jobs together"},
      {"max_tres_per_job", tres(&Limits::max_tres_per_job, cluster), "MaxTRESPerJob"},
      {"max_tres_per_node", tres(&Limits::max_tres_per_node, cluster),
       "MaxTRESPerNode: most of one job on each of its nodes"},
      {"grp_tres_minutes", tres(&Limits::grp_tres_minutes, cluster),
       "GrpTRESMins: most use of all jobs, as it decays"},
      {"grp_tres_run_minutes", tres(&Limits::grp_tres_run_minutes, cluster),
       "GrpTRESRunMins: most that running jobs may have left to use"},
      {"max_tres_minutes_per_job", tres(&Limits::max_tres_minutes_per_job, cluster),
       "MaxTRESMinsPerJob"},
      {"grp_wall", wall(&Limits::grp_wall), "GrpWall: longest run time of all jobs together"},
      {"grp_jobs", jobs(&Limits::grp_jobs), "GrpJobs: most running jobs"},
      {"grp_submit_jobs", jobs(&Limits::grp_submit_jobs),
       "GrpSubmitJobs: most pending and running jobs"},
      {"max_wall", wall(&Limits::max_wall_per_job), "MaxWallDurationPerJob: longest time limit"},
  };
}

}  // namespace

CheckName is_qos_of(const Cluster& cluster) {
  return [&cluster](const Yaml& yaml, const std::string& name, Diagnostics& diagnostics) {
    if (cluster.find_qos(name)) return;
    std::vector<std::string_view> known;
    for (const Qos& each : cluster.qos) known.push_back(each.name);
    report_unknown(yaml, "QOS", name, known, diagnostics);
  };
}

CheckName is_account_of(const Cluster& cluster) {
  return [&cluster](const Yaml& yaml, const std::string& name, Diagnostics& diagnostics) {
    if (!cluster.declares_accounts || cluster.find_account(name)) return;
    std::vector<std::string_view> known;
    for (const Assoc& each : cluster.assocs) {
      if (!each.is_user()) known.push_back(each.account);
    }
    report_unknown(yaml, "account", name, known, diagnostics);
  };
}

std::optional<std::vector<std::string>> read_hosts(const Yaml& yaml, Diagnostics& diagnostics) {
  const auto text = read_string(yaml, diagnostics);
  if (!text) return std::nullopt;
  Hostlist list = expand_hostlist(*text);
  if (list.ok()) return std::move(list.hosts);
  report(yaml, fmt::format("\"{}\": {}", *text, list.error),
         "write names with ranges in brackets, such as gpu[001-048,050]", diagnostics, list.offset);
  return std::nullopt;
}

std::optional<NodeSet> read_nodes(const Yaml& yaml, const Cluster& cluster,
                                  Diagnostics& diagnostics) {
  NodeSet nodes(cluster.nodes.size());
  if (yaml.text == "ALL") return NodeSet::all(cluster.nodes.size());
  if (yaml.text == "NONE") return nodes;
  const auto hosts = read_hosts(yaml, diagnostics);
  if (!hosts) return std::nullopt;
  std::vector<std::string> unknown;
  for (const std::string& host : *hosts) {
    if (const auto node = cluster.find_node(host)) {
      nodes.insert(*node);
    } else {
      unknown.push_back(host);
    }
  }
  if (unknown.empty()) return nodes;
  std::vector<std::string_view> known;
  for (const Node& node : cluster.nodes) known.push_back(node.name);
  const std::size_t at = yaml.text.find(unknown.front());
  if (unknown.size() == 1) {
    report_unknown(yaml, "node", unknown.front(), known, diagnostics,
                   at == std::string::npos ? 0 : at);
  } else {
    report(yaml, fmt::format("unknown nodes \"{}\"", compress_hostlist(unknown)),
           "every node must be in the list of nodes", diagnostics);
  }
  return nodes;
}

Section<Limits> assoc_limits(const Cluster& cluster) {
  Section<Limits> section("account's or user's limits", common_limits(cluster));
  section.add({
      {"max_jobs", jobs(&Limits::max_jobs), "MaxJobs: most running jobs of each user"},
      {"max_submit_jobs", jobs(&Limits::max_submit_jobs),
       "MaxSubmitJobs: most pending and running jobs of each user"},
  });
  return section;
}

Section<Limits> qos_limits(const Cluster& cluster) {
  Section<Limits> section("QOS's or partition's limits", common_limits(cluster));
  section.add({
      {"max_tres_per_user", tres(&Limits::max_tres_per_user, cluster), "MaxTRESPerUser"},
      {"max_tres_per_account", tres(&Limits::max_tres_per_account, cluster), "MaxTRESPerAccount"},
      {"min_tres_per_job", tres(&Limits::min_tres_per_job, cluster),
       "MinTRESPerJob: least that a job may ask for"},
      {"max_jobs_per_user", jobs(&Limits::max_jobs_per_user), "MaxJobsPerUser: running"},
      {"max_jobs_per_account", jobs(&Limits::max_jobs_per_account), "MaxJobsPerAccount: running"},
      {"max_submit_jobs_per_user", jobs(&Limits::max_submit_jobs_per_user),
       "MaxSubmitJobsPerUser: pending and running"},
      {"max_submit_jobs_per_account", jobs(&Limits::max_submit_jobs_per_account),
       "MaxSubmitJobsPerAccount: pending and running"},
  });
  return section;
}

}  // namespace rehearse
