// The report's page without its data: page.html with the style, uPlot and the scripts of this
// folder in it, made by cmake/page.cmake when the program is built.
#pragma once

#include <string_view>

namespace rehearse::page {

extern const std::string_view kBeforeData;
extern const std::string_view kAfterData;

}  // namespace rehearse::page
