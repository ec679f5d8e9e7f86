// What there is: nodes, partitions, QOS, accounts. An immutable value that readers fill (YAML in
// config/; Slurm's own files later) and everything else reads; validate() is the one place that
// checks what holds between the parts. Sizes and times as Slurm has them: CPUs, MiB, Duration.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/node_set.hpp"
#include "sim/base/time.hpp"
#include "sim/cluster/limits.hpp"

namespace rehearse {

/// A kind of generic resource that is counted on its own: a GRES name, and its type if it has one.
struct GresKind {
  std::string name;  ///< gpu, shard, ...
  std::string type;  ///< a40; empty if untyped
  bool is_gpu() const { return name == "gpu"; }
  bool operator==(const GresKind&) const = default;
};

/// Devices of one kind that are near some cores (gres.conf Cores=).
struct GresDevices {
  GresId kind;
  std::uint32_t count = 0;
  std::vector<std::uint32_t> cores;  ///< of the node, by number; empty: all
  bool operator==(const GresDevices&) const = default;
};

struct Node {
  std::string name;
  std::uint32_t sockets = 1;
  std::uint32_t cores_per_socket = 1;
  std::uint32_t threads_per_core = 1;
  std::uint32_t cpus = 1;       ///< that jobs may use: sockets x cores x threads less reserved ones
  std::int64_t memory_mib = 0;  ///< that jobs may use; only meaningful if Cluster::tracks_memory
  std::vector<std::uint32_t> gres;    ///< count per GresId of the cluster
  std::vector<std::string> features;  ///< sorted
  std::int32_t weight = 1;            ///< lower is used first
  std::uint32_t reserved_cores =
      0;  ///< CoreSpecCount: not among `cpus`, the highest of each socket
  std::vector<GresDevices> devices;  ///< in order of their index; empty: near all cores
  bool is_cloud = false;             ///< State=CLOUD: powered down when the run begins
  bool operator==(const Node&) const = default;
};

/// Nodes of which some stay on (SuspendExcNodes, SuspendExcParts).
struct KeptOn {
  NodeSet nodes;
  std::optional<std::uint32_t> count;  ///< so many idle ones of them; nullopt: all
  bool operator==(const KeptOn&) const = default;
};

/// Power saving (slurm.conf(5) SuspendTime and what belongs to it): nodes that are idle for long
/// are powered down, and boot for the next job that gets them.
struct PowerSaving {
  Duration suspend_time = kUnlimited;  ///< idle so long, then powered down; kUnlimited: never
  Duration suspend_timeout = std::chrono::seconds{30};  ///< how long powering down takes
  Duration resume_timeout = std::chrono::seconds{60};   ///< a boot that takes longer has failed
  std::uint32_t suspend_rate = 60, resume_rate = 300;   ///< nodes a minute; 0: any number
  std::vector<KeptOn> kept_on;
  // How long a boot takes is not in slurm.conf: log-normal, the same for equal nodes and numbers of
  // their boots in all runs.
  Duration boot_median = kUnset;  ///< kUnset: half of resume_timeout
  double boot_sigma = 0;          ///< of the logarithm; 0: always the median
  double stock_out = 0;           ///< probability that there is no machine to boot
  Duration retry = kUnlimited;    ///< from a failed boot until it may be tried again; or never
  bool operator==(const PowerSaving&) const = default;
};

/// A switch of topology.conf. A leaf has nodes of its own; others have the nodes of those below.
struct Switch {
  std::string name;
  NodeSet nodes;
  std::uint32_t level = 0;           ///< 0: a leaf
  std::vector<std::uint32_t> below;  ///< positions in Cluster::switches
  bool operator==(const Switch&) const = default;
};

struct License {
  std::string name;
  std::int64_t count = 0;
  bool operator==(const License&) const = default;
};

enum class PreemptMode : std::uint8_t { Off, Cancel, Requeue };

/// What an amount of memory is counted per.
enum class MemoryPer : std::uint8_t { None, Node, Cpu, Gpu };
struct Memory {
  MemoryPer per = MemoryPer::None;
  std::int64_t mib = 0;
  bool operator==(const Memory&) const = default;
};

/// OverSubscribe: whether CPUs may be given to several jobs.
enum class OverSubscribe : std::uint8_t { No, Exclusive, Yes, Force };
/// State: whether jobs may be submitted to a partition, and started in it.
enum class PartitionState : std::uint8_t { Up, Down, Drain, Inactive };

/// `max_cpus_per_gpu`: at most so many CPUs for each GPU a job asks for, by GPU type.
enum class OnViolation : std::uint8_t { Reject, Trim, Warn };
struct MaxCpusPerGpu {
  std::optional<std::uint32_t> any;  ///< for types that are not named
  std::map<GresId, std::uint32_t> by_type{};
  OnViolation on_violation = OnViolation::Reject;
  bool operator==(const MaxCpusPerGpu&) const = default;
};

struct Partition {
  std::string name;
  NodeSet nodes;
  bool is_default = false;
  Duration max_time = kUnlimited;
  Duration default_time = kUnset;  ///< kUnset: max_time
  std::uint32_t min_nodes = 0;
  std::optional<std::uint32_t> max_nodes;
  std::int32_t priority_tier = 1;
  std::int32_t priority_job_factor = 1;
  std::optional<PreemptMode> preempt_mode;  ///< of its jobs as victims; nullopt: the policy's mode
  Duration grace_time = Duration::zero();
  bool exclusive = false;                   ///< OverSubscribe=EXCLUSIVE: whole nodes
  QosId qos = kNone<QosId>;                 ///< partition QOS: its limits rule the partition's jobs
  std::vector<std::string> allow_accounts;  ///< empty: all; an account includes those below it
  std::vector<std::string> deny_accounts;
  std::vector<std::string> allow_qos;  ///< empty: all
  std::vector<std::string> deny_qos;
  Memory default_memory;  ///< per node, CPU or GPU; None: a job that asks for none gets none
  std::optional<std::int64_t> max_memory_per_cpu_mib;
  std::optional<std::int64_t> max_memory_per_node_mib;
  std::optional<std::uint32_t> max_cpus_per_node;
  std::optional<std::uint32_t> default_cpus_per_gpu;
  std::optional<MaxCpusPerGpu> max_cpus_per_gpu;
  PartitionState state = PartitionState::Up;
  bool least_loaded = false;                         ///< LLN
  OverSubscribe over_subscribe = OverSubscribe::No;  ///< beside `exclusive`
  std::uint32_t over_subscribe_jobs = 4;             ///< on one CPU, of Yes and Force
  bool exclusive_user = false;                       ///< a node has jobs of one user only
  bool root_only = false;
  bool requires_reservation = false;        ///< ReqResv
  std::optional<Duration> over_time_limit;  ///< OverTimeLimit
  std::vector<double> billing_weights;      ///< TRESBillingWeights per TRES position; empty: CPUs
  std::optional<Duration> suspend_time, suspend_timeout, resume_timeout;  ///< instead of the
                                                                          ///< cluster's
  bool power_down_on_idle = false;  ///< PowerDownOnIdle: after each job
  bool operator==(const Partition&) const = default;
  /// Jobs that one CPU may serve at a time.
  std::uint32_t jobs_on_cpu() const {
    const bool shares =
        over_subscribe == OverSubscribe::Yes || over_subscribe == OverSubscribe::Force;
    return shares ? over_subscribe_jobs : 1;
  }
};

struct Qos {
  std::string name;
  std::int32_t priority = 0;
  Limits limits;
  bool deny_on_limit = false;  ///< DenyOnLimit: refuse at submission what can never start
  bool over_part_qos = false;  ///< OverPartQOS: this QOS's limits come before the partition's
  std::vector<QosId> preempts;
  std::optional<PreemptMode> preempt_mode;  ///< of its jobs as victims
  std::optional<Duration> grace_time;
  std::optional<Duration> preempt_exempt_time;
  double usage_factor = 1;
  std::optional<double> limit_factor;        ///< LimitFactor: times the limits of associations
  bool no_reserve = false;                   ///< NoReserve: backfill plans nothing for its jobs
  bool no_decay = false;                     ///< NoDecay: its usage does not decay
  bool usage_factor_safe = false;            ///< UsageFactorSafe
  bool partition_min_nodes = false;          ///< PartitionMinNodes: overrides the partition's
  bool partition_max_nodes = false;          ///< PartitionMaxNodes
  bool partition_time_limit = false;         ///< PartitionTimeLimit
  bool requires_reservation = false;         ///< RequiresReservation
  std::optional<double> usage_threshold;     ///< EnforceUsageThreshold: least fair-share factor
  std::optional<std::int64_t> min_priority;  ///< MinPrioThreshold: lower ones reserve nothing
  bool operator==(const Qos&) const = default;
};

/// A node of the account tree. Association 0 is the root; parents come before children.
struct Assoc {
  std::string account;
  std::string user;         ///< empty: the account itself
  std::string partition{};  ///< of a user: rules only there; empty: wherever none of its own does
  AssocId parent = kNone<AssocId>;
  std::int64_t shares = 1;  ///< RawShares
  std::int32_t priority = 0;
  Limits limits;
  std::vector<std::string> allow_qos;  ///< empty: all
  std::string default_qos;             ///< empty: `normal` if there is one, else none
  bool shares_as_parent = false;       ///< Fairshare=parent
  bool is_default = false;             ///< of a user: of jobs that name no account
  bool is_user() const { return !user.empty(); }
  bool operator==(const Assoc&) const = default;
};

/// SelectTypeParameters: what is given to one job only, and how.
enum class ConsumableUnit : std::uint8_t { Cpu, Core, Socket };
struct SelectParameters {
  bool whole_nodes = false;  ///< select/linear
  ConsumableUnit unit = ConsumableUnit::Core;
  bool one_task_per_core = false;  ///< CR_ONE_TASK_PER_CORE
  bool least_loaded = false;       ///< CR_LLN
  bool pack_nodes = false;         ///< CR_Pack_Nodes
  bool blocks_by_default = false;  ///< CR_CORE_DEFAULT_DIST_BLOCK
  bool operator==(const SelectParameters&) const = default;
};

enum class EnforcePartLimits : std::uint8_t { No, Any, All };

struct Cluster {
  std::string name;
  IdVector<NodeId, Node> nodes;  ///< in natural order of their names
  IdVector<GresId, GresKind> gres;
  IdVector<PartitionId, Partition> partitions;
  IdVector<QosId, Qos> qos;
  IdVector<AssocId, Assoc> assocs;  ///< at least the root
  bool tracks_memory = false;       ///< whether memory is a consumable resource
  bool declares_accounts = false;   ///< then only they may be used; users are made as they come
  EnforcePartLimits enforce_part_limits = EnforcePartLimits::No;
  bool limits_are_safe = false;  ///< AccountingStorageEnforce=safe
  SelectParameters select;
  std::vector<License> licenses;     ///< by name
  std::vector<Switch> switches;      ///< in the order of topology.conf; empty: no topology/tree
  std::optional<PowerSaving> power;  ///< nullopt: all nodes are always on
  /// What the file asks for and a run does not simulate, in words for the report.
  std::vector<std::string> not_simulated;

  std::size_t tres_count() const { return kTresFirstGres + gres.size(); }
  /// "cpu", "mem", "node", "billing", "gres/gpu", "gres/gpu:a40", ...
  std::string tres_name(std::size_t tres) const;
  std::optional<NodeId> find_node(std::string_view node_name) const;  ///< O(log nodes)
  /// As Slurm abbreviates the names: "gpu[1-4,7]".
  std::string host_list(const NodeSet& some) const;
  std::optional<PartitionId> find_partition(std::string_view partition_name) const;
  std::optional<QosId> find_qos(std::string_view qos_name) const;
  std::optional<AssocId> find_account(std::string_view account) const;
  /// The association of `partition` if the user has one, else that of all partitions.
  std::optional<AssocId> find_user(std::string_view account, std::string_view user,
                                   std::string_view partition = {}) const;
  std::optional<PartitionId> default_partition() const;
  /// Totals of all nodes: CPUs, memory in MiB, nodes, GPUs, each GRES.
  TresCounts totals() const { return totals(NodeSet::all(nodes.size())); }
  /// The same of some nodes.
  TresCounts totals(const NodeSet& some) const;
  bool operator==(const Cluster&) const = default;
};

/// A machine that needs no file: `nodes` nodes of `cpus_per_node` CPUs in one partition "all",
/// named n1 to n<nodes>. Memory is not tracked.
Cluster flat_cluster(std::uint32_t nodes, std::uint32_t cpus_per_node);

}  // namespace rehearse
