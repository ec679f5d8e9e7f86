// The options of sbatch(1), as a trace gives them: a column holds the value of one, the column
// `extra` holds any as text. One table knows them all: what takes effect here, what is read and has
// none (kept in Special::not_simulated, never dropped silently), and what is no option at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/workload/workload.hpp"

namespace rehearse {

/// What one sbatch line asks for. Names stay texts: the trace interns them.
struct SbatchLine {
  Asked asked;
  std::vector<GresCount> gpus_per_node{};  ///< --gpus-per-node; asked.gres_per_node has --gres
  Special special;  ///< without dependencies, which need the ids of the whole trace
  std::string account{};
  std::string partition{};
  std::string qos{};
  std::string dependency{};  ///< as written
  std::string job_name{};
  Duration time_limit = kUnset;
  std::optional<Duration> begin_delay{};  ///< --begin=now+...: after the submission
  std::int32_t nice = 0;
};

/// `line.asked` with its GPUs per node among the GRES per node, as Slurm sees them.
Asked asked_of(const SbatchLine& line);

/// What is wrong with the value of an option.
struct OptionProblem {
  std::string message;
  std::string help;
  std::size_t offset = 0;  ///< bytes from the start of the value
};

/// Gives the option with the long name `name` ("nodes") the value `value`. `name` must be known.
std::optional<OptionProblem> apply_option(std::string_view name, std::string_view value,
                                          SbatchLine& line);

/// Reads options as a shell would pass them: `-N2 --gres=gpu:1 -C 'a|b' --hold`. Stops at the first
/// that is wrong; its offset counts from the start of `text`. Later options override earlier ones.
std::optional<OptionProblem> apply_options(std::string_view text, SbatchLine& line);

/// A time limit as sbatch takes it: minutes or any of Slurm's forms; 0 and UNLIMITED are no limit.
std::optional<Duration> parse_time_limit(std::string_view text);

/// Seconds with up to three decimals ("12.5"), not negative.
std::optional<Duration> parse_seconds(std::string_view text);

}  // namespace rehearse
