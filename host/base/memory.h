/* memory: in sizes, out memory that is never NULL: when none is left the host tool says so in one sentence and exits with 3. */
#ifndef HOST_BASE_MEMORY_H
#define HOST_BASE_MEMORY_H

#include <stddef.h>

void *memory_new(size_t count, size_t bytes);              /* zeroed */
void *memory_new_lines(size_t count, size_t bytes);        /* zeroed; begins at a line of cache */
void *memory_resize(void *old, size_t count, size_t bytes);  /* the new part is not zeroed */
char *memory_copy_text(const char *text);                  /* NULL in, NULL out */
void memory_free(void *block);

#endif
