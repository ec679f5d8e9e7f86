// How many CPUs slurmctld gives a job: it gives whole cores with CR_Core, whole sockets with
// CR_Socket, and more CPUs for GPUs (--cpus-per-gpu, DefCpuPerGPU) and for memory (MaxMemPerCPU):
// shared/semantics 4.6 and 5.5. How tasks are spread over the nodes is not in the files, so of a
// job on several nodes only what every way of spreading them has in common is held against it.
#include <fmt/format.h>

#include <algorithm>

#include "sim/audit/schedule.hpp"

namespace rehearse::auditing {
namespace {

std::int64_t ceil_div(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

class CpuBounds {
 public:
  CpuBounds(const Schedule& schedule, const Attempt& attempt)
      : schedule_(schedule),
        asked_(schedule.asked(attempt)),
        partition_(schedule.partition(attempt)),
        attempt_(attempt) {
    for (const Held& held : attempt.held) gpus_ += schedule.gres(held, "gpu", "");
    nodes_ = static_cast<std::int64_t>(attempt.held.size());
    set_memory();
    set_tasks();
  }
  std::int64_t least() const;
  std::int64_t most() const;
  /// CPUs that are given together on the node: of a core, of a socket.
  std::int64_t unit(const Held& held) const;
  std::int64_t least_on_node() const;
  std::int64_t most_on_node() const;
  std::int64_t brought_to_node() const;

 private:
  void set_memory();
  void set_tasks();
  std::int64_t rounded(const Held& held, std::int64_t cpus) const;
  std::int64_t used_threads(const Node& node) const;
  const Node& node(const Held& held) const { return schedule_.cluster.nodes[held.node]; }
  std::int64_t all_gpus(const Held& held) const;

  const Schedule& schedule_;
  const Asked& asked_;
  const Partition& partition_;
  const Attempt& attempt_;
  std::int64_t nodes_ = 0, gpus_ = 0, tasks_ = 0;
  std::int64_t cpus_per_task_ = 1, cpus_per_gpu_ = 0, cpus_for_memory_ = 0;
};

// Memory beyond MaxMemPerCPU brings CPUs: to each task, or to each node.
void CpuBounds::set_memory() {
  cpus_per_task_ = std::max<std::int64_t>(asked_.cpus_per_task, 1);
  if (!schedule_.cluster.tracks_memory || asked_.whole_memory) return;
  const auto most = partition_.max_memory_per_cpu_mib;
  const Memory memory =
      asked_.memory.per == MemoryPer::None ? partition_.default_memory : asked_.memory;
  if (!most) return;
  const std::int64_t times = std::max<std::int64_t>(ceil_div(memory.mib, *most), 1);
  if (memory.per == MemoryPer::Cpu) cpus_per_task_ *= times;
  if (memory.per == MemoryPer::Node) cpus_for_memory_ = times;
}

void CpuBounds::set_tasks() {
  const std::int64_t per_node = std::max<std::int64_t>(asked_.tasks_per_node, 1);
  tasks_ = asked_.tasks;
  if (tasks_ == 0) tasks_ = std::max<std::int64_t>(asked_.min_nodes, 1) * per_node;
  if (asked_.tasks == 0) tasks_ = std::max({tasks_, nodes_, gpus_ * asked_.tasks_per_gpu});
  for (const GresCount& task : asked_.gres_per_task) {  // GPUs in all and for a task give the tasks
    for (const GresCount& job : asked_.gres_per_job) {
      const bool same = job.name == task.name && job.type == task.type;
      if (same && asked_.tasks == 0) tasks_ = std::max(tasks_, job.count / task.count);
    }
  }
  cpus_per_gpu_ = asked_.cpus_per_gpu;
  if (cpus_per_gpu_ == 0 && asked_.cpus_per_task == 0) {
    cpus_per_gpu_ = partition_.default_cpus_per_gpu.value_or(0);
  }
}

// --ntasks-per-core, --threads-per-core and --hint leave threads unused.
std::int64_t CpuBounds::used_threads(const Node& node) const {
  std::int64_t threads = node.threads_per_core;
  std::int64_t per_core = asked_.tasks_per_core;
  if (schedule_.cluster.select.one_task_per_core && per_core == 0) per_core = 1;
  if (per_core > 0) threads = std::min(threads, per_core * cpus_per_task_);
  if (asked_.threads_per_core > 0)
    threads = std::min<std::int64_t>(threads, asked_.threads_per_core);
  return threads;
}

std::int64_t CpuBounds::unit(const Held& held) const {
  switch (schedule_.cluster.select.unit) {
    case ConsumableUnit::Cpu:
      return 1;
    case ConsumableUnit::Core:
      return node(held).threads_per_core;
    case ConsumableUnit::Socket:
      break;
  }
  // With reserved cores not all sockets are of one size.
  const std::int64_t threads = node(held).threads_per_core;
  return node(held).reserved_cores > 0 ? threads : threads * node(held).cores_per_socket;
}

// What is held on a node where `cpus` are used. Cores are taken from each socket in turn.
std::int64_t CpuBounds::rounded(const Held& held, std::int64_t cpus) const {
  const Node& where = node(held);
  if (schedule_.cluster.select.unit == ConsumableUnit::Cpu) return cpus;
  std::int64_t cores = ceil_div(cpus, used_threads(where));
  if (schedule_.cluster.select.unit == ConsumableUnit::Socket) {
    cores = std::min<std::int64_t>(cores, where.sockets) * where.cores_per_socket;
  }
  return std::min<std::int64_t>(cores * where.threads_per_core, where.cpus);
}

// --mincpus and memory bring CPUs of whole tasks to each node; beside GRES they need not.
std::int64_t CpuBounds::brought_to_node() const {
  const auto asked = std::max(cpus_for_memory_, std::int64_t{asked_.min_cpus_per_node});
  return asked / cpus_per_task_ * cpus_per_task_;
}

std::int64_t CpuBounds::most_on_node() const {
  return std::max(least_on_node(), brought_to_node());
}

std::int64_t CpuBounds::least_on_node() const {
  const std::int64_t of_tasks = tasks_ > 1 ? asked_.tasks_per_node * cpus_per_task_ : 0;
  const std::int64_t least = std::max(cpus_per_task_, of_tasks);
  if (schedule_.rules.tasks_bring_cpus && asked_.tasks > 0) return cpus_per_task_;
  const bool has_gres = !asked_.gres_per_node.empty() || !asked_.gres_per_job.empty() ||
                        !asked_.gres_per_task.empty() || !asked_.gres_per_socket.empty();
  if (has_gres) return least;
  return std::max(least, brought_to_node());
}

// Of a job on several nodes the last task of each may lack CPUs: slurmctld counts CPUs where it
// chooses nodes, and tasks only where it lays them out (seen in s17).
std::int64_t CpuBounds::least() const {
  const std::int64_t cut = nodes_ > 1 ? nodes_ * (cpus_per_task_ - 1) : 0;
  return std::max({tasks_ * cpus_per_task_ - cut, tasks_, cpus_per_gpu_ * gpus_});
}

std::int64_t CpuBounds::all_gpus(const Held& held) const {
  std::int64_t gpus = 0;
  for (std::size_t i = 0; i < schedule_.cluster.gres.size(); ++i) {
    if (schedule_.cluster.gres[static_cast<GresId>(i)].is_gpu()) gpus += node(held).gres[i];
  }
  return gpus;
}

// One task on each node, and the others wherever they bring most.
std::int64_t CpuBounds::most() const {
  const std::int64_t for_gpus = ceil_div(cpus_per_gpu_ * gpus_, tasks_);
  const std::int64_t task = std::max(cpus_per_task_, for_gpus);
  std::int64_t all_tasks = tasks_;
  // An update of the job makes them so many since 24.11.
  if (schedule_.rules.tasks_bring_cpus) {
    all_tasks = std::max(all_tasks, nodes_ * asked_.tasks_per_node);
  }
  if (asked_.tasks == 0) all_tasks = std::max(all_tasks, nodes_ * asked_.tasks_per_node);
  const std::int64_t others = std::max<std::int64_t>(all_tasks - nodes_, 0);
  std::int64_t sum = 0, widest = 0;
  for (const Held& held : attempt_.held) {
    // 24.11 takes CPUs for all GPUs that a node has for the job, before it shares these out.
    const bool for_all = schedule_.rules.tasks_bring_cpus && !asked_.gres_per_job.empty();
    const std::int64_t gpus = for_all ? all_gpus(held) : schedule_.gres(held, "gpu", "");
    const std::int64_t own = std::max({most_on_node(), task, cpus_per_gpu_ * gpus});
    if (nodes_ == 1) return rounded(held, std::max(own, all_tasks * task));
    sum += rounded(held, own);
    widest = std::max(widest, rounded(held, task));
  }
  return sum + others * widest;
}

}  // namespace

void check_slurm_cpus(const Schedule& schedule, const Attempt& attempt, Findings& findings) {
  const CpuBounds bounds(schedule, attempt);
  const auto wrong = [&](std::string text, const std::string& node = {}) {
    findings.add("request", schedule, attempt, attempt.start, std::move(text), node);
  };
  std::int64_t cpus = 0;
  for (const Held& held : attempt.held) {
    cpus += held.cpus;
    const std::string& name = schedule.cluster.nodes[held.node].name;
    if (held.cpus % bounds.unit(held) != 0) {
      wrong(fmt::format("got {} CPUs, they are given {} at a time", held.cpus, bounds.unit(held)),
            name);
    }
    if (attempt.held.size() == 1 && held.cpus < bounds.least_on_node()) {
      wrong(fmt::format("got {} CPUs, needs {} on each node", held.cpus, bounds.least_on_node()),
            name);
    }
  }
  if (cpus < bounds.least() || cpus > bounds.most()) {
    wrong(fmt::format("got {} CPUs, its request comes to {} to {}", cpus, bounds.least(),
                      bounds.most()));
  }
}

}  // namespace rehearse::auditing
