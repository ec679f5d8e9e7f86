// What the preemption policies share: who is in the way of a claimant, and Slurm's order of going
// (shared/semantics ch. 6).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/base/params.hpp"
#include "sim/policy/slots.hpp"
#include "sim/policy/view.hpp"

namespace rehearse {

/// The names of PreemptMode as parameters have them.
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<PreemptMode>{"off", "cancel",
                                                                         "requeue"};

/// A victim with what decides its turn.
struct Rival {
  Victim victim;
  Time start;
  std::int32_t priority;  ///< of its partition (tier) or QOS
  std::int64_t nodes;
  std::uint32_t list_order;
};

/// Whether the running job has a part on a node of the claimant's partition, and is not on its way
/// out already. O(shares).
bool is_in_the_way(const View& view, JobId running, const Candidate& claimant);

/// Whether the job started too recently to be preempted: PreemptExemptTime of the first of its QOS
/// that sets it (partition's, job's; the other way round with OverPartQOS), else `otherwise`.
bool is_exempt(const View& view, const Job& job, Duration otherwise);

/// Nodes that the running job is on.
std::int64_t held_nodes(const View& view, JobId job);

/// Appends the rivals' victims in Slurm's order: with `youngest_first` the latest start first, else
/// ascending (priority << 16) + nodes; ties in order of the list of jobs.
void append_in_order(std::vector<Rival> rivals, bool youngest_first, std::vector<Victim>& victims);

}  // namespace rehearse
