// Each attempt's time from its submission to its start, split by the reason it gave for waiting.
// The seconds of one attempt add up to its response, because instants are floored before they are
// subtracted. An attempt that never starts is split up to its end, or else the end of the journal.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/time.hpp"
#include "sim/state/journal.hpp"
#include "sim/state/reason.hpp"

namespace rehearse {

class ReasonSplit {
 public:
  /// Sorts the journal's changes by attempt. O(attempts + changes). `journal` must outlive this.
  explicit ReasonSplit(const Journal& journal);

  /// Calls visit(Reason, seconds > 0) in order of time; a reason may come again. Time for which
  /// the journal has no reason is Reason::None.
  template <class Visit>
  void for_each(AttemptId id, Visit&& visit) const {
    const Attempt& attempt = journal_.attempts[id];
    if (attempt.submit == kNever) return;
    Reason reason = Reason::None;
    std::int64_t since = whole_seconds(attempt.submit);
    const auto until = [&](std::int64_t now) {
      if (now > since) visit(reason, now - since);
      since = std::max(since, now);
    };
    for (std::size_t i = first_[index(id)]; i < first_[index(id) + 1]; ++i) {
      if (i > first_[index(id)]) until(changes_[i].first);  // the first counts from the submission
      reason = changes_[i].second;
    }
    const Time left = attempt.start != kNever ? attempt.start
                      : attempt.end != kNever ? attempt.end
                                              : journal_.end;
    until(whole_seconds(left));
  }

 private:
  const Journal& journal_;
  std::vector<std::uint32_t> first_;  // of each attempt in changes_, and one more
  std::vector<std::pair<std::int64_t, Reason>> changes_;
};

}  // namespace rehearse
