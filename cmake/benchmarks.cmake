# The small ones (Google Benchmark), and the yardstick that benchmarks/run.py runs beside rehearse.
find_package(benchmark REQUIRED)
add_executable(rehearse_micro benchmarks/micro.cpp)
target_link_libraries(rehearse_micro PRIVATE rehearse_all benchmark::benchmark rehearse_warnings)
add_executable(rehearse_yardstick benchmarks/yardstick.cpp)
target_link_libraries(rehearse_yardstick PRIVATE rehearse_warnings)
