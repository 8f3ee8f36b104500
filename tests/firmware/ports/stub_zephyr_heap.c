/* stub_zephyr_heap: as lib/heap/heap.c, kernel/kheap.c, kernel/mempool.c and libc's malloc.c of Zephyr 3.7 call each other. */
#include <zephyr/sys/heap_listener.h>
#include <zephyr/sys/sys_heap.h>

#include "stub_zephyr_heap.h"

struct k_heap _system_heap;
struct stub_memory stub_system, stub_libc;
static struct sys_heap z_malloc_heap; /* known to this file only */
static struct heap_listener *listeners[16];
static unsigned listener_count;
char _image_ram_start[1], _image_ram_end[1], __text_region_start[1], __text_region_end[1], z_interrupt_stacks[1][256];

enum { CHUNK = 8, FIRST = 100, SECOND = 500, STAYS = 200, MOST = 400 };

void heap_listener_register(struct heap_listener *listener)
{
    listeners[listener_count++] = listener;
}

static void notify(enum heap_event_types event, struct sys_heap *heap, void *block, size_t bytes)
{
    for (unsigned at = 0; at < listener_count; at++) {
        if (listeners[at]->event == event && listeners[at]->heap_id == (uintptr_t)heap)
            listeners[at]->alloc_cb(listeners[at]->heap_id, block, (bytes + CHUNK - 1) / CHUNK * CHUNK);
    }
}

void __real_sys_heap_init(struct sys_heap *heap, void *memory, size_t bytes);
void __real_sys_heap_init(struct sys_heap *heap, void *memory, size_t bytes)
{
    (void)bytes;
    heap->heap = memory;
}

int sys_heap_runtime_stats_get(struct sys_heap *heap, struct sys_memory_stats *stats)
{
    (void)heap;
    *stats = (struct sys_memory_stats){600, 400, 700};
    return 0;
}

static void *take(struct sys_heap *heap, size_t bytes)
{
    if (!bytes || bytes > MOST)
        return NULL;
    notify(HEAP_ALLOC, heap, (char *)heap->heap + FIRST, bytes);
    return (char *)heap->heap + FIRST;
}

static void give(struct sys_heap *heap, void *block)
{
    if (block)
        notify(HEAP_FREE, heap, block, 0);
}

void *__real_sys_heap_aligned_realloc(struct sys_heap *heap, void *block, size_t alignment, size_t bytes);
void *__real_sys_heap_realloc(struct sys_heap *heap, void *block, size_t bytes);
void *__wrap_sys_heap_aligned_realloc(struct sys_heap *heap, void *block, size_t alignment, size_t bytes);

/* In place: an allocation of the same block, then its free. Moved: as any. */
void *__real_sys_heap_aligned_realloc(struct sys_heap *heap, void *block, size_t alignment, size_t bytes)
{
    (void)alignment;
    if (!block)
        return take(heap, bytes);
    if (!bytes || bytes > MOST) {
        give(heap, bytes ? NULL : block);
        return NULL;
    }
    void *to = bytes > STAYS ? (char *)heap->heap + SECOND : block;
    notify(HEAP_ALLOC, heap, to, bytes);
    notify(HEAP_FREE, heap, block, bytes);
    return to;
}

void *__real_sys_heap_realloc(struct sys_heap *heap, void *block, size_t bytes)
{
    return __real_sys_heap_aligned_realloc(heap, block, 0, bytes);
}

/* Each block of k_malloc has its heap before it. */
enum { REFERENCE = sizeof(void *) };

#define REAL(result, name, parameters) result __real_##name parameters; result __real_##name parameters
REAL(void *, k_aligned_alloc, (size_t alignment, size_t bytes))
{
    (void)alignment;
    char *block = bytes > MOST ? NULL : take(&_system_heap.heap, bytes + REFERENCE);
    return block ? block + REFERENCE : NULL;
}
REAL(void *, k_malloc, (size_t bytes))
{
    return __real_k_aligned_alloc(sizeof(void *), bytes);
}
REAL(void *, k_calloc, (size_t count, size_t bytes))
{
    return bytes && count > MOST / bytes ? NULL : __real_k_malloc(count * bytes);
}
REAL(void, k_free, (void *block))
{
    if (block)
        give(&_system_heap.heap, (char *)block - REFERENCE);
}
REAL(void *, k_realloc, (void *block, size_t bytes))
{
    if (!block)
        return __real_k_malloc(bytes);
    char *to = __wrap_sys_heap_aligned_realloc(&_system_heap.heap, (char *)block - REFERENCE, 0, bytes + REFERENCE);
    return to ? to + REFERENCE : NULL;
}
REAL(void *, k_heap_aligned_alloc, (struct k_heap * heap, size_t alignment, size_t bytes, k_timeout_t wait))
{
    (void)alignment, (void)wait;
    return take(&heap->heap, bytes);
}
REAL(void *, k_heap_alloc, (struct k_heap * heap, size_t bytes, k_timeout_t wait))
{
    return __real_k_heap_aligned_alloc(heap, 0, bytes, wait);
}
REAL(void *, k_heap_calloc, (struct k_heap * heap, size_t count, size_t bytes, k_timeout_t wait))
{
    return __real_k_heap_alloc(heap, count * bytes, wait);
}
REAL(void *, k_heap_realloc, (struct k_heap * heap, void *block, size_t bytes, k_timeout_t wait))
{
    (void)wait;
    return __wrap_sys_heap_aligned_realloc(&heap->heap, block, 0, bytes);
}
REAL(void, k_heap_free, (struct k_heap * heap, void *block))
{
    give(&heap->heap, block);
}
REAL(void *, aligned_alloc, (size_t alignment, size_t bytes))
{
    (void)alignment;
    return take(&z_malloc_heap, bytes);
}
REAL(void *, malloc, (size_t bytes))
{
    return take(&z_malloc_heap, bytes);
}
REAL(void *, calloc, (size_t count, size_t bytes))
{
    return __real_malloc(count * bytes);
}
REAL(void *, realloc, (void *block, size_t bytes))
{
    return __wrap_sys_heap_aligned_realloc(&z_malloc_heap, block, 0, bytes);
}
REAL(void, free, (void *block))
{
    give(&z_malloc_heap, block);
}

void stub_zephyr_boot(void)
{
    __wrap_sys_heap_init(&_system_heap.heap, &stub_system, sizeof stub_system);
    __wrap_sys_heap_init(&z_malloc_heap, &stub_libc, sizeof stub_libc);
}
