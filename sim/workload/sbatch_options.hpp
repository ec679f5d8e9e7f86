// The options of sbatch(1), as a trace gives them: a column holds the value of one, the column
// `extra` holds any as text. One table knows them all: what takes effect here, what only
// `scheduler: slurm` understands (kept in Special::slurm_only too), what is read and has no effect
// (kept in Special::not_simulated, never dropped silently), and what is no option at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/workload/moment.hpp"
#include "sim/workload/option_values.hpp"
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
  std::optional<Moment> begin{};     ///< --begin
  std::optional<Moment> deadline{};  ///< --deadline
  std::int32_t nice = 0;
  std::vector<SbatchLine> components{};  ///< further ones of a heterogeneous job
};

/// `line.asked` with its GPUs per node among the GRES per node, as Slurm sees them.
Asked asked_of(const SbatchLine& line);

/// Gives the option with the long name `name` ("nodes") the value `value`. `name` must be known.
std::optional<OptionProblem> apply_option(std::string_view name, std::string_view value,
                                          SbatchLine& line);

/// Reads options as a shell would pass them: `-N2 --gres=gpu:1 -C 'a|b' --hold`. Stops at the first
/// that is wrong; its offset counts from the start of `text`. Later options override earlier ones.
/// A word `:` begins a further component of a heterogeneous job, which keeps of the one before what
/// sbatch keeps (account, QOS, limit, memory per node, dependencies, ... but no partition).
std::optional<OptionProblem> apply_options(std::string_view text, SbatchLine& line);

}  // namespace rehearse
