/* size_app: a firmware that calls all that is compiled in, so that the linker keeps it, on a port that does nothing. Its own bytes are not counted. */
#define HEAP_TRACKER_ENABLED
#include "heaptracer.h"

volatile uint32_t sink_of_all;
void entry(void);
void *memset(void *to, int byte, size_t count);
void *memcpy(void *to, const void *from, size_t count);
size_t strlen(const char *text);

#define OPAQUE __attribute__((noinline, noclone))

OPAQUE uint32_t ht_port_now(void)
{
    return sink_of_all;
}

OPAQUE uint32_t ht_port_ticks_per_s(void)
{
    return sink_of_all;
}

OPAQUE ht_lock ht_port_lock(void)
{
    return (ht_lock)sink_of_all;
}

OPAQUE void ht_port_unlock(ht_lock before)
{
    sink_of_all = (uint32_t)before;
}

OPAQUE uint8_t ht_port_task(void)
{
    return (uint8_t)sink_of_all;
}

OPAQUE bool ht_port_in_interrupt(void)
{
    return sink_of_all;
}

OPAQUE unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
    frames[0] = (ht_pc)(uintptr_t)here;
    return most;
}

OPAQUE void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    return (void *)(uintptr_t)(bytes + caps + sink_of_all);
}

OPAQUE void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    return (uint8_t *)block + bytes + caps + sink_of_all;
}

OPAQUE void ht_port_free(void *block)
{
    sink_of_all = (uint32_t)(uintptr_t)block;
}

OPAQUE void ht_port_led(enum ht_light light)
{
    sink_of_all = light;
}

OPAQUE void ht_port_print(char letter)
{
    sink_of_all = (uint32_t)letter;
}

OPAQUE struct ht_image ht_port_image(void)
{
    return (struct ht_image){(const void *)&sink_of_all, sink_of_all};
}

OPAQUE void *memset(void *to, int byte, size_t count)
{
    for (volatile uint8_t *at = to; count--;)
        *at++ = (uint8_t)byte;
    return to;
}

OPAQUE void *memcpy(void *to, const void *from, size_t count)
{
    volatile uint8_t *at = to;
    for (const uint8_t *byte = from; count--;)
        *at++ = *byte++;
    return to;
}

OPAQUE size_t strlen(const char *text)
{
    size_t count = 0;
    while (((const volatile char *)text)[count])
        count++;
    return count;
}

#ifdef __xtensa__
uint32_t __udivsi3(uint32_t number, uint32_t by);
uint32_t __umodsi3(uint32_t number, uint32_t by);

/* In the ESP8266 these are in its ROM. */
OPAQUE uint32_t __udivsi3(uint32_t number, uint32_t by)
{
    return number - by;
}

OPAQUE uint32_t __umodsi3(uint32_t number, uint32_t by)
{
    return number + by;
}
#endif

/* What every firmware calls. */
static void calls(void *volatile block, size_t bytes)
{
    ht_start(block);
    block = ht_malloc(bytes);
    block = ht_calloc(bytes, bytes);
    block = ht_realloc(block, bytes);
    ht_free(block);
    ht_heap_main("heap", block, bytes, HT_MEMORY_RAM);
    ht_pump();
#if HT_WITH_REPORT
    ht_report(NULL);
#endif
    ht_stop();
}

#ifdef EVERYTHING
static void everything(void *volatile block, size_t bytes)
{
    uint8_t byte = (uint8_t)bytes;
    ht_on_alloc(byte, block, bytes);
    ht_on_free(byte, block);
    ht_on_resize(byte, block, block, bytes);
    ht_on_refuse(byte, bytes);
    ht_heap_add("region", block, bytes, HT_MEMORY_EXTERNAL);
    ht_heap_watch(byte, NULL, block);
    ht_task_end(ht_task_begin(block, "task", block, bytes, byte));
#if HT_WITH_STACKS
    ht_stack_main(block, bytes);
    ht_stack_watch(byte, byte);
    ht_stack_check(byte);
#endif
#if HT_WITH_GUARD
    ht_guard_check(block);
#endif
    ht_mark("mark");
    ht_snapshot();
#if HT_WITH_POOLS
    static struct ht_pool pool;
    ht_pool_begin(&pool, "pool", block, bytes, bytes);
    ht_pool_give(&pool, ht_pool_take(&pool, bytes));
#endif
#if HT_WITH_BANDWIDTH
    struct ht_bandwidth bandwidth;
    ht_bandwidth(byte, block, bytes, &bandwidth);
    sink_of_all = (uint32_t)ht_advise(bytes, bandwidth.read_random);
#endif
#if HT_WITH_ALERTS
    ht_alert_baseline();
#endif
    sink_of_all = ht_counters().bytes;
    block = HT_MALLOC(block, bytes);
}
#endif

#ifdef OLDER
/* The calls by the names that older tools gave them. */
static void older(void *volatile block, size_t bytes)
{
    leak_tracker_start(bytes, bytes);
    block = TRACE_MALLOC(bytes, 4, block);
    block = TRACE_CALLOC(bytes, bytes, 4);
    block = TRACE_REALLOC(block, bytes, 4);
    block = traceable_heap_caps_malloc(bytes, 4, "file", 1, "function");
    free_unregister_allocation((void **)(uintptr_t)block);
    register_allocation((MemoryTraceInfo){.address = block, .size = bytes});
    unregister_allocation(block);
    list_allocations();
    print_memory_info("tag");
    block = TRACKED_MALLOC(bytes);
    TRACKED_FREE(block);
    leak_tracker_end();
}
#endif

OPAQUE void entry(void)
{
    calls((void *)(uintptr_t)sink_of_all, sink_of_all);
#ifdef EVERYTHING
    everything((void *)(uintptr_t)sink_of_all, sink_of_all);
#endif
#ifdef OLDER
    older((void *)(uintptr_t)sink_of_all, sink_of_all);
#endif
}
