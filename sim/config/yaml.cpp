#include "sim/config/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

/// Most nodes of a document with its aliases written out: a page of text can stand for billions.
constexpr std::size_t kMaxNodes = 1'000'000;

Diagnostic diagnostic_at(const Yaml& yaml, Severity severity, std::string message) {
  Diagnostic result{.severity = severity, .message = std::move(message)};
  if (yaml.source == nullptr) return result;
  result.file = yaml.source->file;
  result.line = yaml.line;
  result.column = yaml.column;
  const auto line = static_cast<std::size_t>(yaml.line);
  if (line >= 1 && line <= yaml.source->lines.size()) {
    result.source_line = yaml.source->lines[line - 1];
  }
  return result;
}

std::size_t count_nodes(const Yaml& yaml) {
  std::size_t count = 1;
  for (const Yaml& item : yaml.items) count += count_nodes(item);
  for (const Yaml::Member& member : yaml.members) count += 1 + count_nodes(member.value);
  return count;
}

/// Builds the tree from yaml-cpp's events.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const YamlSource> source, Diagnostics& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  Yaml take() { return std::move(root_); }
  Yaml at(const YAML::Mark& mark) const {
    Yaml yaml;
    yaml.source = source_;
    yaml.line = mark.line + 1;
    yaml.column = mark.column + 1;
    return yaml;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(at(mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw YAML::ParserException(mark, "an alias to what it stands in");
    }
    nodes_ += count_nodes(found->second);
    add(found->second, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Yaml yaml = start(mark, tag, Yaml::Kind::Scalar);
    yaml.text = value;
    add(std::move(yaml), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({start(mark, tag, Yaml::Kind::List), anchor});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({start(mark, tag, Yaml::Kind::Map), anchor});
  }
  void OnMapEnd() override {
    Yaml& map = open_.back().yaml;
    std::erase_if(map.members, [](const auto& member) {
      return member.key.kind != Yaml::Kind::Scalar;  // reported as it came
    });
    merge_keys(map);
    close();
  }

 private:
  /// A list or mapping that has not ended. `has_key`: its last member waits for a value.
  struct Open {
    Yaml yaml;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::unordered_map<std::string, std::size_t> keys{};  ///< positions in yaml.members
  };

  Yaml start(const YAML::Mark& mark, const std::string& tag, Yaml::Kind kind) {
    Yaml yaml = at(mark);
    yaml.kind = kind;
    if (tag.size() > 1) report(yaml, "a tag", "write the value without it", diagnostics_);
    return yaml;
  }

  static YAML::Mark mark_of(const Yaml& yaml) {
    YAML::Mark mark;
    mark.line = yaml.line - 1;
    mark.column = yaml.column - 1;
    return mark;
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.yaml), done.anchor);
  }

  void add(Yaml yaml, YAML::anchor_t anchor) {
    if (++nodes_ > kMaxNodes) {
      throw YAML::ParserException(mark_of(yaml), "more than a million values");
    }
    if (anchor != YAML::NullAnchor) anchors_[anchor] = yaml;
    if (open_.empty()) {
      root_ = std::move(yaml);
    } else if (Open& parent = open_.back(); parent.yaml.kind == Yaml::Kind::List) {
      parent.yaml.items.push_back(std::move(yaml));
    } else if (parent.has_key) {
      parent.yaml.members.back().value = std::move(yaml);
      parent.has_key = false;
    } else {
      add_key(parent, std::move(yaml));
    }
  }

  void add_key(Open& parent, Yaml key) {
    if (key.kind != Yaml::Kind::Scalar) {
      report(key, fmt::format("{} cannot be a key", kind_name(key)), "", diagnostics_);
    }
    const auto [first, is_new] = parent.keys.emplace(key.text, parent.yaml.members.size());
    if (!is_new) {
      report(key, fmt::format("duplicate key \"{}\"", key.text), "", diagnostics_);
      note(parent.yaml.members[first->second].key, "first given here", diagnostics_);
    }
    parent.yaml.members.push_back({std::move(key), {}});
    parent.has_key = true;
  }

  /// Resolves `<<: *base`: the keys of the mapping's own come first, then those of the bases.
  void merge_keys(Yaml& map) {
    const auto merge = std::find_if(map.members.begin(), map.members.end(),
                                    [](const auto& member) { return member.key.text == "<<"; });
    if (merge == map.members.end()) return;
    const Yaml value = std::move(merge->value);
    map.members.erase(merge);
    const std::vector<Yaml> one{value};
    for (const Yaml& base : value.kind == Yaml::Kind::List ? value.items : one) {
      if (base.kind != Yaml::Kind::Map) {
        report(base, fmt::format("`<<` takes mappings, not {}", kind_name(base)), "", diagnostics_);
      }
      for (const Yaml::Member& member : base.members) {
        if (map.find(member.key.text) == nullptr) map.members.push_back(member);
      }
    }
  }

  std::shared_ptr<const YamlSource> source_;
  Diagnostics& diagnostics_;
  Yaml root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Yaml> anchors_;
  std::size_t nodes_ = 0;
};

/// The name by which an item of a list is merged, or null.
const Yaml* name_of(const Yaml& item) {
  if (item.kind == Yaml::Kind::Scalar) return &item;
  const Yaml* const name = item.find("name");
  return name != nullptr ? name : item.find("names");
}

/// Whether a list is of named things: at least one mapping with a name, and nothing without.
bool is_named(const std::vector<Yaml>& items) {
  return std::all_of(items.begin(), items.end(),
                     [](const Yaml& item) { return name_of(item) != nullptr; }) &&
         std::any_of(items.begin(), items.end(),
                     [](const Yaml& item) { return item.kind == Yaml::Kind::Map; });
}

void merge_lists(Yaml& base, const Yaml& over, Diagnostics& diagnostics) {
  for (const Yaml& item : over.items) {
    const std::string& name = name_of(item)->text;
    const auto found = std::find_if(base.items.begin(), base.items.end(),
                                    [&](const Yaml& each) { return name_of(each)->text == name; });
    const Yaml* const remove = item.find("remove");
    if (remove != nullptr && remove->text == "true") {
      if (found != base.items.end()) {
        base.items.erase(found);
      } else {
        report(*name_of(item), fmt::format("there is no \"{}\" to remove", name), "", diagnostics);
      }
    } else if (found == base.items.end()) {
      base.items.push_back(item);
    } else {
      *found = merge_yaml(std::move(*found), item, diagnostics);
    }
  }
}

/// The offset of the first byte that is not part of a UTF-8 character, or npos.
std::size_t find_not_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80U            ? 1
                               : (lead >> 5U) == 0x6U  ? 2
                               : (lead >> 4U) == 0xEU  ? 3
                               : (lead >> 3U) == 0x1EU ? 4
                                                       : 0;
    if (length == 0 || at + length > text.size()) return at;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

/// yaml-cpp's complaint; where it stems from a tab it does not say so.
void report_syntax(const Yaml& place, const std::string& message, Diagnostics& diagnostics) {
  Diagnostic diagnostic = diagnostic_at(place, Severity::Error, "not YAML: " + message);
  const std::string& line = diagnostic.source_line;
  const std::string indent = line.substr(0, line.find_first_not_of(" \t"));
  if (indent.find('\t') != std::string::npos) diagnostic.help = "indent with blanks, not tabs";
  diagnostics.add(std::move(diagnostic));
}

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key.text == key) return &member.value;
  }
  return nullptr;
}

std::string_view kind_name(const Yaml& yaml) {
  switch (yaml.kind) {
    case Yaml::Kind::Null:
      return "nothing";
    case Yaml::Kind::Scalar:
      return "a text";
    case Yaml::Kind::List:
      return "a list";
    case Yaml::Kind::Map:
      return "a mapping";
  }
  return "nothing";
}

Yaml parse_yaml(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  const bool is_text = std::none_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  if (!is_text) {
    diagnostics.add({.file = file, .message = "is not a text file"});
    return {};
  }
  if (const std::size_t bad = find_not_utf8(text); bad != std::string_view::npos) {
    Diagnostic diagnostic{.file = file,
                          .message = fmt::format("the byte 0x{:02X} is not UTF-8",
                                                 static_cast<unsigned char>(text[bad])),
                          .help = "save the file as UTF-8"};
    point_at(diagnostic, text, bad);
    diagnostic.source_line.clear();  // a terminal could not show it
    diagnostics.add(std::move(diagnostic));
    return {};
  }
  auto source = std::make_shared<YamlSource>(YamlSource{file, {}});
  for (const std::string_view line : split(text, '\n')) source->lines.emplace_back(line);
  Builder builder(source, diagnostics);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      diagnostics.add({.file = file, .message = "is empty"});
      return {};
    }
    Yaml root = builder.take();
    Builder second(source, diagnostics);
    if (parser.HandleNextDocument(second)) {
      report(second.take(), "a second document in one file", "write one document", diagnostics);
    }
    return root;
  } catch (const YAML::Exception& error) {
    report_syntax(builder.at(error.mark), error.msg, diagnostics);
    return {};
  }
}

void report(const Yaml& yaml, std::string message, std::string help, Diagnostics& diagnostics,
            std::size_t offset) {
  Diagnostic diagnostic = diagnostic_at(yaml, Severity::Error, std::move(message));
  diagnostic.help = std::move(help);
  if (offset > 0) {  // only where the text stands in the line as it is: no escapes, no folding
    const auto start =
        diagnostic.source_line.find(yaml.text, static_cast<std::size_t>(yaml.column) - 1);
    if (start != std::string::npos) diagnostic.column = static_cast<int>(start + offset) + 1;
  }
  diagnostics.add(std::move(diagnostic));
}

void note(const Yaml& yaml, std::string message, Diagnostics& diagnostics) {
  diagnostics.add(diagnostic_at(yaml, Severity::Note, std::move(message)));
}

ParamText placed_text(const Yaml& yaml) {
  const Diagnostic place = diagnostic_at(yaml, Severity::Error, "");
  return {yaml.text, place.file, place.line, place.column, place.source_line};
}

Yaml merge_yaml(Yaml base, const Yaml& over, Diagnostics& diagnostics) {
  if (base.kind == Yaml::Kind::Map && over.kind == Yaml::Kind::Map) {
    for (const Yaml::Member& member : over.members) {
      const auto found =
          std::find_if(base.members.begin(), base.members.end(),
                       [&](const auto& each) { return each.key.text == member.key.text; });
      if (found == base.members.end()) {
        base.members.push_back(member);
      } else {
        found->value = merge_yaml(std::move(found->value), member.value, diagnostics);
      }
    }
    return base;
  }
  const bool lists = base.kind == Yaml::Kind::List && over.kind == Yaml::Kind::List;
  if (!lists || !is_named(base.items) || !(over.items.empty() || is_named(over.items))) return over;
  merge_lists(base, over, diagnostics);
  return base;
}

}  // namespace rehearse
