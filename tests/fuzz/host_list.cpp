// Lists of host names: what can be read is abbreviated and read back.
#include "sim/base/slurm_text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace rehearse;
using namespace rehearse::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const Hostlist list = expand_hostlist(text);
  require(list.ok() != list.hosts.empty(), "a list names hosts or says why not");
  require(list.offset <= text.size(), "the error is in the text");
  if (list.hosts.size() > 5000 || !list.ok()) return 0;
  const std::string shorter = compress_hostlist(list.hosts);
  require(expand_hostlist(shorter).hosts == list.hosts, "an abbreviated list is read back");
  return 0;
}
