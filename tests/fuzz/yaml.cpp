// The YAML files: a cluster, an experiment, policies, a model of a workload. A cluster that is
// right is written and read back.
#include "sim/config/load.hpp"
#include "sim/config/load_workload_model.hpp"
#include "sim/config/write_cluster.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  if (text.find("extends") != std::string_view::npos) return 0;  // may name any file of the machine
  reads([&] {
    const ClusterFile read = parse_cluster(text, "fuzz.yaml");
    const std::string written = write_cluster(read.cluster, read.policies, "tests/fuzz");
    const ClusterFile again = parse_cluster(written, "written.yaml");
    require(again.cluster.nodes.size() == read.cluster.nodes.size(), "nodes are written");
    require(write_cluster(again.cluster, again.policies, "tests/fuzz") == written,
            "a cluster that is written is read back");
  });
  reads([&] { parse_experiment(text, "fuzz.yaml"); });
  reads([&] { parse_policies(text, "fuzz.yaml"); });
  reads([&] { parse_workload_model(text, "fuzz.yaml"); });
  return 0;
}
