#include "sim/workload/dependency_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/base/text.hpp"

namespace rehearse {
namespace {

constexpr std::array<std::string_view, 6> kNames{"after",    "afterok",   "afternotok",
                                                 "afterany", "aftercorr", "singleton"};
constexpr const char* kHelp = "write afterok:ID, after:ID+MINUTES, singleton, joined by , or by ?";
constexpr std::int64_t kLargestMinutes = 1'000'000'000;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  DependencyText parse() {
    const bool all = text_.find(',') != std::string_view::npos;
    const std::size_t mark = text_.find('?');
    result_.any = mark != std::string_view::npos;
    if (all && result_.any) fail("\",\" and \"?\" do not mix in a dependency", mark);
    for (const std::string_view piece : split(text_, result_.any ? '?' : ',')) {
      if (!result_.problem) parse_piece(piece);
    }
    if (result_.problem) result_.items.clear();
    return std::move(result_);
  }

 private:
  void fail(std::string message, std::size_t offset, std::string help = kHelp) {
    result_.problem = OptionProblem{std::move(message), std::move(help), offset};
  }

  std::size_t offset_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text_.data());
  }

  void parse_piece(std::string_view piece) {
    const std::vector<std::string_view> parts = split(piece, ':');
    const auto found = std::ranges::find(kNames, parts[0]);
    if (found == kNames.end()) {
      const auto near = near_match(parts[0], kNames);
      return fail(fmt::format("\"{}\" is not a kind of dependency", parts[0]), offset_of(piece),
                  near ? fmt::format("did you mean \"{}\"?", *near) : kHelp);
    }
    const auto kind = static_cast<DependencyKind>(found - kNames.begin());
    if (kind == DependencyKind::Singleton) {
      if (parts.size() > 1) return fail("singleton names no job", offset_of(piece));
      result_.items.push_back({.kind = kind, .offset = offset_of(piece)});
      return;
    }
    if (parts.size() == 1) return fail(fmt::format("{} names no job", parts[0]), offset_of(piece));
    for (std::size_t i = 1; i < parts.size(); ++i) parse_id(kind, parts[i]);
  }

  void parse_id(DependencyKind kind, std::string_view id) {
    DependencyText::Item item{.kind = kind, .id = id, .offset = offset_of(id)};
    const std::size_t plus = kind == DependencyKind::After ? id.find('+') : std::string_view::npos;
    if (plus != std::string_view::npos) {
      const auto minutes = parse_int64(id.substr(plus + 1));
      if (!minutes || *minutes < 0 || *minutes > kLargestMinutes) {
        return fail(fmt::format("\"{}\" is not a number of minutes", id.substr(plus + 1)),
                    item.offset + plus + 1);
      }
      item.delay = std::chrono::minutes{*minutes};
      item.id = id.substr(0, plus);
    }
    if (item.id.empty()) return fail("a dependency has an empty id", item.offset);
    result_.items.push_back(item);
  }

  std::string_view text_;
  DependencyText result_;
};

}  // namespace

DependencyText parse_dependency(std::string_view text) { return Parser(text).parse(); }

std::string dependency_text(const Workload& workload, const Special& special) {
  std::string text;
  for (const Dependency& dependency : special.dependencies) {
    if (!text.empty()) text += special.any_dependency ? '?' : ',';
    text += name_of(dependency.kind);
    if (dependency.on == kNone<SubmissionId>) continue;
    text += ':' + workload.row_text(dependency.on);
    if (dependency.array_task != kNone<std::uint32_t>) {
      text += fmt::format("_{}", dependency.array_task);
    }
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(dependency.delay).count();
    if (minutes > 0) text += fmt::format("+{}", minutes);
  }
  return text;
}

std::string_view name_of(DependencyKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

}  // namespace rehearse
