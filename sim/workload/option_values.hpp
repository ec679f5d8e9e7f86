// What the options of sbatch(1) take: numbers, sizes, lists and times. Each reader sets what it is
// given, or says what is wrong with the text and leaves it as it was or half-set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/workload/moment.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// What is wrong with the value of an option.
struct OptionProblem {
  std::string message;
  std::string help;
  std::size_t offset = 0;  ///< bytes from the start of the value
};

/// A time limit as sbatch takes it: minutes or any of Slurm's forms; 0 and UNLIMITED are no limit.
std::optional<Duration> parse_time_limit(std::string_view text);

namespace option_values {

using Problem = std::optional<OptionProblem>;

Problem not_a(std::string_view text, std::string_view what, std::string_view help);
Problem read_count(std::string_view text, std::string_view what, std::uint32_t& count);
Problem read_nodes(std::string_view text, Asked& asked);  ///< "2" or "1-3"
Problem read_gres(std::string_view text, std::vector<GresCount>& list);
Problem read_gpus(std::string_view text, std::vector<GresCount>& list);  ///< "2", "a100:2,t4:1"
Problem read_memory(std::string_view text, MemoryPer per, Memory& memory);
Problem read_hosts(std::string_view text, std::string& hosts);
Problem read_moment(std::string_view text, std::string_view what, std::optional<Moment>& moment);
Problem read_time(std::string_view text, Duration& limit);
Problem read_nice(std::string_view text, std::int32_t& nice);
Problem read_priority(std::string_view text, std::optional<std::int64_t>& priority);
Problem read_text_value(std::string_view text, std::string& value);
Problem read_yes_no(std::string_view text, std::optional<bool>& value);
Problem read_array(std::string_view text, Special& special);  ///< "0-9%2", "1,3,5-7:2"
Problem read_layout(std::string_view text, Asked& asked);     ///< "2:8:1", -B
Problem read_switches(std::string_view text, Asked& asked);   ///< "1@10"
Problem read_licenses(std::string_view text, Asked& asked);   ///< "matlab:2,ansys"

/// "0-9", "1,3,5-7:2": sorted, each once. Nothing if it is no such list; then `offset` says where.
std::optional<std::vector<std::uint32_t>> parse_tasks(std::string_view text, std::size_t& offset);

}  // namespace option_values
}  // namespace rehearse
