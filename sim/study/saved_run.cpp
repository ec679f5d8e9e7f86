#include "sim/study/saved_run.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/csv.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/paths.hpp"
#include "sim/report/files.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail_file(const std::string& file, std::string message, std::string help = "") {
  fail({.file = file, .message = std::move(message), .help = std::move(help)});
}

Json parse_json(const std::string& text, const std::string& file, int schema) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    fail_file(file, "this is no JSON object", "was it written by `rehearse run`?");
  }
  const auto found = json.find("schema");
  if (found == json.end() || !found->is_number_integer() || *found != schema) {
    fail_file(file,
              fmt::format("its schema is {}, this version reads {}",
                          found == json.end() ? "not given" : found->dump(), schema),
              "run it again with this version");
  }
  return json;
}

void collect(const Json& json, const std::string& path, std::map<std::string, double>& figures) {
  if (json.is_number()) {
    figures[path] = json.get<double>();
  } else if (json.is_structured()) {
    for (const auto& [key, value] : json.items()) {
      collect(value, path.empty() ? key : path + "." + key, figures);
    }
  }
}

std::string text_of(const Json& json, const std::string& file, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) {
    fail_file(file, fmt::format("there is no text \"{}\" in it", key));
  }
  return found->get<std::string>();
}

const Json& member(const Json& json, const std::string& file, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) fail_file(file, fmt::format("there is no \"{}\" in it", key));
  return *found;
}

InputFile input_file(const Json& json, const std::string& file) {
  return {text_of(json, file, "path"), text_of(json, file, "sha256")};
}

void read_settings(const RunManifest& manifest, SavedRun& run) {
  run.trace_path = manifest.trace.path;
  run.trace_sha256 = manifest.trace.sha256;
  for (const InputFile& each : manifest.cluster) {
    std::string& cluster = run.settings["cluster"];
    cluster += (cluster.empty() ? "" : " on ") + each.path +
               (each.sha256.empty() ? "" : " (" + each.sha256.substr(0, 12) + ")");
  }
  run.settings["seed"] = std::to_string(manifest.seed);
  for (const auto& [slot, params] : manifest.policies) {
    for (const auto& [name, value] : params) run.settings[slot + "." + name] = value;
  }
}

double number_of(const Json& json, const std::string& file, const char* key) {
  const Json& value = member(json, file, key);
  if (!value.is_number()) fail_file(file, fmt::format("\"{}\" is not a number", key));
  return value.get<double>();
}

SavedGroups groups_of(const Json& json, const std::string& file, const char* kind) {
  SavedGroups groups;
  for (const auto& [name, group] : member(json, file, kind).items()) {
    const Json& wait = member(group, file, "wait");
    groups[name] = {number_of(group, file, "jobs"),
                    number_of(wait, file, "mean"),
                    number_of(wait, file, "p90"),
                    number_of(member(group, file, "bounded_slowdown"), file, "mean"),
                    number_of(group, file, "gpu_hours"),
                    number_of(group, file, "lost_gpu_hours")};
  }
  return groups;
}

void read_summary(const std::string& file, SavedRun& run) {
  const std::string text = read_text(file);
  run.figures = summary_figures(text, file);
  const Json json = Json::parse(text);
  run.clairvoyant = member(json, file, "clairvoyant") == true;
  run.by_partition = groups_of(json, file, "by_partition");
  run.by_account = groups_of(json, file, "by_account");
  run.by_gpus = groups_of(json, file, "by_gpus");
}

std::vector<SavedJob> read_jobs(const std::string& text, const std::string& file) {
  CsvTable table(file, text);
  const std::size_t id = table.column("id"), attempt = table.column("attempt"),
                    user = table.column("user"), account = table.column("account"),
                    state = table.column("state"), submit = table.column("submit"),
                    start = table.column("start"), end = table.column("end"),
                    node_list = table.column("node_list");
  std::vector<SavedJob> jobs;
  while (table.next()) {
    if (table[attempt] == "0") {
      SavedJob& job = jobs.emplace_back();
      job.id = table[id];
      job.user = table[user];
      job.account = table[account];
      job.submit = table.integer(submit).value_or(0);
    } else if (jobs.empty() || jobs.back().id != table[id]) {
      table.fail_row(fmt::format("attempt {} of \"{}\" does not follow the one before",
                                 table[attempt], table[id]));
    }
    SavedJob& job = jobs.back();
    job.state = table[state];
    job.start = table.integer(start);
    job.end = table.integer(end);
    job.node_list = table[node_list];
  }
  return jobs;
}

}  // namespace

std::map<std::string, double> summary_figures(const std::string& json_text,
                                              const std::string& file) {
  Json json = parse_json(json_text, file, kSummarySchema);
  json.erase("schema");
  std::map<std::string, double> figures;
  collect(json, "", figures);
  return figures;
}

RunManifest load_manifest(const std::string& directory) {
  const std::string file = directory + "/manifest.json";
  const Json json = parse_json(read_text(file), file, kManifestSchema);
  RunManifest manifest;
  manifest.version = text_of(json, file, "version");
  manifest.trace = input_file(member(json, file, "trace"), file);
  for (const Json& each : member(json, file, "cluster")) {
    manifest.cluster.push_back(input_file(each, file));
  }
  if (json.contains("events")) manifest.events = input_file(json["events"], file);
  if (json.contains("follow")) manifest.follow = input_file(json["follow"], file);
  for (const auto& [slot, params] : member(json, file, "policies").items()) {
    for (const auto& [name, value] : params.items()) {
      manifest.policies[slot][name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  for (const Json& rule : member(json, file, "repairs")) {
    if (rule.is_string()) manifest.repairs.push_back(rule.get<std::string>());
  }
  const Json& seed = member(json, file, "seed");
  if (!seed.is_number_unsigned()) fail_file(file, "\"seed\" is not a whole number");
  manifest.seed = seed.get<std::uint64_t>();
  return manifest;
}

SavedRun load_saved_run(const std::string& directory) {
  if (!is_folder(directory)) {
    fail({.message = fmt::format("\"{}\" is not a folder", directory),
          .help = "name the folder that `rehearse run --output` wrote"});
  }
  SavedRun run;
  run.directory = directory;
  read_settings(load_manifest(directory), run);
  read_summary(directory + "/summary.json", run);
  const std::string jobs = directory + "/jobs.csv";
  const std::string text = read_text(jobs);
  run.jobs = read_jobs(text, jobs);
  return run;
}

}  // namespace rehearse
