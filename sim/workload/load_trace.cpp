#include "sim/workload/load_trace.hpp"

#include "sim/base/diagnostics.hpp"
#include "sim/workload/read_swf.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {

Workload load_trace(const std::string& path, const TraceRules& rules) {
  Workload workload = read_swf(read_text(path), path, rules);
  if (workload.submissions.empty()) fail({.file = path, .message = "holds no job to replay"});
  return workload;
}

}  // namespace rehearse
