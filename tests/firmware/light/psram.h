/* psram: in requests for external memory, out blocks of a heap of its own, told to the tracer by the calls for such heaps. */
#ifndef PSRAM_H
#define PSRAM_H

#include <heaptracer/heaptracer.h>

void psram_begin(void);
void *psram_alloc(size_t bytes);
void psram_free(void *block);

#endif
