// The columns of the native trace, shared by its reader and its writer. Most hold the value of one
// option of sbatch(1), named here; `extra` holds any others.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rehearse {

enum class CsvColumn : std::uint8_t {
  Id,
  Submit,
  User,
  Account,
  Partition,
  Qos,
  Nodes,
  Ntasks,
  CpusPerTask,
  Gres,
  Mem,
  Timelimit,
  RunTime,
  Dependency,
  Array,
  Extra
};

struct CsvColumnInfo {
  std::string_view name;
  std::string_view option;  ///< empty: the column is no option
  bool required = false;
};

inline constexpr std::string_view kExtraOptions = "extra";  ///< stands for a text of options

inline constexpr std::array kCsvColumns{CsvColumnInfo{"id", "", true},
                                        CsvColumnInfo{"submit", "", true},
                                        CsvColumnInfo{"user", ""},
                                        CsvColumnInfo{"account", "account"},
                                        CsvColumnInfo{"partition", "partition"},
                                        CsvColumnInfo{"qos", "qos"},
                                        CsvColumnInfo{"nodes", "nodes"},
                                        CsvColumnInfo{"ntasks", "ntasks"},
                                        CsvColumnInfo{"cpus_per_task", "cpus-per-task"},
                                        CsvColumnInfo{"gres", "gres"},
                                        CsvColumnInfo{"mem", "mem"},
                                        CsvColumnInfo{"timelimit", "time"},
                                        CsvColumnInfo{"duration", "", true},
                                        CsvColumnInfo{"dependency", "dependency"},
                                        CsvColumnInfo{"array", "array"},
                                        CsvColumnInfo{"extra", kExtraOptions}};

}  // namespace rehearse
