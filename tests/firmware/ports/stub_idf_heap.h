/* stub_idf_heap: a heap that behaves as ESP-IDF's does towards its hooks, and says in the log what it really does. */
#ifndef STUB_IDF_HEAP_H
#define STUB_IDF_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Places of blocks: internal A, B; PSRAM P; executable X, whose other address is Y. */
extern uintptr_t idf_internal[2][16], idf_external[16], idf_executable[16], idf_alias[16];
extern const uint8_t _flash_rodata_start[8192]; /* _rodata_end stands behind it */
extern void *idf_next;     /* what the next allocation gives; NULL: it is refused */
extern bool idf_cache_is_on;

#endif
