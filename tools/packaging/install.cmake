# cmake --install: the programs, the library with what finds it, the manual, the completion.

include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/banyan)
set(node_dir ${CMAKE_INSTALL_LIBEXECDIR}/banyan)
set(generated ${PROJECT_BINARY_DIR}/install)

install(TARGETS banyan DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS banyan-node DESTINATION ${node_dir})
install(FILES src/banyan.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS banyan_exported EXPORT banyanTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES src/cli/banyan.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME banyan)
install(FILES tools/examples/embed.c tools/examples/CMakeLists.txt tools/examples/demo.txt
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${PROJECT_SOURCE_DIR}/LICENSE)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

# ---- find_package(banyan) ----

install(EXPORT banyanTargets NAMESPACE banyan:: DESTINATION ${config_dir})
set(find_nng "")
if(NOT TARGET nng_patch)
  set(find_nng "find_dependency(nng CONFIG)")
endif()
configure_package_config_file(tools/packaging/banyanConfig.cmake.in ${generated}/banyanConfig.cmake
  INSTALL_DESTINATION ${config_dir} PATH_VARS node_dir)
write_basic_package_version_file(${generated}/banyanConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/banyanConfig.cmake ${generated}/banyanConfigVersion.cmake
  DESTINATION ${config_dir})

# ---- pkg-config; the file contains paths that are known only when it is installed ----

set(pc_requires "")
set(pc_libs "-pthread")
if(TARGET nng_patch)
  string(APPEND pc_libs " -latomic")
else()
  find_package(PkgConfig QUIET)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(nng_pc QUIET nng)
  endif()
  if(nng_pc_FOUND)
    set(pc_requires nng)
  else()
    string(APPEND pc_libs " -lnng")
  endif()
endif()
install(CODE "
  set(version ${PROJECT_VERSION})
  set(requires \"${pc_requires}\")
  set(libs \"${pc_libs}\")
  set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
  get_filename_component(libdir \"${CMAKE_INSTALL_LIBDIR}\" ABSOLUTE BASE_DIR \"\${prefix}\")
  get_filename_component(includedir \"${CMAKE_INSTALL_INCLUDEDIR}\" ABSOLUTE BASE_DIR \"\${prefix}\")
  get_filename_component(libexecdir \"${CMAKE_INSTALL_LIBEXECDIR}\" ABSOLUTE BASE_DIR \"\${prefix}\")
  configure_file(\"${PROJECT_SOURCE_DIR}/tools/packaging/banyan.pc.in\" \"${generated}/banyan.pc\" @ONLY)")
install(FILES ${generated}/banyan.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- manual pages; the name of each function is a link to the page of the header ----

install(FILES src/cli/banyan.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES src/controller/banyan.h.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
install(FILES src/node/banyan-node.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
file(STRINGS src/banyan.h declarations REGEX "^[a-z].*[ *]banyan_[a-z_]+\\(")
foreach(declaration ${declarations})
  string(REGEX MATCH "banyan_[a-z_]+\\(" name "${declaration}")
  string(REPLACE "(" ".3" name "${name}")
  file(WRITE ${generated}/man3/${name} ".so man3/banyan.h.3\n")
  install(FILES ${generated}/man3/${name} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/banyan.h)

# ---- the terms of what becomes part of the programs, as its packages give them ----

set(linked uthash-dev)
if(TARGET nng_patch)
  list(APPEND linked libnng-dev)
endif()
if(HAVE_STATIC_PIE)
  list(APPEND linked libc6-dev)
endif()
set(copyright "")
foreach(package ${linked})
  set(terms /usr/share/doc/${package}/copyright)
  if(EXISTS ${terms})
    file(READ ${terms} text)
    string(APPEND copyright "\n---- ${package} ----\n\n${text}")
  endif()
endforeach()
if(copyright)
  file(WRITE ${generated}/copyright
    "The programs and the library banyan contain parts of other libraries. These are their terms.\n"
    "${copyright}")
  install(FILES ${generated}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
