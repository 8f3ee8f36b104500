/* off_app: calls of the tracer, compiled out; with PLAIN the same program as if there were none. Both must become the same bytes. */
#include <stdlib.h>
#include <string.h>

#ifndef PLAIN
#define HT_ENABLED 0
#define HT_FIRMWARE 1
#define HEAP_TRACKER_ENABLED
#include "heaptracer.h"
#else
#define HT_MALLOC(variable, bytes) malloc(bytes)
#define HT_CALLOC(variable, count, bytes) calloc(count, bytes)
#define HT_REALLOC(variable, block, bytes) realloc(block, bytes)
#define HT_FREE(block) free(block)
#define TRACE_MALLOC(bytes, caps, ...) malloc(bytes)
#define TRACE_CALLOC(count, bytes, caps, ...) calloc(count, bytes)
#define TRACE_REALLOC(block, bytes, caps, ...) realloc(block, bytes)
#define TRACKED_MALLOC(bytes) malloc(bytes)
#define TRACKED_FREE(block) free(block)
#endif

void *volatile kept;
int work(size_t bytes);

int work(size_t bytes)
{
    char *first = HT_MALLOC(first, bytes), *second = TRACE_MALLOC(bytes, 4, second), *third = TRACKED_MALLOC(bytes);
#ifndef PLAIN
    struct ht_config config = {0};
    (void)&config;
    ht_start(&config);
    ht_heap_add("heap", first, bytes, HT_MEMORY_RAM);
    ht_heap_main("heap", first, bytes, HT_MEMORY_RAM);
    uint8_t task = ht_task_begin(first, "task", first, bytes, 1);
    (void)task;
    ht_stack_watch(task, true);
    ht_on_alloc(0, first, bytes);
    leak_tracker_start();
    leak_tracker_start(10, 10);
    ht_mark("here");
#endif
    first = HT_REALLOC(first, first, bytes * 2);
    second = TRACE_REALLOC(second, bytes * 2, 4);
    kept = HT_CALLOC(kept, 3, bytes);
    kept = TRACE_CALLOC(3, bytes, 4);
#ifndef PLAIN
    list_allocations();
    print_memory_info("tag");
    leak_tracker_end();
    ht_pump();
    ht_report(NULL);
    ht_guard_scan(10);
    ht_alert_check();
    ht_task_end(task);
    ht_stop();
    free_unregister_allocation((void **)&third);
#else
    free(third);
    third = NULL;
#endif
    HT_FREE(first);
    TRACKED_FREE(second);
    return third == NULL;
}
