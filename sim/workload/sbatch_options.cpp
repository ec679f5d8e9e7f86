#include "sim/workload/sbatch_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/text.hpp"
#include "sim/workload/shell_words.hpp"

namespace rehearse {
namespace {

using namespace option_values;

enum class Takes : std::uint8_t { Nothing, Value, MaybeValue };

struct Option {
  std::string_view name;
  char letter;  ///< 0: it has none
  Takes takes;
  Problem (*apply)(std::string_view value, SbatchLine& line);  ///< null: read, without effect
  bool slurm_only = false;  ///< the event scheduler does not know it
};

/// Keeps `--name=value` in `list`, instead of what was said of it before.
void keep(std::vector<std::string>& list, std::string_view name, std::string_view value) {
  const std::string option = fmt::format("--{}", name);
  std::erase_if(list,
                [&](const std::string& kept) { return kept.substr(0, kept.find('=')) == option; });
  list.push_back(value.empty() ? option : fmt::format("{}={}", option, value));
}

Problem read_exclusive(std::string_view text, SbatchLine& line) {
  if (text != "" && text != "user" && text != "mcs" && text != "topo") {
    return not_a(text, "a kind of exclusive access", "write --exclusive or --exclusive=user");
  }
  line.asked.exclusive = text.empty();
  line.asked.exclusive_user = text == "user";
  if (text == "user") keep(line.special.slurm_only, "exclusive", text);
  if (text == "mcs" || text == "topo") keep(line.special.not_simulated, "exclusive", text);
  return {};
}

Problem read_hint(std::string_view text, SbatchLine& line) {
  // All but the second come to the same CPUs (micro 183).
  const bool known = text == "nomultithread" || text == "multithread" || text == "compute_bound" ||
                     text == "memory_bound";
  if (!known) {
    return not_a(text, "a hint", "write nomultithread, multithread, compute_bound or memory_bound");
  }
  if (text != "multithread") line.asked.threads_per_core = 1;
  keep(line.special.slurm_only, "hint", text);
  return {};
}

Problem read_gres_flags(std::string_view text, SbatchLine& line) {
  const std::vector<std::string_view> flags = split(text, ',');
  line.asked.enforce_binding = std::ranges::count(flags, "enforce-binding") > 0;
  keep(line.asked.enforce_binding ? line.special.slurm_only : line.special.not_simulated,
       "gres-flags", text);
  return {};
}

Problem read_node_memory(std::string_view text, SbatchLine& line) {
  if (Problem problem = read_memory(text, MemoryPer::Node, line.asked.memory)) return problem;
  line.asked.whole_memory = line.asked.memory.mib == 0;  // sbatch(1) --mem
  if (line.asked.whole_memory) keep(line.special.slurm_only, "mem", "0");
  return {};
}

constexpr std::array kOptions{
    Option{"account", 'A', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.account); }},
    Option{"array", 'a', Takes::Value,
           [](auto text, auto& line) { return read_array(text, line.special); }},
    Option{"begin", 'b', Takes::Value,
           [](auto text, auto& line) { return read_moment(text, "a time to begin", line.begin); }},
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
    Option{"exclusive", 0, Takes::MaybeValue, read_exclusive},
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
    Option{"mem", 0, Takes::Value, read_node_memory},
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
    Option{"contiguous", 0, Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.asked.contiguous = true;
             return {};
           },
           true},
    Option{"cores-per-socket", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of cores", line.asked.cores_per_socket);
           },
           true},
    Option{"deadline", 0, Takes::Value,
           [](auto text, auto& line) { return read_moment(text, "a deadline", line.deadline); },
           true},
    Option{"distribution", 'm', Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.asked.distribution); },
           true},
    Option{"extra-node-info", 'B', Takes::Value,
           [](auto text, auto& line) { return read_layout(text, line.asked); }, true},
    Option{"gpus-per-socket", 0, Takes::Value,
           [](auto text, auto& line) { return read_gpus(text, line.asked.gres_per_socket); }, true},
    Option{"gres-flags", 0, Takes::Value, read_gres_flags},
    Option{"hint", 0, Takes::Value, read_hint},
    Option{"licenses", 'L', Takes::Value,
           [](auto text, auto& line) { return read_licenses(text, line.asked); }, true},
    Option{"mincpus", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of CPUs", line.asked.min_cpus_per_node);
           },
           true},
    Option{"ntasks-per-core", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of tasks", line.asked.tasks_per_core);
           },
           true},
    Option{"ntasks-per-gpu", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of tasks", line.asked.tasks_per_gpu);
           },
           true},
    Option{"ntasks-per-socket", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of tasks", line.asked.tasks_per_socket);
           },
           true},
    Option{"oversubscribe", 's', Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.asked.over_subscribe = true;
             return {};
           },
           true},
    Option{"prefer", 0, Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.asked.prefer); }, true},
    Option{"reservation", 0, Takes::Value,
           [](auto text, auto& line) { return read_text_value(text, line.special.reservation); },
           true},
    Option{"sockets-per-node", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of sockets", line.asked.sockets_per_node);
           },
           true},
    Option{"spread-job", 0, Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.asked.spread = true;
             return {};
           },
           true},
    Option{"switches", 0, Takes::Value,
           [](auto text, auto& line) { return read_switches(text, line.asked); }, true},
    Option{"threads-per-core", 0, Takes::Value,
           [](auto text, auto& line) {
             return read_count(text, "a number of threads", line.asked.threads_per_core);
           },
           true},
    Option{"time-min", 0, Takes::Value,
           [](auto text, auto& line) { return read_time(text, line.special.min_time); }, true},
    Option{"use-min-nodes", 0, Takes::Nothing,
           [](auto, auto& line) -> Problem {
             line.asked.use_min_nodes = true;
             return {};
           },
           true},
    Option{"acctg-freq", 0, Takes::Value, nullptr},
    Option{"bb", 0, Takes::Value, nullptr},
    Option{"bbf", 0, Takes::Value, nullptr},
    Option{"chdir", 'D', Takes::Value, nullptr},
    Option{"cluster-constraint", 0, Takes::Value, nullptr},
    Option{"clusters", 'M', Takes::Value, nullptr},
    Option{"comment", 0, Takes::Value, nullptr},
    Option{"container", 0, Takes::Value, nullptr},
    Option{"core-spec", 'S', Takes::Value, nullptr},
    Option{"cpu-freq", 0, Takes::Value, nullptr},
    Option{"delay-boot", 0, Takes::Value, nullptr},
    Option{"error", 'e', Takes::Value, nullptr},
    Option{"export", 0, Takes::Value, nullptr},
    Option{"export-file", 0, Takes::Value, nullptr},
    Option{"gid", 0, Takes::Value, nullptr},
    Option{"gpu-bind", 0, Takes::Value, nullptr},
    Option{"gpu-freq", 0, Takes::Value, nullptr},
    Option{"input", 'i', Takes::Value, nullptr},
    Option{"mail-type", 0, Takes::Value, nullptr},
    Option{"mail-user", 0, Takes::Value, nullptr},
    Option{"mcs-label", 0, Takes::Value, nullptr},
    Option{"mem-bind", 0, Takes::Value, nullptr},
    Option{"network", 0, Takes::Value, nullptr},
    Option{"nodefile", 'F', Takes::Value, nullptr},
    Option{"open-mode", 0, Takes::Value, nullptr},
    Option{"output", 'o', Takes::Value, nullptr},
    Option{"power", 0, Takes::Value, nullptr},
    Option{"profile", 0, Takes::Value, nullptr},
    Option{"signal", 0, Takes::Value, nullptr},
    Option{"thread-spec", 0, Takes::Value, nullptr},
    Option{"tmp", 0, Takes::Value, nullptr},
    Option{"tres-per-task", 0, Takes::Value, nullptr},
    Option{"uid", 0, Takes::Value, nullptr},
    Option{"wait-all-nodes", 0, Takes::Value, nullptr},
    Option{"wckey", 0, Takes::Value, nullptr},
    Option{"wrap", 0, Takes::Value, nullptr},
    Option{"ignore-pbs", 0, Takes::Nothing, nullptr},
    Option{"overcommit", 'O', Takes::Nothing, nullptr},
    Option{"parsable", 0, Takes::Nothing, nullptr},
    Option{"quiet", 'Q', Takes::Nothing, nullptr},
    Option{"reboot", 0, Takes::Nothing, nullptr},
    Option{"test-only", 0, Takes::Nothing, nullptr},
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
  const Problem problem = option.apply == nullptr ? Problem() : option.apply(value, line);
  if (option.apply == nullptr) keep(line.special.not_simulated, option.name, value);
  if (option.slurm_only && !problem) keep(line.special.slurm_only, option.name, value);
  return problem;
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

/// Whether sbatch 22.05 keeps the option for the next component (seen for each of those that have
/// an effect).
bool is_kept(std::string_view option) {
  static constexpr auto kKept =
      std::to_array<std::string_view>({"acctg-freq",   "cluster-constraint",
                                       "clusters",     "comment",
                                       "deadline",     "delay-boot",
                                       "distribution", "error",
                                       "export",       "export-file",
                                       "get-user-env", "gid",
                                       "ignore-pbs",   "input",
                                       "mcs-label",    "mem",
                                       "no-kill",      "output",
                                       "prefer",       "profile",
                                       "propagate",    "quiet",
                                       "reservation",  "signal",
                                       "time-min",     "uid",
                                       "verbose",      "wait-all-nodes",
                                       "wckey"});
  const std::size_t begin = 2;  // behind --
  const std::string_view name = option.substr(begin, option.find('=') - begin);
  return std::ranges::find(kKept, name) != kKept.end();
}

/// What the component behind `line` has of it: what is said of the job, not of its size and place.
/// Nodes that `line` asks for by name are not for the next one.
SbatchLine next_component(const SbatchLine& line) {
  SbatchLine next;
  next.special = line.special;
  std::erase_if(next.special.slurm_only, [](const auto& option) { return !is_kept(option); });
  std::erase_if(next.special.not_simulated, [](const auto& option) { return !is_kept(option); });
  if (line.asked.memory.per == MemoryPer::Node) next.asked.memory = line.asked.memory;
  next.asked.whole_memory = line.asked.whole_memory;
  next.asked.distribution = line.asked.distribution;
  next.asked.prefer = line.asked.prefer;
  next.asked.exclude = line.asked.exclude;
  const std::string& taken = line.asked.nodelist;
  const std::string listed = fmt::format(",{},", next.asked.exclude);
  if (!taken.empty() && listed.find(fmt::format(",{},", taken)) == std::string::npos) {
    next.asked.exclude += (next.asked.exclude.empty() ? "" : ",") + taken;
  }
  next.account = line.account;
  next.qos = line.qos;
  next.dependency = line.dependency;
  next.job_name = line.job_name;
  next.time_limit = line.time_limit;
  next.begin = line.begin;
  next.deadline = line.deadline;
  next.nice = line.nice;
  return next;
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
  SbatchLine* component = &line;
  for (std::size_t at = 0; at < words.words.size();) {
    if (words.words[at].text == ":") {
      SbatchLine next = next_component(*component);
      component = &line.components.emplace_back(std::move(next));
      ++at;
    } else if (Problem problem = apply_words(words.words, at, *component)) {
      return problem;
    }
  }
  return {};
}

}  // namespace rehearse
