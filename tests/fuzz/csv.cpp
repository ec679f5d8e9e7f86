// The native trace with all options of sbatch: a trace that is right is written and read back.
#include "sim/workload/read_csv.hpp"
#include "sim/workload/write_trace.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reads([&] {
    const Workload read = read_csv(text_of(data, size), "fuzz.csv");
    const std::string written = write_csv(read);
    require(write_csv(read_csv(written, "written.csv")) == written, "a trace is read back");
  });
  return 0;
}
