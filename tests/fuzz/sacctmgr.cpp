// What sacctmgr reads and prints, beside a slurm.conf: commands, then a dump, a table of QOS after
// a line "%% NAME".
#include "sim/config/slurm/load_slurm.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Folder folder;
  folder.fill(text_of(data, size), "accounts.txt", {"dump.cfg", "qos.psv"});
  std::ofstream(folder.path() + "/slurm.conf")
      << "ClusterName=tiny\nAccountingStorageEnforce=limits,qos\nAccountingStorageTRES=gres/gpu\n"
         "GresTypes=gpu\nNodeName=n[1-4] CPUs=8 RealMemory=1000 Gres=gpu:2\n"
         "PartitionName=p Nodes=ALL Default=YES\n";
  reads([&] { check_message(load_slurm(folder.path()).warnings); });
  return 0;
}
