// A parameter is described once (D9): a policy's Params struct has
//
//   void visit(auto&& field) { field("ageing_per_hour", ageing_per_hour, "What it does"); }
//
// and the reader, the JSON schema, `rehearse policies NAME` and the manifest come from it. Known
// types: bool, std::int64_t, double, Duration (Slurm's notation, a bare number is minutes), Span
// (the same, a bare number is seconds), std::string, and enums for which kEnumNames is specialised.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sim/base/time.hpp"

namespace rehearse {

/// The names of an enum's values from 0 on, as they are written: specialise with a std::array of
/// std::string_view.
template <class Enum>
inline constexpr int kEnumNames = 0;

/// A duration of which a bare number is seconds, as in SchedulerParameters of slurm.conf(5).
struct Span : Duration {
  template <class Rep, class Period>
  constexpr Span(std::chrono::duration<Rep, Period> length) : Duration(length) {}
};

struct ParamInfo {
  std::string name;
  std::string type;   ///< "bool", "integer", "number", "duration", "seconds", "text", "choice"
  std::string value;  ///< as it would be written
  std::string help;
  std::vector<std::string> choices;  ///< of a "choice"
};

/// A value from a file or --set, with its place for messages.
struct ParamText {
  std::string text;
  std::string file{};
  int line = 0;
  int column = 0;
  std::string source_line{};  ///< the whole line it stands in, if there is one
};
using ParamTexts = std::map<std::string, ParamText>;

/// Text forms. parse_* yields nothing if `text` is not of the type.
bool parse_param(std::string_view text, bool& value);
bool parse_param(std::string_view text, std::int64_t& value);
bool parse_param(std::string_view text, double& value);
bool parse_param(std::string_view text, Duration& value);
bool parse_param(std::string_view text, Span& value);
bool parse_param(std::string_view text, std::string& value);
std::string param_text(bool value);
std::string param_text(std::int64_t value);
std::string param_text(double value);
std::string param_text(Duration value);
std::string param_text(const std::string& value);

class Diagnostics;
/// Reports `text` as not of `info.type`, or as an unknown name among `known`.
void report_bad_param(const ParamText& text, const ParamInfo& info, Diagnostics& diagnostics);
void report_unknown_param(std::string_view name, const ParamText& text,
                          std::span<const std::string> known, Diagnostics& diagnostics);

template <class T>
ParamInfo describe_param(std::string_view name, const T& value, std::string_view help) {
  ParamInfo info{std::string(name), "", "", std::string(help), {}};
  if constexpr (std::is_enum_v<T>) {
    info.type = "choice";
    for (const std::string_view choice : kEnumNames<T>) info.choices.emplace_back(choice);
    info.value = info.choices[static_cast<std::size_t>(value)];
  } else {
    info.type = std::is_same_v<T, bool>           ? "bool"
                : std::is_same_v<T, std::int64_t> ? "integer"
                : std::is_same_v<T, double>       ? "number"
                : std::is_same_v<T, Duration>     ? "duration"
                : std::is_same_v<T, Span>         ? "seconds"
                                                  : "text";
    info.value = param_text(value);
  }
  return info;
}

template <class Params>
std::vector<ParamInfo> describe_params(Params params) {
  std::vector<ParamInfo> result;
  params.visit([&](std::string_view name, auto& value, std::string_view help) {
    result.push_back(describe_param(name, value, help));
  });
  return result;
}

/// `Params` with `texts` applied; what is wrong with them is added to `diagnostics`.
template <class Params>
Params read_params(const ParamTexts& texts, Diagnostics& diagnostics) {
  Params params;
  std::vector<std::string> known;
  params.visit([&](std::string_view name, auto& value, std::string_view help) {
    known.emplace_back(name);
    const auto found = texts.find(std::string(name));
    if (found == texts.end()) return;
    bool good = false;
    using T = std::remove_reference_t<decltype(value)>;
    const ParamInfo info = describe_param(name, value, help);
    if constexpr (std::is_enum_v<T>) {
      for (std::size_t i = 0; i < info.choices.size(); ++i) {
        if (info.choices[i] != found->second.text) continue;
        value = static_cast<T>(i);
        good = true;
      }
    } else {
      good = parse_param(found->second.text, value);
    }
    if (!good) report_bad_param(found->second, info, diagnostics);
  });
  for (const auto& [name, text] : texts) {
    bool is_known = false;
    for (const std::string& each : known) is_known = is_known || each == name;
    if (!is_known) report_unknown_param(name, text, known, diagnostics);
  }
  return params;
}

}  // namespace rehearse
