# cmake --install, find_package(rehearse), and CPack. The include root is include/rehearse, so that
# both <sim/sim.hpp> and the headers' own "sim/..." resolve.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rehearse)
target_include_directories(rehearse_sim PUBLIC
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/rehearse>)
set_target_properties(rehearse_sim PROPERTIES EXPORT_NAME sim)
set_target_properties(rehearse_models PROPERTIES EXPORT_NAME models)
set_target_properties(rehearse_all PROPERTIES EXPORT_NAME rehearse)

install(TARGETS rehearse)
install(TARGETS rehearse_sim rehearse_models rehearse_all EXPORT rehearseTargets)
install(DIRECTORY sim DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/rehearse
        FILES_MATCHING PATTERN "*.hpp" PATTERN "cli" EXCLUDE)
install(EXPORT rehearseTargets NAMESPACE rehearse:: DESTINATION ${package_dir})
configure_package_config_file(cmake/rehearseConfig.cmake.in rehearseConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(rehearseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rehearseConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/rehearseConfigVersion.cmake
        DESTINATION ${package_dir})

set(CPACK_GENERATOR TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE)
include(CPack)
