# What `cmake --install` and the wheel ship of the C++ side; the layout below the prefix is the same.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Rushlight")

install(TARGETS rushlight EXPORT RushlightTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/cpp/include/rushlight"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
install(EXPORT RushlightTargets NAMESPACE rushlight:: DESTINATION "${package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/RushlightConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/RushlightConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/RushlightConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/RushlightConfig.cmake"
  "${PROJECT_BINARY_DIR}/RushlightConfigVersion.cmake" DESTINATION "${package_dir}")

configure_file("${PROJECT_SOURCE_DIR}/cmake/rushlight.pc.in" "${PROJECT_BINARY_DIR}/rushlight.pc"
  @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/rushlight.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${RUSHLIGHT_LICENSE_DIR}"
  RENAME Rushlight.txt)
