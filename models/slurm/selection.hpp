// Node and core selection as select/cons_tres does it (semantics ch. 5): which nodes, which cores,
// how many CPUs. Pure but for Choosing::near_gpus: the same question has the same answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "models/slurm/machine.hpp"
#include "models/slurm/needs.hpp"
#include "sim/base/node_set.hpp"

namespace rehearse::slurm {

class OfferMemo;

/// The low byte of a node's weight when no GPU is near: one less for each that is.
inline constexpr std::uint8_t kNoNearGpus = 0xff;

/// How near the GPUs of each node were to the last job that was tried on it.
class NearGpus {
 public:
  using Writes = std::vector<std::pair<NodeId, std::uint8_t>>;

  explicit NearGpus(std::size_t nodes) : bytes_(nodes, kNoNearGpus) {}
  std::uint8_t operator[](NodeId node) const { return bytes_[index(node)]; }
  void set(NodeId node, std::uint8_t byte) {
    if (log != nullptr) log->emplace_back(node, byte);
    const std::uint8_t before = std::exchange(bytes_[index(node)], byte);
    if (before == byte) return;
    ++changes_;
    kept_ += (before == kNoNearGpus ? 1 : 0) - (byte == kNoNearGpus ? 1 : 0);
  }
  /// Whether some node has anything but kNoNearGpus.
  bool any() const { return kept_ > 0 || log != nullptr; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  /// How often a byte became another.
  std::uint64_t changes() const { return changes_; }

  Writes* log = nullptr;  ///< where what is set is noted

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint64_t changes_ = 0;
  std::int64_t kept_ = 0;  ///< nodes that have anything but kNoNearGpus
};

/// What a question depends on beside the request and the machine.
struct Choosing {
  UserId user{};
  std::uint32_t most_nodes = 0;      ///< a limit on nodes of the job, 0: none (semantics 4.4)
  bool waited_for_switches = false;  ///< --switches has waited long enough
  bool will_run = false;             ///< asked by backfill: SELECT_MODE_WILL_RUN
  bool test_only = false;            ///< asked of an idle machine: SELECT_MODE_TEST_ONLY
  bool on_copy = false;              ///< will-run with running jobs taken off a copy of all nodes
  int version = 2205;                ///< 2205, 2302, 2311, 2405, 2411
  bool busy_first = false;           ///< bf_busy_nodes
  bool serial_at_end = false;        ///< pack_serial_at_end
  bool topology_optional = false;    ///< TopologyParam=TopoOptional
  /// Before 23.11 a node keeps how near its GPUs were to the last job that was tried on it, and
  /// WILL_RUN tests of jobs without GPUs go by that (semantics ch. 11.12). Brought up to date.
  /// Null: every question starts anew.
  NearGpus* near_gpus = nullptr;
  /// Epilogs that run on each node: such nodes come last among those of their weight. Null: none.
  const IdVector<NodeId, std::int32_t>* completing = nullptr;
  /// Nodes that would have to boot: they come after all others. Null: there are none.
  const NodeSet* powered_down = nullptr;
  /// Where offers are kept that were asked for before, if they are, and which state of the machine
  /// they are of: REQUIRES that it is always the same machine then.
  OfferMemo* memo = nullptr;
  std::size_t stage = 0;
};

/// The nodes, cores and devices that a job with `needs` gets out of `usable` (up, not completing,
/// not reserved for others, in the partition), or none if it does not fit.
std::optional<Allocation> choose_nodes(const Machine& machine, const Needs& needs,
                                       const NodeSet& usable, const Choosing& how);

}  // namespace rehearse::slurm
