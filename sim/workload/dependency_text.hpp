// sbatch(1) --dependency as text: `afterok:A:B,afterany:C`, `after:A+5`, `singleton`; `,` means all
// of them, `?` any of them, and the two do not mix. Ids are texts here: the reader of a trace knows
// which submissions they name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/workload/sbatch_options.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

struct DependencyText {
  struct Item {
    DependencyKind kind{};
    std::string_view id{};   ///< into the text; empty for singleton
    std::size_t offset = 0;  ///< of the id, in bytes from the start of the text
    Duration delay = Duration::zero();
  };
  std::vector<Item> items;
  bool any = false;                        ///< `?`: one is enough
  std::optional<OptionProblem> problem{};  ///< then there are no items
};

DependencyText parse_dependency(std::string_view text);

/// What parse_dependency() reads, with the names that the workload has for its submissions.
std::string dependency_text(const Workload& workload, const Special& special);

/// afterok, singleton, ...
std::string_view name_of(DependencyKind kind);

}  // namespace rehearse
