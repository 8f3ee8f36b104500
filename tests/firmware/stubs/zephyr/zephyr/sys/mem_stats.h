/* mem_stats: a heap's bytes, now and at most. */
#ifndef STUB_ZEPHYR_ZEPHYR_SYS_MEM_STATS_H
#define STUB_ZEPHYR_ZEPHYR_SYS_MEM_STATS_H

#include <stddef.h>

struct sys_memory_stats {
    size_t free_bytes, allocated_bytes, max_allocated_bytes;
};

#endif
