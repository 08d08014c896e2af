# Headers, a CMake package and a pkg-config file. Nothing of it depends on the architecture, so all of it goes to include/
# and share/.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/xent")
set(pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

install(DIRECTORY include/xent DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

install(TARGETS xent EXPORT xentTargets INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT xentTargets NAMESPACE xent:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/xentConfig.cmake.in "${PROJECT_BINARY_DIR}/xentConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# SameMinorVersion while a minor version may change the API, that is before 1.0.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/xentConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/xentConfig.cmake" "${PROJECT_BINARY_DIR}/xentConfigVersion.cmake"
  DESTINATION "${package_dir}")

# The library, on request: it depends on the architecture, and goes with the libraries.
option(XENT_INSTALL_COMPILED "Install xent::compiled, too" OFF)
if(XENT_INSTALL_COMPILED)
  set_target_properties(xent_compiled PROPERTIES EXCLUDE_FROM_ALL OFF)
  install(TARGETS xent_compiled EXPORT xentCompiledTargets)
  install(EXPORT xentCompiledTargets NAMESPACE xent:: DESTINATION "${package_dir}")
  file(RELATIVE_PATH prefix_from_lib "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
  string(REGEX REPLACE "/$" "" prefix_from_lib "${prefix_from_lib}")
  configure_file(cmake/xent-compiled.pc.in "${PROJECT_BINARY_DIR}/xent-compiled.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/xent-compiled.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

# Paths in the pkg-config file start from the file itself, so that the installed tree can be moved.
file(RELATIVE_PATH prefix_from_pc "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
file(RELATIVE_PATH include_from_pc "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file(cmake/xent.pc.in "${PROJECT_BINARY_DIR}/xent.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/xent.pc" DESTINATION "${pkgconfig_dir}")
