#include "sim/config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {
namespace {

bool is_scalar(const Yaml& yaml, std::string_view wanted, Diagnostics& diagnostics) {
  if (yaml.kind == Yaml::Kind::Scalar) return true;
  report_kind(yaml, wanted, diagnostics);
  return false;
}

/// A parameter type's reader, with the message for a text that is not of it.
template <class Value>
std::optional<Value> read_param(const Yaml& yaml, std::string_view what, std::string_view help,
                                Diagnostics& diagnostics) {
  if (!is_scalar(yaml, what, diagnostics)) return std::nullopt;
  Value value{};
  if (parse_param(yaml.text, value)) return value;
  report(yaml, fmt::format("\"{}\" is not {}", yaml.text, what), std::string(help), diagnostics);
  return std::nullopt;
}

template <class Value>
std::optional<Value> read_in_range(const Yaml& yaml, std::string_view what, Value min, Value max,
                                   Diagnostics& diagnostics) {
  const auto value = read_param<Value>(yaml, what, "", diagnostics);
  if (!value || (*value >= min && *value <= max)) return value;
  report(yaml, fmt::format("{} is too {}", yaml.text, *value < min ? "small" : "large"),
         fmt::format("from {} to {}", min, max), diagnostics);
  return std::nullopt;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void report_kind(const Yaml& yaml, std::string_view wanted, Diagnostics& diagnostics) {
  report(yaml, fmt::format("expected {}, found {}", wanted, kind_name(yaml)), "", diagnostics);
}

void report_unknown(const Yaml& yaml, std::string_view what, std::string_view name,
                    const std::vector<std::string_view>& known, Diagnostics& diagnostics,
                    std::size_t offset) {
  constexpr std::size_t kMostListed = 25;
  std::string help;
  const bool is_shown = diagnostics.error_count() < Diagnostics::kMaxRenderedErrors;
  if (const auto near = is_shown ? near_match(name, known) : std::nullopt) {
    help = fmt::format("did you mean \"{}\"?", *near);
  } else if (known.empty()) {
    help = "there are none";
  } else if (known.size() <= kMostListed) {
    help = fmt::format("known: {}", fmt::join(known, ", "));
  }
  report(yaml, fmt::format("unknown {} \"{}\"", what, name), std::move(help), diagnostics, offset);
}

std::optional<std::string> read_string(const Yaml& yaml, Diagnostics& diagnostics) {
  if (!is_scalar(yaml, "a text", diagnostics)) return std::nullopt;
  return yaml.text;
}

std::optional<std::string> read_name(const Yaml& yaml, Diagnostics& diagnostics) {
  if (!is_scalar(yaml, "a name", diagnostics)) return std::nullopt;
  if (is_plain_name(yaml.text)) return yaml.text;
  report(yaml, fmt::format("\"{}\" is not a name", yaml.text), "no blanks, no commas", diagnostics);
  return std::nullopt;
}

std::optional<bool> read_bool(const Yaml& yaml, Diagnostics& diagnostics) {
  return read_param<bool>(yaml, "true or false", "", diagnostics);
}

std::optional<std::int64_t> read_integer(const Yaml& yaml, std::int64_t min, std::int64_t max,
                                         Diagnostics& diagnostics) {
  return read_in_range<std::int64_t>(yaml, "a whole number", min, max, diagnostics);
}

std::optional<double> read_number(const Yaml& yaml, double min, double max,
                                  Diagnostics& diagnostics) {
  return read_in_range<double>(yaml, "a number", min, max, diagnostics);
}

std::optional<Duration> read_duration(const Yaml& yaml, Diagnostics& diagnostics) {
  return read_param<Duration>(yaml, "a duration",
                              "write D-HH:MM:SS, HH:MM:SS or minutes, as Slurm does", diagnostics);
}

std::optional<Duration> read_grace_time(const Yaml& yaml, Diagnostics& diagnostics) {
  if (yaml.kind == Yaml::Kind::Scalar && is_digits(yaml.text)) {
    const auto seconds =
        read_integer(yaml, 0, std::numeric_limits<std::int32_t>::max(), diagnostics);
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(*seconds);
  }
  return read_param<Duration>(yaml, "a duration", "write seconds or HH:MM:SS, as Slurm does",
                              diagnostics);
}

std::optional<std::int64_t> read_memory(const Yaml& yaml, Diagnostics& diagnostics) {
  if (!is_scalar(yaml, "an amount of memory", diagnostics)) return std::nullopt;
  if (is_digits(yaml.text)) {
    report(yaml, fmt::format("memory \"{}\" has no unit", yaml.text),
           fmt::format("write {0}G or {0}M", yaml.text), diagnostics);
    return std::nullopt;
  }
  const auto mib = parse_memory_mib(yaml.text);
  if (!mib) {
    report(yaml, fmt::format("\"{}\" is not an amount of memory", yaml.text),
           "write a whole number and K, M, G or T, such as 384G", diagnostics);
  }
  return mib;
}

std::optional<std::size_t> read_choice(const Yaml& yaml, const std::vector<std::string>& choices,
                                       Diagnostics& diagnostics) {
  if (!is_scalar(yaml, fmt::format("one of {}", fmt::join(choices, ", ")), diagnostics)) {
    return std::nullopt;
  }
  const auto found = std::find(choices.begin(), choices.end(), yaml.text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  const std::vector<std::string_view> known(choices.begin(), choices.end());
  report_unknown(yaml, "value", yaml.text, known, diagnostics);
  return std::nullopt;
}

std::vector<const Yaml*> list_items(const Yaml& yaml) {
  if (yaml.kind != Yaml::Kind::List) return {&yaml};
  std::vector<const Yaml*> result;
  for (const Yaml& item : yaml.items) result.push_back(&item);
  return result;
}

}  // namespace rehearse
