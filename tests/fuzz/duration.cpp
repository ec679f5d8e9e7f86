// Lengths and points of time, amounts of memory: what can be read is printed and read back.
#include "sim/base/slurm_text.hpp"
#include "sim/workload/moment.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  if (const auto seconds = parse_slurm_seconds(text)) {
    require(*seconds >= 0, "no time is negative");
    require(parse_slurm_seconds(format_slurm_seconds(*seconds)) == seconds, "a time is read back");
  }
  if (const auto mib = parse_memory_mib(text)) {
    require(*mib >= 0, "no memory is negative");
    require(parse_memory_mib(std::to_string(*mib)) == mib, "an amount of memory is read back");
  }
  if (const auto moment = parse_moment(text)) {
    const Time now{std::chrono::hours(100)};
    require(moment->from == Moment::From::Origin || moment->at(now) >= now, "now is not past");
  }
  parse_seconds(text);
  return 0;
}
