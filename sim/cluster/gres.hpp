// The grammar of GRES and TRES texts, shared by every reader: `gpu:a40:2,shard:4` as in sbatch(1)
// --gres, and `cpu=4,mem=16G,gres/gpu:a40=2` as in sacctmgr(1) GrpTRES. Nothing here throws: a bad
// text yields what is wrong and where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/cluster.hpp"

namespace rehearse {

struct GresCount {
  std::string name;  ///< gpu
  std::string type;  ///< a40; empty: any
  std::int64_t count = 1;
  bool operator==(const GresCount&) const = default;
};

struct GresList {
  std::vector<GresCount> items;
  std::string error{};     ///< empty = none
  std::size_t offset = 0;  ///< of the error: bytes from the start of the text
  bool ok() const { return error.empty(); }
};

/// `name[:type][:count]`, by commas; a count may have a suffix K or M. "gpu" is one; "none" and ""
/// are the empty list.
GresList parse_gres(std::string_view text);

struct TresParse {
  TresCounts counts;  ///< kNoLimit where nothing is said
  std::string error{};
  std::size_t offset = 0;
  bool ok() const { return error.empty(); }
};

/// `cpu=4,mem=16G,node=2,billing=9,gres/gpu=8,gres/gpu:a40=2`; -1 takes a limit away. An unknown
/// GRES of `cluster` is an error.
TresParse parse_tres(std::string_view text, const Cluster& cluster);

struct WeightParse {
  std::vector<double> weights;  ///< per TRES position; 0 where nothing is said
  std::string error{};
  std::size_t offset = 0;
  bool ok() const { return error.empty(); }
};

/// TRESBillingWeights: `CPU=1.0,Mem=0.25G,GRES/gpu=2.0`. A weight of memory is per MiB, or per the
/// unit that follows it; the result is always per MiB.
WeightParse parse_billing_weights(std::string_view text, const Cluster& cluster);

}  // namespace rehearse
