#include "sim/base/slurm_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kMaxDigits = 18;  // any such number fits an int64
constexpr std::size_t kMaxNameBytes = 255;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number of digits only (no sign).
std::optional<std::int64_t> parse_digits(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  return parse_int64(text);
}

/// `sum + count * unit`, or nothing if it overflows. No argument may be negative.
std::optional<std::int64_t> add_product(std::int64_t sum, std::int64_t count, std::int64_t unit) {
  if (count > (std::numeric_limits<std::int64_t>::max() - sum) / unit) return std::nullopt;
  return sum + count * unit;
}

/// The number that ends a host name, of at most kMaxDigits digits, and the text before it.
struct NumberedName {
  std::string_view prefix;
  std::string_view digits;
};

NumberedName split_number(std::string_view name) {
  std::size_t start = name.size();
  while (start > 0 && name.size() - start < kMaxDigits && is_digit(name[start - 1])) --start;
  return {name.substr(0, start), name.substr(start)};
}

/// Recursive descent over a host list; fails by leaving a message and an offset in result_.
class HostlistParser {
 public:
  explicit HostlistParser(std::string_view text) : text_(text) {}

  Hostlist parse() {
    if (text_.empty()) fail("the list of hosts is empty", 0);
    while (result_.ok()) {
      parse_name();
      if (!result_.ok() || at_ == text_.size()) break;
      ++at_;  // the comma
    }
    if (!result_.ok()) result_.hosts.clear();
    return std::move(result_);
  }

 private:
  void fail(std::string message, std::size_t offset) {
    result_.error = std::move(message);
    result_.offset = offset;
  }

  /// Text and brackets up to a comma or the end; appends the product of their choices.
  void parse_name() {
    const std::size_t start = at_;
    std::vector<std::string> names{""};
    while (result_.ok() && at_ < text_.size() && text_[at_] != ',') {
      const std::size_t piece = at_;
      multiply(names, text_[at_] == '[' ? parse_bracket() : parse_plain(), piece);
    }
    if (!result_.ok()) return;
    if (at_ == start) return fail("a host name is empty", start);
    if (names.size() > kMaxHosts - result_.hosts.size()) return fail_too_many(start);
    std::move(names.begin(), names.end(), std::back_inserter(result_.hosts));
  }

  void fail_too_many(std::size_t offset) {
    fail(fmt::format("the list names more than {} hosts", kMaxHosts), offset);
  }

  /// names = names x choices, the last varying fastest.
  void multiply(std::vector<std::string>& names, const std::vector<std::string>& choices,
                std::size_t offset) {
    if (!result_.ok()) return;
    if (choices.size() > kMaxHosts / names.size()) return fail_too_many(offset);
    std::vector<std::string> product;
    product.reserve(names.size() * choices.size());
    for (const std::string& name : names) {
      for (const std::string& choice : choices) {
        if (name.size() + choice.size() > kMaxNameBytes) {
          return fail(fmt::format("a host name has more than {} bytes", kMaxNameBytes), offset);
        }
        product.push_back(name + choice);
      }
    }
    names = std::move(product);
  }

  std::vector<std::string> parse_plain() {
    const std::size_t end = std::min(text_.find_first_of("[,] \t\r\n", at_), text_.size());
    if (end < text_.size() && text_[end] != '[' && text_[end] != ',') {
      fail(text_[end] == ']' ? "\"]\" without \"[\"" : "a blank in a host name", end);
      return {};
    }
    std::string plain(text_.substr(at_, end - at_));
    at_ = end;
    return {std::move(plain)};
  }

  std::vector<std::string> parse_bracket() {
    const std::size_t open = at_;
    const std::size_t close = text_.find_first_of("[]", open + 1);
    if (close == std::string_view::npos || text_[close] == '[') {
      fail("\"[\" is not closed", open);
      return {};
    }
    std::vector<std::string> numbers;
    at_ = open + 1;
    for (const std::string_view range : split(text_.substr(at_, close - at_), ',')) {
      append_range(numbers, range);
      if (!result_.ok()) return {};
      at_ += range.size() + 1;
    }
    return numbers;  // at_ is one past the bracket
  }

  /// Appends the numbers of "7" or "007-012", which starts at at_.
  void append_range(std::vector<std::string>& numbers, std::string_view range) {
    const std::size_t dash = range.find('-');
    const std::string_view low = range.substr(0, dash);
    const std::string_view high = dash == std::string_view::npos ? low : range.substr(dash + 1);
    if (range.empty()) return fail("a range is empty", at_);
    if (low.size() > kMaxDigits || high.size() > kMaxDigits) {
      return fail(fmt::format("a number has more than {} digits", kMaxDigits), at_);
    }
    const auto first = parse_digits(low);
    const auto last = parse_digits(high);
    if (!first || !last) {
      return fail(fmt::format("\"{}\" is not a number or a range of numbers", range), at_);
    }
    if (*first > *last) return fail(fmt::format("the range \"{}\" is reversed", range), at_);
    if (static_cast<std::size_t>(*last - *first) >= kMaxHosts - numbers.size()) {
      return fail_too_many(at_);
    }
    for (std::int64_t number = *first; number <= *last; ++number) {
      numbers.push_back(fmt::format("{:0{}}", number, low.size()));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Hostlist result_;
};

}  // namespace

std::optional<std::int64_t> parse_slurm_seconds(std::string_view text) {
  const std::string word = lower(text);
  if (word == "unlimited" || word == "infinite" || word == "-1") return kUnlimitedSeconds;

  // The unit of the first field; each next one is the unit below it.
  constexpr std::array<std::int64_t, 4> kUnits{kSecondsPerDay, 3600, 60, 1};
  std::vector<std::string_view> fields;
  std::size_t unit = 0;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    fields = split(text.substr(dash + 1), ':');
    fields.insert(fields.begin(), text.substr(0, dash));
  } else {
    fields = split(text, ':');
    unit = fields.size() == 3 ? 1 : 2;
  }
  if (fields.size() > kUnits.size() - unit) return std::nullopt;

  std::optional<std::int64_t> seconds = 0;
  for (const std::string_view field : fields) {
    const auto count = parse_digits(field);
    if (!count) return std::nullopt;
    seconds = add_product(*seconds, *count, kUnits[unit++]);
    if (!seconds) return std::nullopt;
  }
  if (*seconds == kUnlimitedSeconds) return std::nullopt;  // a number never means "no limit"
  return seconds;
}

std::string format_slurm_seconds(std::int64_t seconds) {
  if (seconds == kUnlimitedSeconds) return "UNLIMITED";
  const std::int64_t days = seconds / kSecondsPerDay;
  const std::string clock =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  return days > 0 ? fmt::format("{}-{}", days, clock) : clock;
}

std::optional<std::int64_t> parse_memory_mib(std::string_view text) {
  const auto digits_end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = static_cast<std::size_t>(digits_end - text.begin());
  const auto count = parse_digits(text.substr(0, digits));
  if (!count) return std::nullopt;

  const std::string suffix = lower(text.substr(digits));
  if (suffix.empty()) return count;
  const std::string_view after_unit = std::string_view(suffix).substr(1);
  if (after_unit != "" && after_unit != "b" && after_unit != "ib") return std::nullopt;
  switch (suffix.front()) {
    case 'k':
      return *count / 1024 + (*count % 1024 == 0 ? 0 : 1);
    case 'm':
      return count;
    case 'g':
      return add_product(0, *count, 1024);
    case 't':
      return add_product(0, *count, std::int64_t{1024} * 1024);
    default:
      return std::nullopt;
  }
}

Hostlist expand_hostlist(std::string_view text) { return HostlistParser(text).parse(); }

std::string compress_hostlist(const std::vector<std::string>& hosts) {
  std::string text;
  std::size_t i = 0;
  while (i < hosts.size()) {
    const std::string_view prefix = split_number(hosts[i]).prefix;
    std::string ranges;
    std::size_t count = 0;
    // One turn of the loop is one range: the longest run of successors that starts at host i.
    while (i < hosts.size()) {
      const auto [name, first] = split_number(hosts[i]);
      if (name != prefix || (first.empty() && count > 0)) break;
      std::string_view last = first;
      for (++i, ++count; i < hosts.size() && !first.empty(); ++i, ++count) {
        const auto [next_name, next] = split_number(hosts[i]);
        const auto number = parse_int64(last);
        if (next_name != prefix || !number) break;
        if (next != fmt::format("{:0{}}", *number + 1, first.size())) break;
        last = next;
      }
      if (!ranges.empty()) ranges += ',';
      ranges += last == first ? std::string(first) : fmt::format("{}-{}", first, last);
      if (first.empty()) break;
    }
    if (!text.empty()) text += ',';
    text += count > 1 ? fmt::format("{}[{}]", prefix, ranges) : fmt::format("{}{}", prefix, ranges);
  }
  return text;
}

}  // namespace rehearse
