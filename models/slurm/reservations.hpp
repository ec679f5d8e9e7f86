// Advanced reservations (semantics 7.3): nodes kept for somebody for some time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/slurm/forecast.hpp"
#include "models/slurm/job_record.hpp"
#include "sim/base/node_set.hpp"
#include "sim/policy/view.hpp"
#include "sim/workload/operations.hpp"

namespace rehearse::slurm {

struct Reservation {
  std::string name;
  Seconds start = 0, end = 0;
  NodeSet nodes;
  PartitionId partition = kNone<PartitionId>;
  std::vector<std::string> users, accounts;  ///< lower case; `-name`: all but these
  bool maintenance = false, flexible = false, any_nodes = false, ignores_jobs = false;
  bool overlaps = false, magnetic = false;

  bool overlaps_time(Seconds from, Seconds to) const { return start < to && from < end; }
};

class Reservations {
 public:
  explicit Reservations(const View& view) : view_(view) {}

  /// Carries out scontrol create, update or delete reservation; "" or what is wrong with it. Nodes
  /// that are only counted are chosen among the nodes of `up` without a `running` job, in node
  /// order.
  std::string apply(const ChangeReservation& change, const NodeSet& up,
                    std::span<const Ending> running, Seconds now);

  const Reservation* find(const std::string& name) const;
  bool allows(const Reservation& reservation, JobId job) const;

  struct Answer {
    NodeSet usable;
    Seconds start = 0;            ///< not before
    bool in_maintenance = false;  ///< nothing is usable for a maintenance
    bool is_closed = false;       ///< its own reservation is not active at `start`
  };
  /// Nodes that `job` may use for a start at `start` with a limit of `minutes`. `may_move`: a start
  /// in a maintenance of all its nodes is moved behind it.
  Answer test(JobId job, const std::string& wanted, const NodeSet& nodes, Seconds start,
              Seconds minutes, bool may_move) const;
  /// End of the first reservation that ends after `time`; 0 if there is none.
  Seconds next_end(Seconds time) const;
  bool begins_between(Seconds from, Seconds to) const;  ///< whether one begins in (from, to]
  /// First time after `time` at which one begins or ends; 0: none.
  Seconds next_change(Seconds time) const;
  bool forget_ended(Seconds now);  ///< whether there was one
  bool empty() const { return all_.empty(); }

 private:
  std::string conflict(const Reservation& made, std::span<const Ending> running) const;

  const View& view_;
  std::vector<Reservation> all_;  // in order of creation
};

}  // namespace rehearse::slurm
