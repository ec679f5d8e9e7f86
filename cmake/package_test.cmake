# Installs into the build tree, then builds and runs an outside project against that.
set(package_prefix ${CMAKE_CURRENT_BINARY_DIR}/package/prefix)
add_test(NAME package_install COMMAND ${CMAKE_COMMAND} --install ${CMAKE_CURRENT_BINARY_DIR}
                                      --prefix ${package_prefix})
add_test(NAME package
         COMMAND ${CMAKE_CTEST_COMMAND}
                 --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/tests/package
                                  ${CMAKE_CURRENT_BINARY_DIR}/package/build
                 --build-generator ${CMAKE_GENERATOR}
                 --build-options -DCMAKE_PREFIX_PATH=${package_prefix}
                                 -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}
                                 -DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}
                                 -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}
                 --test-command consumer)
set_tests_properties(package_install PROPERTIES FIXTURES_SETUP package)
set_tests_properties(package PROPERTIES FIXTURES_REQUIRED package)
