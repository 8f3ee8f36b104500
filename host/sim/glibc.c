/* glibc: in requests of threads, out the addresses of glibc 2.36's malloc. A thread has a cache and an arena; locks are not modelled, as who asks waits for them: the order of
 * the requests decides. Speed comes second: every list is kept in the order that the original's has. */
#include "glibc_heap.h"
#include "sbrk.h"
#include "host/base/memory.h"

enum { UNSORTED_ROUNDS = 10000, CONSOLIDATE_FROM = 65536, CORES = 8 };

/* 0: refused. */
static uint64_t chunk_for(const struct glibc *heap, uint64_t size)
{
    if (size > heap->size_most)
        return 0;
    uint64_t bytes = round_up(size + heap->word, heap->align);
    return bytes > heap->least ? bytes : heap->least;
}

static void consolidate_one(struct glibc *heap, uint64_t chunk)
{
    uint64_t bytes = glibc_bytes(heap, chunk), next = chunk + bytes;
    if (!glibc_before_used(heap, chunk)) {
        bytes += glibc_before_bytes(heap, chunk);
        chunk -= glibc_before_bytes(heap, chunk);
        glibc_unlink(heap, chunk);
    }
    if (next == heap->at->top) {
        glibc_head_set(heap, chunk, (bytes + glibc_bytes(heap, next)) | GLIBC_IN_USE);
        heap->at->top = chunk;
        return;
    }
    if (!glibc_before_used(heap, next + glibc_bytes(heap, next))) {
        bytes += glibc_bytes(heap, next);
        glibc_unlink(heap, next);
    } else {
        *glibc_at(heap, next + heap->word) &= ~(uint64_t)GLIBC_IN_USE;
    }
    glibc_unsorted_put(heap, chunk, bytes);
}

static void consolidate(struct glibc *heap)
{
    heap->at->fast_any = false;
    for (unsigned index = 0; index < GLIBC_FAST_BINS; index++) {
        for (uint64_t chunk; (chunk = glibc_fast_pop(heap, index));)
            consolidate_one(heap, chunk);
    }
}

/* Not for mapped chunks. */
void glibc_chunk_free(struct glibc *heap, uint64_t chunk)
{
    uint64_t bytes = glibc_bytes(heap, chunk), all = bytes;
    if (glibc_cache_has_room(heap, bytes)) {
        glibc_cache_put(heap, chunk);
        return;
    }
    if (bytes <= heap->fast_most) {
        glibc_fast_put(heap, chunk);
        return;
    }
    if (!glibc_before_used(heap, chunk))
        all += glibc_before_bytes(heap, chunk);
    uint64_t next = chunk + bytes;
    if (next == heap->at->top || !glibc_before_used(heap, next + glibc_bytes(heap, next)))
        all += glibc_bytes(heap, next);
    consolidate_one(heap, chunk);
    if (all >= CONSOLIDATE_FROM) {
        if (heap->at->fast_any)
            consolidate(heap);
        glibc_trim(heap);
    }
}

/* The others of that size go into the cache as long as it has room. */
static uint64_t take_fast(struct glibc *heap, uint64_t bytes)
{
    unsigned index = glibc_fast_index(heap, bytes);
    uint64_t chunk = glibc_fast_pop(heap, index);
    while (chunk && heap->at->fast[index] && glibc_cache_has_room(heap, bytes))
        glibc_cache_put(heap, glibc_fast_pop(heap, index));
    return chunk;
}

static uint64_t small_pop(struct glibc *heap, unsigned index, uint64_t bytes)
{
    uint64_t chunk = glibc_bin_pop(heap, index);
    if (chunk)
        glibc_before_used_set(heap, chunk + bytes);
    return chunk;
}

static uint64_t take_small(struct glibc *heap, uint64_t bytes)
{
    unsigned index = glibc_bin_index(heap, bytes);
    uint64_t chunk = small_pop(heap, index, bytes);
    while (chunk && !(heap->at->bins[index].before & GLIBC_BIN) && glibc_cache_has_room(heap, bytes))
        glibc_cache_put(heap, small_pop(heap, index, bytes));
    return chunk;
}

/* The lower part of a chunk that is in no list; the rest becomes unsorted. Whole, if the rest is too small. */
static uint64_t split(struct glibc *heap, uint64_t chunk, uint64_t bytes, bool is_remainder)
{
    uint64_t all = glibc_bytes(heap, chunk), rest = all - bytes;
    if (rest < heap->least) {
        glibc_before_used_set(heap, chunk + all);
        return chunk;
    }
    glibc_head_set(heap, chunk, bytes | GLIBC_IN_USE);
    glibc_unsorted_put(heap, chunk + bytes, rest);
    if (is_remainder)
        heap->at->remainder = chunk + bytes;
    return chunk;
}

/* A small request is served from the last remainder when that is the only unsorted chunk. */
static bool is_only_remainder(const struct glibc *heap, uint64_t bytes)
{
    uint64_t chunk = heap->at->bins[GLIBC_UNSORTED].before;
    return glibc_is_small(heap, bytes) && chunk == heap->at->remainder && heap->at->bins[GLIBC_UNSORTED].next == chunk && glibc_bytes(heap, chunk) > bytes + heap->least;
}

/* Sorts the unsorted chunks into bins up to one that is wanted; *cached: some of that size were put into the cache. */
static uint64_t take_unsorted(struct glibc *heap, uint64_t bytes, bool *cached)
{
    uint64_t sorted = 0;
    for (unsigned rounds = 0; rounds < UNSORTED_ROUNDS;) {
        if (is_only_remainder(heap, bytes))
            return split(heap, glibc_bin_pop(heap, GLIBC_UNSORTED), bytes, true);
        uint64_t chunk = glibc_bin_pop(heap, GLIBC_UNSORTED);
        if (!chunk)
            break;
        if (glibc_bytes(heap, chunk) == bytes) {
            glibc_before_used_set(heap, chunk + bytes);
            if (!glibc_cache_has_room(heap, bytes))
                return chunk;
            glibc_cache_put(heap, chunk);
            *cached = true;
            continue;
        }
        glibc_bin_put(heap, chunk);
        rounds++;
        if (*cached && heap->cache_unsorted && ++sorted > heap->cache_unsorted)
            break;
        sorted += !*cached;
    }
    return *cached ? glibc_cache_pop(heap, bytes) : 0;
}

/* Of its own bin the smallest that is enough; of several of that size the second. */
static uint64_t take_large(struct glibc *heap, uint64_t bytes)
{
    unsigned index = glibc_bin_index(heap, bytes);
    uint64_t at = heap->at->bins[index].next;
    if (at & GLIBC_BIN || glibc_bytes(heap, at) < bytes)
        return 0;
    do
        at = glibc_get(heap, at + 5 * heap->word);
    while (glibc_bytes(heap, at) < bytes);
    uint64_t second = glibc_next(heap, at);
    if (!(second & GLIBC_BIN) && glibc_bytes(heap, second) == glibc_bytes(heap, at))
        at = second;
    glibc_unlink(heap, at);
    return split(heap, at, bytes, false);
}

/* The first bin from `index` on that is marked; GLIBC_BINS: none. */
static unsigned bin_marked(const struct glibc *heap, unsigned index)
{
    for (unsigned half = index / 64; half < 2; half++) {
        uint64_t marks = heap->at->bins_marked[half] & (half == index / 64 ? UINT64_MAX << index % 64 : UINT64_MAX);
        if (marks)
            return half * 64 + (unsigned)__builtin_ctzll(marks);
    }
    return GLIBC_BINS;
}

static uint64_t take_larger(struct glibc *heap, uint64_t bytes)
{
    for (unsigned index = glibc_bin_index(heap, bytes) + 1; index < GLIBC_BINS && (index = bin_marked(heap, index)) < GLIBC_BINS; index++) {
        uint64_t chunk = heap->at->bins[index].before;
        if (!(chunk & GLIBC_BIN)) {
            glibc_unlink(heap, chunk);
            return split(heap, chunk, bytes, glibc_is_small(heap, bytes));
        }
        heap->at->bins_marked[index / 64] &= ~(UINT64_C(1) << index % 64);
    }
    return 0;
}

uint64_t glibc_top_take(struct glibc *heap, uint64_t bytes)
{
    uint64_t chunk = heap->at->top, all = chunk ? glibc_bytes(heap, chunk) : 0;
    if (all < bytes + heap->least)
        return 0;
    heap->at->top = chunk + bytes;
    glibc_head_set(heap, chunk, bytes | GLIBC_IN_USE);
    glibc_head_set(heap, heap->at->top, (all - bytes) | GLIBC_IN_USE);
    return chunk;
}

static uint64_t take_sorted(struct glibc *heap, uint64_t bytes)
{
    bool cached = false;
    uint64_t chunk = take_unsorted(heap, bytes, &cached);
    if (!chunk && !glibc_is_small(heap, bytes))
        chunk = take_large(heap, bytes);
    if (!chunk)
        chunk = take_larger(heap, bytes);
    return chunk ? chunk : glibc_top_take(heap, bytes);
}

/* A chunk of the arena, without a look into the cache first. */
static uint64_t chunk_take(struct glibc *heap, uint64_t bytes)
{
    if (!heap->at)
        return glibc_more(heap, bytes);
    uint64_t chunk = bytes <= heap->fast_most ? take_fast(heap, bytes) : 0;
    if (!chunk && glibc_is_small(heap, bytes))
        chunk = take_small(heap, bytes);
    if (!chunk && !glibc_is_small(heap, bytes) && heap->at->fast_any)
        consolidate(heap);
    if (!chunk)
        chunk = take_sorted(heap, bytes);
    while (!chunk && heap->at->fast_any) {
        consolidate(heap);
        chunk = take_sorted(heap, bytes);
    }
    return chunk ? chunk : glibc_more(heap, bytes);
}

/* The cache lies in a chunk of the arena, got at the first call that would use it. */
static void cache_begin(struct glibc *heap)
{
    struct glibc_thread *thread = heap->asker;
    if (thread->cache_ready || thread->is_over)
        return;
    uint64_t size = GLIBC_CACHE_BINS * (2 + heap->word), chunk;
    glibc_arena_enter(heap, size);
    chunk = chunk_take(heap, chunk_for(heap, size));
    if (!chunk && heap->at) {
        glibc_arena_retry(heap, size);
        chunk = chunk_take(heap, chunk_for(heap, size));
    }
    if (chunk)
        *glibc_at(heap, chunk + heap->word) |= GLIBC_OWN;
    thread->cache_chunk = chunk;
    thread->cache_ready = chunk;
}

static uint64_t block_note(struct glibc *heap, uint64_t chunk, int sign)
{
    if (!chunk)
        return 0;
    uint64_t taken, usable, block = chunk + 2 * heap->word;
    glibc_measure(heap, block, &taken, &usable);
    heap->used += sign > 0 ? usable : 0 - usable;
    heap->blocks += (uint64_t)(int64_t)sign;
    return sign > 0 ? block : 0;
}

static uint64_t aligned_in_map(struct glibc *heap, uint64_t chunk, uint64_t to)
{
    uint64_t front = to - chunk, all = glibc_bytes(heap, chunk);
    *glibc_at(heap, to) = glibc_before_bytes(heap, chunk) + front;
    glibc_head_set(heap, to, (all - front) | GLIBC_MAPPED);
    map_remove(&heap->maps, chunk, NULL);
    *map_put(&heap->maps, to, NULL) = 1;
    return to;
}

static void cut_front(struct glibc *heap, uint64_t chunk, uint64_t to)
{
    uint64_t rest = chunk + glibc_bytes(heap, chunk) - to;
    glibc_head_set(heap, to, rest | GLIBC_IN_USE);
    glibc_before_used_set(heap, to + rest);
    glibc_bytes_set(heap, chunk, to - chunk);
    glibc_chunk_free(heap, chunk);
}

static void cut_end(struct glibc *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t rest = glibc_bytes(heap, chunk) - bytes;
    glibc_bytes_set(heap, chunk, bytes);
    glibc_head_set(heap, chunk + bytes, rest | GLIBC_IN_USE);
    glibc_before_used_set(heap, chunk + bytes + rest);
    glibc_chunk_free(heap, chunk + bytes);
}

/* Of `bytes`, which end the chunk. */
static uint64_t aligned_cut(struct glibc *heap, uint64_t chunk, uint64_t bytes, uint64_t align)
{
    bool mapped = glibc_head(heap, chunk) & GLIBC_MAPPED;
    if ((chunk + 2 * heap->word) % align) {
        uint64_t to = round_up(chunk + 2 * heap->word, align) - 2 * heap->word;
        to += to - chunk < heap->least ? align : 0;
        if (mapped)
            return aligned_in_map(heap, chunk, to);
        cut_front(heap, chunk, to);
        chunk = to;
    }
    if (!mapped && glibc_bytes(heap, chunk) > bytes + heap->least)
        cut_end(heap, chunk, bytes);
    return chunk;
}

/* align 0: that of all chunks. */
static uint64_t arena_ask(struct glibc *heap, uint64_t size, uint64_t align)
{
    uint64_t bytes = chunk_for(heap, size);
    if (!bytes || !align)
        return bytes ? chunk_take(heap, bytes) : 0;
    uint64_t all = align > heap->size_most ? 0 : chunk_for(heap, bytes + align + heap->least), chunk = all ? chunk_take(heap, all) : 0;
    return chunk ? aligned_cut(heap, chunk, bytes, align) : 0;
}

/* Of the thread's arena; while there is one thread only that one is asked. */
static uint64_t chunk_ask(struct glibc *heap, uint64_t size, uint64_t align)
{
    if (heap->is_many)
        glibc_arena_enter(heap, align ? size + align + heap->least : size);
    else
        heap->at = &heap->main;
    uint64_t chunk = arena_ask(heap, size, align);
    if (!chunk && heap->is_many && heap->at) {
        glibc_arena_retry(heap, size);
        chunk = arena_ask(heap, size, align);
    }
    return chunk;
}

static uint64_t glibc_malloc(struct glibc *heap, uint64_t size)
{
    uint64_t bytes = chunk_for(heap, size);
    if (!bytes)
        return 0;
    cache_begin(heap);
    uint64_t chunk = glibc_cache_pop(heap, bytes);
    return chunk ? chunk : chunk_ask(heap, size, 0);
}

static uint64_t glibc_alloc(void *context, uint64_t size, uint64_t align)
{
    struct glibc *heap = context;
    if (align <= heap->align)
        return block_note(heap, glibc_malloc(heap, size), 1);
    return block_note(heap, chunk_ask(heap, size, align > heap->least ? align : heap->least), 1);
}

static uint64_t glibc_calloc(void *context, uint64_t size)
{
    struct glibc *heap = context;
    cache_begin(heap);
    return block_note(heap, chunk_ask(heap, size, 0), 1);
}

/* What a program frees again and again it is to have from the arena: the threshold follows. */
static void map_free(struct glibc *heap, uint64_t chunk)
{
    uint64_t head = glibc_head(heap, chunk);
    if (!heap->threshold_fixed && head > heap->map_threshold && head <= heap->map_threshold_most) {
        heap->map_threshold = head & GLIBC_BYTES;
        heap->trim_threshold = 2 * heap->map_threshold;
    }
    glibc_unmap(heap, chunk);
}

static void free_in_arena(struct glibc *heap, uint64_t chunk)
{
    heap->at = glibc_arena_of(heap, chunk);
    glibc_chunk_free(heap, chunk);
}

static void chunk_release(struct glibc *heap, uint64_t chunk)
{
    if (glibc_head(heap, chunk) & GLIBC_MAPPED) {
        map_free(heap, chunk);
        return;
    }
    cache_begin(heap);
    free_in_arena(heap, chunk);
}

static void glibc_free(void *context, uint64_t address)
{
    struct glibc *heap = context;
    block_note(heap, address - 2 * heap->word, -1);
    chunk_release(heap, address - 2 * heap->word);
}

static uint64_t resize_map(struct glibc *heap, uint64_t chunk, uint64_t size, uint64_t bytes)
{
    uint64_t to = glibc_remap(heap, chunk, bytes);
    if (to || glibc_bytes(heap, chunk) - heap->word >= bytes)
        return to ? to : chunk;
    to = glibc_malloc(heap, size);
    if (to)
        glibc_unmap(heap, chunk);
    return to;
}

/* The chunk has `all` bytes in one piece now. */
static uint64_t resize_cut(struct glibc *heap, uint64_t chunk, uint64_t all, uint64_t bytes)
{
    glibc_bytes_set(heap, chunk, all);
    if (all - bytes < heap->least)
        glibc_before_used_set(heap, chunk + all);
    else
        cut_end(heap, chunk, bytes);
    return chunk;
}

static uint64_t resize_move(struct glibc *heap, uint64_t chunk, uint64_t had, uint64_t bytes)
{
    uint64_t to = chunk_take(heap, bytes);
    if (to && to == chunk + had)
        return resize_cut(heap, chunk, had + glibc_bytes(heap, to), bytes);
    if (to)
        glibc_chunk_free(heap, chunk);
    return to;
}

static uint64_t resize_chunk(struct glibc *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t had = glibc_bytes(heap, chunk), next = chunk + had, behind = glibc_bytes(heap, next);
    if (had >= bytes)
        return resize_cut(heap, chunk, had, bytes);
    if (next == heap->at->top && had + behind >= bytes + heap->least) {
        heap->at->top = chunk + bytes;
        glibc_bytes_set(heap, chunk, bytes);
        glibc_head_set(heap, heap->at->top, (had + behind - bytes) | GLIBC_IN_USE);
        return chunk;
    }
    if (next != heap->at->top && had + behind >= bytes && !glibc_before_used(heap, next + behind)) {
        glibc_unlink(heap, next);
        return resize_cut(heap, chunk, had + behind, bytes);
    }
    return resize_move(heap, chunk, had, bytes);
}

/* Refused by the block's own arena, the thread's is asked. */
static uint64_t resize_in_arena(struct glibc *heap, uint64_t chunk, uint64_t size, uint64_t bytes)
{
    heap->at = glibc_arena_of(heap, chunk);
    uint64_t to = resize_chunk(heap, chunk, bytes);
    if (to || !heap->is_many)
        return to;
    to = glibc_malloc(heap, size);
    if (to)
        free_in_arena(heap, chunk);
    return to;
}

static uint64_t glibc_resize(void *context, uint64_t address, uint64_t size)
{
    struct glibc *heap = context;
    uint64_t bytes = chunk_for(heap, size), chunk = address - 2 * heap->word, taken, usable;
    bool mapped = glibc_head(heap, chunk) & GLIBC_MAPPED;
    if (!mapped)
        cache_begin(heap);
    glibc_measure(heap, address, &taken, &usable);
    uint64_t to = !bytes ? 0 : mapped ? resize_map(heap, chunk, size, bytes) : resize_in_arena(heap, chunk, size, bytes);
    if (!to)
        return 0;
    heap->used -= usable;
    heap->blocks--;
    return block_note(heap, to, 1);
}

static void glibc_thread(void *context, uint32_t number)
{
    struct glibc *heap = context;
    bool is_new;
    uint64_t *thread = map_put(&heap->threads, UINT64_C(1) + number, &is_new);
    if (is_new && map_count(&heap->threads) == 1) {
        *thread = (uint64_t)(uintptr_t)&heap->first;
    } else if (is_new) {
        *thread = (uint64_t)(uintptr_t)memory_new(1, sizeof(struct glibc_thread));
        heap->is_many = true;
    }
    heap->asker = (struct glibc_thread *)(uintptr_t)*thread;
}

/* Bin by bin the cache's chunks are freed, then the one that it lies in. */
static void cache_end(struct glibc *heap, struct glibc_thread *thread)
{
    thread->cache_ready = false;
    for (unsigned index = 0; index < GLIBC_CACHE_BINS; index++) {
        for (uint64_t chunk; (chunk = glibc_cache_drop(heap, thread, index));)
            chunk_release(heap, chunk);
    }
    *glibc_at(heap, thread->cache_chunk + heap->word) &= ~GLIBC_OWN;
    chunk_release(heap, thread->cache_chunk);
}

/* A thread that never asked has nothing to give back. */
static void glibc_thread_end(void *context, uint32_t number)
{
    struct glibc *heap = context;
    const uint64_t *known = map_get(&heap->threads, UINT64_C(1) + number);
    struct glibc_thread *thread = known ? (struct glibc_thread *)(uintptr_t)*known : NULL, *asker = heap->asker;
    if (!thread || thread->is_over)
        return;
    heap->asker = thread;
    thread->is_over = true;
    if (thread->cache_ready)
        cache_end(heap, thread);
    glibc_arena_leave(heap, thread);
    heap->asker = asker;
}

static uint64_t glibc_room(const void *context, uint64_t address)
{
    const struct glibc *heap = context;
    return glibc_window_of(heap, address) ? heap->window_bytes : address >= heap->map_base ? heap->page : 0;
}

static void tunables_read(struct glibc *heap, const struct simulator_arena *arena)
{
    static const char *const fixing[] = {"mmap_threshold", "trim_threshold", "top_pad", "mmap_max"};
    heap->map_threshold = simulator_option(arena, "mmap_threshold", 128 * 1024);
    heap->trim_threshold = simulator_option(arena, "trim_threshold", 128 * 1024);
    heap->top_pad = simulator_option(arena, "top_pad", 128 * 1024) & heap->size_most;
    heap->maps_most = simulator_option(arena, "mmap_max", 65536);
    heap->map_threshold_most = heap->word == 8 ? 32 << 20 : 512 << 10;
    for (unsigned i = 0; i < sizeof fixing / sizeof *fixing; i++)
        heap->threshold_fixed |= simulator_option(arena, fixing[i], 0) != simulator_option(arena, fixing[i], 1);
    heap->threshold_fixed = !heap->threshold_fixed;
    heap->cache_count = simulator_option(arena, "tcache_count", 7) & UINT16_MAX;
    heap->arena_max = simulator_option(arena, "arena_max", 0);
    heap->arena_test = simulator_option(arena, "arena_test", heap->word == 8 ? 8 : 2);
    heap->cores = simulator_option(arena, "cores", CORES);
    heap->cache_unsorted = simulator_option(arena, "tcache_unsorted_limit", 0);
    uint64_t cache_most = simulator_option(arena, "tcache_max", UINT64_MAX), fast_most = simulator_option(arena, "mxfast", 16 * heap->word);
    heap->cache_bins = cache_most > (GLIBC_CACHE_BINS - 1) * heap->align + heap->least - heap->word ? GLIBC_CACHE_BINS : glibc_cache_index(heap, chunk_for(heap, cache_most)) + 1;
    if (fast_most > 20 * heap->word)
        fast_most = 16 * heap->word;
    heap->fast_most = fast_most <= heap->align - 1 - heap->word ? 2 * heap->word : (fast_most + heap->word) & ~(heap->align - 1);
}

static void memory_begin(struct glibc *heap, struct gap region, struct gap map_region)
{
    heap->map_base = map_region.bytes ? map_region.address : UINT64_MAX;
    linux_begin(&heap->pages, region, map_region, heap->page);
    words_begin(&heap->words[0], region.address & ~(heap->page - 1), region.bytes + 2 * heap->page, (unsigned)heap->word);
    words_begin(&heap->words[1], map_region.address & ~(heap->page - 1), map_region.bytes + 2 * heap->page, (unsigned)heap->word);
}

/* What a window and an arena begin with are glibc's struct heap_info and struct malloc_state. */
static void arenas_begin(struct glibc *heap)
{
    glibc_arena_begin(&heap->main);
    heap->at = heap->first.arena = &heap->main;
    heap->asker = &heap->first;
    heap->arenas = 1;
    heap->window_bytes = heap->word == 8 ? 64 << 20 : 1 << 20;
    heap->info_bytes = round_up(7 * heap->word, heap->align) - 2 * heap->word;
    heap->state_bytes = heap->word == 8 ? 2200 : heap->align == 16 ? 1116 : 1112;
}

static void *glibc_begin(const struct simulator_arena *arena, struct error *error)
{
    uint64_t word = arena->pointer_bytes ? arena->pointer_bytes : 8, align = arena->align_bytes ? arena->align_bytes : 16;
    bool two = arena->region_count > 1;
    if (align != 2 * word && align != 16) {
        error_set(error, ERROR_USAGE, "glibc's malloc aligns to 16, or to 8 where pointers have 4 bytes (ARM), not to %u", arena->align_bytes);
        return NULL;
    }
    for (size_t i = 0; i < arena->region_count; i++) {
        if (!sbrk_begin(&(struct sbrk){0}, &arena->regions[i], (uint32_t)word, error))
            return NULL;
    }
    struct glibc *heap = memory_new(1, sizeof *heap);
    *heap = (struct glibc){.word = word, .align = align, .page = 4096, .contiguous = true};
    heap->least = round_up(4 * word, align);
    heap->size_most = word == 8 ? INT64_MAX : INT32_MAX;
    heap->small_most = (GLIBC_SMALL_BINS - (align > 2 * word)) * align;
    arenas_begin(heap);
    tunables_read(heap, arena);
    memory_begin(heap, (struct gap){arena->regions[0].base, arena->regions[0].bytes}, two ? (struct gap){arena->regions[1].base, arena->regions[1].bytes} : (struct gap){0, 0});
    return heap;
}

static void glibc_end(void *context)
{
    struct glibc *heap = context;
    words_done(&heap->words[0]);
    words_done(&heap->words[1]);
    linux_done(&heap->pages);
    glibc_arenas_done(heap);
    map_done(&heap->segments);
    map_done(&heap->maps);
    memory_free(heap);
}

const struct simulator simulator_glibc = {
    .name = "glibc",
    .title = "glibc 2.36 (ptmalloc)",
    .source = "glibc malloc/malloc.c and arena.c, 2.36",
    .option_help = "tcache_count=N: chunks of a size that the thread keeps (7; 0: no cache)\n"
                   "tcache_max=BYTES: the largest request that is kept so (1032)\n"
                   "tcache_unsorted_limit=N: chunks sorted before a kept one is given (0: all)\n"
                   "mxfast=BYTES: the largest request of the fast bins (128)\n"
                   "mmap_threshold=BYTES: from there on a block is a mapping of its own (131072, and grows; fixed if given)\n"
                   "mmap_max=N: mappings at most (65536)\n"
                   "trim_threshold=BYTES: a free end of BYTES is given back (131072, and grows)\n"
                   "top_pad=BYTES: what is asked for beside what is needed (131072)\n"
                   "arena_max=N: arenas at most, shared when there are more threads (by the processors)\n"
                   "arena_test=N: only when there are more arenas the processors count (8; 2 where pointers have 4 bytes)\n"
                   "cores=N: processors, for each of which there may be 8 arenas, or 2 where pointers have 4 bytes (8)",
    .pointer_bytes = 8,
    .pointers = 4 | 8,
    .most_regions = 2,
    .grows = true,
    .aligns = true,
    .begin = glibc_begin,
    .end = glibc_end,
    .alloc = glibc_alloc,
    .calloc = glibc_calloc,
    .resize = glibc_resize,
    .free = glibc_free,
    .thread = glibc_thread,
    .thread_end = glibc_thread_end,
    .room = glibc_room,
    .measure = glibc_measure,
    .use = glibc_use,
    .walk = glibc_walk,
};
