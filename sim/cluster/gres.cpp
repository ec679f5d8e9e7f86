#include "sim/cluster/gres.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {
namespace {

/// A whole number, with K = 1024 or M = 1024 K behind it.
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t unit = 1;
  if (!text.empty()) {
    const char suffix = lower(text.substr(text.size() - 1))[0];
    if (suffix == 'k') unit = 1024;
    if (suffix == 'm') unit = 1024 * 1024;
    if (unit > 1) text.remove_suffix(1);
  }
  const auto number = parse_int64(text);
  if (!number || *number < 0 || *number > std::numeric_limits<std::int32_t>::max() / unit) {
    return std::nullopt;
  }
  return *number * unit;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c != 0x7f && c != '=' && c != '/' && c != '(' && c != ')';
  });
}

/// Where `part`, a piece of `text`, begins.
std::size_t offset_of(std::string_view part, std::string_view text) {
  return static_cast<std::size_t>(part.data() - text.data());
}

/// One item of a GRES text; empty after an error, which is put into `list`.
std::optional<GresCount> parse_item(std::string_view item, std::string_view text, GresList& list) {
  const auto wrong = [&](std::string_view part, std::string message) {
    list.error = std::move(message);
    list.offset = offset_of(part, text);
    return std::nullopt;
  };
  const std::vector<std::string_view> parts = split(item, ':');
  if (parts.size() > 3) return wrong(parts[3], "more than name:type:count");
  GresCount result{std::string(parts[0]), "", 1};
  if (!is_word(parts[0])) return wrong(item, fmt::format("\"{}\" is not name:type:count", item));
  if (parts.size() == 1) return result;
  const std::optional<std::int64_t> count = parse_count(parts.back());
  if (count) result.count = *count;
  const bool is_number = parse_int64(parts.back()).has_value();  // but no count: -1, 10^12
  if (!count && (parts.size() == 3 || is_number || !is_word(parts[1]))) {
    return wrong(parts.back(), fmt::format("\"{}\" is not a count", parts.back()));
  }
  if (parts.size() == 3 && !is_word(parts[1])) {
    return wrong(parts[1], fmt::format("\"{}\" is not a type", parts[1]));
  }
  if (parts.size() == 3 || !count) result.type = parts[1];
  return result;
}

/// The TRES position that `name` stands for: cpu, mem, node, billing, gres/gpu, gpu:a40, ...
std::optional<std::size_t> tres_position(std::string_view name, const Cluster& cluster) {
  std::string wanted(name);
  const std::size_t folded = std::min(wanted.find_first_of("/:"), wanted.size());
  wanted = lower(wanted.substr(0, folded)) + wanted.substr(folded);
  if (wanted == "gpu" || wanted.starts_with("gpu:")) wanted = "gres/" + wanted;
  for (std::size_t tres = 0; tres < cluster.tres_count(); ++tres) {
    if (cluster.tres_name(tres) == wanted) return tres;
  }
  return std::nullopt;
}

std::string unknown_tres(std::string_view name, const Cluster& cluster) {
  std::vector<std::string> names;
  for (std::size_t tres = 0; tres < cluster.tres_count(); ++tres) {
    names.push_back(cluster.tres_name(tres));
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = near_match(name, views);
  return near ? fmt::format("unknown resource \"{}\", did you mean \"{}\"?", name, *near)
              : fmt::format("unknown resource \"{}\"; known: {}", name, fmt::join(names, ", "));
}

/// The common part of `name=value,name=value`: calls take(position, value) for each item; it
/// returns what is wrong with the value. Fills result.error and offset.
template <class Result, class Take>
void parse_items(std::string_view text, const Cluster& cluster, Result& result, Take&& take) {
  std::vector<bool> seen(cluster.tres_count(), false);
  const auto wrong = [&](std::string_view part, std::string message) {
    result.error = std::move(message);
    result.offset = offset_of(part, text);
  };
  for (const std::string_view untrimmed : split(text, ',')) {
    const std::string_view item = trim(untrimmed);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      return wrong(item, fmt::format("\"{}\" is not resource=amount", item));
    }
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = item.substr(equals + 1);
    const auto position = tres_position(name, cluster);
    if (!position) return wrong(name, unknown_tres(name, cluster));
    if (seen[*position]) return wrong(name, fmt::format("\"{}\" is given twice", name));
    seen[*position] = true;
    if (std::string error = take(*position, value); !error.empty()) {
      return wrong(value, std::move(error));
    }
  }
}

}  // namespace

GresList parse_gres(std::string_view text) {
  GresList list;
  if (text.empty() || text == "none") return list;
  for (const std::string_view item : split(text, ',')) {
    std::optional<GresCount> parsed = parse_item(item, text, list);
    if (!parsed) {
      list.items.clear();
      return list;
    }
    if (parsed->count > 0) list.items.push_back(std::move(*parsed));
  }
  return list;
}

TresParse parse_tres(std::string_view text, const Cluster& cluster) {
  TresParse result{TresCounts(cluster.tres_count(), kNoLimit)};
  parse_items(text, cluster, result, [&](std::size_t position, std::string_view value) {
    if (value == "-1") return std::string();
    const auto amount = position == kTresMem ? parse_memory_mib(value) : parse_count(value);
    if (!amount) {
      return position == kTresMem ? fmt::format("\"{}\" is not an amount of memory", value)
                                  : fmt::format("\"{}\" is not a count", value);
    }
    result.counts[position] = *amount;
    return std::string();
  });
  if (!result.ok()) result.counts.clear();
  return result;
}

WeightParse parse_billing_weights(std::string_view text, const Cluster& cluster) {
  WeightParse result{std::vector<double>(cluster.tres_count(), 0.0)};
  parse_items(text, cluster, result, [&](std::size_t position, std::string_view value) {
    static constexpr std::string_view kUnits = "mgtp";
    double weight = 0;
    const auto [last, error] = std::from_chars(value.data(), value.data() + value.size(), weight);
    const std::string unit = lower(std::string_view(last, value.data() + value.size() - last));
    const std::size_t power = unit.size() == 1 ? kUnits.find(unit) : 0;
    const bool good = error == std::errc() && std::isfinite(weight) && weight >= 0 &&
                      (unit.empty() || (position == kTresMem && power != std::string::npos));
    if (!good) return fmt::format("\"{}\" is not a weight", value);
    result.weights[position] = std::ldexp(weight, -10 * static_cast<int>(power));
    return std::string();
  });
  if (!result.ok()) result.weights.clear();
  return result;
}

}  // namespace rehearse
