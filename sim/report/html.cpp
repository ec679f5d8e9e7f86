#include "sim/report/html.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sim/base/diagnostics.hpp"
#include "sim/report/page/page.hpp"
#include "sim/report/page_data.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;  // summary.json's own order is the order on the page

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    fail({.file = path,
          .message = std::string("cannot be read: ") + std::strerror(errno),
          .help = "a finished run's folder holds it; see `rehearse run --output`"});
  }
  return text;
}

Json read_json(const std::string& path) {
  try {
    return Json::parse(read_whole(path));
  } catch (const Json::parse_error& error) {
    fail({.file = path, .message = error.what(), .help = "expected a file that a run has written"});
  }
}

// JSON in which no text can end the script element that it stands in.
std::string without_markup(const Json& data) {
  const std::string text = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char letter : text) {
    if (letter == '<') {
      safe += "\\u003c";
    } else {
      safe += letter;
    }
  }
  return safe;
}

}  // namespace

std::string html_report(const std::string& folder, const HtmlOptions& options) {
  const auto path = [&](const char* name) {
    return (std::filesystem::path(folder) / name).string();
  };
  Json data;
  data["summary"] = read_json(path("summary.json"));
  data["manifest"] = read_json(path("manifest.json"));
  data["timeline"] = timeline_data(path("timeline.csv"), read_whole(path("timeline.csv")));
  data["runs"] = jobs_data(path("jobs.csv"), read_whole(path("jobs.csv")), options.spans);
  return std::string(page::kBeforeData) + without_markup(data) + std::string(page::kAfterData);
}

}  // namespace rehearse
