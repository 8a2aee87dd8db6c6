# libbanyan.a, the library that other programs link: all layers of the controller as one object
# whose only global names are those of banyan.h, so that no name clashes with those of the embedding
# program. A statically linked nng is part of it, patched and hidden as well: the program may use
# another nng beside it, and needs no link option for this one.

set(exported ${CMAKE_CURRENT_BINARY_DIR}/exported.o)
set(exported_parts $<TARGET_OBJECTS:banyan_library> $<TARGET_OBJECTS:core>
  $<TARGET_OBJECTS:language> $<TARGET_OBJECTS:net> $<TARGET_OBJECTS:start> $<TARGET_OBJECTS:wire>)
if(TARGET nng_patch)
  list(APPEND exported_parts $<TARGET_OBJECTS:nng_patch>)
endif()
add_custom_command(OUTPUT ${exported}
  COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${exported}.all ${exported_parts} ${nng_wrap} ${nng_archives}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=banyan_* ${exported}.all ${exported}
  DEPENDS ${exported_parts} ${nng_archives}
  COMMENT "Joining the layers of the library" VERBATIM COMMAND_EXPAND_LISTS)
add_library(banyan_exported STATIC ${exported})
set_target_properties(banyan_exported PROPERTIES
  LINKER_LANGUAGE C OUTPUT_NAME banyan EXPORT_NAME banyan
  ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
target_link_libraries(banyan_exported INTERFACE Threads::Threads)
if(nng_archives)
  target_link_libraries(banyan_exported INTERFACE atomic)
else()
  target_link_libraries(banyan_exported INTERFACE nng::nng)
endif()
target_include_directories(banyan_exported INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
