/* heaptracer_zephyr: what a program on Zephyr calls besides heaptracer.h: one start, and a name for each heap of its own that shall have one. */
#ifndef TARGET_OS_ZEPHYR_HEAPTRACER_ZEPHYR_H
#define TARGET_OS_ZEPHYR_HEAPTRACER_ZEPHYR_H

#include <heaptracer/heaptracer.h>
#include <zephyr/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

#if HT_ENABLED
/* Listens to all heaps, that of k_malloc and that of malloc among them, and starts the tracer and its thread. Fields of `config` that are not zero go before the
 * settings of Kconfig; its sink is needed. */
int ht_zephyr_start(const struct ht_config *config);
/* Before ht_zephyr_start, or before the heap is made: what it is called, and what memory it is in. The name must stay. */
void ht_zephyr_heap(const struct k_heap *heap, const char *name, enum ht_memory kind);
#else
#define ht_zephyr_start(config) ht_nothing_(HT_NOT_HERE)
#define ht_zephyr_heap(heap, name, kind) ((void)0)
#endif

#ifdef __cplusplus
}
#endif
#endif
