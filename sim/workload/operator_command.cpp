#include "sim/workload/operator_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/operator_keys.hpp"
#include "sim/workload/shell_words.hpp"

namespace rehearse {
namespace {

/// `key=value` of a command line, and where the two stand.
struct Setting {
  std::string key;  ///< lower case; with the + or - of += and -=
  std::string_view value;
  std::size_t key_offset = 0;
  std::size_t value_offset = 0;
};

class CommandReader {
 public:
  CommandReader(std::string_view command, const FindJob& find_job, Operation& operation,
                std::vector<OptionProblem>& problems)
      : command_(command),
        words_(split_shell_words(command)),
        find_job_(find_job),
        operation_(operation),
        problems_(problems) {}

  void read() {
    if (words_.unclosed) {
      return complain(*words_.unclosed, "the quote is not closed",
                      fmt::format("write a second {}", command_[*words_.unclosed]));
    }
    if (words_.words.empty()) return complain(0, "there is no command", kPrograms);
    const std::string_view program = next().text;
    if (program == "scontrol") return scontrol();
    if (program == "scancel") return scancel();
    if (program == "sacctmgr") return sacctmgr();
    complain(0, fmt::format("\"{}\" is not simulated", program), kPrograms);
  }

 private:
  static constexpr const char* kPrograms = "write a command of scontrol, scancel or sacctmgr";

  // --- words ---

  bool more() const { return at_ < words_.words.size(); }
  const ShellWord& peek() const { return words_.words[at_]; }
  const ShellWord& next() { return words_.words[at_++]; }

  std::size_t offset_of(const ShellWord& word, std::size_t byte = 0) const {
    return byte < word.at.size() ? word.at[byte] : word.at.empty() ? 0 : word.at.back() + 1;
  }

  void complain(std::size_t offset, std::string message, std::string help) {
    problems_.push_back({std::move(message), std::move(help), offset});
  }
  void complain(const Setting& setting, const OptionProblem& problem) {
    complain(setting.value_offset + problem.offset, problem.message, problem.help);
  }
  void complain_at_end(std::string message, std::string help) {
    complain(command_.size(), std::move(message), std::move(help));
  }

  void complain_unknown(std::size_t offset, std::string_view what, std::string_view word,
                        std::span<const std::string_view> known) {
    const auto near = near_match(lower(word), known);
    complain(offset, fmt::format("unknown {} \"{}\"", what, word),
             near ? fmt::format("did you mean \"{}\"?", *near)
                  : fmt::format("known ones are {}", fmt::join(known, ", ")));
  }

  // --- jobs ---

  /// "{id:J12},{id:A03}_[1-3],{id:H4}+1,J14" in `text`, whose byte 0 is at `offset`.
  std::vector<JobName> read_jobs(std::string_view text, std::size_t offset) {
    std::vector<JobName> jobs;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (i < text.size() && text[i] == '[') ++depth;
      if (i < text.size() && text[i] == ']') --depth;
      if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
      read_job(text.substr(begin, i - begin), offset + begin, jobs);
      begin = i + 1;
    }
    return jobs;
  }

  void read_job(std::string_view text, std::size_t offset, std::vector<JobName>& jobs) {
    std::string_view name = text;
    std::string_view task;
    if (text.starts_with("{id:") && text.find('}') != std::string_view::npos) {
      name = text.substr(4, text.find('}') - 4);
      task = text.substr(text.find('}') + 1);
    } else if (text.ends_with(']') && text.find("_[") != std::string_view::npos) {
      name = text.substr(0, text.find("_["));
      task = text.substr(name.size());
    }
    std::string component;  // "J12+1"
    if (task.starts_with('+')) {
      component = fmt::format("{}{}", name, std::exchange(task, {}));
      name = component;
    }
    const bool brackets = task.starts_with("_[") && task.ends_with(']');
    std::size_t at = 0;
    const auto tasks = task.empty() ? std::vector<std::uint32_t>()
                                    : option_values::parse_tasks(
                                          brackets ? task.substr(2, task.size() - 3)
                                                   : task.substr(task.starts_with('_') ? 1 : 0),
                                          at);
    std::vector<JobName> found;
    if (tasks && task.empty()) {
      if (const auto job = find_job_(name, std::nullopt)) found.push_back(*job);
    }
    for (const std::uint32_t number : tasks.value_or(std::vector<std::uint32_t>())) {
      if (const auto job = find_job_(name, number)) found.push_back(*job);
    }
    const std::size_t wanted = !tasks ? 1 : task.empty() ? 1 : tasks->size();
    if (found.size() != wanted) {
      complain(offset, fmt::format("no job of the trace has the id \"{}\"", text),
               "write {id:J12}, or {id:A03_7} for a task of an array");
    }
    jobs.insert(jobs.end(), found.begin(), found.end());
  }

  std::vector<JobName> rest_as_jobs() {
    std::vector<JobName> jobs;
    if (!more()) complain_at_end("names no job", "write ids of the trace such as {id:J12}");
    while (more()) {
      const ShellWord& word = next();
      const std::vector<JobName> some = read_jobs(word.text, offset_of(word));
      jobs.insert(jobs.end(), some.begin(), some.end());
    }
    return jobs;
  }

  // --- scancel ---

  void scancel() {
    CancelJobs cancel;
    bool any = false;
    while (more()) {
      const ShellWord& word = next();
      any = true;
      if (!word.text.starts_with('-')) {
        const std::vector<JobName> some = read_jobs(word.text, offset_of(word));
        cancel.jobs.insert(cancel.jobs.end(), some.begin(), some.end());
      } else {
        scancel_option(word, cancel);
      }
    }
    if (!any) complain_at_end("names no job", "write ids such as {id:J12}, or -u USER");
    operation_.action = std::move(cancel);
  }

  void scancel_option(const ShellWord& word, CancelJobs& cancel) {
    struct Option {
      std::string_view name;
      char letter;
      std::string CancelJobs::* value;
    };
    static constexpr std::array<Option, 7> kOptions{{{"user", 'u', &CancelJobs::user},
                                                     {"account", 'A', &CancelJobs::account},
                                                     {"partition", 'p', &CancelJobs::partition},
                                                     {"qos", 'q', &CancelJobs::qos},
                                                     {"name", 'n', &CancelJobs::name},
                                                     {"jobname", 0, &CancelJobs::name},
                                                     {"state", 't', nullptr}}};
    const bool is_long = word.text.starts_with("--");
    const std::size_t equals = is_long ? word.text.find('=') : 2;
    const std::string_view name =
        std::string_view(word.text).substr(is_long ? 2 : 1, is_long ? equals - 2 : 1);
    const auto option = std::ranges::find_if(kOptions, [&](const Option& each) {
      return is_long ? each.name == name : name.size() == 1 && each.letter == name[0];
    });
    if (option == kOptions.end()) {
      return complain(offset_of(word),
                      fmt::format("the option \"{}\" of scancel is not simulated", word.text),
                      "write --user, --account, --partition, --qos, --name, --state, or ids");
    }
    const std::size_t begin = is_long && equals != std::string::npos ? equals + 1 : 2;
    const bool attached = is_long ? equals != std::string::npos : word.text.size() > 2;
    if (!attached && !more()) {
      return complain_at_end(fmt::format("--{} has no value", option->name), "give it one");
    }
    const ShellWord& holder = attached ? word : next();
    const std::string_view value = std::string_view(holder.text).substr(attached ? begin : 0);
    if (option->value != nullptr) {
      cancel.*option->value = value;
    } else {
      cancel_states(value, offset_of(holder, attached ? begin : 0), cancel);
    }
  }

  void cancel_states(std::string_view text, std::size_t offset, CancelJobs& cancel) {
    cancel.pending = cancel.running = false;
    for (const std::string_view piece : split(text, ',')) {
      const std::string state = lower(piece);
      if (state == "pending" || state == "pd") {
        cancel.pending = true;
      } else if (state == "running" || state == "r") {
        cancel.running = true;
      } else if (state != "suspended" && state != "s") {  // there is none of these
        complain(offset, fmt::format("\"{}\" is not a state of scancel", piece),
                 "write PENDING, RUNNING or SUSPENDED");
      }
      offset += piece.size() + 1;
    }
  }

  // --- settings ---

  std::vector<Setting> read_settings() {
    std::vector<Setting> settings;
    while (more()) read_setting(settings);
    return settings;
  }

  void read_setting(std::vector<Setting>& settings) {
    const ShellWord& word = next();
    const std::size_t equals = word.text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return complain(offset_of(word), fmt::format("\"{}\" is not a setting", word.text),
                      "write Name=value");
    }
    settings.push_back({lower(std::string_view(word.text).substr(0, equals)),
                        std::string_view(word.text).substr(equals + 1), offset_of(word),
                        offset_of(word, equals + 1)});
  }

  /// Checks keys and values against what the kind of record has, and keeps them.
  Settings check(const std::vector<Setting>& given, std::span<const OperatorKey> keys) {
    Settings settings;
    for (const Setting& setting : given) {
      std::string key = setting.key;
      if (key.ends_with('+') || key.ends_with('-')) key.pop_back();
      const auto known = std::ranges::find(keys, key, &OperatorKey::name);
      if (known == keys.end()) {
        std::vector<std::string_view> names;
        for (const OperatorKey& each : keys) names.push_back(each.name);
        complain_unknown(setting.key_offset, "setting", setting.key, names);
        continue;
      }
      if (const auto problem = check_operator_value(known->takes, setting.value)) {
        complain(setting, *problem);
      }
      settings[setting.key] = setting.value;
      if (known->takes == OperatorValue::Instant) {
        if (const auto moment = parse_moment(setting.value)) {
          const Time time = moment->at(operation_.at);
          settings[setting.key] = fmt::format("{}", whole_seconds(time));
        }
      }
    }
    return settings;
  }

  static const Setting* find(const std::vector<Setting>& settings, std::string_view key) {
    const auto found = std::ranges::find(settings, key, &Setting::key);
    return found == settings.end() ? nullptr : &*found;
  }

  // --- scontrol ---

  void scontrol() {
    while (more() && peek().text.starts_with('-')) next();
    if (!more()) return complain_at_end("scontrol is not told what to do", kScontrol);
    const ShellWord& word = next();
    const std::string verb = lower(word.text);
    if (verb == "hold" || verb == "uhold") {
      operation_.action = HoldJobs{rest_as_jobs()};
    } else if (verb == "release") {
      operation_.action = ReleaseJobs{rest_as_jobs()};
    } else if (verb == "requeue" || verb == "requeuehold") {
      operation_.action = RequeueJobs{rest_as_jobs(), verb == "requeuehold"};
    } else if (verb == "suspend" || verb == "resume") {
      operation_.action = SuspendJobs{rest_as_jobs(), verb == "resume"};
    } else if (verb == "update") {
      update();
    } else if (verb == "create" || verb == "delete") {
      create_or_delete(verb == "create");
    } else {
      complain(offset_of(word), fmt::format("\"scontrol {}\" is not simulated", word.text),
               kScontrol);
    }
  }

  static constexpr const char* kScontrol =
      "write hold, release, requeue, requeuehold, suspend, resume, update, or create or delete "
      "reservation";

  void update() {
    std::vector<Setting> given = read_settings();
    if (given.empty()) return complain_at_end("updates nothing", "write NodeName=n1 State=DRAIN");
    if (const Setting* const node = find(given, "nodename")) {
      const std::string nodes(node->value);
      UpdateNodes nodes_of{nodes, rest_of(given, "nodename", kNodeKeys)};
      check_reason(nodes_of.settings);
      operation_.action = std::move(nodes_of);
    } else if (const Setting* const job = find(given, "jobid")) {
      const std::vector<JobName> jobs = read_jobs(job->value, job->value_offset);
      if (jobs.size() > 1) {
        complain(job->value_offset, "an update is of one job", "write one command for each job");
      }
      operation_.action =
          UpdateJob{jobs.empty() ? JobName{} : jobs.front(), rest_of(given, "jobid", kJobKeys)};
    } else if (const Setting* const reservation = find(given, "reservationname")) {
      change_reservation(ChangeReservation::Verb::Update, std::string(reservation->value), given);
    } else if (const Setting* const reserved = find(given, "reservation")) {
      change_reservation(ChangeReservation::Verb::Update, std::string(reserved->value), given);
    } else if (const Setting* const partition = find(given, "partitionname")) {
      const std::string name(partition->value);
      operation_.action = UpdatePartition{name, rest_of(given, "partitionname", kPartitionKeys)};
    } else {
      complain(given.front().key_offset, "does not say what is updated",
               "write NodeName=, PartitionName=, JobId= or ReservationName=");
    }
  }

  /// scontrol refuses to take a node away without a reason.
  void check_reason(const Settings& settings) {
    const auto state = settings.find("state");
    if (state == settings.end() || settings.contains("reason")) return;
    const std::string name = lower(state->second);
    if (name != "down" && name != "drain" && name != "fail") return;
    complain_at_end(fmt::format("State={} needs a reason", state->second), "write Reason=text");
  }

  Settings rest_of(std::vector<Setting>& given, std::string_view without,
                   std::span<const OperatorKey> keys) {
    std::erase_if(given, [&](const Setting& each) { return each.key == without; });
    return check(given, keys);
  }

  void create_or_delete(bool create) {
    std::string name;
    bool is_reservation = false;
    if (more() && (lower(peek().text) == "reservation" || lower(peek().text) == "res")) {
      is_reservation = true;
      next();
      if (more() && peek().text.find('=') == std::string::npos) name = next().text;
    }
    std::vector<Setting> given = read_settings();
    for (const char* const key : {"reservation", "reservationname"}) {
      if (const Setting* const named = find(given, key)) name = named->value;
    }
    if (!is_reservation && name.empty()) {
      return complain(offset_of(words_.words[1]), "only reservations are created and deleted",
                      "write create reservation ReservationName=name StartTime=...");
    }
    change_reservation(create ? ChangeReservation::Verb::Create : ChangeReservation::Verb::Delete,
                       name, given);
  }

  void change_reservation(ChangeReservation::Verb verb, std::string name,
                          std::vector<Setting>& given) {
    using Verb = ChangeReservation::Verb;
    std::erase_if(given, [](const Setting& each) {
      return each.key == "reservation" || each.key == "reservationname";
    });
    for (Setting& each : given) {
      if (each.key == "partition") each.key = "partitionname";
    }
    ChangeReservation change{.verb = verb, .name = std::move(name)};
    change.settings = check(given, kReservationKeys);
    for (const Setting& each : given) take_time(each, change);
    if (verb != Verb::Create && change.name.empty()) {
      complain_at_end("names no reservation", "write ReservationName=name");
    }
    if (verb == Verb::Create) check_new(change);
    operation_.action = std::move(change);
  }

  /// Moves the times of a reservation out of its settings.
  void take_time(const Setting& each, ChangeReservation& change) {
    if (each.key == "duration") change.duration = parse_time_limit(each.value).value_or(kUnset);
    const bool start = each.key == "starttime";
    if (start || each.key == "endtime") {
      const auto moment = parse_moment(each.value);
      if (moment) (start ? change.start : change.end) = moment->at(operation_.at);
    }
    if (start || each.key == "endtime" || each.key == "duration") change.settings.erase(each.key);
  }

  /// What scontrol demands of a new reservation.
  void check_new(const ChangeReservation& change) {
    const auto has = [&](std::initializer_list<const char*> keys) {
      return std::ranges::any_of(keys,
                                 [&](const char* key) { return change.settings.contains(key); });
    };
    if (!problems_.empty()) return;
    if (change.start == kNever) {
      complain_at_end("the reservation has no start", "write StartTime=");
    } else if (change.end == kNever && change.duration == kUnset) {
      complain_at_end("the reservation has no end", "write EndTime= or Duration=");
    } else if (change.end != kNever && change.end <= change.start) {
      complain_at_end("the reservation ends before it begins", "let EndTime= be after StartTime=");
    } else if (!has({"users", "accounts", "groups"})) {
      complain_at_end("the reservation is for nobody", "write Users=, Accounts= or Groups=");
    } else if (!has({"nodes", "nodecnt", "corecnt", "licenses", "tres", "partitionname"})) {
      complain_at_end("the reservation is of nothing", "write Nodes=, NodeCnt= or Licenses=");
    }
  }

  // --- sacctmgr ---

  void sacctmgr() {
    while (more() && peek().text.starts_with('-')) next();
    const std::string verb = more() ? lower(peek().text) : "";
    if (verb != "modify" && verb != "update") {
      const std::size_t offset = more() ? offset_of(peek()) : command_.size();
      return complain(offset, fmt::format("\"sacctmgr {}\" is not simulated", verb),
                      "write sacctmgr modify qos|account|user NAME set ...");
    }
    next();
    const std::string kind = more() ? lower(peek().text) : "";
    if (kind != "qos" && kind != "account" && kind != "user") {
      const std::size_t offset = more() ? offset_of(peek()) : command_.size();
      return complain(offset, fmt::format("\"{}\" is not what sacctmgr can modify here", kind),
                      "write qos, account or user");
    }
    next();
    ModifyAccounting modify{.kind = kind};
    bool conditions = true;
    std::vector<Setting> given;
    while (more()) {
      const std::string text = lower(peek().text);
      if (text == "where" || text == "set") {
        conditions = text == "where";
        next();
      } else if (conditions) {
        add_condition(next(), modify);
      } else {
        read_setting(given);
      }
    }
    if (modify.who.empty()) complain_at_end("does not say whom to modify", "write the name");
    if (given.empty()) complain_at_end("sets nothing", "write set Name=value");
    modify.settings = check(given, kAccountingKeys);
    operation_.action = std::move(modify);
  }

  /// "high", "name=high" or "account=lab": who, and where.
  static void add_condition(const ShellWord& word, ModifyAccounting& modify) {
    const std::size_t equals = word.text.find('=');
    const std::string key = lower(std::string_view(word.text).substr(0, equals));
    const bool is_name = equals == std::string::npos || key == "name" || key == "names" ||
                         key == modify.kind || key == modify.kind + "s";
    if (is_name) {
      if (!modify.who.empty()) modify.who += ',';
      modify.who += equals == std::string::npos ? word.text : word.text.substr(equals + 1);
      return;
    }
    if (!modify.where.empty()) modify.where += ' ';
    modify.where += key + word.text.substr(equals);
  }

  std::string_view command_;
  ShellWords words_;
  std::size_t at_ = 0;
  const FindJob& find_job_;
  Operation& operation_;
  std::vector<OptionProblem>& problems_;
};

}  // namespace

void read_operator_command(std::string_view command, const FindJob& find_job, Operation& operation,
                           std::vector<OptionProblem>& problems) {
  std::vector<OptionProblem> found;
  CommandReader(command, find_job, operation, found).read();
  problems.insert(problems.end(), found.begin(), found.end());
}

}  // namespace rehearse
