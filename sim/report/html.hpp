// report.html: one page that opens offline and shows a finished run. It is made from the run's
// files alone (summary.json, manifest.json, timeline.csv, jobs.csv), so that it can be made again
// without simulating, and it cannot say anything else than they do. Nothing of a trace becomes
// markup: the data is JSON without a `<`, and the page's script only ever inserts text.
#pragma once

#include <cstddef>
#include <string>

namespace rehearse {

struct HtmlOptions {
  /// Most runs of a job on a node that the page carries. Beyond that it shows every second, third,
  /// ... node, and says so.
  std::size_t spans = 300'000;
};

/// The page for the run whose files are in `folder`. Throws InputError if one is missing or is not
/// what such a file holds. O(rows of the files + spans).
std::string html_report(const std::string& folder, const HtmlOptions& options = {});

}  // namespace rehearse
