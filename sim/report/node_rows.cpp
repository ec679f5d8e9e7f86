#include "sim/report/node_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kNoNumber = std::string::npos;  // the width of a host that ends in none
constexpr std::size_t kMaxDigits = 15;
constexpr std::string_view kDigits = "0123456789";

std::int64_t power_of_ten(std::size_t exponent) {
  std::int64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= kMaxDigits &&
         text.find_first_not_of(kDigits) == std::string_view::npos;
}

}  // namespace

bool NodeRows::add(std::string_view hostlist) {
  bool good = !hostlist.empty();
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t at = 0; at <= hostlist.size() && good; ++at) {
    const char letter = at < hostlist.size() ? hostlist[at] : ',';
    if (letter == '[') ++depth;
    if (letter == ']') --depth;
    if (letter != ',' || (depth > 0 && at < hostlist.size())) continue;
    good = add_piece(hostlist.substr(start, at - start));
    start = at + 1;
  }
  first_range_.push_back(ranges_.size());
  return good;
}

bool NodeRows::add_piece(std::string_view piece) {
  const std::size_t open = piece.find('[');
  const std::size_t close = piece.find(']');
  const bool ends_in_brackets = open != std::string_view::npos && close + 1 == piece.size() &&
                                open > 0 && kDigits.find(piece[open - 1]) == kDigits.npos;
  if (ends_in_brackets) {
    return add_brackets(piece.substr(0, open), piece.substr(open + 1, close - open - 1));
  }
  const Hostlist hosts = expand_hostlist(piece);
  for (const std::string& host : hosts.hosts) add_host(host);
  return hosts.ok();
}

bool NodeRows::add_brackets(std::string_view text, std::string_view inside) {
  for (const std::string_view range : split(inside, ',')) {
    const std::size_t dash = range.find('-');
    const std::string_view low = range.substr(0, dash);
    const std::string_view high = dash == range.npos ? low : range.substr(dash + 1);
    if (!is_number(low) || !is_number(high)) return false;
    const std::int64_t first = *parse_int64(low);
    const std::int64_t last = *parse_int64(high);
    if (last < first || last - first >= static_cast<std::int64_t>(kMaxHosts)) return false;
    // Numbers that fill the width have no leading zeros: n100 is the same host in both notations.
    const std::int64_t unpadded = low.size() > 1 ? power_of_ten(low.size() - 1) : 0;
    if (first < unpadded) add_range(text, low.size(), first, std::min(last, unpadded - 1));
    if (last >= unpadded) add_range(text, 0, std::max(first, unpadded), last);
  }
  return true;
}

void NodeRows::add_host(std::string_view host) {
  const std::size_t digits = host.size() - (host.find_last_not_of(kDigits) + 1);
  const std::string_view number = host.substr(host.size() - digits);
  if (!is_number(number)) return add_range(host, kNoNumber, 0, 0);
  const bool padded = digits > 1 && number.front() == '0';
  const std::int64_t value = *parse_int64(number);
  add_range(host.substr(0, host.size() - digits), padded ? digits : 0, value, value);
}

void NodeRows::add_range(std::string_view text, std::size_t width, std::int64_t first,
                         std::int64_t last) {
  ranges_.push_back({series(text, width), first, last});
}

std::uint32_t NodeRows::series(std::string_view text, std::size_t width) {
  if (!ranges_.empty()) {  // most often the one before
    const Series& recent = series_[ranges_.back().series];
    if (recent.width == width && recent.text == text) return ranges_.back().series;
  }
  const auto [entry, is_new] =
      known_.try_emplace({std::string(text), width}, static_cast<std::uint32_t>(series_.size()));
  if (is_new) series_.push_back({std::string(text), width});
  return entry->second;
}

void NodeRows::finish() {
  std::vector<Range> sorted = ranges_;
  std::sort(sorted.begin(), sorted.end(), [](const Range& a, const Range& b) {
    return std::pair(a.series, a.first) < std::pair(b.series, b.first);
  });
  for (const auto [id, first, last] : sorted) {
    std::vector<Run>& runs = series_[id].runs;
    if (runs.empty() || first > runs.back().last + 1) {
      runs.push_back({first, last, 0});
    } else {
      runs.back().last = std::max(runs.back().last, last);
    }
  }
  for (std::uint32_t id = 0; id < series_.size(); ++id) order_.push_back(id);
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Series& left = series_[a];
    const Series& right = series_[b];
    if (left.text != right.text) return natural_less(left.text, right.text);
    return left.width < right.width;
  });
  for (const std::uint32_t id : order_) {
    for (Run& run : series_[id].runs) {
      run.row = size_;
      size_ += static_cast<std::size_t>(run.last - run.first) + 1;
    }
  }
}

std::size_t NodeRows::row_of(std::uint32_t series, std::int64_t number) const {
  const std::vector<Run>& runs = series_[series].runs;
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), number,
                       [](std::int64_t wanted, const Run& run) { return wanted < run.first; });
  const Run& run = *std::prev(after);
  return run.row + static_cast<std::size_t>(number - run.first);
}

std::string NodeRows::name(std::size_t row) const {
  const auto after_series = std::upper_bound(
      order_.begin(), order_.end(), row,
      [&](std::size_t wanted, std::uint32_t id) { return wanted < series_[id].runs.front().row; });
  const Series& series = series_[*std::prev(after_series)];
  const auto after =
      std::upper_bound(series.runs.begin(), series.runs.end(), row,
                       [](std::size_t wanted, const Run& run) { return wanted < run.row; });
  const Run& run = *std::prev(after);
  if (series.width == kNoNumber) return series.text;
  const std::int64_t number = run.first + static_cast<std::int64_t>(row - run.row);
  return fmt::format("{}{:0{}}", series.text, number, series.width);
}

}  // namespace rehearse
