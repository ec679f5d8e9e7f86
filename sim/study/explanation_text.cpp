// An Explanation for people and for programs.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/report/names.hpp"
#include "sim/study/explain.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSpells = 8;  // more of them are merged by reason
constexpr std::size_t kMostPlans = 4;   // of more the first two and the last are shown

// A date, or the time since the origin of a trace that counts from 0.
std::string moment(std::int64_t seconds) {
  constexpr std::int64_t kYear2000 = 946'684'800;
  if (seconds >= kYear2000) return fmt::format("{:%F %H:%M:%S}", fmt::gmtime(seconds));
  return format_slurm_seconds(std::max<std::int64_t>(seconds, 0));
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) & 0xc0U) != 0x80U;
  }));
}

/// Lines of at most `width` columns where words allow it; all but the first begin with `indent`
/// blanks.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  bool is_first = true;
  for (const std::string_view word : split(text, ' ')) {
    const std::size_t length = width_of(word);
    if (!is_first && column + 1 + length > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += length;
    is_first = false;
  }
  return out + '\n';
}

std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (text.front() >= 'a' && text.front() <= 'z') text.front() -= 'a' - 'A';
  return text + '.';
}

/// Spells of one reason together: the longest of them tells.
struct Merged {
  const Spell* longest;
  std::int64_t from, to;
  std::int64_t seconds = 0, count = 0;
};

std::vector<Merged> merge(const std::vector<Spell>& spells) {
  std::vector<Merged> result;
  for (const Spell& spell : spells) {
    auto found = result.end();
    if (spells.size() > kMostSpells) {
      found = std::find_if(result.begin(), result.end(), [&](const Merged& each) {
        return each.longest->reason == spell.reason;
      });
    }
    const std::int64_t seconds = spell.to - spell.from;
    if (found == result.end()) {
      result.push_back({&spell, spell.from, spell.to, seconds, 1});
      continue;
    }
    if (seconds > found->longest->to - found->longest->from) found->longest = &spell;
    found->to = spell.to;
    found->seconds += seconds;
    ++found->count;
  }
  return result;
}

std::string ahead_text(const Spell& spell) {
  if (spell.ahead == 0) return "";
  std::string text = spell.ahead == 1 ? "1 job was ahead of it:"
                                      : fmt::format("{} jobs were ahead of it:", spell.ahead);
  for (std::size_t i = 0; i < spell.first_ahead.size(); ++i) {
    const OtherJob& other = spell.first_ahead[i];
    text += fmt::format("{} {} of {} ({}, priority {:.10g})", i == 0 ? "" : ",", other.id,
                        other.user, other.asks, other.priority);
  }
  const auto left = spell.ahead - static_cast<std::int64_t>(spell.first_ahead.size());
  if (left > 0) text += fmt::format(" and {} more", left);
  return text;
}

void append_spells(std::string& out, const Wait& wait, std::size_t width) {
  constexpr std::size_t kIndent = 4;
  for (const Merged& merged : merge(wait.spells)) {
    const Spell& spell = *merged.longest;
    std::string head = fmt::format("{}  {}  {}", moment(merged.from), spell.reason,
                                   format_slurm_seconds(merged.seconds));
    if (merged.count > 1) {
      head += fmt::format(" in {} spells, the last until {}", merged.count, moment(merged.to));
    }
    out += wrapped(printable(head), width, kIndent);
    std::string why = sentence(spell.why);
    if (merged.count > 1 && !why.empty()) {
      why = fmt::format("Longest, from {}: {}", moment(spell.from), spell.why + '.');
    }
    for (const std::string& text : {why, sentence(ahead_text(spell))}) {
      if (text.empty()) continue;
      out += std::string(kIndent, ' ') + wrapped(printable(text), width - kIndent, kIndent);
    }
  }
}

void append_plans(std::string& out, const std::vector<PlannedStart>& plans, std::size_t width) {
  if (plans.empty()) return;
  out += "Planned by backfill\n";
  const auto line = [&](const PlannedStart& plan) {
    std::string text = fmt::format("    at {}: to start {}", moment(plan.told), moment(plan.start));
    if (!plan.nodes.empty()) text += " on " + plan.nodes;
    out += wrapped(printable(text), width, 6);
  };
  const bool all = plans.size() <= kMostPlans;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (all || i < 2 || i + 1 == plans.size()) line(plans[i]);
    if (!all && i == 2) {
      const auto [low, high] = std::minmax_element(
          plans.begin() + 2, plans.end() - 1,
          [](const PlannedStart& a, const PlannedStart& b) { return a.start < b.start; });
      out += wrapped(fmt::format("    {} more plans, for {} to {}", plans.size() - 3,
                                 moment(low->start), moment(high->start)),
                     width, 6);
    }
  }
}

void append_end(std::string& out, const Wait& wait, std::size_t width) {
  std::string text;
  if (wait.start) {
    text = fmt::format("{}  started by {} on {}", moment(*wait.start), wait.started_by, wait.nodes);
    for (std::size_t i = 0; i < wait.made_room.size(); ++i) {
      const OtherJob& other = wait.made_room[i];
      text += i == 0 ? ", after the end of " : ", ";
      text += fmt::format("{} of {} on {}", other.id, other.user, other.nodes);
    }
    if (!wait.made_room.empty()) {
      text += fmt::format(" ({})", moment(wait.made_room.front().ended));
    }
    out += wrapped(printable(text), width, 4);
    if (!wait.end) return;
    text = fmt::format("{}  {}", moment(*wait.end), wait.state);
  } else if (wait.state == "REJECTED") {
    text = fmt::format("{}  REJECTED when it was submitted", moment(wait.submit));
  } else if (wait.end) {
    text = fmt::format("{}  {} before it started", moment(*wait.end), wait.state);
  } else {
    text = fmt::format("{}  the run ended, and it still waited", moment(wait.until));
  }
  out += wrapped(printable(text), width, 4);
}

std::string head(const Explanation& job) {
  std::string text = fmt::format("Job {} of {}", job.id, job.user);
  const auto add = [&](std::string_view what, const std::string& name) {
    if (!name.empty()) text += fmt::format(", {} {}", what, name);
  };
  add("account", job.account);
  add("partition", job.partition);
  add("qos", job.qos);
  if (!job.asks.empty()) text += ": " + job.asks;
  text += job.time_limit == kUnlimitedSeconds ? ", no time limit"
                                              : " for " + format_slurm_seconds(job.time_limit);
  return text;
}

Json to_json(const OtherJob& other, bool made_room) {
  Json json = {{"id", other.id}, {"user", other.user}};
  if (made_room) {
    json["end"] = other.ended;
    json["node_list"] = other.nodes;
  } else {
    json["priority"] = other.priority;
    json["asks"] = other.asks;
  }
  return json;
}

Json to_json(const Spell& spell) {
  Json json = {
      {"from", spell.from}, {"to", spell.to}, {"reason", spell.reason}, {"why", spell.why}};
  if (spell.limit) {
    json["limit"] = {{"name", spell.limit->name}, {"of", spell.limit->entity},
                     {"tres", spell.limit->tres}, {"bound", spell.limit->bound},
                     {"used", spell.limit->used}, {"asked", spell.limit->asked},
                     {"used_by", spell.limit->by}};
  }
  json["ahead"] = spell.ahead;
  json["first_ahead"] = Json::array();
  for (const OtherJob& other : spell.first_ahead) {
    json["first_ahead"].push_back(to_json(other, false));
  }
  return json;
}

Json to_json(const Wait& wait) {
  Json json = {{"attempt", wait.attempt}, {"state", wait.state}, {"submit", wait.submit}};
  if (wait.start) {
    json["start"] = *wait.start;
    json["started_by"] = wait.started_by;
    json["node_list"] = wait.nodes;
  }
  if (wait.end) json["end"] = *wait.end;
  json["spells"] = Json::array();
  for (const Spell& spell : wait.spells) json["spells"].push_back(to_json(spell));
  json["plans"] = Json::array();
  for (const PlannedStart& plan : wait.plans) {
    json["plans"].push_back(
        {{"told", plan.told}, {"start", plan.start}, {"node_list", plan.nodes}});
  }
  json["made_room"] = Json::array();
  for (const OtherJob& other : wait.made_room) json["made_room"].push_back(to_json(other, true));
  return json;
}

}  // namespace

std::string explanation_text(const Explanation& explanation, std::size_t width) {
  constexpr std::size_t kNarrowest = 40;
  width = std::max(width, kNarrowest);
  std::string out = wrapped(printable(head(explanation)), width, 4);
  if (!explanation.not_simulated.empty()) {
    out += wrapped(
        printable(fmt::format("Not simulated: {}", fmt::join(explanation.not_simulated, " "))),
        width, 4);
  }
  for (const Wait& wait : explanation.attempts) {
    const bool again = wait.attempt > 0;
    std::string line =
        fmt::format("\n{}  {}", moment(wait.submit), again ? "requeued" : "submitted");
    if (wait.until > wait.submit) {
      line += ", and waited " + format_slurm_seconds(wait.until - wait.submit);
    } else if (wait.start) {
      line += ", and started at once";
    }
    out += line + '\n';
    append_spells(out, wait, width);
    append_plans(out, wait.plans, width);
    append_end(out, wait, width);
  }
  return out;
}

std::string explanation_json(const Explanation& explanation) {
  Json json = {{"schema", 1},
               {"id", explanation.id},
               {"user", explanation.user},
               {"account", explanation.account},
               {"partition", explanation.partition},
               {"qos", explanation.qos},
               {"asks", explanation.asks}};
  json["time_limit"] = explanation.time_limit == kUnlimitedSeconds ? Json("UNLIMITED")
                                                                   : Json(explanation.time_limit);
  json["not_simulated"] = explanation.not_simulated;
  json["attempts"] = Json::array();
  for (const Wait& wait : explanation.attempts) json["attempts"].push_back(to_json(wait));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rehearse
