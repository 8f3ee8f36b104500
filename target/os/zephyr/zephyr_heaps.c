/* zephyr_heaps: in what sys_heap tells its listeners and the linker's wraps of the calls above it, out the tracer's calls.
 *
 *   heaps         by the wrap of sys_heap_init: libc's own is known to no other file
 *   calls         the wraps of the public calls only note who made them and how much was asked for: between them and a listener are up to four frames of the kernel
 *   allocations, frees by the listeners, which the heap calls inside its lock, with the chunk's size
 *   resizes       by the wrap of sys_heap's realloc as a whole: the listeners tell one in place as an allocation of a block that is there already, and then its free
 *   refusals      by the wraps, when a call returns nothing */
#include <heaptracer/port.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/heap_listener.h>
#include <zephyr/sys/mem_stats.h>
#include <zephyr/sys/sys_heap.h>

#include "target/os/calls/calls.h"

#include "heaptracer_zephyr.h"
#include "zephyr_heaps.h"

#ifndef K_HEAP_MEM_POOL_SIZE
#define K_HEAP_MEM_POOL_SIZE 0
#endif
#ifdef CONFIG_COMMON_LIBC_MALLOC_ARENA_SIZE
#define LIBC_HEAP_BYTES CONFIG_COMMON_LIBC_MALLOC_ARENA_SIZE
#else
#define LIBC_HEAP_BYTES 0
#endif

/* What is listened to. */
struct heard {
    struct heap_listener alloc, free;
    const struct sys_heap *of;
    const char *name;
    const uint8_t *memory;
    size_t bytes;
    ht_heap_id heap;
    uint8_t kind;
    bool is_heard;
};
static struct heard heard[HT_HEAPS];
static const struct heard *main_heap /* heap 0 */, *libc;
static bool is_begun;

static struct heard *heard_find(const struct sys_heap *heap)
{
    for (unsigned at = 0; at < HT_HEAPS; at++) {
        if (heard[at].of == heap)
            return &heard[at];
    }
    return NULL;
}

/* NULL: there are HT_HEAPS already. */
static struct heard *heard_make(const struct sys_heap *heap)
{
    struct heard *of = heard_find(heap);
    if (!of)
        of = heard_find(NULL);
    if (of)
        of->of = heap;
    return of;
}

/* The chunk's size comes by the listener, what was asked for by the call. */
HT_HOOK static void heap_allocated(uintptr_t id, void *block, size_t bytes)
{
    const struct heard *of = heard_find((const struct sys_heap *)id);
    struct ht_call *call = ht__call_now();
    struct ht_site site = {call ? call->here : HT_HERE, NULL, 0};
    if (!of || (call && call->is_silent))
        return;
    ht__zephyr_thread_meet();
    ht_on_alloc_from(&site, of->heap, block, call && call->bytes && !call->is_told ? call->bytes : bytes, bytes);
    if (call)
        call->is_told = true;
}

HT_HOOK static void heap_freed(uintptr_t id, void *block, size_t bytes)
{
    const struct heard *of = heard_find((const struct sys_heap *)id);
    struct ht_call *call = ht__call_now();
    struct ht_site site = {call ? call->here : HT_HERE, NULL, 0};
    (void)bytes;
    if (!of || (call && call->is_silent))
        return;
    ht_on_free_from(&site, of->heap, block);
    if (call)
        call->is_told = true;
}

static bool heap_use(void *context, struct ht_heap_use *use)
{
#ifdef CONFIG_SYS_HEAP_RUNTIME_STATS
    struct sys_memory_stats stats;
    if (sys_heap_runtime_stats_get(context, &stats))
        return false;
    use->used = stats.allocated_bytes;
    use->free = stats.free_bytes;
    use->least_free = stats.allocated_bytes + stats.free_bytes - stats.max_allocated_bytes;
    return true;
#else
    (void)context, (void)use;
    return false;
#endif
}

static void heap_listen(struct heard *to)
{
    uintptr_t id = HEAP_ID_FROM_POINTER(to->of);
    if (to == main_heap)
        ht_heap_main(to->name, to->memory, to->bytes, (enum ht_memory)to->kind);
    else
        to->heap = ht_heap_add(to->name ? to->name : "heap", to->memory, to->bytes, (enum ht_memory)to->kind);
    ht_heap_watch(to->heap, heap_use, (void *)to->of);
    if (to->is_heard)
        return;
    to->is_heard = true;
    to->alloc = (struct heap_listener){.heap_id = id, .event = HEAP_ALLOC, .alloc_cb = heap_allocated};
    to->free = (struct heap_listener){.heap_id = id, .event = HEAP_FREE, .free_cb = heap_freed};
    heap_listener_register(&to->alloc);
    heap_listener_register(&to->free);
}

void __real_sys_heap_init(struct sys_heap *heap, void *memory, size_t bytes);
void __wrap_sys_heap_init(struct sys_heap *heap, void *memory, size_t bytes);

void __wrap_sys_heap_init(struct sys_heap *heap, void *memory, size_t bytes)
{
    __real_sys_heap_init(heap, memory, bytes);
    struct heard *of = heard_make(heap);
    if (!of || (of->memory == memory && of->bytes == bytes))
        return;
    of->memory = memory;
    of->bytes = bytes;
    if (is_begun)
        heap_listen(of);
}

void ht_zephyr_heap(const struct k_heap *heap, const char *name, enum ht_memory kind)
{
    struct heard *of = heard_make(&heap->heap);
    if (!of)
        return;
    of->name = name;
    of->kind = (uint8_t)kind;
}

#if K_HEAP_MEM_POOL_SIZE > 0
extern struct k_heap _system_heap; /* the kernel's, of k_malloc */

static const struct heard *kernel_heap(void)
{
    struct heard *of = heard_find(&_system_heap.heap);
    if (of && !of->name)
        of->name = "k_malloc";
    return of;
}
#else
#define kernel_heap() NULL
#endif

void *__real_malloc(size_t bytes);
void __real_free(void *block);

#if LIBC_HEAP_BYTES
/* Its variable is static: it is the one that a block of malloc lies in. */
static const struct heard *libc_heap(void)
{
    struct heard *found = NULL;
    const uint8_t *block = __real_malloc(1);
    for (unsigned at = 0; at < HT_HEAPS && block; at++) {
        if ((size_t)(block - heard[at].memory) < heard[at].bytes)
            found = &heard[at];
    }
    __real_free((void *)block);
    if (found && !found->name)
        found->name = "malloc";
    return found;
}
#else
#define libc_heap() NULL
#endif

void ht__zephyr_heaps_begin(void)
{
    if (is_begun)
        return;
    const struct heard *kernel = kernel_heap();
    libc = libc_heap();
    main_heap = kernel ? kernel : libc;
    for (unsigned at = 0; at < HT_HEAPS; at++) {
        if (heard[at].memory)
            heap_listen(&heard[at]);
    }
    is_begun = true;
}

/* In an interrupt nothing comes between: one call at a time is under way there. */
static unsigned int call_open(struct ht_call *call, const void *here, size_t bytes)
{
    unsigned int key = k_is_in_isr() ? irq_lock() : 0;
    if (!ht__call_begin(call, here, false))
        call->here = NULL;
    call->bytes = bytes;
    return key;
}

/* Without a word of a listener, and empty-handed: it was refused. */
static void call_close(struct ht_call *call, unsigned int key, const struct sys_heap *heap, const void *made)
{
    const struct heard *of = heap ? heard_find(heap) : libc;
    struct ht_site site = {call->here, NULL, 0};
    if (call->here)
        ht__call_end(call);
    if (k_is_in_isr())
        irq_unlock(key);
    if (!call->here || !call->bytes || call->is_told || made || !of || !is_begun)
        return;
    ht__zephyr_thread_meet();
    ht_on_refuse_from(&site, of->heap, call->bytes);
}

static size_t product(size_t count, size_t bytes)
{
    size_t result;
    return __builtin_mul_overflow(count, bytes, &result) ? SIZE_MAX : result;
}

#define ASK(name, parameters, arguments, heap, bytes)                                                                                                         \
    void *__real_##name parameters;                                                                                                                           \
    void *__wrap_##name parameters;                                                                                                                           \
    HT_HOOK void *__wrap_##name parameters                                                                                                                    \
    {                                                                                                                                                         \
        struct ht_call call;                                                                                                                                  \
        unsigned int key = call_open(&call, HT_HERE, bytes);                                                                                                  \
        void *made = __real_##name arguments;                                                                                                                 \
        call_close(&call, key, heap, made);                                                                                                                   \
        return made;                                                                                                                                          \
    }
#define GIVE(name, parameters, arguments)                                                                                                                     \
    void __real_##name parameters;                                                                                                                            \
    void __wrap_##name parameters;                                                                                                                            \
    HT_HOOK void __wrap_##name parameters                                                                                                                     \
    {                                                                                                                                                         \
        struct ht_call call;                                                                                                                                  \
        unsigned int key = call_open(&call, HT_HERE, 0);                                                                                                      \
        __real_##name arguments;                                                                                                                              \
        call_close(&call, key, NULL, NULL);                                                                                                                   \
    }
#if K_HEAP_MEM_POOL_SIZE > 0
ASK(k_malloc, (size_t bytes), (bytes), &_system_heap.heap, bytes)
ASK(k_calloc, (size_t count, size_t bytes), (count, bytes), &_system_heap.heap, product(count, bytes))
ASK(k_aligned_alloc, (size_t alignment, size_t bytes), (alignment, bytes), &_system_heap.heap, bytes)
ASK(k_realloc, (void *block, size_t bytes), (block, bytes), &_system_heap.heap, bytes)
GIVE(k_free, (void *block), (block))
#endif
ASK(k_heap_alloc, (struct k_heap * of, size_t bytes, k_timeout_t wait), (of, bytes, wait), &of->heap, bytes)
ASK(k_heap_calloc, (struct k_heap * of, size_t count, size_t bytes, k_timeout_t wait), (of, count, bytes, wait), &of->heap, product(count, bytes))
ASK(k_heap_aligned_alloc, (struct k_heap * of, size_t alignment, size_t bytes, k_timeout_t wait), (of, alignment, bytes, wait), &of->heap, bytes)
ASK(k_heap_realloc, (struct k_heap * of, void *block, size_t bytes, k_timeout_t wait), (of, block, bytes, wait), &of->heap, bytes)
GIVE(k_heap_free, (struct k_heap * of, void *block), (of, block))
ASK(malloc, (size_t bytes), (bytes), NULL, bytes)
ASK(calloc, (size_t count, size_t bytes), (count, bytes), NULL, product(count, bytes))
ASK(realloc, (void *block, size_t bytes), (block, bytes), NULL, bytes)
ASK(aligned_alloc, (size_t alignment, size_t bytes), (alignment, bytes), NULL, bytes)
GIVE(free, (void *block), (block))

static void heap_resized(const struct ht_site *site, const struct heard *of, const void *from, const void *to, size_t bytes)
{
    ht__zephyr_thread_meet();
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
        const struct heard *of = heard_find(heap);                                                                                                            \
        struct ht_call *outer = ht__call_now(), call;                                                                                                         \
        struct ht_site site = {outer ? outer->here : HT_HERE, NULL, 0};                                                                                       \
        if (!of || !block || !is_begun)                                                                                                                       \
            return __real_##name arguments;                                                                                                                   \
        ht__call_silence(&call, site.here);                                                                                                                   \
        void *made = __real_##name arguments;                                                                                                                 \
        ht__call_speak(&call);                                                                                                                                \
        if (!call.was_silent)                                                                                                                                 \
            heap_resized(&site, of, block, made, bytes && outer && outer->bytes ? outer->bytes : bytes);                                                      \
        if (outer)                                                                                                                                            \
            outer->is_told = true;                                                                                                                            \
        return made;                                                                                                                                          \
    }
#undef sys_heap_realloc /* a macro until 4.0 */
RESIZE(sys_heap_realloc, (struct sys_heap * heap, void *block, size_t bytes), (heap, block, bytes))
RESIZE(sys_heap_aligned_realloc, (struct sys_heap * heap, void *block, size_t alignment, size_t bytes), (heap, block, alignment, bytes))

/* HT_MALLOC and its like: the core tells them, so the listeners say nothing. */
#if K_HEAP_MEM_POOL_SIZE > 0
#define REAL(name) __real_k_##name
#else
#define REAL(name) __real_##name
#endif

static unsigned int quiet_open(struct ht_call *call)
{
    unsigned int key = k_is_in_isr() ? irq_lock() : 0;
    ht__call_silence(call, NULL);
    return key;
}

static void quiet_close(struct ht_call *call, unsigned int key)
{
    ht__call_speak(call);
    if (k_is_in_isr())
        irq_unlock(key);
}

void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    struct ht_call call;
    unsigned int key = quiet_open(&call);
    (void)caps;
    void *block = REAL(malloc)(bytes);
    quiet_close(&call, key);
    return block;
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    struct ht_call call;
    unsigned int key = quiet_open(&call);
    (void)caps;
    block = REAL(realloc)(block, bytes);
    quiet_close(&call, key);
    return block;
}

void ht_port_free(void *block)
{
    struct ht_call call;
    unsigned int key = quiet_open(&call);
    REAL(free)(block);
    quiet_close(&call, key);
}
