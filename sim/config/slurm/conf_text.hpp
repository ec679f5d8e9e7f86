// The grammar that slurm.conf, gres.conf and topology.conf share: `Key=Value` pairs separated by
// blanks, keys in any case, # comments, a \ at the end of a line, "quoted values", Include. Every
// word knows its place. Rules from slurm.conf(5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/base/params.hpp"
#include "sim/base/time.hpp"

namespace rehearse {

struct SlurmSource {
  std::string file;
  std::string text;
};

/// A line with those that continue it. `parts` says from which byte of the joined line on which
/// bytes of the file follow.
struct SlurmLine {
  std::shared_ptr<const SlurmSource> source;
  std::vector<std::pair<std::size_t, std::size_t>> parts;
};

/// A key or a value.
struct SlurmWord {
  std::string text{};
  std::shared_ptr<const SlurmLine> line{};
  std::size_t at = 0;  ///< in the joined line
};

struct SlurmPair {
  SlurmWord key;
  std::string name;  ///< the key in lower case
  SlurmWord value;
};
using SlurmPairs = std::vector<SlurmPair>;

/// A line such as `NodeName=n[1-4] CPUs=8`: by the key in lower case, the last of several.
struct SlurmRecord {
  SlurmWord name{};
  std::map<std::string, SlurmWord, std::less<>> values{};
  const SlurmWord* find(std::string_view lower_key) const {
    const auto found = values.find(lower_key);
    return found == values.end() ? nullptr : &found->second;
  }
};

/// A whole file: one vector of pairs a line that holds any. Include is followed: what it names,
/// with the ClusterName above it in lower case for %c, is looked for beside the first file, then as
/// written. `files` gets the names of all files read.
std::vector<SlurmPairs> read_slurm_file(const std::string& path, std::vector<std::string>& files,
                                        Diagnostics& diagnostics);

/// Adds an error, a warning or a note at the place of `word`, `offset` bytes into it.
void report(const SlurmWord& word, std::string message, std::string help, Diagnostics& diagnostics,
            std::size_t offset = 0);
void warn(const SlurmWord& word, std::string message, std::string help, Diagnostics& diagnostics,
          std::size_t offset = 0);
void note(const SlurmWord& word, std::string message, Diagnostics& diagnostics);
/// Help on an unknown `name`: what was probably meant, or what there is. Nothing where
/// `diagnostics` holds so much that more is not shown.
std::string near_help(std::string_view name, std::span<const std::string_view> known,
                      const Diagnostics& diagnostics);

/// The word with its place, for policies.
ParamText placed_text(const SlurmWord& word, std::string text);

// Values. What is wrong with them is reported, and then there is none.

/// Reports what may not name a partition, account or the like.
bool check_name(const SlurmWord& word, Diagnostics& diagnostics);
bool is_unlimited(std::string_view text);  ///< UNLIMITED, INFINITE, NONE
std::optional<std::int64_t> slurm_integer(const SlurmWord& word, std::int64_t min, std::int64_t max,
                                          Diagnostics& diagnostics);
std::optional<double> slurm_number(const SlurmWord& word, Diagnostics& diagnostics);
std::optional<bool> slurm_bool(const SlurmWord& word, Diagnostics& diagnostics);
/// Minutes unless the text says otherwise; UNLIMITED is kUnlimited.
std::optional<Duration> slurm_minutes(const SlurmWord& word, Diagnostics& diagnostics);
/// The same with a bare number of seconds.
std::optional<Duration> slurm_seconds(const SlurmWord& word, Diagnostics& diagnostics);
std::optional<std::int64_t> slurm_memory(const SlurmWord& word, Diagnostics& diagnostics);
std::optional<std::vector<std::string>> slurm_hosts(const SlurmWord& word,
                                                    Diagnostics& diagnostics);
/// The pieces between commas outside brackets: of a host list '[' and ']', of Gres= '(' and ')'.
std::vector<SlurmWord> slurm_pieces(const SlurmWord& word, char open, char close);
/// The pieces between commas that are not empty, as words.
std::vector<SlurmWord> slurm_list(const SlurmWord& word);

}  // namespace rehearse
