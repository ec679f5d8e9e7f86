// A key of a file is described once (D9), in a table of its section:
//
//   {"max_time", field(&Partition::max_time), "Longest time limit of a job"},
//
// and both the reader and the JSON schema come from it. A Field knows what a value looks like (its
// Shape) and how to put it into a T; a Section is a table of keys. Readers report what is wrong
// and go on; what they could not read keeps its default.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/base/params.hpp"
#include "sim/base/time.hpp"
#include "sim/config/yaml.hpp"

namespace rehearse {

struct KeyShape;

/// What a value may look like.
struct Shape {
  enum class Kind : std::uint8_t {
    Text,
    Bool,
    Integer,
    Number,
    TimeSpan,  ///< Slurm's notation
    Size,      ///< a size with its unit
    Choice,    ///< one of `choices`
    List,      ///< of `of[0]`; a single one need not be in brackets
    Mapping,   ///< from any key to `of[0]`
    Section,   ///< `keys`
    AnyOf,     ///< one of the shapes `of`
    Anything,
  };
  Shape(Kind kind = Kind::Text);
  Kind kind;
  std::vector<std::string> choices;
  std::vector<Shape> of;
  std::vector<KeyShape> keys;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
};
struct KeyShape {
  std::string name;
  std::string help;
  bool required = false;
  Shape shape{};
};
inline Shape::Shape(Kind of_kind) : kind(of_kind) {}

template <class T>
struct Field {
  Shape shape;
  std::function<void(const Yaml&, T&, Diagnostics&)> read;
};

template <class T>
struct Key {
  std::string name;
  Field<T> field;
  std::string help;
  bool required = false;
};

/// Reports a value that is not what `wanted` says: "expected a list, found a text".
void report_kind(const Yaml& yaml, std::string_view wanted, Diagnostics& diagnostics);
/// Reports "unknown WHAT NAME", with what was probably meant.
void report_unknown(const Yaml& yaml, std::string_view what, std::string_view name,
                    const std::vector<std::string_view>& known, Diagnostics& diagnostics,
                    std::size_t offset = 0);

/// The scalar's text, or nothing and an error.
std::optional<std::string> read_string(const Yaml&, Diagnostics&);
/// A name: a text without blanks, commas and control characters.
std::optional<std::string> read_name(const Yaml&, Diagnostics&);
std::optional<bool> read_bool(const Yaml&, Diagnostics&);
std::optional<std::int64_t> read_integer(const Yaml&, std::int64_t min, std::int64_t max,
                                         Diagnostics&);
std::optional<double> read_number(const Yaml&, double min, double max, Diagnostics&);
std::optional<Duration> read_duration(const Yaml&, Diagnostics&);
/// GraceTime: as a duration, but a bare number is seconds, as in Slurm.
std::optional<Duration> read_grace_time(const Yaml&, Diagnostics&);
/// MiB. A bare number is an error: it would be MiB to Slurm and GiB to whoever wrote it.
std::optional<std::int64_t> read_memory(const Yaml&, Diagnostics&);
std::optional<std::size_t> read_choice(const Yaml&, const std::vector<std::string>& choices,
                                       Diagnostics&);
/// The items of a list; a value that is no list stands for itself.
std::vector<const Yaml*> list_items(const Yaml&);

/// A field that stores what `read` makes of the value.
template <class T, class Member, class Read>
Field<T> stored(Shape shape, Member T::* member, Read read) {
  return {std::move(shape), [member, read](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
            if (auto value = read(yaml, diagnostics)) {
              target.*member = static_cast<Member>(std::move(*value));
            }
          }};
}

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

/// Text, bool and duration members, by their type.
template <class T, class Member>
Field<T> field(Member T::* member) {
  if constexpr (std::is_same_v<Member, std::string>) {
    return stored({Shape::Kind::Text}, member, read_name);
  } else if constexpr (std::is_same_v<Member, bool> ||
                       std::is_same_v<Member, std::optional<bool>>) {
    return stored({Shape::Kind::Bool}, member, read_bool);
  } else {
    static_assert(std::is_same_v<Member, Duration> ||
                  std::is_same_v<Member, std::optional<Duration>>);
    return stored({Shape::Kind::TimeSpan}, member, read_duration);
  }
}

/// Whole numbers from `min` to `max`.
template <class T, class Member>
Field<T> integer(Member T::* member, std::int64_t min,
                 std::int64_t max = std::numeric_limits<std::int32_t>::max()) {
  const auto read = [min, max](const Yaml& yaml, Diagnostics& diagnostics) {
    return read_integer(yaml, min, max, diagnostics);
  };
  Shape shape{Shape::Kind::Integer};
  shape.min = min;
  if constexpr (is_optional<Member>::value) {
    using Value = typename Member::value_type;
    return {shape, [member, read](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
              if (const auto value = read(yaml, diagnostics)) {
                target.*member = static_cast<Value>(*value);
              }
            }};
  } else {
    return stored(std::move(shape), member, read);
  }
}

/// Numbers from `min` to `max`.
template <class T, class Member>
Field<T> number(Member T::* member, double min, double max) {
  return stored({Shape::Kind::Number}, member, [min, max](const Yaml& yaml, Diagnostics& diags) {
    return read_number(yaml, min, max, diags);
  });
}

template <class T, class Member>
Field<T> memory(Member T::* member) {
  return stored({Shape::Kind::Size}, member, read_memory);
}

/// An enum whose values are called `choices`, from 0 on.
template <class T, class Member>
Field<T> choice(Member T::* member, std::vector<std::string> choices) {
  Shape shape{Shape::Kind::Choice};
  shape.choices = choices;
  return {std::move(shape), [member, choices = std::move(choices)](const Yaml& yaml, T& target,
                                                                   Diagnostics& diagnostics) {
            if (const auto at = read_choice(yaml, choices, diagnostics)) {
              if constexpr (is_optional<Member>::value) {
                target.*member = static_cast<typename Member::value_type>(*at);
              } else {
                target.*member = static_cast<Member>(*at);
              }
            }
          }};
}

/// What is accepted and only looked at by others.
template <class T>
Field<T> anything() {
  return {{Shape::Kind::Anything}, [](const Yaml&, T&, Diagnostics&) {}};
}

/// A list of which `read` takes every item: read(const Yaml&, T&, Diagnostics&).
template <class T, class Read>
Field<T> list_of(Shape item, Read read) {
  Shape shape{Shape::Kind::List};
  shape.of.push_back(std::move(item));
  return {std::move(shape), [read](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
            for (const Yaml* const each : list_items(yaml)) read(*each, target, diagnostics);
          }};
}

/// A table of keys. `what` is what it describes, in the singular: "partition".
template <class T>
class Section {
 public:
  Section(std::string what, std::vector<Key<T>> keys)
      : what_(std::move(what)), keys_(std::move(keys)) {}

  /// Adds the keys of another table.
  Section& add(std::vector<Key<T>> keys) {
    for (Key<T>& key : keys) keys_.push_back(std::move(key));
    return *this;
  }

  /// Reads the mapping `yaml` into `target`.
  void read(const Yaml& yaml, T& target, Diagnostics& diagnostics) const {
    if (yaml.kind != Yaml::Kind::Map) {
      report_kind(yaml, "a mapping: " + what_, diagnostics);
      return;
    }
    for (const Yaml::Member& member : yaml.members) {
      const Key<T>* const key = find(member.key.text);
      if (key == nullptr) {
        report_unknown(member.key, "key", member.key.text, names(), diagnostics);
      } else if (member.value.kind == Yaml::Kind::Null) {
        report(member.key, "\"" + key->name + "\" has no value", "", diagnostics);
      } else {
        key->field.read(member.value, target, diagnostics);
      }
    }
    for (const Key<T>& key : keys_) {
      if (key.required && yaml.find(key.name) == nullptr) {
        report(yaml, "no \"" + key.name + "\" in this " + what_, key.help, diagnostics);
      }
    }
  }

  Shape shape() const {
    Shape result{Shape::Kind::Section};
    for (const Key<T>& key : keys_) {
      result.keys.push_back({key.name, key.help, key.required, key.field.shape});
    }
    return result;
  }

 private:
  const Key<T>* find(std::string_view name) const {
    for (const Key<T>& key : keys_) {
      if (key.name == name) return &key;
    }
    return nullptr;
  }
  std::vector<std::string_view> names() const {
    std::vector<std::string_view> result;
    for (const Key<T>& key : keys_) result.push_back(key.name);
    return result;
  }

  std::string what_;
  std::vector<Key<T>> keys_;
};

/// A section inside a section.
template <class T, class Member>
Field<T> nested(Member T::* member, Section<Member> section) {
  Shape shape = section.shape();
  return {std::move(shape), [member, section = std::move(section)](const Yaml& yaml, T& target,
                                                                   Diagnostics& diagnostics) {
            section.read(yaml, target.*member, diagnostics);
          }};
}

}  // namespace rehearse
