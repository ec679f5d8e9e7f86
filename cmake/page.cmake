# The report's page as a C++ source in the build folder, so that the program and the installed
# library carry it. Included, it adds that source to rehearse_sim; run by `cmake -P` with PAGE,
# UPLOT and OUTPUT, it writes the source.

# The Content-Security-Policy names its scripts and style by their hashes: `sha256-` and base64.
function(csp_hash result text)
  set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 hash "${text}")
  set(base64 "")
  foreach(at RANGE 0 60 6)  # 32 bytes: ten times three, and two
    string(SUBSTRING "${hash}00" ${at} 6 group)
    foreach(shift 18 12 6 0)
      math(EXPR letter "(0x${group} >> ${shift}) & 63")
      string(SUBSTRING ${letters} ${letter} 1 letter)
      string(APPEND base64 ${letter})
    endforeach()
  endforeach()
  string(REGEX REPLACE ".$" "=" base64 ${base64})
  set(${result} "'sha256-${base64}'" PARENT_SCOPE)
endfunction()

set(page_scripts format.js time.js columns.js charts.js tables.js gantt.js main.js)

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${UPLOT}/uPlot.iife.min.js library)
  file(READ ${UPLOT}/uPlot.min.css library_style)
  file(READ ${PAGE}/page.css style)
  file(READ ${PAGE}/page.html html)
  string(PREPEND style "${library_style}\n")
  set(program "(() => {\n\"use strict\";\n")
  foreach(script ${page_scripts})
    file(READ ${PAGE}/${script} text)
    string(APPEND program "${text}")
  endforeach()
  string(APPEND program "})();\n")

  csp_hash(library_hash "${library}")
  csp_hash(program_hash "${program}")
  csp_hash(style_hash "${style}")
  foreach(part library program style style_hash)
    string(REPLACE "@${part}@" "${${part}}" html "${html}")
  endforeach()
  string(REPLACE "@script_hashes@" "${library_hash} ${program_hash}" html "${html}")
  string(FIND "${html}" "@data@" data)
  string(SUBSTRING "${html}" 0 ${data} before)
  math(EXPR data "${data} + 6")
  string(SUBSTRING "${html}" ${data} -1 after)
  file(WRITE ${OUTPUT} "#include \"sim/report/page/page.hpp\"

namespace rehearse::page {

const std::string_view kBeforeData = R\"report(${before})report\";
const std::string_view kAfterData = R\"report(${after})report\";

}  // namespace rehearse::page
")
  return()
endif()

set(uplot ${PROJECT_SOURCE_DIR}/node_modules/uplot/dist)
if(NOT EXISTS ${uplot}/uPlot.iife.min.js)
  message(FATAL_ERROR "node_modules/uplot is missing, which draws the charts of report.html.\n"
                      "Run `npm ci` in ${PROJECT_SOURCE_DIR}, or scripts/setup-debian.sh.")
endif()
set(page ${PROJECT_SOURCE_DIR}/sim/report/page)
list(TRANSFORM page_scripts PREPEND ${page}/ OUTPUT_VARIABLE page_inputs)
set(page_source ${PROJECT_BINARY_DIR}/page.cpp)
add_custom_command(
  OUTPUT ${page_source}
  COMMAND ${CMAKE_COMMAND} -D PAGE=${page} -D UPLOT=${uplot} -D OUTPUT=${page_source}
          -P ${PROJECT_SOURCE_DIR}/cmake/page.cmake
  DEPENDS ${PROJECT_SOURCE_DIR}/cmake/page.cmake ${page}/page.html ${page}/page.css
          ${page_inputs} ${uplot}/uPlot.iife.min.js ${uplot}/uPlot.min.css
  VERBATIM)
target_sources(rehearse_sim PRIVATE ${page_source})
