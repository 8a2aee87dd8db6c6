# Hardening: options of compiler and linker that make a memory error end the program instead of
# serving an attacker. Each option is used only if the compiler has it. The sanitizers look for the
# same errors, and replace the functions that these options check.

include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

option(BANYAN_HARDEN "Build with the hardening options of compiler and linker" ON)
if(NOT BANYAN_HARDEN OR BANYAN_SANITIZE)
  return()
endif()

foreach(option -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE)
  string(MAKE_C_IDENTIFIER "HAVE${option}" have)
  check_c_compiler_flag("-Werror ${option}" ${have})
  if(${have})
    add_compile_options(${option})
  endif()
endforeach()

# glibc checks the sizes of buffers only in optimised code, and only at the levels that it knows.
set(CMAKE_TRY_COMPILE_CONFIGURATION ${CMAKE_BUILD_TYPE})
set(BANYAN_FORTIFY 0)
foreach(level 3 2)
  set(have HAVE_FORTIFY_${level}_${CMAKE_BUILD_TYPE})
  set(CMAKE_REQUIRED_FLAGS "-Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level}")
  check_c_source_compiles("
    #include <string.h>
    #if __USE_FORTIFY_LEVEL != ${level}
    #error not at this level
    #endif
    int main(void) { return 0; }" ${have})
  unset(CMAKE_REQUIRED_FLAGS)
  if(${have})
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level})
    set(BANYAN_FORTIFY ${level})
    break()
  endif()
endforeach()

foreach(option -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  string(MAKE_C_IDENTIFIER "HAVE${option}" have)
  set(CMAKE_REQUIRED_FLAGS -fPIE)
  check_linker_flag(C ${option} ${have})
  unset(CMAKE_REQUIRED_FLAGS)
  if(${have})
    string(APPEND CMAKE_EXE_LINKER_FLAGS " ${option}")
  endif()
endforeach()
