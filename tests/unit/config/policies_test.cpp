#include "sim/config/load.hpp"
#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("a slot is a name, or a mapping with parameters", "[config]") {
  const PolicySettings settings =
      parse_policies("priority: fifo\nbackfill: {max_jobs: 100}\n", "p.yaml");
  CHECK(settings.at("priority").use.text == "fifo");
  CHECK(settings.at("backfill").use.text.empty());
  const ParamText& param = settings.at("backfill").params.at("max_jobs");
  CHECK(param.text == "100");
  CHECK(param.line == 2);
  CHECK(param.column == 22);
  CHECK(param.source_line == "backfill: {max_jobs: 100}");
}

TEST_CASE("what lies above wins, and another policy drops the parameters below", "[config]") {
  const auto text = [](const PolicySettings& settings, const char* slot, const char* param) {
    const auto found = settings.at(slot).params.find(param);
    return found == settings.at(slot).params.end() ? "" : found->second.text;
  };
  PolicySettings base;
  base["backfill"].use.text = "easy";
  base["backfill"].params["depth"].text = "1";
  base["backfill"].params["window"].text = "2";
  Diagnostics diagnostics;
  apply_set(base, "backfill.depth=5", diagnostics);
  CHECK(text(base, "backfill", "depth") == "5");
  CHECK(text(base, "backfill", "window") == "2");
  apply_set(base, "backfill=easy", diagnostics);
  CHECK(text(base, "backfill", "depth") == "5");
  apply_set(base, "backfill.use=conservative", diagnostics);
  CHECK(base["backfill"].use.text == "conservative");
  CHECK(base["backfill"].params.empty());
  CHECK(diagnostics.error_count() == 0);
}

TEST_CASE("--set names a slot, a parameter and a value", "[config]") {
  for (const char* const bad : {"backfill", "=easy", "backfill.=1", "backfill=", ".use=easy"}) {
    PolicySettings settings;
    Diagnostics diagnostics;
    apply_set(settings, bad, diagnostics);
    CHECK(diagnostics.error_count() == 1);
    CHECK(settings.empty());
  }
}

TEST_CASE("an experiment's paths are relative to its file", "[config]") {
  const Experiment experiment = parse_experiment(R"(
name: how deep
cluster: ../clusters/lab.yaml
trace: /data/log.swf
policies: {priority: fifo}
repairs: [drop-zero-runtime, no-clip-runtime-to-limit]
seed: 7
stranded: {cpus_per_gpu: 4}
)",
                                                 "configs/experiments/deep.yaml");
  CHECK(experiment.cluster == "configs/clusters/lab.yaml");
  CHECK(experiment.trace == "/data/log.swf");
  CHECK(experiment.policies.at("priority").use.text == "fifo");
  CHECK(experiment.repairs.size() == 2);
  CHECK(experiment.seed == 7);
  CHECK(experiment.stranded_cpus_per_gpu == 4);
  CHECK(parse_experiment("{cluster: 64x2, trace: a.swf}", "x/e.yaml").cluster == "64x2");
}
