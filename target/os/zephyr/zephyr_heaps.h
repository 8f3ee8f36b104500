/* zephyr_heaps: the heaps of Zephyr, each known since sys_heap_init. Between the port's two files. */
#ifndef TARGET_OS_ZEPHYR_ZEPHYR_HEAPS_H
#define TARGET_OS_ZEPHYR_ZEPHYR_HEAPS_H

#include <stddef.h>

/* Before ht_start: the heaps that were made until now get their numbers, and are listened to; later ones by themselves. */
void ht__zephyr_heaps_begin(void);
/* Tells the tracer of the thread that runs, the first time. */
void ht__zephyr_thread_meet(void);

#endif
