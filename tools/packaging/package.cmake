# cpack -G DEB: one Debian package of everything that is installed. It is for the prefix that the
# build is configured for, since that is where the library looks for the program of the nodes;
# tools/package configures one for /usr.

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/tools/packaging/finish_package.cmake)
set(CPACK_PACKAGE_NAME banyan)
set(CPACK_PACKAGE_CONTACT "banyan <banyan@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "worker processes that keep answering under faults")
set(CPACK_PACKAGE_DESCRIPTION
"A controller and its worker processes, arranged in a binary search tree:
commands from a file, a pipe or a terminal start them, have them add
integers exactly, ask which of them cannot be reached, and end them.
Whatever happens to any of them, the others keep answering.
The package also holds the library for programs that take the part of
the controller themselves, and the manuals.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
