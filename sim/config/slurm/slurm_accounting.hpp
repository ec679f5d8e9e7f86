// Accounts, users and QOS as slurmdbd keeps them, filled from what sacctmgr reads and prints:
// commands, dumps of a cluster, tables of QOS. Names are in lower case, as sacctmgr makes them.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/config/slurm/slurm_conf.hpp"

namespace rehearse {

/// `Key=value`, `Key+=value` or `Key-=value`.
struct SlurmOption {
  SlurmWord key;
  std::string name;  ///< the key in lower case
  char op = '=';
  SlurmWord value;
};

/// A QOS whose names of others are not looked up yet.
struct QosDraft {
  Qos qos;
  std::vector<SlurmWord> preempts;
};

/// What sacctmgr keeps of an account and no rule reads.
struct AccountLabel {
  std::string description{}, organization{};
};

/// An account, or a user of one.
struct AssocDraft {
  Assoc assoc;
  AccountLabel label{};
  std::string parent;      ///< of an account
  SlurmWord parent_place;  ///< where that is said
  bool is_removed = false;
  std::optional<std::vector<SlurmWord>> qos;            ///< QOS=; without it the parent's
  std::vector<std::pair<char, SlurmWord>> qos_changes;  ///< QOS+= and QOS-=, in order
  std::optional<SlurmWord> default_qos;
  std::optional<std::int32_t> priority;
};

class SlurmAccounting {
 public:
  /// Has root, its user root and QOS normal, as a new database of a cluster does.
  SlurmAccounting(Cluster& cluster, Diagnostics& diagnostics);

  QosDraft* find_qos(std::string_view lower_name);
  AssocDraft* find_account(std::string_view lower_name);
  AssocDraft* find_user(std::string_view lower_account, std::string_view lower_user,
                        std::string_view partition = {});
  AssocDraft& root() { return accounts_.front(); }
  std::deque<QosDraft>& all_qos() { return qos_; }
  std::deque<AssocDraft>& accounts() { return accounts_; }
  std::deque<AssocDraft>& users() { return users_; }

  /// The one that is there, or a new one.
  QosDraft& add_qos(const std::string& lower_name);
  AssocDraft& add_account(const std::string& lower_name, std::string parent,
                          const SlurmWord& place = {});
  AssocDraft& add_user(const std::string& lower_account, const std::string& lower_user,
                       const std::string& partition = {});
  void remove_qos(std::string_view lower_name);

  void set(QosDraft& qos, const SlurmOption& option);
  void set(AssocDraft& assoc, const SlurmOption& option);
  void report_unknown_account(const SlurmWord& word);

  /// Fills cluster.qos and cluster.assocs: accounts, then users, each as they were created.
  void finish(const SlurmEnforce& enforce);
  /// Of each association, once that is done.
  const IdVector<AssocId, AccountLabel>& labels() const { return labels_; }

  /// Without it a QOS that comes up is made, with a warning: dumps do not tell them.
  bool knows_all_qos = true;

  Cluster& cluster() { return cluster_; }
  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  bool set_label(AssocDraft& draft, const SlurmOption& option);
  bool set_limit(Limits& limits, bool is_qos, const SlurmOption& option);
  void finish_qos(const SlurmEnforce& enforce);
  std::vector<std::string> allowed_qos(const AssocDraft& draft,
                                       const std::vector<std::string>& above);
  std::vector<const AssocDraft*> parents_first();
  void check_qos(const SlurmWord& word);

  Cluster& cluster_;
  Diagnostics& diagnostics_;
  std::deque<QosDraft> qos_;
  std::deque<AssocDraft> accounts_;
  std::deque<AssocDraft> users_;
  std::map<std::string, std::size_t, std::less<>> qos_by_name_;
  std::map<std::string, std::size_t, std::less<>> account_by_name_;
  std::map<std::array<std::string, 3>, std::size_t> user_by_name_;  // account, user, partition
  std::map<std::string, std::string> default_accounts_;             // by user
  IdVector<AssocId, AccountLabel> labels_;
};

/// sacctmgr command lines, with or without `sacctmgr -i` before them.
void read_sacctmgr_script(const std::string& file, std::vector<std::string>& files,
                          SlurmAccounting& accounting);
/// What `sacctmgr dump` writes.
void read_sacctmgr_dump(const std::string& file, std::vector<std::string>& files,
                        SlurmAccounting& accounting);
/// What `sacctmgr -P show qos` prints.
void read_sacctmgr_qos(const std::string& file, std::vector<std::string>& files,
                       SlurmAccounting& accounting);

/// The limits that are set, by sacctmgr's name: GrpTRES "cpu=64,gres/gpu=8", MaxWall "2-00:00:00".
std::vector<std::pair<std::string, std::string>> limit_texts(const Limits& limits, bool is_qos,
                                                             const Cluster& cluster);
/// "DenyOnLimit", ...
std::vector<std::string> qos_flag_names(Qos qos);

}  // namespace rehearse
