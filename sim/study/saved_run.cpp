#include "sim/study/saved_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/report/files.hpp"
#include "sim/workload/csv_scanner.hpp"
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

void read_manifest(const std::string& file, SavedRun& run) {
  const Json json = parse_json(read_text(file), file, kManifestSchema);
  const Json& trace = member(json, file, "trace");
  run.trace_path = text_of(trace, file, "path");
  run.trace_sha256 = text_of(trace, file, "sha256");
  for (const Json& each : member(json, file, "cluster")) {
    std::string& cluster = run.settings["cluster"];
    const std::string hash = text_of(each, file, "sha256");
    cluster += (cluster.empty() ? "" : " on ") + text_of(each, file, "path") +
               (hash.empty() ? "" : " (" + hash.substr(0, 12) + ")");
  }
  run.settings["seed"] = member(json, file, "seed").dump();
  for (const auto& [slot, params] : member(json, file, "policies").items()) {
    for (const auto& [name, value] : params.items()) {
      run.settings[slot + "." + name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
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

// jobs.csv, by the names of the columns that are needed.
class JobsReader {
 public:
  JobsReader(const std::string& text, const std::string& file) : file_(file), scanner_(text) {
    if (!next()) fail_file(file, "the file is empty");
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const CsvField& field) {
        return field.text == kColumns[i];
      });
      if (found == fields_.end()) {
        fail({.file = file,
              .line = 1,
              .message = fmt::format("there is no column \"{}\"", kColumns[i])});
      }
      columns_[i] = static_cast<std::size_t>(found - fields_.begin());
    }
    width_ = fields_.size();
  }

  std::vector<SavedJob> read() {
    std::vector<SavedJob> jobs;
    while (next()) {
      if (fields_.size() != width_) {
        fail_line(fmt::format("{} fields, the header has {}", fields_.size(), width_));
      }
      const bool is_first = text(kAttempt) == "0";
      if (is_first) {
        SavedJob& job = jobs.emplace_back();
        job.id = text(kId);
        job.user = text(kUser);
        job.account = text(kAccount);
        job.submit = number(kSubmit).value_or(0);
      } else if (jobs.empty() || jobs.back().id != text(kId)) {
        fail_line(fmt::format("attempt {} of \"{}\" does not follow the one before", text(kAttempt),
                              text(kId)));
      }
      SavedJob& job = jobs.back();
      job.state = text(kState);
      job.start = number(kStart);
      job.end = number(kEnd);
      job.node_list = text(kNodeList);
    }
    return jobs;
  }

 private:
  enum Column { kId, kAttempt, kUser, kAccount, kState, kSubmit, kStart, kEnd, kNodeList };
  static constexpr std::array<std::string_view, 9> kColumns = {
      "id", "attempt", "user", "account", "state", "submit", "start", "end", "node_list"};

  [[noreturn]] void fail_line(std::string message) {
    fail({.file = file_, .line = static_cast<int>(scanner_.line()), .message = std::move(message)});
  }

  bool next() {
    const bool more = scanner_.next(fields_);
    if (scanner_.problem()) fail_line(std::string(scanner_.problem()->message));
    return more;
  }

  std::string_view text(Column column) const { return fields_[columns_[column]].text; }

  std::optional<std::int64_t> number(Column column) {
    if (text(column).empty()) return std::nullopt;
    const auto value = parse_int64(text(column));
    if (!value) {
      fail_line(fmt::format("\"{}\" is no {} in whole seconds", text(column), kColumns[column]));
    }
    return value;
  }

  const std::string& file_;
  CsvScanner scanner_;
  std::vector<CsvField> fields_;
  std::array<std::size_t, kColumns.size()> columns_{};
  std::size_t width_ = 0;
};

}  // namespace

std::map<std::string, double> summary_figures(const std::string& json_text,
                                              const std::string& file) {
  Json json = parse_json(json_text, file, kSummarySchema);
  json.erase("schema");
  std::map<std::string, double> figures;
  collect(json, "", figures);
  return figures;
}

SavedRun load_saved_run(const std::string& directory) {
  if (!std::filesystem::is_directory(directory)) {
    fail({.message = fmt::format("\"{}\" is not a folder", directory),
          .help = "name the folder that `rehearse run --output` wrote"});
  }
  SavedRun run;
  run.directory = directory;
  read_manifest(directory + "/manifest.json", run);
  read_summary(directory + "/summary.json", run);
  const std::string jobs = directory + "/jobs.csv";
  const std::string text = read_text(jobs);
  run.jobs = JobsReader(text, jobs).read();
  return run;
}

}  // namespace rehearse
