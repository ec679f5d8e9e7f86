#include "sim/study/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/diagnostics.hpp"
#include "sim/base/paths.hpp"
#include "sim/base/text.hpp"
#include "sim/config/experiment_section.hpp"
#include "sim/config/fields.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kExpectedSchema = 1;
constexpr double kAnyTolerance = std::numeric_limits<double>::max();
constexpr std::size_t kResponsesPerLine = 40;  // short lines make short differences

// A metric is its path, or a mapping with tolerances.
template <class T>
Field<T> metrics_field(std::vector<SuiteMetric> T::* member) {
  const Section<SuiteMetric> section(
      "metric",
      {{"path", field(&SuiteMetric::path), "Dotted path in summary.json", true},
       {"absolute", number(&SuiteMetric::absolute, 0, kAnyTolerance), "May be off by this much"},
       {"relative", number(&SuiteMetric::relative, 0, kAnyTolerance),
        "May be off by this part of its value"}});
  Shape either{Shape::Kind::AnyOf};
  either.of = {{Shape::Kind::Text}, section.shape()};
  return list_of<T>(either,
                    [member, section](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
                      SuiteMetric metric;
                      if (yaml.kind == Yaml::Kind::Scalar) {
                        metric.path = read_name(yaml, diagnostics).value_or("");
                      } else {
                        section.read(yaml, metric, diagnostics);
                      }
                      (target.*member).push_back(std::move(metric));
                    });
}

struct SuiteText {
  std::vector<SuiteMetric> metrics;
  std::vector<SuiteEntry> entries;
};

Section<SuiteText> suite_section() {
  const Section<SuiteEntry> entry(
      "suite's experiment",
      {{"name", field(&SuiteEntry::name), "Its name in the suite", true},
       {"run", nested(&SuiteEntry::experiment, experiment_section()),
        "The experiment, with the keys of an experiment file", true},
       {"metrics", metrics_field(&SuiteEntry::metrics), "On top of the suite's"},
       {"exact", field(&SuiteEntry::exact),
        "Whether starts and nodes have to be as expected, too (default true)"}});
  const auto add = [entry](const Yaml& yaml, SuiteText& suite, Diagnostics& diagnostics) {
    SuiteEntry read;
    entry.read(yaml, read, diagnostics);
    const bool is_double =
        std::any_of(suite.entries.begin(), suite.entries.end(),
                    [&](const SuiteEntry& each) { return each.name == read.name; });
    if (is_double) report(yaml, fmt::format("a second \"{}\"", read.name), "", diagnostics);
    suite.entries.push_back(std::move(read));
  };
  return Section<SuiteText>(
      "suite", {{"name", anything<SuiteText>(), "For readers"},
                {"description", anything<SuiteText>(), "For readers"},
                {"metrics", metrics_field(&SuiteText::metrics), "Of every experiment"},
                {"experiments", list_of<SuiteText>(entry.shape(), add), "What is run", true}});
}

// The suite's metrics with those of `own` in place of equal paths.
std::vector<SuiteMetric> overlaid(std::vector<SuiteMetric> metrics,
                                  const std::vector<SuiteMetric>& own) {
  for (const SuiteMetric& metric : own) {
    const auto same = std::find_if(metrics.begin(), metrics.end(), [&](const SuiteMetric& each) {
      return each.path == metric.path;
    });
    if (same == metrics.end()) {
      metrics.push_back(metric);
    } else {
      *same = metric;
    }
  }
  return metrics;
}

Json responses_json(const Responses& responses) {
  Json lines = Json::array();
  for (std::size_t i = 0; i < responses.size(); i += kResponsesPerLine) {
    std::string line;
    for (std::size_t k = i; k < std::min(i + kResponsesPerLine, responses.size()); ++k) {
      if (k > i) line += ' ';
      line += responses[k] ? std::to_string(*responses[k]) : "-";
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Responses responses_of(const Json& lines, const std::string& file) {
  Responses responses;
  for (const Json& line : lines) {
    const std::string text = line.get<std::string>();
    for (const std::string_view word : split(text, ' ')) {
      const auto seconds = parse_int64(word);
      if (!seconds && word != "-") {
        fail({.file = file, .message = fmt::format("\"{}\" is no number of seconds", word)});
      }
      responses.push_back(seconds);
    }
  }
  return responses;
}

}  // namespace

std::string Suite::expected_path() const {
  return fs::path(path).replace_extension(".expected.json").string();
}

Suite load_suite(const std::string& path) { return parse_suite(read_text(path), path); }

Suite parse_suite(std::string_view yaml_text, const std::string& file) {
  Diagnostics diagnostics;
  const Yaml yaml = parse_yaml(yaml_text, file, diagnostics);
  SuiteText text;
  if (diagnostics.error_count() == 0) suite_section().read(yaml, text, diagnostics);
  diagnostics.throw_if_errors();
  for (SuiteEntry& entry : text.entries) {
    resolve_paths(file, entry.experiment);
    entry.metrics = overlaid(text.metrics, entry.metrics);
  }
  return {file, std::move(text.entries)};
}

ExpectedByName load_expected(const std::string& path) {
  if (!is_file(path)) return {};
  return parse_expected(read_text(path), path);
}

ExpectedByName parse_expected(const std::string& json_text, const std::string& file) {
  ExpectedByName result;
  try {
    const Json json = Json::parse(json_text);
    if (json.at("schema") != kExpectedSchema) {
      fail({.file = file,
            .message = fmt::format("its schema is {}, this version reads {}",
                                   json.at("schema").dump(), kExpectedSchema),
            .help = "`rehearse regress --update` writes it anew"});
    }
    for (const auto& [name, entry] : json.at("experiments").items()) {
      Expected& expected = result[name];
      expected.fingerprint = entry.at("fingerprint").get<std::string>();
      expected.metrics = entry.at("metrics").get<std::map<std::string, double>>();
      expected.responses = responses_of(entry.at("submit_to_start"), file);
    }
  } catch (const Json::exception& error) {
    fail({.file = file,
          .message = fmt::format("this is no file of expected values: {}", error.what()),
          .help = "`rehearse regress --update` writes it anew"});
  }
  return result;
}

std::string expected_json(const ExpectedByName& expected) {
  Json experiments = Json::object();
  for (const auto& [name, each] : expected) {
    experiments[name] = {{"fingerprint", each.fingerprint},
                         {"metrics", each.metrics},
                         {"submit_to_start", responses_json(each.responses)}};
  }
  return Json{{"schema", kExpectedSchema}, {"experiments", std::move(experiments)}}.dump(1) + "\n";
}

}  // namespace rehearse
