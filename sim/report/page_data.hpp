// What the report's page needs of jobs.csv and timeline.csv, as JSON of columns: times as
// differences to the row before, texts as positions in a list of distinct ones, and a column that
// never changes as its one value. The page's script undoes this (sim/report/page/columns.js).
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace rehearse {

/// {name of a column: differences}.
nlohmann::ordered_json timeline_data(const std::string& file, std::string_view text);

/// {"waits": jobs by how long they waited, "jobs": columns of the attempts that are drawn,
///  "nodes": {"names", "spans" of each node, "attempts" of these spans, "every", "ran",
///  "left_out"}};
/// at most `spans` spans, which are the times that an attempt ran on a node.
nlohmann::ordered_json jobs_data(const std::string& file, std::string_view text, std::size_t spans);

}  // namespace rehearse
