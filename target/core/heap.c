/* heap: in regions of memory, out their state, for the host, the report and the alerts. */
#include "core.h"
#include "outbox.h"

/* The one begins before the other and ends in it. */
static __attribute__((noinline)) bool leans(uintptr_t base, uintptr_t end, uintptr_t other_base, uintptr_t other_end)
{
    return base < other_base && other_base < end && end < other_end;
}

/* HT_HEAPS: another one has a part of it, and neither is within the other; 0: none is free. */
static uint8_t place_for(uintptr_t base, uintptr_t end)
{
    uint8_t free = 0;
    for (uint8_t i = HT_HEAPS; i-- > 0;) {
        const struct ht_heap *heap = &ht__core.heaps[i];
        uintptr_t heap_end = heap->base + heap->bytes;
        if (leans(base, end, heap->base, heap_end) || leans(heap->base, heap_end, base, end))
            return HT_HEAPS;
        if (i && ht__core.kinds[i] == HT_MEMORY_NONE)
            free = i;
    }
    return free;
}

static void heap_set(uint8_t heap, const char *name, const void *base, size_t bytes, enum ht_memory kind)
{
    struct ht_heap *to = &ht__core.heaps[heap];
    to->name = name;
    to->base = (uintptr_t)base;
    to->bytes = bytes;
    ht__core.kinds[heap] = (uint8_t)(kind == HT_MEMORY_NONE ? HT_MEMORY_RAM : kind);
    to->most_taken = 0;
    if (heap > ht__core.heaps_top)
        ht__core.heaps_top = heap;
#if HT_WITH_STREAM
    if (ht__core.running != HT_STATE_IDLE && core_streams())
        ht__heap_tell(heap);
#endif
}

ht_heap_id ht_heap_add(const char *name, const void *base, size_t bytes, enum ht_memory kind)
{
    if (!ht__enter())
        return 0;
    uint8_t heap = place_for((uintptr_t)base, (uintptr_t)base + bytes);
    if (heap % HT_HEAPS)
        heap_set(heap, name, base, bytes, kind);
    ht__leave();
    if (heap < HT_HEAPS)
        return heap;
#if HT_WITH_FAULTS
    struct ht_fault fault;
    ht__fault_set(&fault, HT_FOUND_ALLOC);
    fault.kind = HT_FAULT_OVERLAP;
    fault.block.address = (uintptr_t)base;
    fault.block.size = bytes;
    ht__hook_fault(NULL, &fault);
#endif
    return 0;
}

void ht_heap_main(const char *name, const void *base, size_t bytes, enum ht_memory kind)
{
    if (!ht__enter())
        return;
    heap_set(0, name, base, bytes, kind);
    ht__leave();
}

void ht_heap_watch(ht_heap_id heap, bool (*use)(void *context, struct ht_heap_use *use), void *context)
{
    if (heap >= HT_HEAPS)
        return;
    ht_lock before = ht_port_lock();
    ht__core.heaps[heap].use = use;
    ht__core.heaps[heap].context = context;
    ht_port_unlock(before);
}

uint8_t ht__heap_of_many(const void *address)
{
    uint8_t found = 0;
    for (uint8_t i = 1; i <= ht__core.heaps_top; i++) {
        const struct ht_heap *heap = &ht__core.heaps[i];
        if ((uintptr_t)address - heap->base < heap->bytes && (!found || heap->bytes < ht__core.heaps[found].bytes))
            found = i;
    }
    return found;
}

/* By whom watches it; else by the table, as far as that knows. */
bool ht__heap_use(uint8_t heap, struct ht_heap_use *use)
{
    struct ht_heap *of = &ht__core.heaps[heap];
    __builtin_memset(use, 0, sizeof *use);
#if HT_WITH_TABLE
    if (core_keeps()) {
        use->used = ht__core.run->bytes[heap];
        use->blocks = ht__core.run->blocks[heap];
    }
#endif
    if (of->use ? !of->use(of->context, use) : !core_keeps() || (heap && ht__core.kinds[heap] == HT_MEMORY_NONE))
        return false;
    if (!use->free && of->bytes > use->used)
        use->free = of->bytes - use->used;
    size_t taken = ~(use->least_free ? use->least_free : use->free);
    if ((of->bytes || ~taken) && taken > of->most_taken)
        of->most_taken = taken;
    use->least_free = of->most_taken ? ~of->most_taken : 0;
    return true;
}

#if HT_WITH_STREAM

bool ht__heap_tell(uint8_t heap)
{
    const struct ht_heap *of = &ht__core.heaps[heap];
    const ht_number numbers[] = {heap, ht__core.kinds[heap], of->base, of->bytes};
    if (ht__core.kinds[heap] == HT_MEMORY_NONE)
        return true;
    return ht__outbox_rare(HT_TOLD_HEAP, numbers, HT_HEAP_CAPS, of->name, of->name ? __builtin_strlen(of->name) : 0);
}

void ht__heap_use_tell(uint8_t heap)
{
    struct ht_heap_use use;
    if (!ht__heap_use(heap, &use))
        return;
    const ht_number numbers[] = {heap, use.used, use.free, use.largest_free, use.least_free, use.blocks};
    ht__outbox_tell(HT_TOLD_HEAP_USE, numbers, HT_HEAP_USE_NUMBERS, NULL);
}

#endif
