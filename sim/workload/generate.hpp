// Models of workloads, as data: what `rehearse trace synth` reads and models/workload makes rows
// of. LublinModel is the model of Lublin and Feitelson for parallel machines; GpuLabModel is labs
// that share GPUs, a mixture of classes of jobs over the accounts and users of a cluster.
//
// Whatever can vary between jobs is a Mixture: values with weights.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/time.hpp"

namespace rehearse {

/// Values and how often each is drawn, relative to the others; one value alone is always drawn.
template <class T>
struct Mixture {
  std::vector<T> values;
  std::vector<double> weights;

  Mixture() = default;
  explicit Mixture(T value) : values{std::move(value)}, weights{1} {}
  bool empty() const { return values.empty(); }
};

/// How users choose a time limit: the run time times a uniform factor from 1 to `over_estimate`,
/// rounded up to the next on the menu; the longest if none is long enough, and then the job is
/// killed there. An empty menu: no limit is given.
struct LimitHabit {
  std::vector<Duration> menu;  ///< ascending
  double over_estimate = 1;
};

/// U. Lublin and D. Feitelson, "The workload on parallel supercomputers: modeling the
/// characteristics of rigid jobs", J. Parallel and Distributed Computing 63 (2003); the defaults
/// are its parameters for all jobs, batch and interactive together.
struct LublinModel {
  // Sizes: log2 is uniform in [low, medium] or [medium, high], where `high` is of the machine.
  double serial = 0.244;        ///< probability of one processor
  double power_of_two = 0.576;  ///< probability that log2 of the size is rounded
  double size_low = 0.8;
  double size_medium_below_high = 2.5;
  double size_first_stage = 0.86;  ///< probability of [low, medium]
  // Run times: their natural logarithm is a hyper-gamma, the first gamma the likelier the fewer
  // processors.
  double run_shape_1 = 4.2, run_scale_1 = 0.94;
  double run_shape_2 = 312, run_scale_2 = 0.03;
  double run_first_slope = -0.0054, run_first_constant = 0.78;
  // Arrivals: the logarithm of gaps is a gamma; the day's cycle is another, over half hours.
  double gap_shape = 10.2303 * 1.0225, gap_scale = 0.4871;
  double cycle_shape = 8.1737, cycle_scale = 3.9631;
  LimitHabit limits;
};

/// When a class of jobs is submitted. Time 0 is a Monday, 00:00.
enum class Rhythm : std::uint8_t {
  Always,  ///< at any hour alike
  Daily,   ///< 1 + 0.8 cos of the hour around 15:00; half of it at weekends
  Office,  ///< Monday to Friday, 09:00 to 19:00
};

/// How a GPU type is asked for: in the GRES (`gpu:a40:2`) or as a feature (--constraint=a40).
enum class TypeBy : std::uint8_t { Gres, Constraint };

/// Jobs of one kind. Empty mixtures leave the option out.
struct JobClass {
  std::string name;
  double share = 1;               ///< of submissions, relative to the other classes
  Mixture<std::string> accounts;  ///< empty: all, by their GPU caps, else their users
  Mixture<std::string> partition;
  Mixture<std::string> qos;
  std::string gres = "gpu";        ///< what `gpus` counts: gpu, shard
  Mixture<std::int64_t> gpus;      ///< 0: a CPU job
  std::int64_t gpus_per_node = 8;  ///< more GPUs than that are several nodes
  Mixture<std::string> gpu_type;   ///< "any": none is asked
  TypeBy type_by = TypeBy::Gres;
  Mixture<std::int64_t> cpus_per_gpu;
  Mixture<std::int64_t> memory_per_gpu_mib;
  Mixture<std::int64_t> cpus;        ///< of a CPU job
  Mixture<std::int64_t> memory_mib;  ///< of a CPU job
  Mixture<std::string> nodelist;     ///< "any": none is asked
  std::string exclude;
  Duration run_time = std::chrono::hours{1};  ///< median of a log-normal
  double run_sigma = 1;                       ///< of its natural logarithm
  LimitHabit limits;
  double without_limit = 0;  ///< share of submissions that give no limit all the same
  double arrays = 0;         ///< share of submissions that are arrays
  Mixture<std::int64_t> array_tasks;
  std::int64_t array_throttle = 0;
  double failures = 0;          ///< share of jobs that exit with 1, at a uniform part of the run
  double probes = 0;            ///< share that waits for a short job that tests it first
  std::string probe_partition;  ///< where that runs, for about ten minutes on one GPU
  Rhythm rhythm = Rhythm::Daily;
};

struct GpuLabModel {
  double user_zipf = 1;       ///< the n-th user of an account submits n^-user_zipf as much
  double deadline_day = -1;   ///< before it all submit more; negative: no deadline
  double deadline_boost = 1;  ///< so many times more on its eve, decaying backwards
  double deadline_days = 3;   ///< by a factor e for so many days
  std::vector<JobClass> classes;
};

struct WorkloadModel {
  std::string cluster;  ///< a path, relative to the model's file, or a flat machine
  double days = 7;
  double load = 0;              ///< offered, of `load_of`; 0: as arrivals come (Lublin only)
  std::string load_of = "cpu";  ///< a TRES of the cluster: cpu, gres/gpu
  std::variant<LublinModel, GpuLabModel> kind;
};

}  // namespace rehearse
