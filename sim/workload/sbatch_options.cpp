#include "sim/workload/sbatch_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/shell_words.hpp"

namespace rehearse {
namespace {

using Problem = std::optional<OptionProblem>;

constexpr std::int64_t kLargestCount = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLargestTask = 4'000'000;             // slurm.conf(5) MaxArraySize
constexpr std::int64_t kLargestSeconds = 1'000'000'000'000;  // milliseconds fit with room to add
constexpr std::int64_t kDefaultNice = 100;                   // sbatch(1) --nice without a value
constexpr std::int64_t kLargestNice = 2'147'483'645;         // sbatch(1)

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

/// "now+300", "now+1hour", or seconds after the origin of the trace.
Problem read_begin(std::string_view text, SbatchLine& line) {
  constexpr std::string_view kHelp =
      "write now+300, now+10minutes, now+2hours, now+1day, or seconds after the trace's origin";
  if (!text.starts_with("now")) {
    const auto at = parse_seconds(text);
    if (!at) return not_a(text, "a time to begin", kHelp);
    line.special.begin = Time{*at};
    return {};
  }
  std::int64_t count = 0;
  std::int64_t unit = 1;
  if (text != "now") {
    const char* const end = text.data() + text.size();
    const auto [stop, error] =
        std::from_chars(text.data() + std::min<std::size_t>(4, text.size()), end, count);
    std::string_view name(stop, static_cast<std::size_t>(end - stop));
    if (name.size() > 1 && name.ends_with('s')) name.remove_suffix(1);
    unit = name.empty() || name == "second" ? 1
           : name == "minute"               ? 60
           : name == "hour"                 ? 3'600
           : name == "day"                  ? 86'400
           : name == "week"                 ? 604'800
                                            : 0;
    const bool good = text[3] == '+' && error == std::errc() && count >= 0 && unit > 0 &&
                      count <= kLargestSeconds / unit;
    if (!good) return not_a(text, "a time to begin", kHelp);
  }
  line.begin_delay = std::chrono::seconds{count * unit};
  return {};
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
  if (!value || std::abs(*value) > kLargestNice) {
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

/// The piece of --array "first-last:step", or "first"; adds its tasks.
bool read_task_range(std::string_view text, std::vector<std::uint32_t>& tasks) {
  const std::size_t colon = text.find(':');
  const std::size_t dash = text.find('-');
  const auto step = colon == std::string_view::npos ? 1 : parse_int64(text.substr(colon + 1));
  if (dash == std::string_view::npos && colon != std::string_view::npos) return false;
  const auto first = parse_int64(text.substr(0, std::min(dash, colon)));
  const auto last =
      dash == std::string_view::npos
          ? first
          : parse_int64(text.substr(0, colon).substr(std::min(dash + 1, text.size())));
  if (!first || !last || !step || *first < 0 || *step < 1) return false;
  if (*last < *first || *last > kLargestTask || *step > kLargestTask) return false;
  for (std::int64_t task = *first; task <= *last; task += *step) {
    tasks.push_back(static_cast<std::uint32_t>(task));
  }
  return true;
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
  std::vector<std::uint32_t> tasks;
  std::size_t offset = 0;
  for (const std::string_view piece : split(text.substr(0, percent), ',')) {
    if (!read_task_range(piece, tasks) || tasks.size() > kLargestTask) {
      return OptionProblem{fmt::format("\"{}\" is not a range of array tasks", piece),
                           std::string(kHelp), offset};
    }
    offset += piece.size() + 1;
  }
  std::ranges::sort(tasks);
  const auto repeated = std::ranges::unique(tasks);
  tasks.erase(repeated.begin(), repeated.end());
  special.array_tasks = std::move(tasks);
  special.array_throttle = static_cast<std::uint32_t>(throttle);
  return {};
}

enum class Takes : std::uint8_t { Nothing, Value, MaybeValue };

struct Option {
  std::string_view name;
  char letter;  ///< 0: it has none
  Takes takes;
  Problem (*apply)(std::string_view value, SbatchLine& line);  ///< null: read, without effect
};

constexpr std::array kOptions{
    Option{"account", 'A', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.account); }},
    Option{"array", 'a', Takes::Value,
           [](auto text, auto& line) { return read_array(text, line.special); }},
    Option{"begin", 'b', Takes::Value,
           [](auto text, auto& line) { return read_begin(text, line); }},
    Option{"constraint", 'C', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.asked.constraint); }},
    Option{"cpus-per-gpu", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of CPUs", line.asked.cpus_per_gpu);
           }},
    Option{"cpus-per-task", 'c', Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of CPUs", line.asked.cpus_per_task);
           }},
    Option{"dependency", 'd', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.dependency); }},
    Option{"exclude", 'x', Takes::Value,
           [](auto text, auto& line) { return read_hosts(text, line.asked.exclude); }},
    Option{"exclusive", 0, Takes::MaybeValue,
           [](auto text, auto& line) -> Problem {
             line.asked.exclusive = text.empty();
             if (!text.empty())
               line.special.not_simulated.push_back("--exclusive=" + std::string(text));
             return {};
           }},
    Option{"gpus", 'G', Takes::Value,
           [](auto text, auto& line) { return read_gpus(text, line.asked.gres_per_job); }},
    Option{"gpus-per-node", 0, Takes::Value,
           [](auto text, auto& line) { return read_gpus(text, line.gpus_per_node); }},
    Option{"gpus-per-task", 0, Takes::Value,
           [](auto text, auto& line) { return read_gpus(text, line.asked.gres_per_task); }},
    Option{"gres", 0, Takes::Value,
           [](auto text, auto& line) { return read_gres(text, line.asked.gres_per_node); }},
    Option{"hold", 'H', Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.special.hold = true;
             return {};
           }},
    Option{"job-name", 'J', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.job_name); }},
    Option{
        "kill-on-invalid-dep", 0, Takes::Value,
        [](auto text, auto& line) { return read_yes_no(text, line.special.kill_on_invalid_dep); }},
    Option{"mem", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_memory(text, MemoryPer::Node, line.asked.memory);
           }},
    Option{
        "mem-per-cpu", 0, Takes::Value,
        [](auto text, auto& line) { return read_memory(text, MemoryPer::Cpu, line.asked.memory); }},
    Option{
        "mem-per-gpu", 0, Takes::Value,
        [](auto text, auto& line) { return read_memory(text, MemoryPer::Gpu, line.asked.memory); }},
    Option{"nice", 0, Takes::MaybeValue,
           [](auto text, auto& line) { return read_nice(text, line.nice); }},
    Option{"no-requeue", 0, Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.special.requeue = false;
             return {};
           }},
    Option{"nodelist", 'w', Takes::Value,
           [](auto text, auto& line) { return read_hosts(text, line.asked.nodelist); }},
    Option{"nodes", 'N', Takes::Value,
           [](auto text, auto& line) { return read_nodes(text, line.asked); }},
    Option{"ntasks", 'n', Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of tasks", line.asked.tasks);
           }},
    Option{"ntasks-per-node", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of tasks", line.asked.tasks_per_node);
           }},
    Option{"partition", 'p', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.partition); }},
    Option{"priority", 0, Takes::Value,
           [](auto text, auto& line) { return read_priority(text, line.special.priority); }},
    Option{"qos", 'q', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.qos); }},
    Option{"requeue", 0, Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.special.requeue = true;
             return {};
           }},
    Option{"time", 't', Takes::Value,
           [](auto text, auto& line) { return read_time(text, line.time_limit); }},
    Option{"acctg-freq", 0, Takes::Value, nullptr},
    Option{"bb", 0, Takes::Value, nullptr},
    Option{"bbf", 0, Takes::Value, nullptr},
    Option{"chdir", 'D', Takes::Value, nullptr},
    Option{"cluster-constraint", 0, Takes::Value, nullptr},
    Option{"clusters", 'M', Takes::Value, nullptr},
    Option{"comment", 0, Takes::Value, nullptr},
    Option{"container", 0, Takes::Value, nullptr},
    Option{"core-spec", 'S', Takes::Value, nullptr},
    Option{"cores-per-socket", 0, Takes::Value, nullptr},
    Option{"cpu-freq", 0, Takes::Value, nullptr},
    Option{"deadline", 0, Takes::Value, nullptr},
    Option{"delay-boot", 0, Takes::Value, nullptr},
    Option{"distribution", 'm', Takes::Value, nullptr},
    Option{"error", 'e', Takes::Value, nullptr},
    Option{"export", 0, Takes::Value, nullptr},
    Option{"export-file", 0, Takes::Value, nullptr},
    Option{"extra-node-info", 'B', Takes::Value, nullptr},
    Option{"gid", 0, Takes::Value, nullptr},
    Option{"gpu-bind", 0, Takes::Value, nullptr},
    Option{"gpu-freq", 0, Takes::Value, nullptr},
    Option{"gpus-per-socket", 0, Takes::Value, nullptr},
    Option{"gres-flags", 0, Takes::Value, nullptr},
    Option{"hint", 0, Takes::Value, nullptr},
    Option{"input", 'i', Takes::Value, nullptr},
    Option{"licenses", 'L', Takes::Value, nullptr},
    Option{"mail-type", 0, Takes::Value, nullptr},
    Option{"mail-user", 0, Takes::Value, nullptr},
    Option{"mcs-label", 0, Takes::Value, nullptr},
    Option{"mem-bind", 0, Takes::Value, nullptr},
    Option{"mincpus", 0, Takes::Value, nullptr},
    Option{"network", 0, Takes::Value, nullptr},
    Option{"nodefile", 'F', Takes::Value, nullptr},
    Option{"ntasks-per-core", 0, Takes::Value, nullptr},
    Option{"ntasks-per-gpu", 0, Takes::Value, nullptr},
    Option{"ntasks-per-socket", 0, Takes::Value, nullptr},
    Option{"open-mode", 0, Takes::Value, nullptr},
    Option{"output", 'o', Takes::Value, nullptr},
    Option{"power", 0, Takes::Value, nullptr},
    Option{"prefer", 0, Takes::Value, nullptr},
    Option{"profile", 0, Takes::Value, nullptr},
    Option{"reservation", 0, Takes::Value, nullptr},
    Option{"signal", 0, Takes::Value, nullptr},
    Option{"sockets-per-node", 0, Takes::Value, nullptr},
    Option{"switches", 0, Takes::Value, nullptr},
    Option{"thread-spec", 0, Takes::Value, nullptr},
    Option{"threads-per-core", 0, Takes::Value, nullptr},
    Option{"time-min", 0, Takes::Value, nullptr},
    Option{"tmp", 0, Takes::Value, nullptr},
    Option{"tres-per-task", 0, Takes::Value, nullptr},
    Option{"uid", 0, Takes::Value, nullptr},
    Option{"wait-all-nodes", 0, Takes::Value, nullptr},
    Option{"wckey", 0, Takes::Value, nullptr},
    Option{"wrap", 0, Takes::Value, nullptr},
    Option{"contiguous", 0, Takes::Nothing, nullptr},
    Option{"ignore-pbs", 0, Takes::Nothing, nullptr},
    Option{"overcommit", 'O', Takes::Nothing, nullptr},
    Option{"oversubscribe", 's', Takes::Nothing, nullptr},
    Option{"parsable", 0, Takes::Nothing, nullptr},
    Option{"quiet", 'Q', Takes::Nothing, nullptr},
    Option{"reboot", 0, Takes::Nothing, nullptr},
    Option{"spread-job", 0, Takes::Nothing, nullptr},
    Option{"test-only", 0, Takes::Nothing, nullptr},
    Option{"use-min-nodes", 0, Takes::Nothing, nullptr},
    Option{"verbose", 'v', Takes::Nothing, nullptr},
    Option{"wait", 'W', Takes::Nothing, nullptr},
    Option{"get-user-env", 0, Takes::MaybeValue, nullptr},
    Option{"no-kill", 'k', Takes::MaybeValue, nullptr},
    Option{"propagate", 0, Takes::MaybeValue, nullptr},
};

const Option* find_option(std::string_view name) {
  const auto found = std::ranges::find(kOptions, name, &Option::name);
  return found == kOptions.end() ? nullptr : &*found;
}

const Option* find_option(char letter) {
  const auto found = std::ranges::find(kOptions, letter, &Option::letter);
  return found == kOptions.end() ? nullptr : &*found;
}

Problem apply(const Option& option, std::string_view value, SbatchLine& line) {
  if (option.takes == Takes::Value && value.empty()) {
    return OptionProblem{fmt::format("--{} has no value", option.name), "give it one"};
  }
  if (option.apply != nullptr) return option.apply(value, line);
  line.special.not_simulated.push_back(value.empty() ? fmt::format("--{}", option.name)
                                                     : fmt::format("--{}={}", option.name, value));
  return {};
}

Problem unknown_option(const ShellWord& word, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Option& option : kOptions) names.push_back(option.name);
  const auto near = near_match(name, names);
  return OptionProblem{
      fmt::format("unknown option \"{}\"", word.text.substr(0, word.text.find('='))),
      near ? fmt::format("did you mean \"--{}\"?", *near) : "write options of sbatch",
      word.at.front()};
}

/// Reads words[at] as an option, with its value; `at` is moved behind it.
Problem apply_words(const std::vector<ShellWord>& words, std::size_t& at, SbatchLine& line) {
  const ShellWord& word = words[at++];
  const std::string_view text = word.text;
  const bool is_long = text.starts_with("--");
  if (text.size() < 2 || text[0] != '-' || (is_long && text.size() == 2)) {
    return OptionProblem{fmt::format("\"{}\" is not an option", text), "options begin with - or --",
                         word.at.empty() ? 0 : word.at.front()};
  }
  const std::size_t equals = is_long ? text.find('=') : std::string_view::npos;
  const std::string_view name =
      is_long ? text.substr(2, equals == std::string_view::npos ? equals : equals - 2)
              : text.substr(1, 1);
  const Option* const option = is_long ? find_option(name) : find_option(name[0]);
  if (option == nullptr) return unknown_option(word, name);
  const bool has_value = is_long ? equals != std::string_view::npos : text.size() > 2;
  if (has_value && option->takes == Takes::Nothing) {
    return OptionProblem{fmt::format("--{} takes no value", option->name), "leave the value out",
                         word.at.front()};
  }
  const ShellWord* holder = &word;
  std::size_t begin = is_long ? equals + 1 : 2;
  if (!has_value) {
    begin = 0;
    const bool follows = option->takes == Takes::Value && at < words.size();
    holder = follows ? &words[at++] : nullptr;
  }
  const std::string_view value =
      holder == nullptr ? std::string_view() : std::string_view(holder->text).substr(begin);
  Problem problem = apply(*option, value, line);
  if (!problem) return {};
  const std::size_t byte = begin + problem->offset;
  const bool inside = holder != nullptr && byte < holder->at.size();
  problem->offset = inside ? holder->at[byte] : word.at.front();
  return problem;
}

}  // namespace

Asked asked_of(const SbatchLine& line) {
  Asked asked = line.asked;
  asked.gres_per_node.insert(asked.gres_per_node.end(), line.gpus_per_node.begin(),
                             line.gpus_per_node.end());
  return asked;
}

std::optional<OptionProblem> apply_option(std::string_view name, std::string_view value,
                                          SbatchLine& line) {
  return apply(*find_option(name), value, line);
}

std::optional<OptionProblem> apply_options(std::string_view text, SbatchLine& line) {
  const ShellWords words = split_shell_words(text);
  if (words.unclosed) {
    return OptionProblem{"the quote is not closed",
                         fmt::format("write a second {}", text[*words.unclosed]), *words.unclosed};
  }
  for (std::size_t at = 0; at < words.words.size();) {
    if (Problem problem = apply_words(words.words, at, line)) return problem;
  }
  return {};
}

std::optional<Duration> parse_time_limit(std::string_view text) {
  const auto seconds = parse_slurm_seconds(text);
  if (!seconds) return std::nullopt;
  if (*seconds == 0 || *seconds > kLargestSeconds) return kUnlimited;  // sbatch(1) --time
  return std::chrono::seconds{*seconds};
}

std::optional<Duration> parse_seconds(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
  const auto whole = parse_int64(text.substr(0, point));
  const auto fraction = decimals.empty() ? 0 : parse_int64(decimals);
  const bool good_decimals = point == std::string_view::npos ||
                             (!decimals.empty() && decimals.size() <= 3 && decimals[0] != '-');
  if (!whole || !fraction || !good_decimals || text[0] == '-') return std::nullopt;
  if (*whole > kLargestSeconds) return std::nullopt;
  const std::int64_t scale = decimals.size() == 1 ? 100 : decimals.size() == 2 ? 10 : 1;
  return Duration{*whole * 1000 + *fraction * scale};
}

}  // namespace rehearse
