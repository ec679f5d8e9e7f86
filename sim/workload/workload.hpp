// What was asked (Submission, Asked) and how long it really ran (Truth): two types (D14), so that
// no decision can read a run time by accident. A submission is one row of the trace, one sbatch; it
// becomes one job, or one per task of an array. Tables are append-only; SubmissionId is the order
// of the rows in the file, and the engine sorts by (submit, number, SubmissionId).
//
// Millions of rows share few shapes of request: Asked is interned, and what is rare (dependencies,
// arrays, begin times) lives in Special.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/gres.hpp"
#include "sim/workload/operations.hpp"

namespace rehearse {

/// What sbatch was told of sizes and places. 0, empty and None mean "not given".
struct Asked {
  std::uint32_t min_nodes = 0;
  std::uint32_t max_nodes = 0;  ///< = min_nodes for `-N2`; larger for `-N1-3`
  std::uint32_t tasks = 0;
  std::uint32_t tasks_per_node = 0;
  std::uint32_t cpus_per_task = 0;
  std::uint32_t cpus_per_gpu = 0;
  std::vector<GresCount> gres_per_node;  ///< --gres, --gpus-per-node
  std::vector<GresCount> gres_per_job;   ///< --gpus
  std::vector<GresCount> gres_per_task;  ///< --gpus-per-task
  Memory memory;                         ///< --mem, --mem-per-cpu, --mem-per-gpu
  std::string constraint{};
  std::string nodelist{};  ///< nodes that must all be in the allocation
  std::string exclude{};
  bool exclusive = false;
  bool whole_memory = false;            ///< --mem=0: all of each node's
  std::uint32_t min_cpus_per_node = 0;  ///< --mincpus
  std::uint32_t tasks_per_socket = 0;
  std::uint32_t tasks_per_core = 0;
  std::uint32_t threads_per_core = 0;  ///< --threads-per-core; --hint=nomultithread is 1
  std::uint32_t tasks_per_gpu = 0;
  std::uint32_t sockets_per_node = 0;
  std::uint32_t cores_per_socket = 0;
  std::vector<GresCount> gres_per_socket{};  ///< --gpus-per-socket
  std::uint32_t switches = 0;                ///< --switches: on at most so many leaf switches
  Duration switches_wait = kUnset;           ///< ... for so long at most
  bool contiguous = false;
  bool spread = false;  ///< --spread-job
  bool use_min_nodes = false;
  bool over_subscribe = false;                                   ///< --oversubscribe
  bool exclusive_user = false;                                   ///< --exclusive=user
  bool enforce_binding = false;                                  ///< --gres-flags=enforce-binding
  std::string distribution{};                                    ///< --distribution
  std::string prefer{};                                          ///< --prefer
  std::vector<std::pair<std::string, std::int64_t>> licenses{};  ///< --licenses, by name
  bool any_license = false;  ///< joined by `|`: one of them is enough
  bool operator==(const Asked&) const = default;
};

enum class DependencyKind : std::uint8_t {
  After,
  AfterOk,
  AfterNotOk,
  AfterAny,
  AfterCorr,
  Singleton
};

struct Dependency {
  DependencyKind kind;
  SubmissionId on = kNone<SubmissionId>;  ///< none for singleton
  std::uint32_t array_task = kNone<std::uint32_t>;
  Duration delay = Duration::zero();  ///< after:id+minutes
  bool operator==(const Dependency&) const = default;
};

/// The rare options of a submission.
struct Special {
  std::vector<Dependency> dependencies;
  bool any_dependency = false;             ///< `?`: one is enough; else all
  std::vector<std::uint32_t> array_tasks;  ///< empty: no array
  std::uint32_t array_throttle = 0;        ///< most tasks running at once, 0: any
  std::uint32_t het_size = 0;    ///< components of its heterogeneous job; 0: it is of none
  std::uint32_t het_offset = 0;  ///< which of them: the rows follow each other
  Time begin = Time::min();      ///< not eligible before
  bool hold = false;
  std::optional<bool> requeue;              ///< --requeue, --no-requeue
  std::optional<bool> kill_on_invalid_dep;  ///< --kill-on-invalid-dep
  std::optional<std::int64_t> priority;     ///< --priority
  Duration min_time = kUnset;               ///< --time-min
  Time deadline = kNever;                   ///< --deadline
  std::string reservation{};                ///< --reservation: a name, or several by commas
  NameId job_name = kNone<NameId>;  ///< --job-name, by which `singleton` goes; none: the row's id
  std::vector<std::string> slurm_only;     ///< options that only `scheduler: slurm` understands:
                                           ///< --name=value, beside what they mean
  std::vector<std::string> not_simulated;  ///< options that are read and have no effect
  bool operator==(const Special&) const = default;
};

/// One row of the trace.
struct Submission {
  Time submit;
  Duration time_limit = kUnset;
  std::uint64_t number = 0;     ///< the job's number in the trace, if it is one
  NameId name = kNone<NameId>;  ///< its name where the trace has names ("J042"), else none
  NameId user;
  NameId account;
  NameId partition;  ///< as written: "", "short" or a list "short,long"
  NameId qos;
  AskedId asked{};
  std::uint32_t special = kNone<std::uint32_t>;  ///< index into Workload::specials
  std::int32_t nice = 0;
  std::uint32_t line = 0;  ///< of the file, for messages; 0 = none
};

/// How a job really goes: one for a plain job, a list by rank for an array.
struct TaskTruth {
  Duration run_time;
  int exit_code = 0;
  bool ignores_term = false;  ///< runs through its grace time when it is preempted
  bool operator==(const TaskTruth&) const = default;
};

/// What no decision may see. Exceptions to the plain run time are in `details`.
struct TruthDetail {
  /// By the task's rank in Special::array_tasks; a shorter list repeats from its start.
  std::vector<TaskTruth> by_task_rank;
};
struct Truth {
  IdVector<SubmissionId, Duration> run_time;  ///< of a plain job; of an array, its first task
  std::map<SubmissionId, TruthDetail> details;

  /// Of task number `rank` of the array `id`, or of the plain job `id` (rank 0).
  TaskTruth of(SubmissionId id, std::size_t rank = 0) const {
    const auto found = details.find(id);
    if (found == details.end()) return {.run_time = run_time[id]};
    const std::vector<TaskTruth>& tasks = found->second.by_task_rank;
    return tasks[rank % tasks.size()];
  }
};

/// A named repair of dirty rows: how often it was applied, and the line of the first row.
struct Repair {
  std::int64_t count = 0;
  std::int64_t first_line = 0;
};

struct Workload {
  IdVector<SubmissionId, Submission> submissions;
  IdVector<AskedId, Asked> asked;
  std::vector<Special> specials;
  Truth truth;
  IdVector<NameId, std::string> names;  ///< distinct texts, NameId 0 is ""
  std::int64_t max_procs = 0;           ///< MaxProcs of the header, 0 if it does not say
  std::int64_t unix_start_time = -1;    ///< UnixStartTime of the header, -1 if it does not say
  std::map<std::string, Repair, std::less<>> repairs;
  std::vector<Operation> operations;  ///< what operators did, in order of time
  std::vector<std::string> warnings;  ///< accepted by a stated rule, worth saying

  /// The submission's rare options, or null.
  const Special* special(SubmissionId id) const {
    const std::uint32_t at = submissions[id].special;
    return at == kNone<std::uint32_t> ? nullptr : &specials[at];
  }
  /// Whether the row is a component of a heterogeneous job.
  bool is_component(SubmissionId id) const {
    const Special* const rare = special(id);
    return rare != nullptr && rare->het_size > 0;
  }
  /// The first component of the heterogeneous job that the row belongs to; else the row itself.
  SubmissionId first_component(SubmissionId id) const {
    const Special* const rare = special(id);
    return static_cast<SubmissionId>(index(id) - (rare == nullptr ? 0 : rare->het_offset));
  }
  bool is_later_component(SubmissionId id) const { return first_component(id) != id; }
  /// "J042" or the number, as the trace's row has it.
  std::string row_text(SubmissionId id) const;
  /// The same as the job's id; of a component of a heterogeneous job "J042+1".
  std::string id_text(SubmissionId id) const;
  /// The same of a task of its array: "A03_7"; kNone: the submission's own.
  std::string task_text(SubmissionId id, std::uint32_t array_task) const;
};

/// CPUs and GPUs that a request comes to by its own words, before a cluster's defaults: for
/// statistics and for formats that know nothing else. At least one CPU.
std::int64_t asked_cpus(const Asked& asked);
std::int64_t asked_gpus(const Asked& asked);

/// Fills a Workload's interned tables while a reader works. Equal texts and requests share an id.
class WorkloadBuilder {
 public:
  WorkloadBuilder();
  ~WorkloadBuilder();
  NameId name(std::string_view text);    ///< O(text)
  void reserve_names(std::size_t more);  ///< room for so many further names
  AskedId asked(const Asked& request);   ///< O(size of the request)
  Workload& workload() { return workload_; }
  Workload take();  ///< the workload; the builder is spent

 private:
  struct Index;
  Workload workload_;
  std::unique_ptr<Index> index_;
};

}  // namespace rehearse
