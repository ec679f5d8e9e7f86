#include "sim/workload/read_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "sim/base/csv_scanner.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/csv_columns.hpp"
#include "sim/workload/dependencies.hpp"
#include "sim/workload/dependency_text.hpp"
#include "sim/workload/sbatch_options.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

/// "60", "60:1" (exit code), "60:0:i" (ignores the termination signal).
std::optional<TaskTruth> parse_task(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto run_time = parse_seconds(text.substr(0, colon));
  if (!run_time) return std::nullopt;
  TaskTruth task{.run_time = *run_time};
  if (colon == std::string_view::npos) return task;
  const std::vector<std::string_view> parts = split(text.substr(colon + 1), ':');
  const auto exit_code = parse_int64(parts[0]);
  if (!exit_code || *exit_code < 0 || *exit_code > 255 || parts.size() > 2) return std::nullopt;
  if (parts.size() == 2 && parts[1] != "i") return std::nullopt;
  task.exit_code = static_cast<int>(*exit_code);
  task.ignores_term = parts.size() == 2;
  return task;
}

/// The number that `id` is, as to_string() would write it.
std::optional<std::uint64_t> plain_number(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool canonical = id.size() == 1 || !id.starts_with('0');
  if (error != std::errc() || end != id.data() + id.size() || !canonical) return std::nullopt;
  return number;
}

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& file, const TraceRules& rules)
      : text_(text), file_(file), rules_(rules), scanner_(text) {}

  Workload read() {
    if (!scanner_.next(fields_)) fail({.file = file_, .message = "is empty, expected a header"});
    read_header();
    diagnostics_.throw_if_errors();  // every row would be misread
    reserve_rows();
    while (scanner_.next(fields_)) read_row();
    name_submissions();
    for (const Pending& pending : pending_) resolve(pending);
    diagnostics_.throw_if_errors();
    report_cycles();
    diagnostics_.throw_if_errors();
    warn_of_later();
    return builder_.take();
  }

 private:
  /// What a row asks for, where rows with the same texts share it.
  struct Shape {
    AskedId asked{};
    NameId account{};
    NameId partition{};
    NameId qos{};
    Duration time_limit = kUnset;
    std::int32_t nice = 0;
  };

  /// A row whose dependencies wait for the ids of the whole file.
  struct Pending {
    SubmissionId id;
    CsvField field;
    DependencyText dependency;
  };

  // --- errors ---

  void report(std::size_t offset, std::string message, std::string help) {
    Diagnostic diagnostic{.file = file_, .message = std::move(message), .help = std::move(help)};
    if (diagnostics_.error_count() < Diagnostics::kMaxRenderedErrors) {
      point_at(diagnostic, text_, offset);
    }
    diagnostics_.add(std::move(diagnostic));
  }

  void report(const CsvField& field, const OptionProblem& problem) {
    report(scanner_.offset_of(field, problem.offset), problem.message, problem.help);
  }

  void report_value(const CsvField& field, std::string_view what, std::string help) {
    report(field.offset, fmt::format("\"{}\" is not {}", field.text, what), std::move(help));
  }

  // --- the header ---

  void read_header() {
    report_quotes();
    positions_.fill(kAbsent);
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const CsvField& field = fields_[i];
      const std::string_view name = trim(field.text);
      const auto found = std::ranges::find(kCsvColumns, name, &CsvColumnInfo::name);
      if (found == kCsvColumns.end()) {
        report_unknown_column(field, name);
        continue;
      }
      std::size_t& position = positions_[static_cast<std::size_t>(found - kCsvColumns.begin())];
      if (position != kAbsent) {
        report(field.offset, fmt::format("column \"{}\" is there twice", name), "remove one");
      }
      position = i;
    }
    columns_ = fields_.size();
    for (std::size_t i = 0; i < kCsvColumns.size(); ++i) {
      if (!kCsvColumns[i].required || positions_[i] != kAbsent) continue;
      report(scanner_.end_offset(), fmt::format("column \"{}\" is missing", kCsvColumns[i].name),
             "a native trace has at least id, submit and duration");
    }
  }

  void report_unknown_column(const CsvField& field, std::string_view name) {
    std::vector<std::string_view> names;
    for (const CsvColumnInfo& column : kCsvColumns) names.push_back(column.name);
    const auto near = near_match(name, names);
    report(field.offset, fmt::format("unknown column \"{}\"", name),
           near ? fmt::format("did you mean \"{}\"?", *near)
                : fmt::format("the columns are {}", fmt::join(names, ",")));
  }

  void report_quotes() {
    if (!scanner_.problem()) return;
    report(scanner_.problem()->offset, std::string(scanner_.problem()->message),
           "a field with quotes is quoted, and a quote inside it doubled: \"-C \"\"a|b\"\"\"");
  }

  // --- rows ---

  void reserve_rows() {
    const auto rows = static_cast<std::size_t>(std::ranges::count(text_, '\n'));
    workload_.submissions.reserve(rows);
    workload_.truth.run_time.reserve(rows);
    id_texts_.reserve(rows);
    ids_.reserve(rows);
  }

  const CsvField& field(CsvColumn column) const {
    static constexpr CsvField kEmpty{};
    const std::size_t position = positions_[static_cast<std::size_t>(column)];
    return position == kAbsent ? kEmpty : fields_[position];
  }

  void read_row() {
    report_quotes();
    if (scanner_.problem() || fields_.size() != columns_) {
      if (!scanner_.problem()) report_width();
      fields_.resize(std::max(fields_.size(), columns_), CsvField{{}, scanner_.end_offset()});
      read_id();
      workload_.submissions.push_back({});
      workload_.truth.run_time.push_back(Duration::zero());
      return;
    }
    const std::optional<std::vector<TaskTruth>> tasks = read_durations();
    if (rules_.drop_zero_runtime && tasks && tasks->size() == 1 &&
        tasks->front().run_time == Duration::zero()) {
      dropped_.insert(std::string(field(CsvColumn::Id).text));
      return repaired("drop-zero-runtime");
    }
    Submission row;
    row.number = read_id();
    row.line = scanner_.line();
    row.submit = read_submit();
    row.user = builder_.name(field(CsvColumn::User).text);
    row.time_limit = read_time_limit();
    const SubmissionId id = workload_.submissions.push_back(row);
    workload_.truth.run_time.push_back(tasks ? tasks->front().run_time : Duration::zero());
    read_options(id);
    for (std::size_t each = index(id); tasks && each < workload_.submissions.size(); ++each) {
      keep_truth(static_cast<SubmissionId>(each), *tasks);
    }
  }

  void report_width() {
    const bool short_row = fields_.size() < columns_;
    report(short_row ? scanner_.end_offset() : fields_[columns_].offset,
           fmt::format("row has {} fields, the header has {}", fields_.size(), columns_),
           short_row ? "an option that is not given is an empty field"
                     : "quote a field that holds commas");
  }

  /// Registers the id and yields its number; 0 if it is none.
  std::uint64_t read_id() {
    const CsvField& id = field(CsvColumn::Id);
    if (id.text.empty()) report(id.offset, "the id is empty", "give each submission a name");
    const auto row = static_cast<SubmissionId>(workload_.submissions.size());
    const bool singleton =
        field(CsvColumn::Dependency).text.find("singleton") != std::string_view::npos;
    id_texts_.push_back(id.text);
    const auto [known, inserted] = ids_.try_emplace(id.text, Named{row, id.offset, singleton});
    if (!inserted && !id.text.empty()) {
      known->second.shared = true;
      if (!singleton || !known->second.singleton) report_duplicate(id, known->second.offset);
    }
    const auto number = plain_number(id.text);
    if (!number) all_numbers_ = false;
    return number.value_or(0);
  }

  void report_duplicate(const CsvField& id, std::size_t first_offset) {
    report(id.offset, fmt::format("id \"{}\" is used twice", id.text),
           "only singletons may share an id");
    if (diagnostics_.error_count() > Diagnostics::kMaxRenderedErrors) return;
    Diagnostic note{.severity = Severity::Note, .file = file_, .message = "it is used here first"};
    point_at(note, text_, first_offset);
    diagnostics_.add(std::move(note));
  }

  Time read_submit() {
    const CsvField& submit = field(CsvColumn::Submit);
    const auto seconds = parse_seconds(submit.text);
    if (seconds) return Time{*seconds};
    report_value(submit, "a submit time", "write seconds after the origin, such as 3600 or 0.25");
    return Time{};
  }

  std::optional<std::vector<TaskTruth>> read_durations() {
    const CsvField& duration = field(CsvColumn::RunTime);
    std::vector<TaskTruth> tasks;
    for (const std::string_view text : split(duration.text, '|')) {
      const auto task = parse_task(text);
      if (!task) {
        const auto offset = static_cast<std::size_t>(text.data() - duration.text.data());
        report(scanner_.offset_of(duration, offset), fmt::format("\"{}\" is not a duration", text),
               "write seconds, 60:1 with an exit code, 60:0:i to ignore the signal to end, or "
               "10|20 by array task");
        return std::nullopt;
      }
      tasks.push_back(*task);
    }
    return tasks;
  }

  Duration read_time_limit() {
    const CsvField& limit = field(CsvColumn::Timelimit);
    if (limit.text.empty()) return kUnset;
    const auto [known, inserted] = limits_.try_emplace(std::string(limit.text), kUnset);
    if (!inserted) return known->second;
    SbatchLine line;
    if (const auto problem = apply_option("time", limit.text, line)) {
      report(limit, *problem);
      limits_.erase(known);
      return kUnset;
    }
    return known->second = line.time_limit;
  }

  /// Rows with the same texts in these columns ask for the same, if they say nothing special.
  const std::string& shape_key() {
    key_.clear();
    for (std::size_t i = 0; i < kCsvColumns.size(); ++i) {
      if (kCsvColumns[i].option.empty() || positions_[i] == kAbsent) continue;
      if (i == static_cast<std::size_t>(CsvColumn::Timelimit)) continue;
      key_ += fields_[positions_[i]].text;
      key_ += '\n';
    }
    return key_;
  }

  void read_options(SubmissionId id) {
    const auto known = shapes_.find(shape_key());
    if (known != shapes_.end()) return take_shape(workload_.submissions[id], known->second);
    SbatchLine line;
    if (!apply_columns(line)) return;
    const auto more = std::exchange(line.components, {});
    if (!more.empty() && !line.special.array_tasks.empty()) {
      return report(field(CsvColumn::Extra).offset, "an array of heterogeneous jobs",
                    "sbatch takes no array with components");
    }
    if (!more.empty()) line.special.het_size = static_cast<std::uint32_t>(more.size()) + 1;
    take_line(id, line);
    for (SbatchLine component : more) add_component(id, component);
  }

  void take_line(SubmissionId id, SbatchLine& line) {
    Shape shape{.asked = builder_.asked(asked_of(line)),
                .account = builder_.name(line.account),
                .partition = builder_.name(line.partition),
                .qos = builder_.name(line.qos),
                .time_limit = line.time_limit,
                .nice = line.nice};
    take_shape(workload_.submissions[id], shape);
    if (!keep_special(id, line)) shapes_.emplace(key_, shape);
  }

  static void take_shape(Submission& row, const Shape& shape) {
    row.asked = shape.asked;
    row.account = shape.account;
    row.partition = shape.partition;
    row.qos = shape.qos;
    row.nice = shape.nice;
    if (shape.time_limit != kUnset) row.time_limit = shape.time_limit;
  }

  /// A further component of the heterogeneous job whose first row is `first`.
  void add_component(SubmissionId first, SbatchLine& line) {
    line.special.het_size = workload_.special(first)->het_size;
    line.special.het_offset =
        static_cast<std::uint32_t>(workload_.submissions.size() - index(first));
    const SubmissionId id = workload_.submissions.push_back(workload_.submissions[first]);
    workload_.submissions[id].special = kNone<std::uint32_t>;
    workload_.truth.run_time.push_back(workload_.truth.run_time[first]);
    id_texts_.push_back(id_texts_[index(first)]);
    take_line(id, line);
  }

  bool apply_columns(SbatchLine& line) {
    bool good = true;
    for (std::size_t i = 0; i < kCsvColumns.size(); ++i) {
      const CsvField& value = field(static_cast<CsvColumn>(i));
      const std::string_view option = kCsvColumns[i].option;
      const bool done = i == static_cast<std::size_t>(CsvColumn::Timelimit);
      if (option.empty() || done || value.text.empty()) continue;
      const auto problem = option == kExtraOptions ? apply_options(value.text, line)
                                                   : apply_option(option, value.text, line);
      if (problem) report(value, *problem);
      good = good && !problem;
    }
    return good;
  }

  /// Whether the row has options that are its own.
  bool keep_special(SubmissionId id, SbatchLine& line) {
    Submission& row = workload_.submissions[id];
    Special& special = line.special;
    if (line.begin) special.begin = line.begin->at(row.submit);
    if (line.deadline) special.deadline = line.deadline->at(row.submit);
    if (!line.job_name.empty()) special.job_name = builder_.name(line.job_name);
    if (special == Special{} && line.dependency.empty()) return false;
    row.special = static_cast<std::uint32_t>(workload_.specials.size());
    workload_.specials.push_back(std::move(special));
    if (!line.dependency.empty()) keep_dependency(id, line.dependency);
    return true;
  }

  void keep_dependency(SubmissionId id, const std::string& text) {
    const CsvField& column = field(CsvColumn::Dependency);
    const bool in_column = column.text == text;
    const CsvField& place = in_column ? column : field(CsvColumn::Extra);
    const std::string_view lasting = in_column ? column.text : *texts_.insert(text).first;
    DependencyText dependency = parse_dependency(lasting);
    if (dependency.problem) {
      if (!in_column) dependency.problem->offset = 0;
      return report(place, *dependency.problem);
    }
    if (!in_column) {
      for (DependencyText::Item& item : dependency.items) item.offset = 0;
    }
    pending_.push_back({id, place, std::move(dependency)});
  }

  void keep_truth(SubmissionId id, const std::vector<TaskTruth>& tasks) {
    const TaskTruth plain{.run_time = tasks.front().run_time};
    const Special* const special = workload_.special(id);
    const bool is_array = special != nullptr && !special->array_tasks.empty();
    if (tasks.size() > 1 && !is_array && !workload_.is_later_component(id)) {
      report(field(CsvColumn::RunTime).offset, "several durations without an array",
             "give the column array, such as 0-9, or one duration");
    }
    if (tasks.size() > 1 || tasks.front() != plain) workload_.truth.details[id] = {tasks};
    if (rules_.limit_from_runtime) {
      const auto longest = std::ranges::max_element(tasks, {}, &TaskTruth::run_time);
      workload_.submissions[id].time_limit = longest->run_time;
      repaired("limit-from-runtime");
    }
  }

  void repaired(std::string_view rule) {
    Repair& repair = workload_.repairs.try_emplace(std::string(rule)).first->second;
    if (repair.count++ == 0) repair.first_line = scanner_.line();
  }

  // --- the whole file ---

  /// Ids are numbers only if all of them are.
  void name_submissions() {
    if (all_numbers_) return;
    builder_.reserve_names(id_texts_.size());
    for (std::size_t i = 0; i < id_texts_.size(); ++i) {
      Submission& row = workload_.submissions[static_cast<SubmissionId>(i)];
      row.number = 0;
      row.name = builder_.name(id_texts_[i]);
    }
  }

  void resolve(const Pending& pending) {
    Special& special = workload_.specials[workload_.submissions[pending.id].special];
    special.any_dependency = pending.dependency.any;
    for (const DependencyText::Item& item : pending.dependency.items) {
      Dependency dependency{.kind = item.kind, .delay = item.delay};
      if (item.kind == DependencyKind::Singleton || find(item.id, dependency)) {
        if (dependency.on != kNone<SubmissionId>) note_later(pending.id, dependency.on);
        special.dependencies.push_back(dependency);
      } else if (dropped_.count(item.id) > 0) {
        repaired("drop-dependency-on-dropped");
      } else {
        report_unknown_id(pending, item);
      }
    }
  }

  /// Finds the submission "A03", or the task "A03_7" of an array.
  bool find(std::string_view text, Dependency& dependency) {
    if (const auto found = ids_.find(text); found != ids_.end()) {
      dependency.on = found->second.id;
      return !found->second.shared;
    }
    const std::size_t bar = text.rfind('_');
    if (bar == std::string_view::npos) return false;
    const auto array = ids_.find(text.substr(0, bar));
    const auto task = parse_int64(text.substr(bar + 1));
    if (array == ids_.end() || array->second.shared || !task) return false;
    const Special* const special = workload_.special(array->second.id);
    if (special == nullptr || !std::ranges::binary_search(special->array_tasks, *task))
      return false;
    dependency.on = array->second.id;
    dependency.array_task = static_cast<std::uint32_t>(*task);
    return true;
  }

  void report_unknown_id(const Pending& pending, const DependencyText::Item& item) {
    const auto found = ids_.find(item.id);
    if (found != ids_.end()) {
      return report(scanner_.offset_of(pending.field, item.offset),
                    fmt::format("\"{}\" names several submissions", item.id),
                    "depend on an id that is used once");
    }
    report(scanner_.offset_of(pending.field, item.offset),
           fmt::format("no submission or array task has the id \"{}\"", item.id),
           "a dependency names ids of this file, or a task of an array as A03_7");
  }

  /// sbatch could not name a job that is submitted later.
  void note_later(SubmissionId waits, SubmissionId on) {
    const Submission& row = workload_.submissions[waits];
    const Submission& other = workload_.submissions[on];
    if (std::tie(row.submit, row.number, waits) >= std::tie(other.submit, other.number, on)) return;
    if (later_count_++ == 0) first_later_ = {waits, on};
  }

  void warn_of_later() {
    if (later_count_ == 0) return;
    const auto [waits, on] = first_later_;
    workload_.warnings.push_back(fmt::format(
        "{} {} a submission that comes later, and wait{} for it: \"{}\" (line {}) for \"{}\" (line "
        "{}){}; sbatch would not know its id yet",
        later_count_, later_count_ == 1 ? "dependency names" : "dependencies name",
        later_count_ == 1 ? "s" : "", workload_.id_text(waits), workload_.submissions[waits].line,
        workload_.id_text(on), workload_.submissions[on].line, later_count_ == 1 ? "" : " first"));
  }

  void report_cycles() {
    if (pending_.empty()) return;
    for (const std::vector<SubmissionId>& cycle : dependency_cycles(workload_)) {
      constexpr std::size_t kNamed = 30;
      std::string ring;
      for (std::size_t i = 0; i < std::min(cycle.size(), kNamed); ++i) {
        ring += workload_.id_text(cycle[i]) + " -> ";
      }
      if (cycle.size() > kNamed) ring += fmt::format("({} more) -> ", cycle.size() - kNamed);
      const auto place = std::ranges::find(pending_, cycle.front(), &Pending::id);
      report(scanner_.offset_of(place->field, 0),
             fmt::format("jobs wait for each other for ever: {}{}", ring,
                         workload_.id_text(cycle.front())),
             "take one of these dependencies away");
    }
  }

  struct Named {
    SubmissionId id;
    std::size_t offset;  ///< in the file, of the first row that has it
    bool singleton;
    bool shared = false;  ///< by several singletons
  };

  std::string_view text_;
  const std::string& file_;
  TraceRules rules_;
  CsvScanner scanner_;
  std::vector<CsvField> fields_;
  std::array<std::size_t, kCsvColumns.size()> positions_{};
  std::size_t columns_ = 0;
  Diagnostics diagnostics_;
  WorkloadBuilder builder_;
  Workload& workload_ = builder_.workload();

  std::string key_;
  std::unordered_map<std::string, Shape> shapes_;
  std::unordered_map<std::string, Duration> limits_;
  std::set<std::string> texts_;  ///< dependencies given in `extra`
  std::vector<Pending> pending_;
  std::unordered_map<std::string_view, Named> ids_;
  std::vector<std::string_view> id_texts_;
  std::set<std::string, std::less<>> dropped_;
  bool all_numbers_ = true;
  std::size_t later_count_ = 0;
  std::pair<SubmissionId, SubmissionId> first_later_{};
};

}  // namespace

Workload read_csv(std::string_view text, const std::string& file, const TraceRules& rules) {
  return CsvReader(text, file, rules).read();
}

}  // namespace rehearse
