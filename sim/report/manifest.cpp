// manifest.json, hashes, and all files of a run together.
#include <fmt/format.h>
#include <nettle/sha2.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "sim/base/output_file.hpp"
#include "sim/report/files.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;

class Sha256 {
 public:
  Sha256() { sha256_init(&context_); }
  void update(std::string_view bytes) {
    sha256_update(&context_, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  }
  std::string hex() {
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context_, digest.size(), digest.data());
    return fmt::format("{:02x}", fmt::join(digest, ""));
  }

 private:
  sha256_ctx context_{};
};

Json to_json(const InputFile& file) { return {{"path", file.path}, {"sha256", file.sha256}}; }

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_of_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) throw std::system_error(errno, std::generic_category(), path);
  Sha256 hash;
  std::string buffer(std::size_t{1} << 16, '\0');
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    hash.update(std::string_view(buffer).substr(0, count));
  }
  if (std::ferror(file.get()) != 0) throw std::system_error(errno, std::generic_category(), path);
  return hash.hex();
}

std::string manifest_json(const RunManifest& manifest) {
  Json cluster = Json::array();
  for (const InputFile& file : manifest.cluster) cluster.push_back(to_json(file));
  Json json = {{"schema", kManifestSchema},     {"version", manifest.version},
               {"cluster", std::move(cluster)}, {"trace", to_json(manifest.trace)},
               {"repairs", manifest.repairs},   {"policies", manifest.policies},
               {"seed", manifest.seed}};
  if (!manifest.events.path.empty()) json["events"] = to_json(manifest.events);
  if (!manifest.follow.path.empty()) json["follow"] = to_json(manifest.follow);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_run(const std::string& directory, const Cluster& cluster, const Workload& workload,
               const Journal& journal, const Metrics& metrics, const RunManifest& manifest,
               bool shares) {
  std::filesystem::create_directories(directory);
  const auto table = [&](const char* name, auto&& write) {
    OutputFile file(directory + "/" + name);
    write(cluster, workload, journal, [&](std::string_view piece) { file.write(piece); });
    file.commit();
  };
  table("jobs.csv", write_jobs_csv);
  if (shares) table("shares.csv", write_shares_csv);
  if (!manifest.follow.path.empty()) table("divergences.csv", write_divergences_csv);
  if (cluster.power) table("power.csv", write_power_csv);
  write_text(directory + "/timeline.csv", timeline_csv(metrics.timeline));
  write_text(directory + "/summary.json", summary_json(metrics));
  write_text(directory + "/manifest.json", manifest_json(manifest));
}

}  // namespace rehearse
