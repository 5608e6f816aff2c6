# cmake --install: the libraries with headers and a CMake package, the `troupe` command, and two .deb by CPack: `troupe` with
# the command and `troupe-dev` with all that a program with actors of its own is built from.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(troupe_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)
get_property(troupe_libraries GLOBAL PROPERTY TROUPE_DOMAINS)

# Users link troupe::troupe; single domains are there as troupe::<domain>.
add_library(troupe_umbrella INTERFACE)
add_library(troupe::troupe ALIAS troupe_umbrella)
set_target_properties(troupe_umbrella PROPERTIES EXPORT_NAME troupe)
target_link_libraries(troupe_umbrella INTERFACE ${troupe_libraries})

install(TARGETS ${troupe_libraries} troupe_umbrella EXPORT troupe COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT troupe NAMESPACE troupe:: FILE troupe-targets.cmake DESTINATION ${troupe_package_dir}
  COMPONENT development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/troupe-config.cmake.in
  ${PROJECT_BINARY_DIR}/troupe-config.cmake INSTALL_DESTINATION ${troupe_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/troupe-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/troupe-config.cmake ${PROJECT_BINARY_DIR}/troupe-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake DESTINATION ${troupe_package_dir} COMPONENT development)

# Headers keep their path, so that an include line is the same in the tree and outside of it.
foreach(folder runtime actors host schema)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/troupe
    COMPONENT development FILES_MATCHING PATTERN *.hpp PATTERN *.capnp)
endforeach()
install(DIRECTORY ${PROJECT_BINARY_DIR}/schema DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/troupe
  COMPONENT development FILES_MATCHING PATTERN *.hpp PATTERN *.capnp.h PATTERN CMakeFiles EXCLUDE)

if(TARGET troupe)
  install(TARGETS troupe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME troupe)
set(CPACK_PACKAGE_VENDOR Troupe)
set(CPACK_PACKAGE_CONTACT "Troupe maintainers <maintainers@troupe.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_FILE_NAME troupe-${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME troupe)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME troupe-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# What the headers include and the archives link: the same packages that building the tree needs.
file(STRINGS ${PROJECT_SOURCE_DIR}/tools/packages.txt troupe_build_packages REGEX "^build +[^ ]+-dev")
list(TRANSFORM troupe_build_packages REPLACE "^build +([^ ]+).*" "\\1")
list(JOIN troupe_build_packages ", " troupe_build_packages)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "capnproto, pkg-config, ${troupe_build_packages}")
include(CPack)
