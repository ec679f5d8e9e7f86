// slurm.conf, then gres.conf and topology.conf after a line "%% NAME". A cluster that is right is
// written as YAML and read back.
#include <span>

#include "sim/config/slurm/load_slurm.hpp"
#include "sim/config/write_cluster.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Folder folder;
  folder.fill(text_of(data, size), "slurm.conf", {"gres.conf", "topology.conf"});
  ClusterFile read;
  if (!reads([&] { read = load_slurm(folder.path()); })) return 0;
  check_message(read.warnings);
  for (const std::uint8_t byte : std::span(data, size)) {
    if (byte >= 0x80) return 0;  // slurm.conf may be in any encoding, YAML is UTF-8
  }
  // Without policies, for the models are not built into a fuzzer.
  const std::string written = write_cluster(read.cluster, {}, "tests/fuzz");
  const ClusterFile again = parse_cluster(written, "written.yaml");
  require(again.cluster.nodes.size() == read.cluster.nodes.size(), "nodes are written");
  return 0;
}
