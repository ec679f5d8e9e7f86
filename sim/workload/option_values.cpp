#include "sim/workload/option_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {

std::optional<Duration> parse_time_limit(std::string_view text) {
  const auto seconds = parse_slurm_seconds(text);
  if (!seconds) return std::nullopt;
  if (*seconds == 0 || *seconds > kLargestSeconds) return kUnlimited;  // sbatch(1) --time
  return std::chrono::seconds{*seconds};
}

namespace option_values {
namespace {

constexpr std::int64_t kLargestCount = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLargestTask = 4'000'000;      // slurm.conf(5) MaxArraySize
constexpr std::int64_t kDefaultNice = 100;            // sbatch(1) --nice without a value
constexpr std::int64_t kLargestNice = 2'147'483'645;  // sbatch(1)

/// The piece of --array "first-last:step", or "first"; adds its tasks.
bool read_task_range(std::string_view text, std::vector<std::uint32_t>& tasks) {
  const std::size_t colon = text.find(':');
  const std::string_view range = text.substr(0, colon);
  const std::size_t dash = range.find('-');
  const auto step = colon == std::string_view::npos ? 1 : parse_int64(text.substr(colon + 1));
  if (dash == std::string_view::npos && colon != std::string_view::npos) return false;
  const auto first = parse_int64(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_int64(range.substr(dash + 1));
  if (!first || !last || !step || *first < 0 || *step < 1) return false;
  if (*last < *first || *last > kLargestTask || *step > kLargestTask) return false;
  for (std::int64_t task = *first; task <= *last; task += *step) {
    tasks.push_back(static_cast<std::uint32_t>(task));
  }
  return true;
}

}  // namespace

Problem not_a(std::string_view text, std::string_view what, std::string_view help) {
  return OptionProblem{fmt::format("\"{}\" is not {}", text, what), std::string(help)};
}

Problem read_count(std::string_view text, std::string_view what, std::uint32_t& count) {
  const auto value = parse_int64(text);
  if (!value || *value < 1 || *value > kLargestCount) {
    return not_a(text, what, "write a whole number from 1 on");
  }
  count = static_cast<std::uint32_t>(*value);
  return {};
}

Problem read_nodes(std::string_view text, Asked& asked) {
  constexpr std::string_view kWhat = "a number of nodes";
  constexpr std::string_view kHelp = "write a number from 1 on, or a range such as 1-3";
  const std::size_t dash = text.find('-', 1);
  const auto least = parse_int64(text.substr(0, dash));
  const auto most = dash == std::string_view::npos ? least : parse_int64(text.substr(dash + 1));
  if (!least || !most || *least < 1 || *most > kLargestCount) return not_a(text, kWhat, kHelp);
  if (*least > *most) return not_a(text, "a range of nodes", "the smaller number comes first");
  asked.min_nodes = static_cast<std::uint32_t>(*least);
  asked.max_nodes = static_cast<std::uint32_t>(*most);
  return {};
}

Problem read_gres(std::string_view text, std::vector<GresCount>& list) {
  GresList parsed = parse_gres(text);
  if (!parsed.ok()) {
    return OptionProblem{std::move(parsed.error), "write name[:type][:count], such as gpu:a40:2",
                         parsed.offset};
  }
  list = std::move(parsed.items);
  return {};
}

/// "2", "a100:2" or a list of those: --gpus and its relatives.
Problem read_gpus(std::string_view text, std::vector<GresCount>& list) {
  std::size_t offset = 0;
  list.clear();
  for (const std::string_view piece : split(text, ',')) {
    const GresList parsed = parse_gres(fmt::format("gpu:{}", piece));
    if (!parsed.ok() || piece.empty()) {
      return OptionProblem{fmt::format("\"{}\" is not a number of GPUs", piece),
                           "write count or type:count, such as a40:2", offset};
    }
    list.insert(list.end(), parsed.items.begin(), parsed.items.end());
    offset += piece.size() + 1;
  }
  return {};
}

Problem read_memory(std::string_view text, MemoryPer per, Memory& memory) {
  const auto mib = parse_memory_mib(text);
  if (!mib) return not_a(text, "a memory size", "write a number and K, M, G or T, such as 64G");
  if (memory.per != MemoryPer::None && memory.per != per) {
    return OptionProblem{"--mem, --mem-per-cpu and --mem-per-gpu exclude each other",
                         "give one of them"};
  }
  memory = {per, *mib};
  return {};
}

Problem read_hosts(std::string_view text, std::string& hosts) {
  const Hostlist list = expand_hostlist(text);
  if (!list.ok()) return OptionProblem{list.error, "write names such as n[01-04],n07", list.offset};
  hosts = text;
  return {};
}

Problem read_moment(std::string_view text, std::string_view what, std::optional<Moment>& moment) {
  moment = parse_moment(text);
  return moment ? Problem() : not_a(text, what, kMomentHelp);
}

Problem read_time(std::string_view text, Duration& limit) {
  const auto parsed = parse_time_limit(text);
  if (!parsed) {
    return not_a(text, "a time limit",
                 "write minutes, HH:MM:SS, D-HH:MM:SS or UNLIMITED, as Slurm does");
  }
  limit = *parsed;
  return {};
}

Problem read_nice(std::string_view text, std::int32_t& nice) {
  const auto value = text.empty() ? kDefaultNice : parse_int64(text);
  if (!value || *value < -kLargestNice || *value > kLargestNice) {
    return not_a(text, "a nice value", "write a whole number; larger is later");
  }
  nice = static_cast<std::int32_t>(*value);
  return {};
}

Problem read_priority(std::string_view text, std::optional<std::int64_t>& priority) {
  priority = parse_int64(text);
  if (!priority || *priority < 0 || *priority >= std::numeric_limits<std::uint32_t>::max()) {
    return not_a(text, "a priority", "write a whole number from 0 (held) on");
  }
  return {};
}

Problem read_text_value(std::string_view text, std::string& value) {
  value = text;
  return {};
}

Problem read_yes_no(std::string_view text, std::optional<bool>& value) {
  if (text != "yes" && text != "no") return not_a(text, "yes or no", "write yes or no");
  value = text == "yes";
  return {};
}

std::optional<std::vector<std::uint32_t>> parse_tasks(std::string_view text, std::size_t& offset) {
  std::vector<std::uint32_t> tasks;
  offset = 0;
  for (const std::string_view piece : split(text, ',')) {
    if (!read_task_range(piece, tasks) || tasks.size() > kLargestTask) return std::nullopt;
    offset += piece.size() + 1;
  }
  std::ranges::sort(tasks);
  const auto repeated = std::ranges::unique(tasks);
  tasks.erase(repeated.begin(), repeated.end());
  return tasks;
}

/// "0-9%2", "1,3,5-7:2"
Problem read_array(std::string_view text, Special& special) {
  constexpr std::string_view kHelp = "write 0-9, 1,3,5-9:2 or 0-99%4 (at most 4 at once)";
  const std::size_t percent = text.find('%');
  std::int64_t throttle = 0;
  if (percent != std::string_view::npos) {
    const auto most = parse_int64(text.substr(percent + 1));
    if (!most || *most < 0 || *most > kLargestCount) {
      return OptionProblem{
          fmt::format("\"{}\" is not a number of tasks at once", text.substr(percent + 1)),
          std::string(kHelp), percent + 1};
    }
    throttle = *most;
  }
  std::size_t offset = 0;
  auto tasks = parse_tasks(text.substr(0, percent), offset);
  if (!tasks) {
    const std::string_view rest = text.substr(offset, percent - offset);
    return OptionProblem{
        fmt::format("\"{}\" is not a range of array tasks", rest.substr(0, rest.find(','))),
        std::string(kHelp), offset};
  }
  special.array_tasks = std::move(*tasks);
  special.array_throttle = static_cast<std::uint32_t>(throttle);
  return {};
}

/// "2:8", "2:8:1": of nodes with so many sockets, cores a socket and threads a core; `*` is any.
Problem read_layout(std::string_view text, Asked& asked) {
  constexpr std::string_view kHelp = "write sockets[:cores[:threads]], such as 2:8, with * for any";
  std::array<std::uint32_t*, 3> counts{&asked.sockets_per_node, &asked.cores_per_socket,
                                       &asked.threads_per_core};
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() > counts.size()) return not_a(text, "a layout of nodes", kHelp);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto value = parts[i] == "*" ? 0 : parse_int64(parts[i]);
    if (!value || *value < (parts[i] == "*" ? 0 : 1) || *value > kLargestCount) {
      return not_a(text, "a layout of nodes", kHelp);
    }
    *counts[i] = static_cast<std::uint32_t>(*value);
  }
  return {};
}

/// "1" or "2@10": on so many leaf switches, waiting for them so long at most.
Problem read_switches(std::string_view text, Asked& asked) {
  const std::size_t at = text.find('@');
  if (Problem problem = read_count(text.substr(0, at), "a number of switches", asked.switches)) {
    return problem;
  }
  asked.switches_wait = kUnset;
  if (at == std::string_view::npos) return {};
  Problem problem = read_time(text.substr(at + 1), asked.switches_wait);
  if (problem) problem->offset = at + 1;
  return problem;
}

/// "matlab:2,ansys" all of them, "a:1|b:1" any of them.
Problem read_licenses(std::string_view text, Asked& asked) {
  asked.licenses.clear();
  asked.any_license = text.find('|') != std::string_view::npos;
  std::size_t offset = 0;
  for (std::size_t end = 0; end != std::string_view::npos; offset = end + 1) {
    end = text.find_first_of(",;|", offset);
    const std::string_view piece = text.substr(offset, end - offset);
    const std::size_t colon = piece.find(':');
    const auto count = colon == std::string_view::npos ? 1 : parse_int64(piece.substr(colon + 1));
    if (colon == 0 || piece.empty() || !count || *count < 0 || *count > kLargestCount) {
      return OptionProblem{fmt::format("\"{}\" is not a number of licenses", piece),
                           "write name or name:count, such as matlab:2", offset};
    }
    if (end != std::string_view::npos && (text[end] == '|') != asked.any_license) {
      return OptionProblem{"\",\" and \"|\" do not mix in a list of licenses",
                           "all of them by commas, or any of them by |", end};
    }
    asked.licenses.emplace_back(piece.substr(0, colon), *count);
  }
  return {};
}

}  // namespace option_values
}  // namespace rehearse
