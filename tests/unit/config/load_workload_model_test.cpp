#include "sim/config/load_workload_model.hpp"

#include "sim/base/diagnostics.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

using namespace std::chrono_literals;

std::string errors(std::string_view yaml) {
  try {
    parse_workload_model(yaml, "model.yaml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("A GPU lab's model: mixtures, limits and defaults", "[config][workload]") {
  const WorkloadModel model = parse_workload_model(R"(
cluster: skynet.yaml
days: 30
load: 0.9
load_of: gres/gpu
gpu_lab:
  user_zipf: 0.5
  classes:
    - name: short
      share: 3
      partition: {short: 3, "short,user-overcap": 1}
      gpus: {1: 70, 8: 30}
      memory_per_gpu: 32G
      type_by: constraint
      run_time: 1-06:00:00
      limits: {menu: [2-00:00:00, 12:00:00], over_estimate: 3}
      rhythm: office
    - name: debug
)",
                                                   "model.yaml");
  CHECK(model.cluster == "skynet.yaml");
  CHECK(model.days == 30);
  CHECK(model.load == 0.9);
  CHECK(model.load_of == "gres/gpu");
  const GpuLabModel& lab = std::get<GpuLabModel>(model.kind);
  CHECK(lab.user_zipf == 0.5);
  REQUIRE(lab.classes.size() == 2);
  const JobClass& jobs = lab.classes[0];
  CHECK(jobs.share == 3);
  CHECK(jobs.partition.values == std::vector<std::string>{"short", "short,user-overcap"});
  CHECK(jobs.partition.weights == std::vector<double>{3, 1});
  CHECK(jobs.gpus.values == std::vector<std::int64_t>{1, 8});
  CHECK(jobs.memory_per_gpu_mib.values == std::vector<std::int64_t>{32 * 1024});
  CHECK(jobs.type_by == TypeBy::Constraint);
  CHECK(jobs.run_time == 30h);
  CHECK(jobs.limits.menu == std::vector<Duration>{12h, 48h});
  CHECK(jobs.rhythm == Rhythm::Office);
  CHECK(lab.classes[1].partition.empty());
}

TEST_CASE("Lublin's model needs nothing but its name", "[config][workload]") {
  const WorkloadModel model = parse_workload_model("{cluster: 128x1, lublin: {}}", "model.yaml");
  CHECK(std::get<LublinModel>(model.kind).serial == 0.244);
  CHECK(model.load == 0);
}

TEST_CASE("A model's mistakes are all reported at their places", "[config][workload]") {
  CHECK(errors(R"(cluster: skynet.yaml
load: 0.9
gpu_lab:
  classes:
    - name: short
      gpus: {one: 1}
      memory_per_gpu: {32G: -1, 64G: 1}
      failures: 2
      rythm: office
)") ==
        R"(model.yaml:6:14: error: "one" is not a whole number
    6 |       gpus: {one: 1}
      |              ^
model.yaml:7:29: error: -1 is too small
    7 |       memory_per_gpu: {32G: -1, 64G: 1}
      |                             ^
      = help: from 0 to 1000000000
model.yaml:8:17: error: 2 is too large
    8 |       failures: 2
      |                 ^
      = help: from 0 to 1
model.yaml:9:7: error: unknown key "rythm"
    9 |       rythm: office
      |       ^
      = help: did you mean "rhythm"?
)");
  CHECK(errors("cluster: x.yaml\n") ==
        "model.yaml:1:1: error: a workload model is either `lublin` or `gpu_lab`\n"
        "    1 | cluster: x.yaml\n      | ^\n");
  CHECK(errors("gpu_lab: {classes: [{name: a}]}\n") ==
        "model.yaml:1:1: error: `gpu_lab` needs a load\n"
        "    1 | gpu_lab: {classes: [{name: a}]}\n      | ^\n"
        "      = help: write such as load: 0.9\n");
}

}  // namespace rehearse
