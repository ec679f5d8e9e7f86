// What sbatch makes of GRES counts that say how many nodes or tasks there are, and which of them it
// refuses as contradictions (asked of 22.05: micro 175).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "models/slurm/needs.hpp"

namespace rehearse::slurm {
namespace {

struct Counts {
  std::int64_t per_job = 0, per_node = 0, per_socket = 0, per_task = 0;
};

/// By name and type.
std::map<std::pair<std::string, std::string>, Counts> counts_of(const Asked& asked) {
  std::map<std::pair<std::string, std::string>, Counts> result;
  const auto add = [&](const std::vector<GresCount>& list, std::int64_t Counts::* field) {
    for (const GresCount& one : list) result[{one.name, one.type}].*field += one.count;
  };
  add(asked.gres_per_job, &Counts::per_job);
  add(asked.gres_per_node, &Counts::per_node);
  add(asked.gres_per_socket, &Counts::per_socket);
  add(asked.gres_per_task, &Counts::per_task);
  return result;
}

std::string refusal(const std::string& why) { return "Failed to validate job spec" + why; }

std::string reconcile_nodes(const std::string& name, const Counts& counts, Asked& asked) {
  if (counts.per_job > 0 && counts.per_node > 0) {
    if (counts.per_job % counts.per_node != 0) {
      return refusal(fmt::format(", --{0}s is not multiple of --gres={0}/--{0}s-per-node", name));
    }
    const auto nodes = static_cast<std::uint32_t>(counts.per_job / counts.per_node);
    const std::uint32_t most = std::max(asked.max_nodes, asked.min_nodes);
    if (asked.min_nodes > 0 && (nodes < asked.min_nodes || nodes > most)) {
      return refusal(fmt::format(
          ". Based on --{0} and --gres={0}/--{0}s-per-node required nodes ({1}) doesn't fall "
          "between min_nodes ({2}) and max_nodes ({3}) boundaries.",
          name, nodes, asked.min_nodes, most));
    }
    asked.min_nodes = asked.max_nodes = nodes;
  }
  if (counts.per_job > 0 && counts.per_job < std::int64_t{asked.min_nodes}) {
    return refusal(fmt::format(", --{}s < -N", name));
  }
  return "";
}

std::string check_sockets(const std::string& name, const Counts& counts, const Asked& asked) {
  if (counts.per_socket == 0) return "";
  if (asked.sockets_per_node == 0) {
    return fmt::format("--{}s-per-socket option requires --sockets-per-node specification", name);
  }
  if (counts.per_node == 0) return "";
  if (counts.per_node % counts.per_socket != 0) {
    return refusal(
        fmt::format(", --gres={0}/--{0}s-per-node not multiple of --{0}s-per-socket.", name));
  }
  if (counts.per_node / counts.per_socket == std::int64_t{asked.sockets_per_node}) return "";
  return refusal(fmt::format(
      ". Based on --gres={0}/--{0}s-per-node and --{0}s-per-socket required number of sockets "
      "differ from --sockets-per-node.",
      name));
}

std::string reconcile_tasks(const std::string& name, const Counts& counts, Asked& asked) {
  if (counts.per_task == 0) return "";
  if (counts.per_job > 0) {
    if (counts.per_job % counts.per_task != 0) {
      return refusal(fmt::format(", --{0}s not multiple of --{0}s-per-task", name));
    }
    const auto tasks = static_cast<std::uint32_t>(counts.per_job / counts.per_task);
    if (asked.tasks > 0 && asked.tasks != tasks) {
      return refusal(
          fmt::format(". Based on --{0}s and --{0}s-per-task number of requested tasks differ from "
                      "-n/--ntasks.",
                      name));
    }
    asked.tasks = tasks;
  } else if (asked.tasks == 0 && asked.tasks_per_node == 0) {
    return refusal(fmt::format(
        ". --{0}s-per-task used without either --{0}s or -n/--ntasks is not allowed.", name));
  }
  if (counts.per_node == 0) return "";
  if (counts.per_node % counts.per_task != 0) {
    return refusal(
        fmt::format(", --gres={0}/--{0}s-per-node not multiple of --{0}s-per-task.", name));
  }
  const std::int64_t tasks_per_node = counts.per_node / counts.per_task;
  if (asked.tasks_per_node == 0 || tasks_per_node == std::int64_t{asked.tasks_per_node}) return "";
  return refusal(fmt::format(
      ". Based on --gres={0}/--{0}s-per-node and --{0}s-per-task requested number of tasks per "
      "node differ from --ntasks-per-node.",
      name));
}

}  // namespace

std::string reconcile_gres(Asked& asked) {
  const auto all = counts_of(asked);
  std::int64_t gpus = 0;
  for (const auto& [kind, counts] : all) {
    const auto& [name, type] = kind;
    if (type.empty() && std::any_of(all.begin(), all.end(), [&, same = name](const auto& other) {
          return other.first.first == same && !other.first.second.empty();
        })) {
      return "Invalid GRES specification (with and without type identification)";
    }
    if (name == "gpu") gpus += counts.per_job;
  }
  if (asked.tasks_per_gpu > 0 && gpus > 0) {
    asked.tasks = static_cast<std::uint32_t>(gpus) * asked.tasks_per_gpu;
  } else if (asked.tasks_per_gpu > 0 && asked.tasks % asked.tasks_per_gpu != 0) {
    return refusal(", -n/--ntasks has to be a multiple of --ntasks-per-gpu.");
  }
  for (const auto& [kind, counts] : all) {
    for (const auto& step : {reconcile_nodes, reconcile_tasks}) {
      if (std::string error = step(kind.first, counts, asked); !error.empty()) return error;
    }
    if (std::string error = check_sockets(kind.first, counts, asked); !error.empty()) return error;
  }
  return "";
}

}  // namespace rehearse::slurm
