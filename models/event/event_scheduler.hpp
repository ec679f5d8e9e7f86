// The scheduler of the papers: a queue in order of arrival, and one algorithm with one integer.
// With 0 reservations and no skipping it is FCFS (`none`), with skipping `greedy`; 1 reservation is
// EASY (Lifka 1995), everyone's is conservative backfilling (Mu'alem & Feitelson 2001), whose plans
// are rebuilt each pass in queue order. `easy-sjbf` backfills the shortest job first (Tsafrir
// 2007).
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/policy/scheduler.hpp"

namespace rehearse {

enum class Backfill { None, Greedy, Easy, EasySjbf, Conservative };

/// The names as they are written on the command line.
std::vector<std::string_view> backfill_names();
std::optional<Backfill> parse_backfill(std::string_view name);

/// An `event` scheduler over FIFO. A pass is O(queue x steps of the profile).
std::unique_ptr<Scheduler> make_event_scheduler(Backfill backfill);

}  // namespace rehearse
