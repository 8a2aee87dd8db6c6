# What Debian asks of the files of a package, before cpack packs them: compresses manual pages and the
# changelog, and strips debugging symbols from static libraries.

set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_INSTALL_PREFIX})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}")
  endif()
endfunction()

file(GLOB pages ${root}/share/man/man*/*.[1-9])
file(GLOB_RECURSE archives ${root}/lib/*.a)
if(NOT pages OR NOT archives)
  message(FATAL_ERROR "no manual pages or no library in ${root}")
endif()
set(changelog ${root}/share/doc/banyan/changelog)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${changelog} "banyan (${CPACK_PACKAGE_VERSION}) unstable; urgency=low\n\n"
  "  * Version ${CPACK_PACKAGE_VERSION}.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
run(gzip -9nf ${pages} ${changelog})
run(strip --strip-debug ${archives})
