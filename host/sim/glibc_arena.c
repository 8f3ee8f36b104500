/* glibc_arena: in threads that ask, out which arena serves them; and the memory of those that are not the main one: windows of address space, opened from their beginning. */
#include "glibc_heap.h"
#include "sbrk.h"
#include "host/base/memory.h"

enum { WINDOW_LEAST = 32 * 1024 };

void glibc_arena_begin(struct glibc_arena *arena)
{
    *arena = (struct glibc_arena){.next = arena, .threads = 1};
    for (unsigned index = 0; index < GLIBC_BINS; index++)
        arena->bins[index] = (struct glibc_bin){GLIBC_BIN | index, GLIBC_BIN | index};
}

struct glibc_window *glibc_window_of(const struct glibc *heap, uint64_t address)
{
    const uint64_t *window = heap->arenas > 1 ? map_get(&heap->windows, address & ~(heap->window_bytes - 1)) : NULL;
    return window ? (struct glibc_window *)(uintptr_t)*window : NULL;
}

struct glibc_arena *glibc_arena_of(struct glibc *heap, uint64_t chunk)
{
    const struct glibc_window *window = glibc_window_of(heap, chunk);
    return window ? window->arena : &heap->main;
}

/* Aligned: out of twice the room, else if there happens to be an aligned one. */
static uint64_t window_place(struct glibc *heap)
{
    uint64_t bytes = heap->window_bytes, at = linux_map(&heap->pages, 2 * bytes);
    if (at == LINUX_REFUSED) {
        at = linux_map(&heap->pages, bytes);
        if (at == LINUX_REFUSED || !(at & (bytes - 1)))
            return at;
        linux_unmap(&heap->pages, at, bytes);
        return LINUX_REFUSED;
    }
    uint64_t base = round_up(at, bytes), front = base - at;
    if (front)
        linux_unmap(&heap->pages, at, front);
    if (front < bytes)
        linux_unmap(&heap->pages, base + bytes, bytes - front);
    return base;
}

static struct glibc_window *window_new(struct glibc *heap, uint64_t bytes)
{
    uint64_t padded = bytes + heap->top_pad;
    if (bytes > heap->window_bytes)
        return NULL;
    bytes = round_up(padded < WINDOW_LEAST ? WINDOW_LEAST : padded <= heap->window_bytes ? padded : heap->window_bytes, heap->page);
    uint64_t base = window_place(heap);
    if (base == LINUX_REFUSED)
        return NULL;
    struct glibc_window *window = memory_new(1, sizeof *window);
    *window = (struct glibc_window){.base = base, .bytes = bytes};
    *map_put(&heap->windows, base, NULL) = (uint64_t)(uintptr_t)window;
    heap->unopened += heap->window_bytes - bytes;
    return window;
}

static void window_end(struct glibc *heap, struct glibc_window *window)
{
    heap->unopened -= heap->window_bytes - window->bytes;
    linux_unmap(&heap->pages, window->base, heap->window_bytes);
    map_remove(&heap->windows, window->base, NULL);
    memory_free(window);
}

/* NULL: there is no room for one. */
static struct glibc_arena *arena_new(struct glibc *heap, uint64_t bytes)
{
    uint64_t own = heap->info_bytes + heap->state_bytes + heap->align;
    struct glibc_window *window = window_new(heap, bytes <= heap->window_bytes ? bytes + own : bytes);
    if (!window && !(window = window_new(heap, own)))
        return NULL;
    struct glibc_arena *arena = window->arena = memory_new(1, sizeof *arena);
    glibc_arena_begin(arena);
    arena->next = heap->main.next;
    heap->main.next = arena;
    arena->top = round_up(window->base + heap->info_bytes + heap->state_bytes + 2 * heap->word, heap->align) - 2 * heap->word;
    glibc_head_set(heap, arena->top, (window->base + window->bytes - arena->top) | GLIBC_IN_USE);
    heap->arenas++;
    return arena;
}

static void arena_attach(struct glibc *heap, struct glibc_arena *arena)
{
    struct glibc_thread *thread = heap->asker;
    if (thread->arena)
        thread->arena->threads--;
    thread->arena = arena;
    arena->threads++;
}

static void free_list_drop(struct glibc *heap, const struct glibc_arena *arena)
{
    struct glibc_arena **at = &heap->free_list;
    while (*at && *at != arena)
        at = &(*at)->next_free;
    if (*at)
        *at = arena->next_free;
}

static struct glibc_arena *arena_reuse(struct glibc *heap)
{
    struct glibc_arena *arena = heap->reuse ? heap->reuse : &heap->main;
    free_list_drop(heap, arena);
    heap->reuse = arena->next;
    return arena;
}

/* How many there may be is looked at for the first time when there are more than arena_test; the processors count then. */
static bool arenas_are_few(struct glibc *heap)
{
    if (!heap->arenas_limit && heap->arena_max)
        heap->arenas_limit = heap->arena_max;
    else if (!heap->arenas_limit && heap->arenas > heap->arena_test)
        heap->arenas_limit = heap->cores * (heap->word == 8 ? 8 : 2);
    return heap->arenas <= heap->arenas_limit - 1;
}

/* One that an ended thread left, a new one, or in turn those that others have. NULL: none could be had. */
static struct glibc_arena *arena_take(struct glibc *heap, uint64_t bytes)
{
    struct glibc_arena *arena = heap->free_list;
    if (arena)
        heap->free_list = arena->next_free;
    else if (!arenas_are_few(heap))
        arena = arena_reuse(heap);
    else if ((arena = arena_new(heap, bytes)))
        arena->threads = 0;
    if (arena)
        arena_attach(heap, arena);
    return arena;
}

void glibc_arena_enter(struct glibc *heap, uint64_t bytes)
{
    struct glibc_arena *own = heap->asker->arena;
    heap->at = own ? own : arena_take(heap, bytes);
}

void glibc_arena_retry(struct glibc *heap, uint64_t bytes)
{
    heap->at = heap->at != &heap->main ? &heap->main : arena_take(heap, bytes);
}

void glibc_arena_leave(struct glibc *heap, struct glibc_thread *thread)
{
    struct glibc_arena *arena = thread->arena;
    thread->arena = NULL;
    if (!arena || --arena->threads)
        return;
    arena->next_free = heap->free_list;
    heap->free_list = arena;
}

static bool window_grow(struct glibc *heap, struct glibc_window *window, uint64_t bytes)
{
    uint64_t more = round_up(bytes, heap->page);
    if (bytes > heap->window_bytes || window->bytes + more > heap->window_bytes)
        return false;
    window->bytes += more;
    heap->unopened -= more;
    glibc_head_set(heap, heap->at->top, (window->base + window->bytes - heap->at->top) | GLIBC_IN_USE);
    return true;
}

/* What was the top ends with two chunks that are too small to be used, of which the first has a foot; the rest of it is freed. */
static void window_fence(struct glibc *heap, uint64_t old, uint64_t old_bytes)
{
    uint64_t fence = 2 * heap->word, bytes = (old_bytes - heap->least) & ~(heap->align - 1);
    glibc_head_set(heap, old + bytes + fence, GLIBC_IN_USE);
    if (bytes >= heap->least) {
        glibc_head_set(heap, old + bytes, fence | GLIBC_IN_USE);
        *glibc_at(heap, old + bytes + fence) = fence;
        glibc_head_set(heap, old, bytes | GLIBC_IN_USE);
        glibc_chunk_free(heap, old);
    } else {
        glibc_head_set(heap, old, (bytes + fence) | GLIBC_IN_USE);
        *glibc_at(heap, old + bytes + fence) = bytes + fence;
    }
}

bool glibc_window_more(struct glibc *heap, uint64_t bytes)
{
    struct glibc_arena *arena = heap->at;
    uint64_t old = arena->top, old_bytes = glibc_bytes(heap, old);
    struct glibc_window *last = glibc_window_of(heap, old), *window;
    if (window_grow(heap, last, heap->least + bytes - old_bytes))
        return true;
    if (bytes > heap->window_bytes || !(window = window_new(heap, bytes + heap->least + heap->info_bytes)))
        return false;
    window->arena = arena;
    window->before = last;
    arena->top = window->base + heap->info_bytes;
    glibc_head_set(heap, arena->top, (window->bytes - heap->info_bytes) | GLIBC_IN_USE);
    window_fence(heap, old, old_bytes);
    return true;
}

/* A window that holds nothing but the top goes, if the one before it then has room enough: its fence and what is free in front of it become the top. */
static bool window_drop(struct glibc *heap, struct glibc_window *window)
{
    struct glibc_window *before = window->before;
    uint64_t fence = (before->base + before->bytes - (heap->least - 2 * heap->word)) & ~(heap->align - 1);
    uint64_t chunk = fence - glibc_before_bytes(heap, fence), bytes = before->base + before->bytes - chunk;
    if (!glibc_before_used(heap, chunk))
        bytes += glibc_before_bytes(heap, chunk);
    if (bytes + (heap->window_bytes - before->bytes) < heap->top_pad + heap->least + heap->page)
        return false;
    window_end(heap, window);
    if (!glibc_before_used(heap, chunk)) {
        chunk -= glibc_before_bytes(heap, chunk);
        glibc_unlink(heap, chunk);
    }
    heap->at->top = chunk;
    glibc_head_set(heap, chunk, bytes | GLIBC_IN_USE);
    return true;
}

void glibc_window_trim(struct glibc *heap)
{
    struct glibc_window *window = glibc_window_of(heap, heap->at->top);
    while (heap->at->top == window->base + heap->info_bytes && window->before) {
        struct glibc_window *before = window->before;
        if (!window_drop(heap, window))
            break;
        window = before;
    }
    uint64_t top = heap->at->top, all = glibc_bytes(heap, top), area = all - heap->least - 1;
    if (all < heap->trim_threshold || all <= heap->least || area <= heap->top_pad)
        return;
    uint64_t extra = (area - heap->top_pad) & ~(heap->page - 1);
    window->bytes -= extra;
    heap->unopened += extra;
    glibc_head_set(heap, top, (all - extra) | GLIBC_IN_USE);
}

void glibc_arenas_done(struct glibc *heap)
{
    for (size_t i = 0; i < heap->windows.room; i++)
        if (heap->windows.at[i].key)
            memory_free((void *)(uintptr_t)heap->windows.at[i].value);
    for (struct glibc_arena *arena = heap->main.next, *next; arena != &heap->main; arena = next) {
        next = arena->next;
        memory_free(arena);
    }
    for (size_t i = 0; i < heap->threads.room; i++)
        if (heap->threads.at[i].value != (uint64_t)(uintptr_t)&heap->first)
            memory_free((void *)(uintptr_t)heap->threads.at[i].value);
    map_done(&heap->windows);
    map_done(&heap->threads);
}
