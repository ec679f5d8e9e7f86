// What the placement policies ask of nodes: how many units of the wanted kinds are free, and keys
// that compare two counts one after the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/state/request.hpp"
#include "sim/state/resources.hpp"

namespace rehearse {

/// The kinds of GRES that a request asks for, and how many units in all.
class WantedGres {
 public:
  explicit WantedGres(const Request& request) {
    add(request.task_gres, request.tasks);
    add(request.node_gres, request.min_nodes);
    add(request.job_gres, 1);
  }

  const std::vector<GresId>& kinds() const { return kinds_; }
  std::uint32_t units() const { return units_; }
  std::uint32_t free(const Resources& resources, NodeId node) const {
    std::uint32_t result = 0;
    for (const GresId kind : kinds_) result += resources.free_gres(node, kind);
    return result;
  }

 private:
  void add(const std::vector<GresNeed>& needs, std::uint32_t times) {
    for (const GresNeed& need : needs) {
      units_ += need.count * times;
      for (const GresId kind : need.kinds) {
        if (std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) kinds_.push_back(kind);
      }
    }
  }

  std::vector<GresId> kinds_;
  std::uint32_t units_ = 0;
};

/// A key that orders by `first`, then by `second`. Exact in a double while first < 2^21.
inline double lexicographic(std::uint32_t first, std::uint32_t second) {
  return static_cast<double>((std::uint64_t{first} << 32) + second);
}

}  // namespace rehearse
