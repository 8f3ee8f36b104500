/* sys_heap: a resize without alignment is a macro until Zephyr 4.0, and a function since. */
#ifndef STUB_ZEPHYR_ZEPHYR_SYS_SYS_HEAP_H
#define STUB_ZEPHYR_ZEPHYR_SYS_SYS_HEAP_H

#include <zephyr/kernel.h>

#include "mem_stats.h"

int sys_heap_runtime_stats_get(struct sys_heap *heap, struct sys_memory_stats *stats);
#define sys_heap_realloc(heap, block, bytes) sys_heap_aligned_realloc(heap, block, 0, bytes)

#endif
