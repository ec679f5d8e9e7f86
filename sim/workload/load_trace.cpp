#include "sim/workload/load_trace.hpp"

#include <string_view>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/read_csv.hpp"
#include "sim/workload/read_swf.hpp"
#include "sim/workload/read_text.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse {
namespace {

bool looks_like_csv(std::string_view text) {
  const std::size_t row = text.find_first_not_of("\r\n");
  if (row == std::string_view::npos || text[row] == ';') return false;
  return text.substr(row, text.find('\n', row) - row).find(',') != std::string_view::npos;
}

}  // namespace

std::optional<TraceFormat> trace_format(std::string_view path) {
  const std::string_view name = path.substr(0, path.size() - compression_suffix(path).size());
  if (name.ends_with(".swf")) return TraceFormat::Swf;
  if (name.ends_with(".csv")) return TraceFormat::Csv;
  return std::nullopt;
}

Workload load_trace(const std::string& path, const TraceRules& rules) {
  const std::string text = read_text(path);
  if (text.empty()) fail({.file = path, .message = "is empty, expected a trace"});
  const TraceFormat format =
      trace_format(path).value_or(looks_like_csv(text) ? TraceFormat::Csv : TraceFormat::Swf);
  Workload workload =
      format == TraceFormat::Csv ? read_csv(text, path, rules) : read_swf(text, path, rules);
  if (workload.submissions.empty()) {
    std::string dropped;
    for (const auto& [name, repair] : workload.repairs) {
      dropped += (dropped.empty() ? "" : ", ") + name + " " + std::to_string(repair.count);
    }
    fail({.file = path,
          .message = "holds no job to replay",
          .help = dropped.empty() ? "" : "repairs: " + dropped});
  }
  return workload;
}

}  // namespace rehearse
