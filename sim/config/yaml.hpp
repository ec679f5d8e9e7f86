// YAML as the readers want it: a plain tree in which every node knows its place, so that any
// mistake can be shown where it stands. yaml-cpp is only used to parse (yaml.cpp); what it lets
// through silently is refused here: duplicate keys, tags, several documents, endless aliases.
// Aliases and merge keys (`<<`) are resolved. A scalar is text until a reader asks for more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/params.hpp"

namespace rehearse {

struct YamlSource {
  std::string file;
  std::vector<std::string> lines;
};

struct Yaml {
  enum class Kind : std::uint8_t { Null, Scalar, List, Map };
  struct Member;

  Kind kind = Kind::Null;
  std::string text{};           ///< of a scalar
  std::vector<Yaml> items;      ///< of a list
  std::vector<Member> members;  ///< of a mapping, in the order of the file; keys are scalars
  std::shared_ptr<const YamlSource> source{};
  int line = 0;    ///< 1-based
  int column = 0;  ///< 1-based, in bytes

  /// The value of `key` in a mapping, or null.
  const Yaml* find(std::string_view key) const;
};
struct Yaml::Member {
  Yaml key;
  Yaml value;
};

/// The one document in `text`. `file` is its name in messages. What is wrong is added to
/// `diagnostics`; after an error the tree is what could be understood, Null if nothing.
Yaml parse_yaml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

/// Adds an error at the place of `yaml`, `offset` bytes into its text.
void report(const Yaml& yaml, std::string message, std::string help, Diagnostics& diagnostics,
            std::size_t offset = 0);
/// Adds a note to the error before it: "first given here".
void note(const Yaml& yaml, std::string message, Diagnostics& diagnostics);

/// The scalar `yaml` with its place.
ParamText placed_text(const Yaml& yaml);

/// What is `yaml`, for messages: "nothing", "a text", "a list", "a mapping".
std::string_view kind_name(const Yaml& yaml);

/// `over` on top of `base`: mappings merge key by key; lists of things that have a `name` (or
/// `names`) merge by that name, in base's order with new ones last, and `remove: true` takes one
/// away; anything else is replaced.
Yaml merge_yaml(Yaml base, const Yaml& over, Diagnostics& diagnostics);

}  // namespace rehearse
