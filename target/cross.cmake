# The runtime for programs of other kinds than this machine's own: 32-bit ones, those with another C library, and those of other processors, which run under
# qemu-user. Built where the compilers are, into a folder per kind, NAME/libheaptracer.so, where `heaptracer run` looks for it.
file(GLOB CROSS_HEADERS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/target/*/*.h ${CMAKE_SOURCE_DIR}/target/os/linux/*.h ${CMAKE_SOURCE_DIR}/target/os/linux/*.def
  ${CMAKE_SOURCE_DIR}/wire/*.h ${CMAKE_SOURCE_DIR}/wire/*.def)
set(CROSS_OPTIONS ${RUNTIME_OPTIONS})
list(REMOVE_ITEM CROSS_OPTIONS -fcf-protection=none)
set(CROSS_WORDS -D_GNU_SOURCE -DHT_VERSION="${PROJECT_VERSION}" -I${CMAKE_SOURCE_DIR} -I${CMAKE_SOURCE_DIR}/include -std=gnu11 -O2 -g -Wall -Wextra -Werror ${CROSS_OPTIONS})

# Sets CROSS_NAME_CC if `compiler` is there and can build a program with the words that follow.
function(cross_compiler name compiler)
  find_program(CROSS_${name}_PATH ${compiler})
  if(NOT CROSS_${name}_PATH)
    return()
  endif()
  if(NOT DEFINED CROSS_${name}_WORKS)
    file(WRITE ${CMAKE_BINARY_DIR}/cross_try.c "#include <pthread.h>\n#include <sys/syscall.h>\n#include <linux/futex.h>\nint main(void) { return 0; }\n")
    execute_process(COMMAND ${CROSS_${name}_PATH} ${ARGN} ${CMAKE_BINARY_DIR}/cross_try.c -o ${CMAKE_BINARY_DIR}/cross_try RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(result EQUAL 0)
      set(CROSS_${name}_WORKS YES CACHE INTERNAL "")
    else()
      set(CROSS_${name}_WORKS NO CACHE INTERNAL "")
    endif()
  endif()
  if(CROSS_${name}_WORKS)
    set(CROSS_${name}_CC ${CROSS_${name}_PATH} ${ARGN} PARENT_SCOPE)
  endif()
endfunction()

# NAME/libheaptracer.so, by CROSS_NAME_CC.
function(cross_runtime name)
  if(NOT CROSS_${name}_CC)
    message(STATUS "no compiler for ${name}: its runtime is not built")
    return()
  endif()
  set(library ${CMAKE_BINARY_DIR}/${name}/libheaptracer.so)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${name})
  add_custom_command(OUTPUT ${library} COMMENT "Building the runtime for ${name}" VERBATIM
    COMMAND ${CROSS_${name}_CC} ${CROSS_WORDS} -fvisibility=hidden -shared -Wl,-z,now -Wl,-z,nodelete -Wl,--no-undefined ${RUNTIME_SOURCES} -o ${library}
    DEPENDS ${RUNTIME_SOURCES} ${CROSS_HEADERS})
  add_custom_target(runtime_${name} ALL DEPENDS ${library})
endfunction()

set(CROSS_KINDS aarch64-gnu arm-gnu riscv64-gnu)
cross_compiler(aarch64-gnu aarch64-linux-gnu-gcc)
cross_compiler(arm-gnu arm-linux-gnueabihf-gcc -funwind-tables)
cross_compiler(riscv64-gnu riscv64-linux-gnu-gcc -fasynchronous-unwind-tables)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  # Without gcc-multilib, which conflicts with the cross compilers, asm/ is found in the 64-bit folder only.
  cross_compiler(i386-gnu gcc -m32 -march=i686 -fcf-protection=none -idirafter /usr/include/x86_64-linux-gnu)
  cross_compiler(x86_64-musl musl-gcc -fcf-protection=none -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu)
  list(APPEND CROSS_KINDS i386-gnu x86_64-musl)
endif()
foreach(name ${CROSS_KINDS})
  cross_runtime(${name})
  if(TARGET runtime_${name})
    install(FILES ${CMAKE_BINARY_DIR}/${name}/libheaptracer.so DESTINATION ${CMAKE_INSTALL_LIBDIR}/heaptracer/${name} COMPONENT runtime)
  endif()
endforeach()
