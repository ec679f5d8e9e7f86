# A fuzzer for each reader of text (tests/README.md), of the readers' sources alone: CMake preset
# `fuzz`, which takes clang and its libFuzzer.
set(reader_sources ${sim_sources})
list(FILTER reader_sources INCLUDE REGEX
     "/sim/((base|cluster|workload|config)/|policy/registry[.]cpp$)")
add_library(rehearse_readers STATIC EXCLUDE_FROM_ALL ${reader_sources})
target_include_directories(rehearse_readers PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(rehearse_readers PRIVATE REHEARSE_VERSION="${PROJECT_VERSION}")
# clang blames us for what libstdc++'s own std::stable_sort calls.
target_compile_options(rehearse_readers PRIVATE -Wno-deprecated-declarations)
target_link_libraries(rehearse_readers PUBLIC fmt::fmt yaml-cpp LibArchive::LibArchive
                                              ${build_only})
add_custom_target(fuzz)
file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/*.cpp)
foreach(source ${fuzz_sources})
  cmake_path(GET source STEM target)
  add_executable(fuzz_${target} EXCLUDE_FROM_ALL ${source})
  target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${target} PRIVATE rehearse_readers)
  add_dependencies(fuzz fuzz_${target})
endforeach()
