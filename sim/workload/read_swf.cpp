#include "sim/workload/read_swf.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kFields = 18;
enum Field {
  kNumber,
  kSubmit,
  kWait,
  kRun,
  kAllocated,
  kCpuTime,
  kMemory,
  kRequested,
  kLimit,
  kLimitMemory,
  kStatus,
  kUser,
  kGroup,
  kExecutable,
  kQueue
};
constexpr double kCancelled = 5;   // a value of kStatus
constexpr double kLargest = 1e15;  // seconds; beyond it, milliseconds would not fit

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\x1a'; }

// Most numbers are integers, which from_chars reads several times faster than fractions.
std::from_chars_result read_number(const char* first, const char* last, double& value) {
  std::int64_t whole = 0;
  const std::from_chars_result result = std::from_chars(first, last, whole);
  if (result.ec == std::errc() && (result.ptr == last || is_blank(*result.ptr))) {
    value = static_cast<double>(whole);
    return result;
  }
  return std::from_chars(first, last, value);
}

class SwfReader {
 public:
  SwfReader(std::string file, const TraceRules& rules) : file_(std::move(file)), rules_(rules) {}

  Workload read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view row = text.substr(0, end);
      ++line_;
      read_line(row);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    diagnostics_.throw_if_errors();
    return builder_.take();
  }

 private:
  void read_line(std::string_view row) {
    std::size_t at = 0;
    while (at < row.size() && is_blank(row[at])) ++at;
    if (at == row.size()) return;
    if (row[at] == ';') return read_header(row.substr(at + 1));
    std::array<double, kFields> fields{};
    std::size_t count = 0;
    while (at < row.size() && row[at] != ';') {
      const char* const first = row.data() + at;
      double value = 0;
      const auto [last, error] = read_number(first, row.data() + row.size(), value);
      const bool whole = last == row.data() + row.size() || is_blank(*last) || *last == ';';
      if (error != std::errc() || !whole || !(std::fabs(value) < kLargest)) {
        return report(row, at, "\"" + std::string(word_at(row, at)) + "\" is not a number",
                      "a field of a SWF row is a number, -1 if unknown");
      }
      if (count < kFields) fields[count] = value;
      ++count;
      at = static_cast<std::size_t>(last - row.data());
      while (at < row.size() && is_blank(row[at])) ++at;
    }
    if (count < kFields - 1) {
      return report(row, 0, "row has " + std::to_string(count) + " fields",
                    "a SWF row has 18 fields");
    }
    if (count == kFields - 1) repaired("fill-short-row");
    if (count > kFields) repaired("ignore-extra-fields");
    add(fields);
  }

  // "; MaxProcs : 64": a label, a colon, a number. Anything else is a remark.
  void read_header(std::string_view remark) {
    const std::size_t colon = remark.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view label = trim(remark.substr(0, colon));
    const std::optional<std::int64_t> value = parse_int64(trim(remark.substr(colon + 1)));
    if (!value || *value <= 0) return;
    if (label == "MaxProcs") workload_.max_procs = *value;
    if (label == "UnixStartTime") workload_.unix_start_time = *value;
  }

  void add(const std::array<double, kFields>& fields) {
    const double run = fields[kRun];
    const double procs = processors(fields);
    if (fields[kSubmit] < 0) return repaired("drop-unknown-submit");
    if (run < 0 && fields[kStatus] == kCancelled) return repaired("drop-cancelled-before-start");
    if (run < 0) return repaired("drop-negative-runtime");
    if (procs < 1 || procs > 4e9) return repaired("drop-no-processors");
    if (run == 0 && rules_.drop_zero_runtime) return repaired("drop-zero-runtime");
    if (fields[kStatus] == kCancelled && rules_.drop_cancelled) return repaired("drop-cancelled");
    if (fields[kAllocated] > 0 && fields[kRequested] > 0 &&
        fields[kAllocated] != fields[kRequested]) {
      repaired(rules_.use_requested_processors ? "use-requested-processors"
                                               : "use-allocated-processors");
    }
    const auto number = static_cast<std::uint64_t>(std::max(fields[kNumber], 0.0));
    if (!numbers_.insert(number).second) repaired("keep-duplicate-number");
    Duration run_time = seconds(run, "round-runtime-down");
    Duration limit = kUnlimited;
    if (rules_.limit_from_runtime) {
      limit = run_time;
      repaired("limit-from-runtime");
    } else if (fields[kLimit] > 0) {
      limit = seconds(fields[kLimit], "round-limit-down");
      if (run_time > limit && rules_.clip_runtime_to_limit) {
        run_time = limit;
        repaired("clip-runtime-to-limit");
      }
    } else {
      repaired("no-limit-is-unlimited");
    }
    Asked asked;
    asked.tasks = static_cast<std::uint32_t>(procs);
    workload_.submissions.push_back({.submit = Time{seconds(fields[kSubmit], "round-submit-down")},
                                     .time_limit = limit,
                                     .number = number,
                                     .user = name('u', fields[kUser]),
                                     .account = name('g', fields[kGroup]),
                                     .partition = NameId{0},
                                     .qos = NameId{0},
                                     .asked = asked_id(asked),
                                     .line = static_cast<std::uint32_t>(line_)});
    workload_.truth.run_time.push_back(run_time);
  }

  double processors(const std::array<double, kFields>& fields) const {
    const double allocated = fields[kAllocated];
    const double requested = fields[kRequested];
    if (rules_.use_requested_processors) return requested > 0 ? requested : allocated;
    return allocated >= 0 ? allocated : requested;
  }

  Duration seconds(double value, const char* rule) {
    const double whole = std::floor(value);
    if (whole != value) repaired(rule);
    return std::chrono::seconds{static_cast<std::int64_t>(whole)};
  }

  // Most rows repeat a size: a table of the small ones spares the builder's lookup.
  AskedId asked_id(const Asked& asked) {
    const auto [found, inserted] = sizes_.try_emplace(asked.tasks, kNone<AskedId>);
    if (inserted) found->second = builder_.asked(asked);
    return found->second;
  }

  // Users and groups are numbers; -1 is "unknown" and gets the bare letter.
  NameId name(char kind, double number) {
    const auto value = static_cast<std::int64_t>(number);
    const std::int64_t key = value * 256 + kind;
    const auto [found, inserted] = known_.try_emplace(key, kNone<NameId>);
    if (inserted) {
      std::string text(1, kind);
      if (value >= 0) text += std::to_string(value);
      found->second = builder_.name(text);
    }
    return found->second;
  }

  void repaired(const char* rule) {
    auto found = workload_.repairs.find(std::string_view(rule));
    if (found == workload_.repairs.end()) {
      found = workload_.repairs.emplace(rule, Repair{.first_line = line_}).first;
    }
    ++found->second.count;
  }

  static std::string_view word_at(std::string_view row, std::size_t at) {
    std::size_t end = at;
    while (end < row.size() && !is_blank(row[end])) ++end;
    return row.substr(at, end - at);
  }

  void report(std::string_view row, std::size_t at, std::string message, const char* help) {
    Diagnostic diagnostic{.file = file_, .message = std::move(message), .help = help};
    point_at(diagnostic, row, at);
    diagnostic.line = static_cast<int>(line_);
    diagnostics_.add(std::move(diagnostic));
  }

  std::string file_;
  TraceRules rules_;
  WorkloadBuilder builder_;
  Workload& workload_ = builder_.workload();
  Diagnostics diagnostics_;
  std::unordered_map<std::int64_t, NameId> known_;
  std::unordered_map<std::uint32_t, AskedId> sizes_;
  std::unordered_set<std::uint64_t> numbers_;
  std::int64_t line_ = 0;
};

}  // namespace

Workload read_swf(std::string_view text, const std::string& file, const TraceRules& rules) {
  return SwfReader(file, rules).read(text);
}

}  // namespace rehearse
