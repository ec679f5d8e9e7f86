// A folder of Slurm's files that lives as long as a test.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "sim/config/load.hpp"

namespace rehearse::testing {

class SlurmFolder {
 public:
  explicit SlurmFolder(const std::map<std::string, std::string>& files) {
    static int count = 0;
    path_ =
        std::filesystem::temp_directory_path() / ("rehearse_slurm_test_" + std::to_string(++count));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
    for (const auto& [name, text] : files) {
      std::filesystem::create_directories((path_ / name).parent_path());
      std::ofstream(path_ / name, std::ios::binary) << text;
    }
  }
  ~SlurmFolder() { std::filesystem::remove_all(path_); }
  SlurmFolder(const SlurmFolder&) = delete;
  SlurmFolder& operator=(const SlurmFolder&) = delete;

  ClusterFile load() const { return load_cluster(path_.string()); }
  /// What load() says is wrong; empty if nothing.
  std::string errors() const {
    try {
      load();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Two nodes of 8 cores and 4 GPUs, one partition: what tests of accounts need around them.
inline const std::string kSmallSlurmConf = R"(
ClusterName=small
SelectType=select/cons_tres
GresTypes=gpu
AccountingStorageEnforce=associations,limits,qos
NodeName=n[1-2] CPUs=8 RealMemory=1000 Gres=gpu:a100:4
PartitionName=main Nodes=ALL Default=YES
)";

}  // namespace rehearse::testing
