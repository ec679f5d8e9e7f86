#include "sim/study/account_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/base/slurm_text.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;

Json limits_json(const Limits& limits, bool is_qos, const Cluster& cluster) {
  Json json = Json::object();
  for (const auto& [name, text] : limit_texts(limits, is_qos, cluster)) json[name] = text;
  return json;
}

template <class Limit>
void inherit(std::optional<Limit>& own, const std::optional<Limit>& above) {
  if (!own) own = above;
}

void inherit(TresCounts& own, const TresCounts& above) {
  if (own.size() < above.size()) own.resize(above.size(), kNoLimit);
  for (std::size_t i = 0; i < above.size(); ++i) {
    if (own[i] == kNoLimit) own[i] = above[i];
  }
}

/// What one job, or one user's jobs, may have: of each limit the nearest one up the tree.
Limits inherited(const Cluster& cluster, AssocId id) {
  Limits result;
  for (; id != kNone<AssocId>; id = cluster.assocs[id].parent) {
    const Limits& above = cluster.assocs[id].limits;
    inherit(result.max_tres_per_job, above.max_tres_per_job);
    inherit(result.max_tres_per_node, above.max_tres_per_node);
    inherit(result.max_tres_minutes_per_job, above.max_tres_minutes_per_job);
    inherit(result.max_jobs, above.max_jobs);
    inherit(result.max_submit_jobs, above.max_submit_jobs);
    inherit(result.max_wall_per_job, above.max_wall_per_job);
  }
  return result;
}

/// Group limits alone: they act at every level by themselves.
Limits group_limits(const Limits& of) {
  Limits result;
  result.grp_tres = of.grp_tres;
  result.grp_tres_minutes = of.grp_tres_minutes;
  result.grp_tres_run_minutes = of.grp_tres_run_minutes;
  result.grp_jobs = of.grp_jobs;
  result.grp_submit_jobs = of.grp_submit_jobs;
  result.grp_wall = of.grp_wall;
  return result;
}

class Tree {
 public:
  explicit Tree(const SlurmAccounts& accounts)
      : accounts_(accounts), cluster_(accounts.cluster), below_(cluster_.assocs.size()) {
    for (std::size_t i = 1; i < cluster_.assocs.size(); ++i) {
      below_[index(cluster_.assocs[static_cast<AssocId>(i)].parent)].push_back(
          static_cast<AssocId>(i));
    }
    if (!cluster_.assocs.empty()) walk(AssocId{0}, 0);
  }

  /// Associations from root down, with their depth.
  const std::vector<std::pair<AssocId, int>>& order() const { return order_; }

  Json json_of(AssocId id) const {
    const Assoc& assoc = cluster_.assocs[id];
    Json json{{"account", assoc.account}};
    if (assoc.is_user()) json["user"] = assoc.user;
    if (!assoc.partition.empty()) json["partition"] = assoc.partition;
    if (assoc.is_default) json["is_default_account"] = true;
    if (assoc.parent != kNone<AssocId>) json["parent"] = cluster_.assocs[assoc.parent].account;
    const AccountLabel& label = accounts_.labels[id];
    if (!label.description.empty()) json["description"] = label.description;
    if (!label.organization.empty()) json["organization"] = label.organization;
    add_shares(json, assoc);
    json["qos"] = assoc.allow_qos;
    const bool may_use =
        assoc.allow_qos.empty() || std::find(assoc.allow_qos.begin(), assoc.allow_qos.end(),
                                             assoc.default_qos) != assoc.allow_qos.end();
    if (!assoc.default_qos.empty() && may_use) json["default_qos"] = assoc.default_qos;
    json["limits"] = limits_json(inherited(cluster_, id), false, cluster_);
    json["group_limits"] = Json::array();
    for (AssocId at = id; at != kNone<AssocId>; at = cluster_.assocs[at].parent) {
      add_group_limits(json["group_limits"], cluster_.assocs[at]);
    }
    return json;
  }

 private:
  void walk(AssocId id, int depth) {
    order_.emplace_back(id, depth);
    for (const bool users : {true, false}) {
      for (const AssocId each : below_[index(id)]) {
        if (cluster_.assocs[each].is_user() == users) walk(each, depth + 1);
      }
    }
  }

  /// Of what its neighbours have together, less those who use their parent's.
  void add_shares(Json& json, const Assoc& assoc) const {
    if (assoc.shares_as_parent) {
      json["shares"] = "parent";
      return;
    }
    json["shares"] = assoc.shares;
    if (assoc.parent == kNone<AssocId>) return;
    std::int64_t sum = 0;
    for (const AssocId each : below_[index(assoc.parent)]) {
      if (!cluster_.assocs[each].shares_as_parent) sum += cluster_.assocs[each].shares;
    }
    json["shares_of"] = sum;
    if (sum > 0)
      json["normalised_shares"] = static_cast<double>(assoc.shares) / static_cast<double>(sum);
  }

  void add_group_limits(Json& list, const Assoc& assoc) const {
    const Json limits = limits_json(group_limits(assoc.limits), false, cluster_);
    if (limits.empty()) return;
    const std::string of = assoc.is_user() ? assoc.user : assoc.account;
    list.push_back({{"of", of}, {"limits", limits}});
  }

  const SlurmAccounts& accounts_;
  const Cluster& cluster_;
  std::vector<std::vector<AssocId>> below_;  // by association
  std::vector<std::pair<AssocId, int>> order_;
};

Json json_of(const Qos& qos, const Cluster& cluster) {
  Json json{{"name", qos.name}, {"priority", qos.priority}};
  const auto add_time = [&](const char* name, const std::optional<Duration>& time) {
    if (time) json[name] = format_slurm_seconds(whole_seconds(*time));
  };
  for (const QosId each : qos.preempts) json["preempts"].push_back(cluster.qos[each].name);
  static constexpr const char* kModes[] = {"OFF", "CANCEL", "REQUEUE"};
  if (qos.preempt_mode) json["preempt_mode"] = kModes[static_cast<std::size_t>(*qos.preempt_mode)];
  add_time("grace_time", qos.grace_time);
  add_time("preempt_exempt_time", qos.preempt_exempt_time);
  json["usage_factor"] = qos.usage_factor;
  if (const auto flags = qos_flag_names(qos); !flags.empty()) json["flags"] = flags;
  json["limits"] = limits_json(qos.limits, true, cluster);
  return json;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::vector<std::string> parts;
  for (const Json& each : value) parts.push_back(text_of(each));
  return fmt::format("{}", fmt::join(parts, ","));
}

void add_limits(std::vector<std::string>& facts, const Json& limits) {
  for (const auto& [name, text] : limits.items()) facts.push_back(name + " " + text_of(text));
}

std::string line_of(const Json& assoc, int depth) {
  std::string name = assoc["account"];
  if (assoc.contains("user")) name = assoc["user"];
  if (assoc.contains("partition")) name += " in partition " + text_of(assoc["partition"]);
  if (assoc.contains("description")) name += " \"" + text_of(assoc["description"]) + "\"";
  if (assoc.contains("organization")) name += " of \"" + text_of(assoc["organization"]) + "\"";
  std::vector<std::string> facts;
  if (assoc.contains("is_default_account")) facts.emplace_back("default account");
  std::string shares = "shares " + text_of(assoc["shares"]);
  if (assoc.contains("shares_of")) shares += " of " + text_of(assoc["shares_of"]);
  facts.push_back(shares);
  if (!assoc["qos"].empty()) facts.push_back("QOS " + text_of(assoc["qos"]));
  if (assoc.contains("default_qos"))
    facts.push_back("default QOS " + text_of(assoc["default_qos"]));
  add_limits(facts, assoc["limits"]);
  for (const Json& level : assoc["group_limits"]) {
    std::vector<std::string> limits;
    add_limits(limits, level["limits"]);
    facts.push_back(fmt::format("{} of {}", fmt::join(limits, " and "), text_of(level["of"])));
  }
  return fmt::format("{:{}}{}{}: {}\n", "", 2 * depth, assoc.contains("user") ? "user " : "", name,
                     fmt::join(facts, "; "));
}

std::string line_of(const Json& qos) {
  std::vector<std::string> facts;
  for (const auto& [name, value] : qos.items()) {
    if (name != "name" && name != "limits") facts.push_back(name + " " + text_of(value));
  }
  add_limits(facts, qos["limits"]);
  return fmt::format("QOS {}: {}\n", text_of(qos["name"]), fmt::join(facts, "; "));
}

}  // namespace

std::string account_tree_json(const SlurmAccounts& accounts) {
  Json json{{"cluster", accounts.cluster.name}};
  const Tree tree(accounts);
  json["associations"] = Json::array();
  for (const auto& [id, depth] : tree.order()) json["associations"].push_back(tree.json_of(id));
  json["qos"] = Json::array();
  for (const Qos& each : accounts.cluster.qos) {
    json["qos"].push_back(json_of(each, accounts.cluster));
  }
  constexpr auto kReplace = Json::error_handler_t::replace;
  return json.dump(2, ' ', false, kReplace);
}

std::string account_tree_text(const SlurmAccounts& accounts) {
  std::string text;
  const Tree tree(accounts);
  for (const auto& [id, depth] : tree.order()) text += line_of(tree.json_of(id), depth);
  for (const Qos& each : accounts.cluster.qos) text += line_of(json_of(each, accounts.cluster));
  return text;
}

}  // namespace rehearse
