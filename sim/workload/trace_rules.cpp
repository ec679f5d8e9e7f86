#include "sim/workload/trace_rules.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

constexpr std::array kRules{
    TraceRule{"clip-runtime-to-limit", &TraceRules::clip_runtime_to_limit,
              "SWF: cut a run time beyond the requested time at the request, as a completed job; "
              "without it such a job ends at its limit as TIMEOUT (default: on)"},
    TraceRule{"limit-from-runtime", &TraceRules::limit_from_runtime,
              "use the run time as the time limit: perfect estimates"},
    TraceRule{"drop-zero-runtime", &TraceRules::drop_zero_runtime,
              "drop jobs that ran for no time, as most studies do"},
    TraceRule{"drop-cancelled", &TraceRules::drop_cancelled,
              "SWF: drop cancelled jobs (status 5) even if they ran"},
    TraceRule{"use-requested-processors", &TraceRules::use_requested_processors,
              "SWF: take the requested processors (field 8) before the allocated ones (field 5)"},
    TraceRule{"drop-dependency-on-dropped", nullptr,
              "CSV: a dependency on a row that was dropped counts as satisfied"},
    TraceRule{"drop-unknown-submit", nullptr, "SWF: the submit time is negative"},
    TraceRule{"drop-cancelled-before-start", nullptr, "SWF: status 5 and no run time"},
    TraceRule{"drop-negative-runtime", nullptr, "SWF: no run time, and not cancelled"},
    TraceRule{"drop-no-processors", nullptr, "SWF: neither field 5 nor field 8 is a size"},
    TraceRule{"use-allocated-processors", nullptr,
              "SWF: allocated and requested processors differ, the allocated ones are taken"},
    TraceRule{"no-limit-is-unlimited", nullptr, "SWF: no requested time: the job has no limit"},
    TraceRule{"round-submit-down", nullptr, "SWF: a fractional submit time, to whole seconds"},
    TraceRule{"round-runtime-down", nullptr, "SWF: a fractional run time, to whole seconds"},
    TraceRule{"round-limit-down", nullptr, "SWF: a fractional requested time, to whole seconds"},
    TraceRule{"fill-short-row", nullptr, "SWF: 17 fields, the last one is taken as unknown"},
    TraceRule{"ignore-extra-fields", nullptr, "SWF: fields beyond the 18th are not read"},
    TraceRule{"keep-duplicate-number", nullptr,
              "SWF: a job number that an earlier row has; both jobs run"},
};

const TraceRule* find_rule(std::string_view name) {
  const auto found = std::ranges::find(kRules, name, &TraceRule::name);
  return found == kRules.end() ? nullptr : &*found;
}

void report_unknown(const ParamText& name, Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  for (const TraceRule& rule : kRules) {
    if (rule.flag == nullptr) continue;
    texts.emplace_back(rule.name);
    texts.push_back("no-" + texts.back());
  }
  const std::vector<std::string_view> known(texts.begin(), texts.end());
  const auto near = near_match(name.text, known);
  diagnostics.add({.file = name.file,
                   .line = name.line,
                   .column = name.column,
                   .message = fmt::format("unknown repair rule \"{}\"", name.text),
                   .source_line = name.source_line,
                   .help = near ? fmt::format("did you mean \"{}\"?", *near)
                                : "`rehearse trace info --help` lists them"});
}

}  // namespace

std::span<const TraceRule> trace_rules() { return kRules; }

TraceRules parse_trace_rules(std::span<const ParamText> names, Diagnostics& diagnostics) {
  TraceRules rules;
  for (const ParamText& name : names) {
    const TraceRule* rule = find_rule(name.text);
    const bool negated = rule == nullptr && name.text.starts_with("no-");
    if (negated) rule = find_rule(std::string_view(name.text).substr(3));
    if (rule == nullptr) {
      report_unknown(name, diagnostics);
    } else if (rule->flag == nullptr) {
      diagnostics.add({.file = name.file,
                       .line = name.line,
                       .column = name.column,
                       .message = fmt::format("\"{}\" is always applied", rule->name),
                       .source_line = name.source_line,
                       .help = "name only the rules that can be chosen"});
    } else {
      rules.*rule->flag = !negated;
    }
  }
  return rules;
}

}  // namespace rehearse
