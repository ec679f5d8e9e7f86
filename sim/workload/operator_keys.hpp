// The settings that scontrol and sacctmgr know, by the kind of record that they change.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/workload/option_values.hpp"

namespace rehearse {

enum class OperatorValue : std::uint8_t {
  Text,
  Instant,           ///< kept as seconds after the origin
  Length,            ///< minutes or any of Slurm's forms
  LengthChange,      ///< the same, perhaps with + or - before it
  Count,             ///< a whole number
  Hosts,             ///< a host list, or ALL
  StateOfNode,       ///< DOWN, DRAIN, RESUME, ...
  StateOfPartition,  ///< UP, DOWN, DRAIN, INACTIVE
  ReservationFlags,  ///< MAINT, FLEX, ...
};

struct OperatorKey {
  std::string_view name;
  OperatorValue takes = OperatorValue::Text;
};

/// Lower case; of sacctmgr those of QOS, accounts and users together.
extern const std::span<const OperatorKey> kJobKeys, kNodeKeys, kPartitionKeys, kReservationKeys,
    kAccountingKeys;

/// What is wrong with `value`, if anything is.
std::optional<OptionProblem> check_operator_value(OperatorValue takes, std::string_view value);

}  // namespace rehearse
