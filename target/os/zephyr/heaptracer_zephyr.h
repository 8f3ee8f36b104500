/* heaptracer_zephyr: what a program on Zephyr calls besides heaptracer.h: one start, and each heap of its own. */
#ifndef TARGET_OS_ZEPHYR_HEAPTRACER_ZEPHYR_H
#define TARGET_OS_ZEPHYR_HEAPTRACER_ZEPHYR_H

#include <heaptracer/heaptracer.h>
#include <zephyr/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

#if HT_ENABLED
/* Listens to the heap of k_malloc and starts the tracer and its thread. Fields of `config` that are not zero go before the settings of Kconfig; its sink is needed. */
int ht_zephyr_start(const struct ht_config *config);
/* What is allocated of `heap` is told too. `memory`: where it is. */
ht_heap_id ht_zephyr_heap(struct k_heap *heap, const char *name, const void *memory, size_t bytes, enum ht_memory kind);
#else
#define ht_zephyr_start(config) ht_nothing_(HT_NOT_HERE)
#define ht_zephyr_heap(heap, name, memory, bytes, kind) ((ht_heap_id)ht_nothing_(0))
#endif

#ifdef __cplusplus
}
#endif
#endif
