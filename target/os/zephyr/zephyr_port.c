/* zephyr_port: in what sys_heap tells its listeners, out the tracer's calls.
 *
 * The sizes of allocations are those of the heap's chunks; a refused request is not told. The listeners tell a resize in place as an allocation of the block that is
 * there already, and then its free: so the linker wraps sys_heap's realloc, and what the listeners say of that heap meanwhile is passed over. They are called, and so
 * is realloc, inside the heap's lock. */
#include <heaptracer/port.h>
#include <zephyr/sys/heap_listener.h>

#include "heaptracer_zephyr.h"

#ifndef CONFIG_HEAP_MEM_POOL_SIZE
#define CONFIG_HEAP_MEM_POOL_SIZE 0
#endif
extern struct k_heap _system_heap; /* the kernel's, of k_malloc */

/* What is listened to. */
struct heard {
    struct heap_listener alloc, free;
    struct sys_heap *of;
    ht_heap_id heap;
    volatile bool is_resizing;
};
static struct heard heard[HT_HEAPS];
static unsigned heard_count;
static volatile bool is_silent; /* for threads */

/* NULL: nothing is to be said of that heap now. */
static struct heard *heard_find(uintptr_t id)
{
    if (is_silent && !k_is_in_isr())
        return NULL;
    for (unsigned at = 0; at < heard_count; at++) {
        if (HEAP_ID_FROM_POINTER(heard[at].of) == id)
            return heard[at].is_resizing ? NULL : &heard[at];
    }
    return NULL;
}

/* There is no hook for a thread's birth: it is told when it first allocates. */
static void thread_meet(void)
{
    struct k_thread *thread = k_is_in_isr() ? NULL : k_current_get();
    if (!thread || ht_task_of(thread))
        return;
    uint8_t number =
        ht_task_begin(thread, k_thread_name_get(thread), (void *)thread->stack_info.start, thread->stack_info.size, (uint8_t)k_thread_priority_get(thread));
    if (number)
        ht_stack_watch(number, false);
}

uint8_t ht_port_task(void)
{
    return k_is_in_isr() ? 0 : ht_task_of(k_current_get());
}

HT_HOOK static void heap_allocated(uintptr_t id, void *block, size_t bytes)
{
    struct heard *of = heard_find(id);
    struct ht_site site = {HT_HERE, NULL, 0};
    if (!of)
        return;
    thread_meet();
    ht_on_alloc_from(&site, of->heap, block, bytes, bytes);
}

HT_HOOK static void heap_freed(uintptr_t id, void *block, size_t bytes)
{
    struct heard *of = heard_find(id);
    struct ht_site site = {HT_HERE, NULL, 0};
    (void)bytes;
    if (of)
        ht_on_free_from(&site, of->heap, block);
}

static void heap_resized(const struct ht_site *site, const struct heard *of, const void *from, const void *to, size_t bytes)
{
    if (!bytes)
        ht_on_free_from(site, of->heap, from);
    else if (to)
        ht_on_resize_from(site, of->heap, from, to, bytes, 0);
    else
        ht_on_resize_failed_from(site, of->heap, from, bytes);
}

#define RESIZE(name, parameters, arguments)                                                                                                                   \
    void *__real_##name parameters;                                                                                                                           \
    void *__wrap_##name parameters;                                                                                                                           \
    HT_HOOK void *__wrap_##name parameters                                                                                                                    \
    {                                                                                                                                                         \
        struct heard *of = heard_find(HEAP_ID_FROM_POINTER(heap));                                                                                            \
        struct ht_site site = {HT_HERE, NULL, 0};                                                                                                             \
        if (!of || !block)                                                                                                                     \
            return __real_##name arguments;                                                                                                                   \
        of->is_resizing = true;                                                                                                                               \
        void *made = __real_##name arguments;                                                                                                                 \
        of->is_resizing = false;                                                                                                                              \
        heap_resized(&site, of, block, made, bytes);                                                                                                          \
        return made;                                                                                                                                          \
    }
RESIZE(sys_heap_realloc, (struct sys_heap * heap, void *block, size_t bytes), (heap, block, bytes))
RESIZE(sys_heap_aligned_realloc, (struct sys_heap * heap, void *block, size_t alignment, size_t bytes), (heap, block, alignment, bytes))

static void heap_listen(struct k_heap *heap, ht_heap_id number)
{
    if (heard_count == HT_HEAPS)
        return;
    struct heard *to = &heard[heard_count];
    uintptr_t id = HEAP_ID_FROM_POINTER(&heap->heap);
    to->of = &heap->heap;
    to->heap = number;
    to->alloc = (struct heap_listener){.heap_id = id, .event = HEAP_ALLOC, .alloc_cb = heap_allocated};
    to->free = (struct heap_listener){.heap_id = id, .event = HEAP_FREE, .free_cb = heap_freed};
    heard_count++;
    heap_listener_register(&to->alloc);
    heap_listener_register(&to->free);
}

ht_heap_id ht_zephyr_heap(struct k_heap *heap, const char *name, const void *memory, size_t bytes, enum ht_memory kind)
{
    ht_heap_id number = ht_heap_add(name, memory, bytes, kind);
    heap_listen(heap, number);
    return number;
}

/* HT_MALLOC and its like: the core tells them, so the listeners say nothing. No other thread runs meanwhile. */
void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    (void)caps;
    k_sched_lock();
    is_silent = true;
    void *block = k_malloc(bytes);
    is_silent = false;
    k_sched_unlock();
    return block;
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    (void)caps;
    k_sched_lock();
    is_silent = true;
    block = k_realloc(block, bytes);
    is_silent = false;
    k_sched_unlock();
    return block;
}

void ht_port_free(void *block)
{
    k_sched_lock();
    is_silent = true;
    k_free(block);
    is_silent = false;
    k_sched_unlock();
}

__attribute__((weak)) void ht_port_led(enum ht_light light)
{
    (void)light;
}

void ht_port_print(char letter)
{
    printk("%c", letter);
}

__attribute__((weak)) struct ht_image ht_port_image(void)
{
    return (struct ht_image){NULL, 0};
}

static void pump_run(void *a, void *b, void *c)
{
    (void)a, (void)b, (void)c;
    for (;;) {
        while (ht_pump() > 0)
            k_yield();
        k_msleep(1);
    }
}
K_THREAD_STACK_DEFINE(pump_stack, CONFIG_HEAPTRACER_STACK_BYTES);
static struct k_thread pump_thread;

int ht_zephyr_start(const struct ht_config *config)
{
    static uint8_t memory[CONFIG_HEAPTRACER_MEMORY_BYTES] __aligned(8);
    struct ht_config all = *config;
    if (!all.memory) {
        all.memory = memory;
        all.memory_bytes = sizeof memory;
    }
    ht__walk_stack = (struct ht_walk_stack){CONFIG_SRAM_BASE_ADDRESS, CONFIG_SRAM_BASE_ADDRESS + CONFIG_SRAM_SIZE * 1024ul};
    if (CONFIG_HEAP_MEM_POOL_SIZE)
        heap_listen(&_system_heap, 0);
    int result = ht_start(&all);
    if (!result)
        k_thread_create(&pump_thread, pump_stack, K_THREAD_STACK_SIZEOF(pump_stack), pump_run, NULL, NULL, NULL, K_LOWEST_APPLICATION_THREAD_PRIO, 0, K_NO_WAIT);
    return result;
}
