/* psram: equal cells; the caches need no more. */
#include "psram.h"
#include "light.h"

static uint8_t memory[PSRAM_BYTES] __attribute__((aligned(8)));
static uint8_t is_used[PSRAM_BYTES / CACHE_BYTES];
static ht_heap_id heap;

static bool psram_use(void *context, struct ht_heap_use *use)
{
    size_t used = 0;
    (void)context;
    for (unsigned at = 0; at < sizeof is_used; at++)
        used += is_used[at];
    *use = (struct ht_heap_use){.used = used * CACHE_BYTES, .free = PSRAM_BYTES - used * CACHE_BYTES, .blocks = (uint32_t)used};
    return true;
}

void psram_begin(void)
{
    heap = ht_heap_add("PSRAM", memory, sizeof memory, HT_MEMORY_EXTERNAL);
    ht_heap_watch(heap, psram_use, NULL);
}

__attribute__((noinline)) void *psram_alloc(size_t bytes)
{
    for (unsigned at = 0; bytes <= CACHE_BYTES && at < sizeof is_used; at++) {
        if (is_used[at])
            continue;
        is_used[at] = 1;
        ht_on_alloc(heap, memory + at * CACHE_BYTES, bytes);
        return memory + at * CACHE_BYTES;
    }
    ht_on_refuse(heap, bytes);
    return NULL;
}

__attribute__((noinline)) void psram_free(void *block)
{
    ht_on_free(heap, block);
    is_used[(size_t)((uint8_t *)block - memory) / CACHE_BYTES] = 0;
}
