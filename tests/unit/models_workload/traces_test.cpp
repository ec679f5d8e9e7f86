// The shipped traces (traces/) are what their models (configs/workloads/) make with seed 1, and
// their clusters can run what they ask for.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "models/workload/generate.hpp"
#include "sim/config/load.hpp"
#include "sim/config/load_workload_model.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/workload/read_text.hpp"
#include "sim/workload/write_trace.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

const std::vector<std::pair<std::string, std::string>> kModelsAndTraces = {
    {"arandu", "arandu.csv.zst"},       {"gcp", "gcp.csv.zst"},
    {"gcp-mlpre", "gcp-mlpre.csv.zst"}, {"hpc", "hpc.swf.zst"},
    {"khipu", "khipu.csv.zst"},         {"kraken", "kraken.csv.zst"},
    {"skynet", "skynet-month.csv.zst"}, {"skynet-qos", "skynet-qos.csv.zst"}};

std::string model_path(const std::string& name) { return "configs/workloads/" + name + ".yaml"; }

// Without SWF's remark on which version wrote it.
std::string without_note(std::string text) {
  const std::size_t note = text.find("; Note:");
  if (note != std::string::npos) text.erase(note, text.find('\n', note) - note);
  return text;
}

}  // namespace

TEST_CASE("Shipped traces are made again byte for byte", "[models][workload][traces]") {
  for (const auto& [name, file] : kModelsAndTraces) {
    INFO(file);
    const WorkloadModel model = load_workload_model(model_path(name));
    const Generated made = generate(model, load_cluster(model.cluster).cluster, 1);
    const std::string text = file.find(".swf") != std::string::npos ? write_swf(made.workload).text
                                                                    : write_csv(made.workload);
    CHECK((without_note(read_text("traces/" + file)) ==
           without_note(text)));  // not 1 MB of text on failure
    CHECK(std::filesystem::file_size("traces/" + file) < 200'000);
    CHECK(made.load == Approx(model.load).epsilon(0.02));
    CHECK(made.load >= 0.7);
    CHECK(made.load <= 1.1);
  }
}

TEST_CASE("A few days of each shipped workload: no job that its cluster refuses or never runs",
          "[models][workload][traces]") {
  for (const auto& [name, file] : kModelsAndTraces) {
    INFO(name);
    WorkloadModel model = load_workload_model(model_path(name));
    model.days = 4;
    const ClusterFile site = load_cluster(model.cluster);
    const Workload workload = generate(model, site.cluster, 2).workload;
    Diagnostics diagnostics;
    const ReadyScheduler ready = make_scheduler(site.policies, diagnostics);
    diagnostics.throw_if_errors();
    const Journal journal = simulate(site.cluster, workload, *ready.scheduler);
    for (const JobEntry& job : journal.jobs) {
      const Attempt& last = journal.attempts[job.last_attempt];
      // A job may lose what it waits for (its probe failed), or come while its user has as many
      // in the queue as the site takes.
      const bool is_lost = last.reason == Reason::DependencyNeverSatisfied ||
                           last.reason == Reason::AssocGrpSubmitJobsLimit ||
                           last.reason == Reason::QOSMaxSubmitJobPerUserLimit;
      INFO(workload.id_text(job.submission)
           << " " << state_name(last.state) << " " << reason_name(last.reason));
      REQUIRE((last.start != kNever || is_lost));
    }
  }
}

}  // namespace rehearse
