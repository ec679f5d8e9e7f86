// Operators' commands on the jobs of a small trace.
#include "sim/workload/read_csv.hpp"
#include "sim/workload/read_events.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Workload workload =
      read_csv("id,submit,duration,array\nJ1,0,60,\nA2,5,60,0-3\nJ3,10,60,\n", "fuzz.csv");
  reads([&] {
    Time before{};
    for (const Operation& operation : read_events(text_of(data, size), "events.csv", workload)) {
      require(operation.at >= before, "operations are in order of time");
      before = operation.at;
    }
  });
  return 0;
}
