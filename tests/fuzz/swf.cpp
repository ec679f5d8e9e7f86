// The Standard Workload Format: a trace that is right is written and read back.
#include "sim/workload/read_swf.hpp"
#include "sim/workload/write_trace.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reads([&] {
    const Workload read = read_swf(text_of(data, size), "fuzz.swf");
    const Workload again = read_swf(write_swf(read).text, "written.swf");
    require(again.submissions.size() == read.submissions.size(), "a trace is read back");
  });
  return 0;
}
