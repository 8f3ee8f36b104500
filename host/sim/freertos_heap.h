/* freertos_heap: in sizes, out addresses as FreeRTOS heap_4 and heap_5 give them: first fit in order of address, the lower part of a free block, joined at once when freed.
 * heap_4 is heap_5 with one region. */
#ifndef HOST_SIM_FREERTOS_HEAP_H
#define HOST_SIM_FREERTOS_HEAP_H

#include "gaps.h"
#include "simulator.h"
#include "host/base/map.h"

struct freertos_heap_region {
    struct arena_region all;
    uint64_t first, end; /* blocks lie here */
};

struct freertos_heap {
    uint64_t head, align, pointer_bytes;
    struct gaps gaps;
    struct map live; /* by the caller's address: bytes of the block with its header */
    struct gap latest; /* the block given last, by the caller's address: it is the one that is measured */
    uint64_t live_bytes;
    size_t region_count;
    struct freertos_heap_region regions[];
};

/* Bytes that a header takes; what an alignment of 0 is. */
uint64_t freertos_heap_head(const struct simulator_arena *arena);
uint64_t freertos_heap_align(const struct simulator_arena *arena);
/* A request as the bytes of a block with its header; 0: none can be. */
uint64_t freertos_heap_block(uint64_t size, uint64_t head, uint64_t align, uint32_t pointer_bytes);
void *freertos_heap_begin(const struct simulator_arena *arena, struct error *error);
void freertos_heap_end(void *heap);
uint64_t freertos_heap_alloc(void *heap, uint64_t size, uint64_t align);
void freertos_heap_free(void *heap, uint64_t address);
void freertos_heap_measure(const void *heap, uint64_t address, uint64_t *taken, uint64_t *usable);
void freertos_heap_use(const void *heap, struct arena_use *use);
void freertos_heap_walk(const void *heap, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *context);

#endif
