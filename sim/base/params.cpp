#include "sim/base/params.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "sim/base/diagnostics.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {

bool parse_param(std::string_view text, bool& value) {
  const bool yes = text == "true" || text == "yes";
  if (!yes && text != "false" && text != "no") return false;
  value = yes;
  return true;
}

bool parse_param(std::string_view text, std::int64_t& value) {
  const auto parsed = parse_int64(text);
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool parse_param(std::string_view text, double& value) {
  double parsed = 0;
  const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || last != text.data() + text.size() || !std::isfinite(parsed)) {
    return false;
  }
  value = parsed;
  return true;
}

bool parse_param(std::string_view text, Duration& value) {
  const auto seconds = parse_slurm_seconds(text);
  if (!seconds) return false;
  const bool unlimited = *seconds == kUnlimitedSeconds;
  value = unlimited ? kUnlimited : Duration(std::chrono::seconds(*seconds));
  return true;
}

bool parse_param(std::string_view text, Span& value) {
  if (const auto seconds = parse_int64(text); seconds && *seconds >= 0) {
    value = Duration(std::chrono::seconds(*seconds));
    return true;
  }
  return parse_param(text, static_cast<Duration&>(value));
}

bool parse_param(std::string_view text, std::string& value) {
  value = text;
  return true;
}

std::string param_text(bool value) { return value ? "true" : "false"; }
std::string param_text(std::int64_t value) { return std::to_string(value); }
std::string param_text(double value) { return fmt::format("{}", value); }
std::string param_text(Duration value) {
  return format_slurm_seconds(value == kUnlimited ? kUnlimitedSeconds : whole_seconds(value));
}
std::string param_text(const std::string& value) { return value; }

void report_bad_param(const ParamText& text, const ParamInfo& info, Diagnostics& diagnostics) {
  std::string help;
  if (info.type == "choice") {
    help = fmt::format("one of {}", fmt::join(info.choices, ", "));
    std::vector<std::string_view> choices(info.choices.begin(), info.choices.end());
    if (const auto near = near_match(text.text, choices)) {
      help = fmt::format("did you mean \"{}\"?", *near);
    }
  } else if (info.type == "duration") {
    help = "write D-HH:MM:SS, HH:MM:SS or minutes, as Slurm does";
  } else if (info.type == "seconds") {
    help = "write seconds, or HH:MM:SS or D-HH:MM:SS";
  } else if (info.type == "bool") {
    help = "write true or false";
  } else {
    help = info.type == "integer" ? "write a whole number" : "write a number";
  }
  diagnostics.add({.file = text.file,
                   .line = text.line,
                   .column = text.column,
                   .message = fmt::format("\"{}\" is not a value of {}", text.text, info.name),
                   .source_line = text.source_line,
                   .help = std::move(help)});
}

void report_unknown_param(std::string_view name, const ParamText& text,
                          std::span<const std::string> known, Diagnostics& diagnostics) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  const auto near = near_match(name, names);
  diagnostics.add({.file = text.file,
                   .line = text.line,
                   .column = text.column,
                   .message = fmt::format("unknown parameter \"{}\"", name),
                   .source_line = text.source_line,
                   .help = near            ? fmt::format("did you mean \"{}\"?", *near)
                           : known.empty() ? "there are none"
                                           : fmt::format("known: {}", fmt::join(known, ", "))});
}

}  // namespace rehearse
