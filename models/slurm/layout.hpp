// What a job has on each of its nodes: tasks, cores, memory and devices (semantics 5.5, 5.7).
#pragma once

#include <vector>

#include "models/slurm/evaluation.hpp"
#include "models/slurm/machine.hpp"
#include "models/slurm/offers.hpp"

namespace rehearse::slurm {

/// CPUs of each node that its tasks use: one task a node first, then a core's worth of tasks in
/// turn, within what was taken.
std::vector<std::uint32_t> distribute(const Question& question, const std::vector<Taken>& taken);

/// Cores for `cpus` CPUs: near the GPUs that are to come with them, the lowest free core of each
/// socket in turn, whole tasks in one socket.
Bits choose_cores(const Question& question, const Taken& from, std::uint32_t cpus);

/// The devices and counts of a node, GPUs near the cores that are held if there are any.
void give_gres(const Question& question, const Taken& from, std::uint32_t tasks, Held& held);

/// All of it. `taken` in any order.
Allocation lay_out(const Question& question, std::vector<Taken>& taken);

}  // namespace rehearse::slurm
