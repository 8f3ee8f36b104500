/* heap_5: in requests, out the addresses of FreeRTOS' heap_5: several regions, first fit over all of them in order of address. */
#include "freertos_heap.h"

const struct simulator simulator_heap_5 = {
    .name = "heap_5",
    .title = "FreeRTOS heap_5",
    .source = "FreeRTOS-Kernel portable/MemMang/heap_5.c, 4269c69",
    .option_help = "protector: configENABLE_HEAP_PROTECTOR, which guards links and moves no block",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 64,
    .begin = freertos_heap_begin,
    .end = freertos_heap_end,
    .alloc = freertos_heap_alloc,
    .free = freertos_heap_free,
    .measure = freertos_heap_measure,
    .use = freertos_heap_use,
    .walk = freertos_heap_walk,
};
