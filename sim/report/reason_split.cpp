#include "sim/report/reason_split.hpp"

namespace rehearse {

ReasonSplit::ReasonSplit(const Journal& journal)
    : journal_(journal), first_(journal.attempts.size() + 1, 0), changes_(journal.reasons.size()) {
  for (const ReasonChange& change : journal.reasons) ++first_[index(change.attempt) + 1];
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (const ReasonChange& change : journal.reasons) {
    changes_[next[index(change.attempt)]++] = {whole_seconds(change.at), change.reason};
  }
}

}  // namespace rehearse
