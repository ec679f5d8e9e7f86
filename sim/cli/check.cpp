// rehearse check FILE...: every error of every file, or what is in it.
#include "sim/study/check.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "sim/cli/commands.hpp"
#include "sim/study/account_tree.hpp"

namespace rehearse::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Of accounts below root, users, and associations of users other than root.
struct AccountCount {
  std::int64_t accounts = 0, associations = 0;
  std::set<std::string_view> users{};
};

AccountCount count_accounts(const Cluster& cluster) {
  AccountCount count;
  for (const Assoc& assoc : cluster.assocs) {
    if (assoc.is_user()) count.users.insert(assoc.user);
    if (assoc.is_user() && assoc.user != "root") ++count.associations;
    if (!assoc.is_user() && assoc.parent != kNone<AssocId>) ++count.accounts;
  }
  return count;
}

Json accounts_totals(const Cluster& cluster) {
  const AccountCount count = count_accounts(cluster);
  return {{"cluster", cluster.name},
          {"accounts", count.accounts},
          {"users", count.users.size()},
          {"associations_of_users", count.associations},
          {"qos", cluster.qos.size()}};
}

Json cluster_totals(const Cluster& cluster) {
  const TresCounts totals = cluster.totals();
  Json gpus = Json::object();
  Json gres = Json::object();
  for (std::size_t i = 0; i < cluster.gres.size(); ++i) {
    const auto id = static_cast<GresId>(i);
    const GresKind& kind = cluster.gres[id];
    const std::string type = kind.type.empty() ? "untyped" : kind.type;
    (kind.is_gpu() ? gpus[type] : gres[cluster.tres_name(tres_of(id))]) = totals[tres_of(id)];
  }
  const AccountCount count = count_accounts(cluster);
  Json json{{"name", cluster.name},
            {"nodes", totals[kTresNode]},
            {"cpus", totals[kTresCpu]},
            {"memory_mib", totals[kTresMem]},
            {"gpus", totals[kTresGpu]},
            {"gpus_by_type", gpus},
            {"gres", gres},
            {"partitions", cluster.partitions.size()},
            {"qos", cluster.qos.size()},
            {"accounts", count.accounts},
            {"users", count.users.size()}};
  json["not_simulated"] = cluster.not_simulated;
  return json;
}

Json trace_totals(const Workload& workload) {
  std::set<NameId> users, accounts, partitions;
  Time first = kNever;
  Time last = Time::min();
  Duration run_time{};
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    const Submission& submission = workload.submissions[id];
    users.insert(submission.user);
    accounts.insert(submission.account);
    partitions.insert(submission.partition);
    first = std::min(first, submission.submit);
    last = std::max(last, submission.submit);
    run_time += workload.truth.run_time[id];
  }
  Json repairs = Json::object();
  for (const auto& [name, repair] : workload.repairs) repairs[name] = repair.count;
  return {{"submissions", workload.submissions.size()},
          {"users", users.size()},
          {"accounts", accounts.size()},
          {"partitions", partitions.size()},
          {"first_submit", whole_seconds(first)},
          {"last_submit", whole_seconds(last)},
          {"run_time_hours", whole_seconds(run_time) / 3600},
          {"repairs", repairs}};
}

Json totals_of(const CheckedFile& checked) {
  Json totals = Json::object();
  if (checked.cluster) totals["cluster"] = cluster_totals(checked.cluster->cluster);
  if (checked.accounts) totals["accounts"] = accounts_totals(checked.accounts->cluster);
  if (checked.workload) totals["trace"] = trace_totals(*checked.workload);
  if (!checked.experiments.empty()) totals["experiments"] = checked.experiments;
  if (!checked.policies.empty()) {
    for (const auto& [slot, setting] : checked.policies) {
      Json& json = totals["policies"][slot];
      if (!setting.use.text.empty()) json["use"] = setting.use.text;
      for (const auto& [param, text] : setting.params) json[param] = text.text;
    }
  }
  return totals;
}

Json json_of(const CheckedFile& checked) {
  Json errors = Json::array();
  for (const Diagnostic& each : checked.diagnostics.entries()) {
    static constexpr const char* kSeverities[] = {"error", "warning", "note"};
    errors.push_back({{"severity", kSeverities[static_cast<std::size_t>(each.severity)]},
                      {"file", each.file},
                      {"line", each.line},
                      {"column", each.column},
                      {"message", each.message},
                      {"help", each.help}});
  }
  Json json{{"file", checked.file},
            {"kind", kind_name(checked.kind)},
            {"ok", checked.ok()},
            {"errors", errors},
            {"totals", totals_of(checked)}};
  if (checked.accounts) json["accounts"] = Json::parse(account_tree_json(*checked.accounts));
  return json;
}

std::string text_of(const Json& fact) {
  return fact.is_string() ? fact.get<std::string>() : fact.dump();
}

/// One line a fact, an object of facts ("a40 8, 1080_ti 1") or an item of a list.
void print_totals(const Json& totals, int indent) {
  for (const auto& [key, value] : totals.items()) {
    std::vector<std::string> lines;
    if (value.is_object()) {
      std::vector<std::string> facts;
      bool is_flat = true;
      for (const auto& [name, fact] : value.items()) {
        is_flat = is_flat && fact.is_primitive();
        facts.push_back(name + " " + text_of(fact));
      }
      if (!is_flat) {
        fmt::print("{:{}}{}:\n", "", indent, key);
        print_totals(value, indent + 2);
      } else if (!facts.empty()) {
        lines.push_back(fmt::format("{}", fmt::join(facts, ", ")));
      }
    } else if (value.is_array()) {
      for (const Json& each : value) lines.push_back(text_of(each));
    } else {
      lines.push_back(text_of(value));
    }
    for (const std::string& line : lines) fmt::print("{:{}}{}: {}\n", "", indent, key, line);
  }
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "check", "Validate cluster, account, experiment, suite, policy and trace files");
  struct Options {
    std::vector<std::string> files;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  command
      ->add_option("FILE", options->files,
                   "Files to check; also folders with slurm.conf, and flat machines: 338x1")
      ->required();
  command->add_flag("--json", options->json, "Write what was found as JSON");
  command->callback([options, &exit_code] {
    Json all = Json::array();
    for (const CheckedFile& checked : check_files(options->files)) {
      if (!checked.ok()) exit_code = 2;
      if (options->json) {
        all.push_back(json_of(checked));
        continue;
      }
      fmt::print(stderr, "{}", checked.diagnostics.render());
      if (!checked.ok()) continue;
      fmt::print("{}: {}, ok\n", checked.file, kind_name(checked.kind));
      print_totals(totals_of(checked), 2);
      if (checked.accounts) fmt::print("{}", account_tree_text(*checked.accounts));
    }
    // Traces may hold bytes that are no UTF-8.
    constexpr auto kReplace = Json::error_handler_t::replace;
    if (options->json) fmt::print("{}\n", all.dump(2, ' ', false, kReplace));
  });
}

}  // namespace rehearse::cli
