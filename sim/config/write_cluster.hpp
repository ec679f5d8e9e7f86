// A cluster as YAML: what load_cluster() reads back is equal.
#pragma once

#include <string>

#include "sim/config/load.hpp"

namespace rehearse {

/// The grammar of configs/README.md. `origin` is said in the first line.
std::string write_cluster(const Cluster& cluster, const PolicySettings& policies,
                          const std::string& origin);

}  // namespace rehearse
