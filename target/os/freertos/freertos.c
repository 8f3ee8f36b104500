/* freertos: in FreeRTOS' hooks, out tasks, stacks, switches and the heap's blocks. */
#include <heaptracer/port.h>

#include "freertos.h"
#include "freertos_hooks.h"

#include "target/os/bare/quiet.h"

#ifndef HT_FREERTOS_WRAP
#define HT_FREERTOS_WRAP 0
#endif

#ifndef configAPPLICATION_ALLOCATED_HEAP
#define configAPPLICATION_ALLOCATED_HEAP 0
#endif
#if configAPPLICATION_ALLOCATED_HEAP
extern uint8_t ucHeap[];
#endif

volatile uint8_t ht_freertos_running;

/* The walker may read wherever a stack is. */
static void stacks_grow(const void *low, const void *high)
{
    if (!ht__walk_stack.high || (uintptr_t)low < ht__walk_stack.low)
        ht__walk_stack.low = (uintptr_t)low;
    if ((uintptr_t)high > ht__walk_stack.high)
        ht__walk_stack.high = (uintptr_t)high;
}

static bool heap_use(void *context, struct ht_heap_use *use)
{
    HeapStats_t stats;
    (void)context;
    vPortGetHeapStats(&stats);
    *use = (struct ht_heap_use){
        .used = configTOTAL_HEAP_SIZE - stats.xAvailableHeapSpaceInBytes,
        .free = stats.xAvailableHeapSpaceInBytes,
        .largest_free = stats.xSizeOfLargestFreeBlockInBytes,
        .least_free = stats.xMinimumEverFreeBytesRemaining,
        .blocks = (uint32_t)(stats.xNumberOfSuccessfulAllocations - stats.xNumberOfSuccessfulFrees),
    };
    return true;
}

void ht_freertos_begin(void *stack, size_t bytes)
{
    stacks_grow(stack, (char *)stack + bytes);
    ht_stack_main(stack, bytes);
#if configAPPLICATION_ALLOCATED_HEAP /* else only the kernel's own file knows where it is */
    ht_heap_main("FreeRTOS", ucHeap, configTOTAL_HEAP_SIZE, HT_MEMORY_RAM);
#endif
    ht_heap_watch(0, heap_use, NULL);
}

void ht_freertos_pump(void *unused)
{
    (void)unused;
    for (;;) {
        while (ht_pump() > 0)
            taskYIELD();
        vTaskDelay(1);
    }
}

/* FreeRTOS has painted it if it looks for overflows or high-water marks. */
void ht_freertos_task_created(void *task, const char *name, void *stack, const void *stack_end, unsigned priority)
{
    size_t bytes = (size_t)((const char *)stack_end - (char *)stack);
    stacks_grow(stack, stack_end);
    uint8_t number = ht_task_begin(task, name, stack, bytes, (uint8_t)priority);
    if (number)
        ht_stack_watch(number, true);
}

/* Its stack is read for the last time, before the kernel holds off interrupts. */
void ht_freertos_task_ends(void *task)
{
    ht_stack_check(ht_task_of(task ? task : xTaskGetCurrentTaskHandle()));
}

void ht_freertos_task_deleted(void *task)
{
    ht_task_end(ht_task_of(task));
}

void ht_freertos_task_in(void *task)
{
    ht_freertos_running = ht_task_of(task);
}

void ht_freertos_task_out(const void *stack_pointer)
{
    if (ht_freertos_running)
        ht_stack_at(ht_freertos_running, stack_pointer);
}

HT_HOOK void ht_freertos_alloc(void *block, size_t bytes)
{
    struct ht_site site = {HT_HERE, NULL, 0};
    if (block)
        ht_on_alloc_from(&site, 0, block, bytes, bytes);
    else
        ht_on_refuse_from(&site, 0, bytes);
}

HT_HOOK void ht_freertos_free(void *block)
{
    struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_free_from(&site, 0, block);
}

#if HT_FREERTOS_WRAP
void *__real_pvPortMalloc(size_t bytes);
void __real_vPortFree(void *block);
void *__wrap_pvPortMalloc(size_t bytes);
void *__wrap_pvPortCalloc(size_t count, size_t bytes);
void __wrap_vPortFree(void *block);
#define REAL_MALLOC __real_pvPortMalloc
#define REAL_FREE __real_vPortFree

HT_HOOK void *__wrap_pvPortMalloc(size_t bytes)
{
    struct ht_site site = {HT_HERE, NULL, 0};
    return ht_malloc_from(&site, bytes);
}

HT_HOOK void *__wrap_pvPortCalloc(size_t count, size_t bytes)
{
    struct ht_site site = {HT_HERE, NULL, 0};
    return ht_calloc_from(&site, count, bytes);
}

HT_HOOK void __wrap_vPortFree(void *block)
{
    struct ht_site site = {HT_HERE, NULL, 0};
    ht_free_from(&site, block);
}
#else
#define REAL_MALLOC pvPortMalloc
#define REAL_FREE vPortFree
#endif

void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    (void)caps;
    return REAL_MALLOC(bytes);
}

/* FreeRTOS has none. With guard bands the core needs none either. */
void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    (void)block, (void)bytes, (void)caps;
    return NULL;
}

void ht_port_free(void *block)
{
    REAL_FREE(block);
}
