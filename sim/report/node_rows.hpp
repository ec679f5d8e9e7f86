// The nodes of a run as rows of a chart, from nothing but the host lists of its jobs. Rows are in
// order of the names' texts, then of their last numbers. A list of thousands of hosts stays the few
// ranges that it is written as, and is a few ranges of rows: cost goes by ranges, not by hosts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rehearse {

class NodeRows {
 public:
  /// Takes a host list in; lists are numbered from 0 in the order of the calls. False if it is not
  /// one (see expand_hostlist), or has a number too large to be a node.
  bool add(std::string_view hostlist);

  /// Gives rows to all hosts. After it nothing may be added.
  void finish();

  std::size_t size() const { return size_; }
  std::string name(std::size_t row) const;

  /// Calls visit(first row, last row + 1) for each range of list number `list`.
  template <class Visit>
  void for_each(std::size_t list, Visit&& visit) const {
    for (std::size_t i = first_range_[list]; i < first_range_[list + 1]; ++i) {
      const auto [series, first, last] = ranges_[i];
      const std::size_t row = row_of(series, first);
      visit(row, row + static_cast<std::size_t>(last - first) + 1);
    }
  }

 private:
  struct Range {
    std::uint32_t series;
    std::int64_t first, last;  // both included
  };
  struct Run {  // of hosts without a gap
    std::int64_t first, last;
    std::size_t row;  // of the first
  };
  // Hosts that differ in a number only. `width` of the number: 0 unless it has leading zeros.
  struct Series {
    std::string text;
    std::size_t width = 0;
    std::vector<Run> runs{};
  };

  bool add_piece(std::string_view piece);
  bool add_brackets(std::string_view text, std::string_view inside);
  void add_host(std::string_view host);
  void add_range(std::string_view text, std::size_t width, std::int64_t first, std::int64_t last);
  std::uint32_t series(std::string_view text, std::size_t width);
  std::size_t row_of(std::uint32_t series, std::int64_t number) const;

  std::map<std::pair<std::string, std::size_t>, std::uint32_t, std::less<>> known_;
  std::vector<Series> series_;
  std::vector<Range> ranges_;
  std::vector<std::size_t> first_range_{0};
  std::vector<std::uint32_t> order_;  // of series, by rows
  std::size_t size_ = 0;
};

}  // namespace rehearse
