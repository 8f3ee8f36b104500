/* esp_hooks: in the two hooks of ESP-IDF's heap (CONFIG_HEAP_USE_HOOKS) and the linker's wraps of its calls, out the tracer's. In IRAM (linker.lf).
 *
 * This file may not include esp_heap_caps.h: there the hooks are weak, and these would be too.
 *   allocations   by the hook, which every one passes, with the caller that the wrap of the outermost call noted
 *   free          by the wrap of heap_caps_free, before the block can be given out again; by the hook, afterwards, only where the heap calls itself
 *   realloc       by the wrap of heap_caps_realloc_base as a whole: the hooks tell a moved block as one more, and a failed one as freed
 *   refusals      by the callback of esp_idf.c */
#include <heaptracer/heaptracer.h>
#include <heaptracer/here.h>

#include "target/os/calls/calls.h"

#include "esp_system_facts.h"

void esp_heap_trace_alloc_hook(void *block, size_t bytes, uint32_t caps);
void esp_heap_trace_free_hook(void *block);
void *__real_heap_caps_realloc_base(void *block, size_t bytes, uint32_t caps);
void *__wrap_heap_caps_realloc_base(void *block, size_t bytes, uint32_t caps);
void __real_heap_caps_free(void *block);
void __wrap_heap_caps_free(void *block);

HT_HOOK void esp_heap_trace_alloc_hook(void *block, size_t bytes, uint32_t caps)
{
    const struct ht_call *call = ht__call_now();
    struct ht_site site = {call ? call->here : HT_HERE, NULL, caps};
    if ((call && call->is_silent) || ht__esp_memory_is_off())
        return;
    ht__esp_task_meet();
    ht_on_alloc_from(&site, ht__esp_heap(block), ht__esp_block(block), bytes, 0);
}

HT_HOOK void esp_heap_trace_free_hook(void *block)
{
    const struct ht_call *call = ht__call_now();
    struct ht_site site = {HT_HERE, NULL, 0};
    if ((call && call->is_silent) || ht__esp_memory_is_off())
        return;
    ht_on_free_from(&site, ht__esp_heap(block), block);
}

HT_HOOK void __wrap_heap_caps_free(void *block)
{
    struct ht_site site = {HT_HERE, NULL, 0};
    struct ht_call call;
    ht__call_silence(&call, site.here);
    if (block && !call.was_silent && !ht__esp_memory_is_off())
        ht_on_free_from(&site, ht__esp_heap(block), ht__esp_block(block));
    __real_heap_caps_free(block);
    ht__call_speak(&call);
}

static void resized(const struct ht_site *site, const void *from, uint8_t heap, const void *to, size_t bytes)
{
    if (ht__esp_memory_is_off())
        return;
    if (!to)
        ht_on_resize_failed_from(site, heap, from, bytes);
    else if (ht__esp_heap(to) == heap)
        ht_on_resize_from(site, heap, from, ht__esp_block(to), bytes, 0);
    else { /* from one memory to another */
        ht_on_alloc_from(site, ht__esp_heap(to), ht__esp_block(to), bytes, 0);
        ht_on_free_from(site, heap, from);
    }
}

HT_HOOK void *__wrap_heap_caps_realloc_base(void *block, size_t bytes, uint32_t caps)
{
    const struct ht_call *outer = ht__call_now();
    struct ht_site site = {outer ? outer->here : HT_HERE, NULL, caps};
    struct ht_call call;
    if (!block)
        return __real_heap_caps_realloc_base(block, bytes, caps);
    if (!bytes) {
        __wrap_heap_caps_free(block);
        return NULL;
    }
    const void *from = ht__esp_block(block);
    uint8_t heap = ht__esp_heap(block);
    ht__call_silence(&call, site.here);
    void *to = __real_heap_caps_realloc_base(block, bytes, caps);
    ht__call_speak(&call);
    if (!call.was_silent)
        resized(&site, from, heap, to, bytes);
    return to;
}

/* The calls that programs make: each only notes who made it. */
#define NOTE(result, name, parameters, arguments)                                                                                                             \
    result __real_##name parameters;                                                                                                                          \
    result __wrap_##name parameters;                                                                                                                          \
    HT_HOOK result __wrap_##name parameters                                                                                                                   \
    {                                                                                                                                                         \
        struct ht_call call;                                                                                                                              \
        bool is_outer = ht__call_begin(&call, HT_HERE, false);                                                                                            \
        result made = __real_##name arguments;                                                                                                                \
        if (is_outer)                                                                                                                                         \
            ht__call_end(&call);                                                                                                                          \
        return made;                                                                                                                                          \
    }
NOTE(void *, malloc, (size_t bytes), (bytes))
NOTE(void *, calloc, (size_t count, size_t bytes), (count, bytes))
NOTE(void *, realloc, (void *block, size_t bytes), (block, bytes))
NOTE(void *, memalign, (size_t alignment, size_t bytes), (alignment, bytes))
NOTE(void *, aligned_alloc, (size_t alignment, size_t bytes), (alignment, bytes))
NOTE(int, posix_memalign, (void **block, size_t alignment, size_t bytes), (block, alignment, bytes))
NOTE(void *, heap_caps_malloc, (size_t bytes, uint32_t caps), (bytes, caps))
NOTE(void *, heap_caps_calloc, (size_t count, size_t bytes, uint32_t caps), (count, bytes, caps))
NOTE(void *, heap_caps_realloc, (void *block, size_t bytes, uint32_t caps), (block, bytes, caps))
NOTE(void *, heap_caps_aligned_alloc, (size_t alignment, size_t bytes, uint32_t caps), (alignment, bytes, caps))
NOTE(void *, heap_caps_aligned_calloc, (size_t alignment, size_t count, size_t bytes, uint32_t caps), (alignment, count, bytes, caps))
NOTE(void *, pvPortMalloc, (size_t bytes), (bytes))
