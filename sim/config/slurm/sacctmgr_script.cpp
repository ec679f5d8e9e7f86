// Files of sacctmgr command lines: what a site ran to make its accounts.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"
#include "sim/config/cluster_sections.hpp"
#include "sim/config/slurm/sacctmgr_lines.hpp"
#include "sim/config/slurm/slurm_accounting.hpp"
#include "sim/workload/shell_words.hpp"

namespace rehearse {
namespace {

enum class Verb : std::uint8_t { None, Add, Modify, Remove, Other };
enum class Kind : std::uint8_t { Account, User, Qos, Cluster, Resource, Other };

bool is_one_of(std::string_view word, std::string_view lower_names) {
  for (const std::string_view name : split(lower_names, ' ')) {
    if (same_name(name, word)) return true;
  }
  return false;
}

Verb verb_of(std::string_view word) {
  if (is_one_of(word, "add create")) return Verb::Add;
  if (is_one_of(word, "modify update")) return Verb::Modify;
  if (is_one_of(word, "delete remove")) return Verb::Remove;
  if (is_one_of(word,
                "list show dump load archive clear ping reconfigure shutdown version quit "
                "exit verbose quiet")) {
    return Verb::Other;
  }
  return Verb::None;
}

Kind kind_of(std::string_view word) {
  if (is_one_of(word, "account accounts acct accts")) return Kind::Account;
  if (is_one_of(word, "user users")) return Kind::User;
  if (is_one_of(word, "qos")) return Kind::Qos;
  if (is_one_of(word, "cluster clusters")) return Kind::Cluster;
  if (is_one_of(word, "resource resources")) return Kind::Resource;
  return Kind::Other;
}

/// A command after its verb and kind: what it is about, and what it sets.
struct Command {
  Verb verb;
  Kind kind;
  SlurmWord place;
  std::vector<SlurmWord> names;
  std::vector<SlurmWord> accounts;      ///< of users; of accounts those above
  std::vector<SlurmWord> partitions{};  ///< of users
  std::vector<SlurmOption> settings;
};

class ScriptReader {
 public:
  explicit ScriptReader(SlurmAccounting& accounting)
      : accounting_(accounting), diagnostics_(accounting.diagnostics()) {}

  void read_line(const SlurmWord& line) {
    const ShellWords shell = split_shell_words(line.text);
    if (shell.unclosed) {
      report(line, "a quote that is not closed", "", diagnostics_, *shell.unclosed);
      return;
    }
    std::vector<SlurmWord> words;
    for (const ShellWord& each : shell.words) {
      words.push_back({each.text, line.line, line.at + (each.at.empty() ? 0 : each.at.front())});
    }
    std::size_t at = 0;
    const bool has_program = !words.empty() && words[0].text.ends_with("sacctmgr");
    if (has_program) ++at;
    while (at < words.size() && words[at].text.starts_with('-')) ++at;
    if (at == words.size()) return;
    const Verb verb = verb_of(words[at].text);
    if (verb == Verb::None) {
      static constexpr std::string_view kVerbs[] = {"add",    "create", "modify", "delete",
                                                    "remove", "list",   "show"};
      warn(words[at], fmt::format("\"{:.60}\" is no command of sacctmgr", words[at].text),
           near_help(words[at].text, kVerbs, diagnostics_), diagnostics_);
      return;
    }
    if (verb == Verb::Other) return;
    if (at + 1 == words.size()) {
      report(words[at], fmt::format("{} what?", words[at].text),
             "write such as add account lab, modify qos normal set Priority=10", diagnostics_);
      return;
    }
    const Kind kind = kind_of(words[at + 1].text);
    if (kind == Kind::Other) return;
    if (kind == Kind::Resource) {
      say_not_simulated(accounting_.cluster(), "licenses of sacctmgr's resources do not count");
      return;
    }
    Command command{verb, kind, words[at + 1], {}, {}, {}, {}};
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at) + 2);
    sort_words(words, command);
    run(command);
  }

 private:
  /// `names, where Key=value, set Key=value`: bare words are names wherever they stand.
  void sort_words(const std::vector<SlurmWord>& words, Command& command) {
    bool sets = command.verb == Verb::Add;
    for (const SlurmWord& word : words) {
      if (same_name(word.text, "where")) {
        sets = false;
        continue;
      }
      if (same_name(word.text, "set")) {
        sets = true;
        continue;
      }
      const auto option = split_option(word);
      if (!option) {
        append(command.names, word);
      } else if (is_name(command.kind, option->name) && (!sets || command.verb == Verb::Add)) {
        append(command.names, option->value);
      } else if (is_account(command, option->name) && (!sets || command.verb == Verb::Add)) {
        append(command.accounts, option->value);
        if (option->name.starts_with("def")) command.settings.push_back(*option);
      } else if (command.kind == Kind::User && is_one_of(option->name, "partition partitions")) {
        append(command.partitions, option->value);
      } else if (sets) {
        command.settings.push_back(*option);
      }
    }
  }

  static void append(std::vector<SlurmWord>& list, const SlurmWord& word) {
    for (SlurmWord& each : slurm_list(word)) {
      const bool has = std::any_of(list.begin(), list.end(), [&](const SlurmWord& other) {
        return same_name(other.text, each.text);
      });
      if (!has) list.push_back(std::move(each));
    }
  }

  static bool is_name(Kind kind, std::string_view key) {
    if (is_one_of(key, "name names")) return true;
    if (kind == Kind::Account) return is_one_of(key, "account accounts acct");
    if (kind == Kind::User) return is_one_of(key, "user users");
    return kind == Kind::Qos && key == "qos";
  }

  /// DefaultAccount is one of the accounts of a new user.
  static bool is_account(const Command& command, std::string_view key) {
    if (command.kind == Kind::Account) return is_one_of(key, "parent parents");
    if (command.kind != Kind::User) return false;
    return is_one_of(key, "account accounts acct") ||
           (command.verb == Verb::Add && is_one_of(key, "defaultaccount defaccount"));
  }

  void run(const Command& command) {
    switch (command.kind) {
      case Kind::Account:
        return command.verb == Verb::Add ? add_accounts(command) : change_accounts(command);
      case Kind::User:
        return command.verb == Verb::Add ? add_users(command) : change_users(command);
      case Kind::Qos:
        return change_qos(command);
      case Kind::Cluster:
        if (command.verb != Verb::Remove) set_all(accounting_.root(), command);
        return;
      default:
        return;
    }
  }

  template <class Draft>
  void set_all(Draft& draft, const Command& command) {
    for (const SlurmOption& option : command.settings) accounting_.set(draft, option);
  }

  bool has_names(const Command& command) {
    bool are_good = true;
    for (const SlurmWord& name : command.names) are_good &= check_name(name, diagnostics_);
    if (!command.names.empty()) return are_good;
    report(command.place, fmt::format("add which {}?", command.place.text),
           "write its name, or Name=...", diagnostics_);
    return false;
  }

  void add_accounts(const Command& command) {
    if (!has_names(command)) return;
    std::string parent = "root";
    for (const SlurmWord& word : command.accounts) {
      parent = lower(word.text);
      if (accounting_.find_account(parent) == nullptr) accounting_.report_unknown_account(word);
    }
    for (const SlurmWord& name : command.names) {
      const std::string own_name = lower(name.text);
      if (accounting_.find_account(own_name) != nullptr) {
        warn(name, fmt::format("account \"{}\" is there already", name.text),
             "sacctmgr adds nothing then", diagnostics_);
        continue;
      }
      set_all(accounting_.add_account(own_name, parent, name), command);
    }
  }

  static bool matches(const std::vector<SlurmWord>& wanted, std::string_view name) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const SlurmWord& each) {
             return same_name(each.text, name);
           });
  }

  void change_accounts(const Command& command) {
    bool any = false;
    for (AssocDraft& draft : accounting_.accounts()) {
      const std::string& name = draft.assoc.account;
      const bool is_root = name == "root";
      if (draft.is_removed || !matches(command.names, name) ||
          !matches(command.accounts, draft.parent) || (command.names.empty() && is_root)) {
        continue;
      }
      any = true;
      if (command.verb == Verb::Remove && !is_root) {
        draft.is_removed = true;
        for (AssocDraft& user : accounting_.users()) {
          if (user.assoc.account == name) user.is_removed = true;
        }
      } else {
        set_all(draft, command);
      }
    }
    if (!any) warn_nothing(command);
  }

  void add_users(const Command& command) {
    if (!has_names(command)) return;
    if (command.accounts.empty()) {
      report(command.names[0], fmt::format("user \"{}\" needs an account", command.names[0].text),
             "write Account=...", diagnostics_);
    }
    for (const SlurmWord& account : command.accounts) {
      const std::string lower_account = lower(account.text);
      if (accounting_.find_account(lower_account) == nullptr) {
        accounting_.report_unknown_account(account);
        continue;
      }
      for (const SlurmWord& name : command.names) {
        for (const SlurmWord& partition : command.partitions) {
          add_user(lower_account, lower(name.text), partition.text, command);
        }
        if (command.partitions.empty()) add_user(lower_account, lower(name.text), "", command);
      }
    }
  }

  void add_user(const std::string& account, const std::string& user, const std::string& partition,
                const Command& command) {
    if (accounting_.find_user(account, user, partition) != nullptr) return;
    set_all(accounting_.add_user(account, user, partition), command);
  }

  void change_users(const Command& command) {
    bool any = false;
    for (AssocDraft& draft : accounting_.users()) {
      const bool is_root = draft.assoc.user == "root";
      if (draft.is_removed || !matches(command.names, draft.assoc.user) ||
          !matches(command.accounts, draft.assoc.account) ||
          !matches(command.partitions, draft.assoc.partition) ||
          (command.names.empty() && is_root)) {
        continue;
      }
      any = true;
      if (command.verb == Verb::Remove) {
        draft.is_removed = true;
      } else {
        set_all(draft, command);
      }
    }
    if (!any) warn_nothing(command);
  }

  void change_qos(const Command& command) {
    if (command.verb == Verb::Add && !has_names(command)) return;
    bool any = false;
    if (command.verb == Verb::Remove) {
      for (const SlurmWord& name : command.names) accounting_.remove_qos(lower(name.text));
      return;
    }
    if (command.verb == Verb::Add) {
      for (const SlurmWord& name : command.names) {
        const std::string own_name = lower(name.text);
        if (accounting_.find_qos(own_name) != nullptr) {
          warn(name, fmt::format("QOS \"{}\" is there already", name.text),
               "sacctmgr adds nothing then", diagnostics_);
          continue;
        }
        set_all(accounting_.add_qos(own_name), command);
      }
      return;
    }
    for (QosDraft& draft : accounting_.all_qos()) {
      if (!matches(command.names, draft.qos.name)) continue;
      any = true;
      set_all(draft, command);
    }
    if (!any) warn_nothing(command);
  }

  void warn_nothing(const Command& command) {
    const SlurmWord& place = command.names.empty() ? command.place : command.names[0];
    warn(place, fmt::format("no {} \"{}\"", command.place.text, place.text),
         "sacctmgr changes nothing then", diagnostics_);
  }

  SlurmAccounting& accounting_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool is_sacctmgr_command(std::string_view line) {
  const std::vector<std::string_view> words = split(line, ' ');
  if (words.front().ends_with("sacctmgr")) return true;
  return words.size() > 1 && verb_of(words[0]) != Verb::None && kind_of(words[1]) != Kind::Other;
}

void read_sacctmgr_script(const std::string& file, std::vector<std::string>& files,
                          SlurmAccounting& accounting) {
  ScriptReader reader(accounting);
  for (const SlurmWord& line : sacctmgr_lines(file, files, accounting.diagnostics())) {
    reader.read_line(line);
  }
}

}  // namespace rehearse
