#include "sim/report/html.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/diagnostics.hpp"
#include "tests/catch.hpp"

using namespace rehearse;
using Catch::Contains;

namespace {

// A folder of a run of one job, removed at the end.
class RunFolder {
 public:
  RunFolder() {
    std::filesystem::create_directories(path_);
    put("summary.json", R"({"notes": ["</script><script>alert(1)</script>"]})");
    put("manifest.json", R"({"version": "0"})");
    put("timeline.csv", "time,cpus_used,cpus_free,gpus_stranded,queue\n0,1,0,0,0\n");
    put("jobs.csv",
        "id,attempt,user,account,partition,qos,state,submit,eligible,start,end,time_limit,nodes,"
        "cpus,gpus,gpu_type,memory_mib,node_list,wait,started_by,reasons\n"
        "<!--<script>,0,\"\"\"><img src=x>\",a,p,,COMPLETED,0,0,0,9,9,1,1,0,,,n1,0,main,\n");
  }
  ~RunFolder() { std::filesystem::remove_all(path_); }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  void put(const char* name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("rehearse-html-" + std::to_string(::getpid()));
};

std::string error_of(const RunFolder& folder) {
  try {
    html_report(folder.path());
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("the page carries the run's data, and none of it as markup") {
  const RunFolder folder;
  const std::string page = html_report(folder.path());
  const std::string opening = R"(<script type="application/json" id="data">)";
  const std::size_t start = page.find(opening) + opening.size();
  const std::string data = page.substr(start, page.find("</script>", start) - start);
  CHECK(data.find('<') == std::string::npos);
  const auto json = nlohmann::json::parse(data);
  CHECK(json["summary"]["notes"][0] == "</script><script>alert(1)</script>");
  CHECK(json["runs"]["jobs"]["id"][0] == "<!--<script>");
  CHECK(json["runs"]["jobs"]["user"]["texts"][1] == "\"><img src=x>");
}

TEST_CASE("the page asks for nothing from outside") {
  const RunFolder folder;
  const std::string page = html_report(folder.path());
  CHECK_THAT(page, Contains("default-src 'none'"));
  for (const char* reference : {"@data@", "@style@", "<link", " src=\"", "@import", "url("}) {
    CAPTURE(reference);
    CHECK(page.find(reference) == std::string::npos);
  }
}

TEST_CASE("a text that is no UTF-8 does not stop the page") {
  const RunFolder folder;
  folder.put("timeline.csv", "time,caf\xe9\n0,1\n");
  CHECK_THAT(html_report(folder.path()), Contains("caf\xef\xbf\xbd"));
}

TEST_CASE("a folder that is no finished run's is refused by file") {
  const RunFolder folder;
  folder.put("summary.json", "{\"jobs\": ");
  CHECK_THAT(error_of(folder), Contains("summary.json") && Contains("parse error"));
  folder.put("summary.json", "{}");
  std::filesystem::remove(std::filesystem::path(folder.path()) / "jobs.csv");
  CHECK_THAT(error_of(folder), Contains("jobs.csv") && Contains("cannot be read"));
}
