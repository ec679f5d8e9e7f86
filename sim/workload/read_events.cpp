#include "sim/workload/read_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "sim/base/csv_scanner.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/operator_command.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

/// The jobs of a trace by what it calls them. Ids that several singletons share name none.
class JobIndex {
 public:
  explicit JobIndex(const Workload& workload) : workload_(workload) {
    for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
      const auto id = static_cast<SubmissionId>(i);
      if (!workload.is_later_component(id)) add(workload.row_text(id), id);
      if (workload.is_component(id)) add(workload.id_text(id), id);
    }
  }

  std::optional<JobName> find(std::string_view name, std::optional<std::uint32_t> task) const {
    if (const auto found = ids_.find(std::string(name)); found != ids_.end()) {
      return task_of(found->second, task);
    }
    const std::size_t bar = name.rfind('_');
    if (bar == std::string_view::npos || task) return std::nullopt;
    const auto number = parse_int64(name.substr(bar + 1));
    const auto found = ids_.find(std::string(name.substr(0, bar)));
    constexpr std::int64_t kLargest = kNone<std::uint32_t> - 1;
    if (!number || *number < 0 || *number > kLargest || found == ids_.end()) return std::nullopt;
    return task_of(found->second, static_cast<std::uint32_t>(*number));
  }

 private:
  void add(const std::string& name, SubmissionId id) {
    const auto [known, inserted] = ids_.try_emplace(name, id);
    if (!inserted) known->second = kNone<SubmissionId>;
  }

  std::optional<JobName> task_of(SubmissionId id, std::optional<std::uint32_t> task) const {
    if (id == kNone<SubmissionId>) return std::nullopt;
    if (!task) return JobName{id};
    const Special* const special = workload_.special(id);
    if (special == nullptr || !std::ranges::binary_search(special->array_tasks, *task)) {
      return std::nullopt;
    }
    return JobName{id, *task};
  }

  const Workload& workload_;
  std::unordered_map<std::string, SubmissionId> ids_;
};

class EventsReader {
 public:
  EventsReader(std::string_view text, const std::string& file, const Workload& workload)
      : text_(text), file_(file), scanner_(text), jobs_(workload) {}

  std::vector<Operation> read() {
    if (!scanner_.next(fields_)) fail({.file = file_, .message = "is empty, expected a header"});
    read_header();
    diagnostics_.throw_if_errors();
    while (scanner_.next(fields_)) read_row();
    diagnostics_.throw_if_errors();
    std::ranges::stable_sort(operations_, {}, &Operation::at);
    return std::move(operations_);
  }

 private:
  void report(std::size_t offset, std::string message, std::string help) {
    Diagnostic diagnostic{.file = file_, .message = std::move(message), .help = std::move(help)};
    if (diagnostics_.error_count() < Diagnostics::kMaxRenderedErrors) {
      point_at(diagnostic, text_, offset);
    }
    diagnostics_.add(std::move(diagnostic));
  }

  /// Whether the quotes of the record are right.
  bool good_quotes() {
    if (!scanner_.problem()) return true;
    report(scanner_.problem()->offset, std::string(scanner_.problem()->message),
           "a field with quotes is quoted, and a quote inside it doubled");
    return false;
  }

  void read_header() {
    if (good_quotes() && fields_.size() == 2 && trim(fields_[0].text) == "offset" &&
        trim(fields_[1].text) == "command") {
      return;
    }
    report(0, "not the header of a file of events", "the first line is offset,command");
  }

  /// The command: the second field, or all behind the first comma if it is not quoted.
  CsvField command() const {
    CsvField command = fields_[1];
    if (!command.quoted) {
      command.text = text_.substr(command.offset, scanner_.end_offset() - command.offset);
    }
    return command;
  }

  void read_row() {
    if (!good_quotes()) return;
    if (fields_.size() < 2 || (fields_[1].quoted && fields_.size() > 2)) {
      return report(scanner_.end_offset(), "not a row of a time and a command",
                    "write 3600,scontrol update NodeName=n1 State=RESUME");
    }
    const auto offset = parse_seconds(fields_[0].text);
    if (!offset) {
      report(fields_[0].offset, fmt::format("\"{}\" is not a time", fields_[0].text),
             "write seconds after the trace's origin, such as 3600 or 0.25");
    }
    const CsvField field = command();
    Operation operation{.at = Time{offset.value_or(Duration::zero())},
                        .line = scanner_.line(),
                        .text = std::string(field.text)};
    std::vector<OptionProblem> problems;
    read_operator_command(
        field.text, [&](auto name, auto task) { return jobs_.find(name, task); }, operation,
        problems);
    for (OptionProblem& problem : problems) {
      report(scanner_.offset_of(field, problem.offset), std::move(problem.message),
             std::move(problem.help));
    }
    operations_.push_back(std::move(operation));
  }

  std::string_view text_;
  const std::string& file_;
  CsvScanner scanner_;
  std::vector<CsvField> fields_;
  JobIndex jobs_;
  Diagnostics diagnostics_;
  std::vector<Operation> operations_;
};

}  // namespace

std::vector<Operation> read_events(std::string_view text, const std::string& file,
                                   const Workload& workload) {
  return EventsReader(text, file, workload).read();
}

std::vector<Operation> load_events(const std::string& path, const Workload& workload) {
  return read_events(read_text(path), path, workload);
}

}  // namespace rehearse
