// What may be done to the dirty rows of a trace. Every repair has a name; it is counted in
// Workload::repairs under that name, with the first line it touched, so that nothing is dropped or
// changed in silence. Some are unavoidable (a row without a submit time cannot be replayed), some
// are chosen. trace_rules() is the one table of them all: --help, the README and the parser of
// experiments read it.
#pragma once

#include <span>
#include <string_view>

#include "sim/base/diagnostics.hpp"
#include "sim/base/params.hpp"

namespace rehearse {

/// The repairs that can be chosen; see trace_rules() for what each does.
struct TraceRules {
  bool clip_runtime_to_limit = true;
  bool limit_from_runtime = false;
  bool drop_zero_runtime = false;
  bool drop_cancelled = false;
  bool use_requested_processors = false;
  bool operator==(const TraceRules&) const = default;
};

struct TraceRule {
  std::string_view name;
  bool TraceRules::* flag;  ///< null: always applied
  std::string_view help;
};

/// All named repairs, the chosen ones first.
std::span<const TraceRule> trace_rules();

/// The default rules with each of `names` switched on; "no-NAME" switches one off. A name that is
/// unknown, or that cannot be chosen, is added to `diagnostics` with its place.
TraceRules parse_trace_rules(std::span<const ParamText> names, Diagnostics& diagnostics);

}  // namespace rehearse
