/* libc_wrap: the C library's own allocator behind the linker's --wrap, or as it is where nothing is wrapped. */
#ifndef TARGET_OS_BARE_LIBC_WRAP_H
#define TARGET_OS_BARE_LIBC_WRAP_H

#include <stddef.h>

void *ht__libc_malloc(size_t bytes);
void *ht__libc_realloc(void *block, size_t bytes);
void ht__libc_free(void *block);

#endif
