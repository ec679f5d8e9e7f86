// Accounts and users.
#include <fmt/format.h>

#include <limits>

#include "sim/config/section_fields.hpp"

namespace rehearse {
namespace {

/// A number, or `parent`: the users share what their account has, as if they were one.
template <class T>
Field<T> shares() {
  Shape number{Shape::Kind::Integer};
  number.min = 0;
  Shape word{Shape::Kind::Choice};
  word.choices = {"parent"};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {number, word};
  return {std::move(shape), [](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
            target.shares_as_parent = yaml.text == "parent";
            if (target.shares_as_parent) return;
            const auto count =
                read_integer(yaml, 0, std::numeric_limits<std::int32_t>::max(), diagnostics);
            if (count) target.shares = *count;
          }};
}

/// What users and accounts have in common.
template <class T>
std::vector<Key<T>> assoc_keys(const Cluster& cluster) {
  return {
      {"shares", shares<T>(), "Raw shares of the fair share among its neighbours, or parent"},
      {"priority", integer(&T::priority, 0), "Association priority, a factor of multifactor"},
      {"qos", names(&T::qos, is_qos_of(cluster)), "QOS that may be used; without it all"},
      {"default_qos", qos_name(&T::default_qos, cluster), "QOS of jobs that name none"},
      {"limits", nested(&T::limits, assoc_limits(cluster)), "Limits, named as in sacctmgr"},
  };
}

Field<AccountEntry> users(const Cluster& cluster) {
  const Section<UserEntry> section = user_section(cluster, false);
  Shape item{Shape::Kind::AnyOf};
  item.of = {{Shape::Kind::Text}, section.shape()};
  return list_of<AccountEntry>(
      std::move(item), [section](const Yaml& yaml, AccountEntry& account, Diagnostics& diags) {
        UserEntry user;
        if (yaml.kind == Yaml::Kind::Map) {
          section.read(yaml, user, diags);
        } else if (auto hosts = read_hosts(yaml, diags)) {
          user.names = std::move(*hosts);
        }
        account.users.push_back(std::move(user));
      });
}

}  // namespace

Section<AccountEntry> account_section(Cluster& cluster) {
  Section<AccountEntry> section(
      "account", {
                     {"name", field(&AccountEntry::name), "Name", true},
                     {"parent", field(&AccountEntry::parent), "The account above; else root"},
                     {"users", users(cluster), "Its users: names, or mappings with a name"},
                 });
  section.add(assoc_keys<AccountEntry>(cluster));
  section.add(keys_not_simulated<AccountEntry>(cluster));
  return section;
}

Section<UserEntry> user_section(const Cluster& cluster, bool names_account) {
  Section<UserEntry> section("user",
                             {{"name", stored({Shape::Kind::Text}, &UserEntry::names, read_hosts),
                               "User name, or several as alice[1-3]", true}});
  if (names_account) {
    section.add({{"account", field(&UserEntry::account), "The account", true}});
  }
  section.add({{"partition", field(&UserEntry::partition),
                "Where this alone rules; the user may have another entry for elsewhere"},
               {"default", field(&UserEntry::is_default), "Account of jobs that name none"}});
  section.add(assoc_keys<UserEntry>(cluster));
  return section;
}

}  // namespace rehearse
