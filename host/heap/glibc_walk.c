/* glibc_walk: in the heap of a process that stands still, out what each of its arenas holds. First the lists are followed, so that it is known which chunks are free;
 * then the chunks of each heap in order of address, twice: threads' caches lie among them. */
#include "glibc_walk.h"

#include <stdlib.h>
#include <string.h>

enum { ARENAS_MOST = 4096, WINDOWS_MOST = 1 << 16, FREE_MOST = 1 << 24, BITS = 7, IN_USE = 1, LIST_SHIFT = 56, MANGLE_SHIFT = 12 };

/* A piece of memory with chunks side by side. */
struct stretch {
    uint64_t start, first, end; /* first: chunk */
    struct heap_arena *arena;
};

static uint64_t word_at(struct glibc_walk *walk, uint64_t address)
{
    return heap_memory_word(walk->memory, address);
}

static uint64_t head_of(struct glibc_walk *walk, uint64_t chunk)
{
    return word_at(walk, chunk + walk->place->shape.word);
}

static uint64_t bytes_of(struct glibc_walk *walk, uint64_t chunk)
{
    return head_of(walk, chunk) & ~(uint64_t)BITS;
}

/* The link that is stored at `address`. */
static uint64_t link_at(struct glibc_walk *walk, uint64_t address)
{
    return word_at(walk, address) ^ (walk->place->shape.is_mangled ? address >> MANGLE_SHIFT : 0);
}

static bool is_aligned(const struct glibc_walk *walk, uint64_t chunk)
{
    return !((chunk + 2 * walk->place->shape.word) & (walk->place->shape.align - 1));
}

static bool is_size(const struct glibc_walk *walk, uint64_t bytes)
{
    return bytes >= walk->place->shape.least && !(bytes & (walk->place->shape.align - 1));
}

/* False: it is in a list already, or there are too many. */
static bool chunk_list(struct glibc_walk *walk, uint64_t chunk, enum heap_list list)
{
    bool is_new = false;
    walk->is_cut |= map_count(&walk->lists) >= FREE_MOST;
    if (walk->is_cut || !chunk || !is_aligned(walk, chunk) || !is_size(walk, bytes_of(walk, chunk)))
        return false;
    *map_put(&walk->lists, chunk, &is_new) = list;
    return is_new;
}

static void fast_follow(struct glibc_walk *walk, uint64_t arena)
{
    const struct glibc_shape *shape = &walk->place->shape;
    for (uint64_t i = 0; i < shape->fast_bins; i++) {
        uint64_t chunk = word_at(walk, arena + shape->fast + i * shape->word);
        for (; chunk; chunk = link_at(walk, chunk + 2 * shape->word)) {
            if (!chunk_list(walk, chunk, LIST_FAST)) {
                walk->odd++;
                break;
            }
        }
    }
}

static void bins_follow(struct glibc_walk *walk, uint64_t arena)
{
    const struct glibc_shape *shape = &walk->place->shape;
    for (uint64_t i = 0; i < GLIBC_SHAPE_BINS; i++) {
        uint64_t own = arena + shape->bins + 2 * shape->word * i - 2 * shape->word, chunk = word_at(walk, own + 2 * shape->word);
        for (; chunk != own; chunk = word_at(walk, chunk + 2 * shape->word)) {
            enum heap_list list = !i ? LIST_UNSORTED : bytes_of(walk, chunk) < shape->small_most ? LIST_SMALL : LIST_LARGE;
            if (!chunk_list(walk, chunk, list)) {
                walk->odd++;
                break;
            }
        }
    }
}

/* A chunk of the size of a cache is one if all of its 64 lists are as long as it says; they are then followed. */
static bool cache_holds(struct glibc_walk *walk, uint64_t cache, bool follows)
{
    const struct glibc_shape *shape = &walk->place->shape;
    uint16_t counts[GLIBC_SHAPE_CACHE_BINS];
    uint64_t all = 0;
    if (!heap_memory_read(walk->memory, cache, counts, sizeof counts))
        return false;
    for (uint64_t i = 0; i < GLIBC_SHAPE_CACHE_BINS; i++) {
        uint64_t block = word_at(walk, cache + sizeof counts + i * shape->word), left = counts[i];
        for (; block && left; block = link_at(walk, block), left--) {
            uint64_t chunk = block - 2 * shape->word;
            if ((block & (shape->align - 1)) || bytes_of(walk, chunk) != shape->least + i * shape->align)
                return false;
            if (follows && !chunk_list(walk, chunk, LIST_CACHE))
                walk->odd++;
        }
        if (block || left)
            return false;
        all += counts[i];
    }
    return all;
}

static bool is_cache(struct glibc_walk *walk, uint64_t chunk, uint64_t bytes)
{
    return bytes == walk->place->shape.cache_bytes && !map_get(&walk->lists, chunk) && cache_holds(walk, chunk + 2 * walk->place->shape.word, false);
}

/* A chunk that is nobody's, or whose size cannot be. What ends a heap is smaller than any chunk. */
static bool stretch_ends(struct glibc_walk *walk, const struct stretch *stretch, uint64_t chunk, uint64_t top)
{
    uint64_t bytes = bytes_of(walk, chunk);
    if (chunk + walk->place->shape.least > stretch->end || (chunk != top && bytes < walk->place->shape.least))
        return true;
    if (chunk != top && is_size(walk, bytes) && bytes <= stretch->end - chunk)
        return false;
    stretch->arena->odd += chunk != top;
    return true;
}

static void caches_follow(struct glibc_walk *walk, const struct stretch *stretch, uint64_t top)
{
    for (uint64_t chunk = stretch->first, bytes; !stretch_ends(walk, stretch, chunk, top); chunk += bytes) {
        bytes = bytes_of(walk, chunk);
        if (is_cache(walk, chunk, bytes))
            cache_holds(walk, chunk + 2 * walk->place->shape.word, true);
    }
}

static void free_add(struct glibc_walk *walk, struct heap_arena *arena, enum heap_list list, uint64_t bytes)
{
    arena->free[list].count++;
    arena->free[list].bytes += bytes;
    if (list != LIST_CACHE && bytes > arena->largest)
        arena->largest = bytes;
    ++*map_put(&walk->counts, (uint64_t)list << LIST_SHIFT | (bytes & ((UINT64_C(1) << LIST_SHIFT) - 1)), NULL);
}

/* That a chunk is free the next one knows, but for those of caches and fast bins. */
static enum heap_list chunk_see(struct glibc_walk *walk, const struct stretch *stretch, uint64_t chunk, uint64_t bytes)
{
    const uint64_t *listed = map_get(&walk->lists, chunk);
    enum heap_list list = listed ? (enum heap_list)*listed : LIST_NONE;
    bool says_free = !(head_of(walk, chunk + bytes) & IN_USE), should = list >= LIST_SMALL;
    stretch->arena->odd += says_free != should;
    if (list) {
        free_add(walk, stretch->arena, list, bytes);
    } else {
        stretch->arena->used.count++;
        stretch->arena->used.bytes += bytes;
        stretch->arena->caches += is_cache(walk, chunk, bytes);
    }
    return list;
}

static void idle_add(const struct glibc_walk *walk, struct heap_arena *arena, uint64_t start, uint64_t end)
{
    uint64_t page = walk->memory->page_bytes;
    if (end > start && (start + page - 1) / page < end / page)
        arena->idle += heap_memory_resident(walk->memory, start, end);
}

static void stretch_walk(struct glibc_walk *walk, const struct stretch *stretch, uint64_t top)
{
    struct heap_arena *arena = stretch->arena;
    uint64_t chunk = stretch->first, bytes, idle = stretch->first;
    arena->own += stretch->first - stretch->start;
    for (; !stretch_ends(walk, stretch, chunk, top); chunk += bytes) {
        bytes = bytes_of(walk, chunk);
        if (chunk_see(walk, stretch, chunk, bytes) != LIST_NONE)
            continue;
        idle_add(walk, arena, idle, chunk);
        idle = chunk + bytes;
    }
    if (chunk == top && bytes_of(walk, top) <= stretch->end - top) {
        free_add(walk, arena, LIST_TOP, bytes_of(walk, top));
        chunk += bytes_of(walk, top);
    }
    idle_add(walk, arena, idle, chunk);
    arena->own += stretch->end - chunk;
    arena->bytes += stretch->end - stretch->start;
    arena->resident += heap_memory_resident(walk->memory, stretch->start, stretch->end);
}

typedef void stretch_visit(struct glibc_walk *walk, const struct stretch *stretch, uint64_t top);

/* The main arena's chunks are those of the break, from its beginning on. */
static void main_visit(struct glibc_walk *walk, struct heap_arena *arena, uint64_t top, stretch_visit *visit)
{
    const struct glibc_place *place = walk->place;
    if (!place->break_start || top < place->break_start || top >= place->break_end)
        return;
    uint64_t first = ((place->break_start + 2 * place->shape.word + place->shape.align - 1) & ~(place->shape.align - 1)) - 2 * place->shape.word;
    uint64_t end = top + bytes_of(walk, top);
    visit(walk, &(struct stretch){place->break_start, first, end <= place->break_end ? end : place->break_end, arena}, top);
}

/* False: the heap was seen in this round, or is none of this arena. */
static bool window_see(struct glibc_walk *walk, const struct heap_arena *arena, uint64_t base)
{
    const struct glibc_shape *shape = &walk->place->shape;
    if (!base || base & (shape->heap_bytes - 1) || word_at(walk, base) != arena->address || word_at(walk, base + 2 * shape->word) > shape->heap_bytes)
        return false;
    walk->is_cut |= map_count(&walk->windows) > WINDOWS_MOST;
    uint64_t *round = map_put(&walk->windows, base, NULL);
    bool is_new = *round != walk->round && !walk->is_cut;
    *round = walk->round;
    return is_new;
}

/* From the heap of the top back to the one that the arena itself lies in. */
static void heaps_visit(struct glibc_walk *walk, struct heap_arena *arena, uint64_t top, stretch_visit *visit)
{
    const struct glibc_shape *shape = &walk->place->shape;
    uint64_t base = top & ~(shape->heap_bytes - 1), own = arena->address - shape->info_bytes;
    arena->heaps = 0;
    for (bool is_last = false; !is_last; base = word_at(walk, base + shape->word)) {
        is_last = base == own;
        if (!window_see(walk, arena, base)) {
            walk->odd++;
            return;
        }
        arena->heaps++;
        uint64_t first = base + shape->info_bytes + (is_last ? shape->state_bytes : 0);
        first = ((first + 2 * shape->word + shape->align - 1) & ~(shape->align - 1)) - 2 * shape->word;
        visit(walk, &(struct stretch){base, first, base + word_at(walk, base + 2 * shape->word), arena}, top);
    }
}

static void arenas_visit(struct glibc_walk *walk, stretch_visit *visit)
{
    walk->round++;
    for (size_t i = 0; i < walk->arenas.count; i++) {
        struct heap_arena *arena = &walk->arenas.at[i];
        uint64_t top = word_at(walk, arena->address + walk->place->shape.top);
        arena->odd = 0; /* of an earlier round */
        (arena->is_main ? main_visit : heaps_visit)(walk, arena, top, visit);
    }
}

/* Round the ring of arenas. One of another heap begins behind what its heap begins with. */
static void arenas_take(struct glibc_walk *walk)
{
    const struct glibc_shape *shape = &walk->place->shape;
    uint64_t address = walk->place->main_arena;
    do {
        bool is_main = address == walk->place->main_arena;
        walk->is_cut |= walk->arenas.count >= ARENAS_MOST;
        if (walk->is_cut || (!is_main && (address - shape->info_bytes) & (shape->heap_bytes - 1))) {
            walk->odd++;
            return;
        }
        struct heap_arena arena = {.address = address, .is_main = is_main, .is_locked = heap_memory_u32(walk->memory, address), .heaps = 1};
        arena.system = word_at(walk, address + shape->system);
        arena.threads = word_at(walk, address + shape->attached);
        vec_push(&walk->arenas, arena);
        address = word_at(walk, address + shape->next);
    } while (address != walk->place->main_arena);
}

static int size_order(const void *left, const void *right)
{
    const struct heap_size *a = left, *b = right;
    if (a->list != b->list)
        return a->list < b->list ? -1 : 1;
    return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

static void sizes_take(struct glibc_walk *walk)
{
    for (size_t i = 0; i < walk->counts.room; i++) {
        uint64_t key = walk->counts.at[i].key;
        if (key)
            vec_push(&walk->sizes, ((struct heap_size){(uint32_t)(key >> LIST_SHIFT), key & ((UINT64_C(1) << LIST_SHIFT) - 1), walk->counts.at[i].value}));
    }
    if (walk->sizes.count)
        qsort(walk->sizes.at, walk->sizes.count, sizeof *walk->sizes.at, size_order);
}

void glibc_walk_run(struct glibc_walk *walk, struct heap_memory *memory, const struct glibc_place *place)
{
    *walk = (struct glibc_walk){.memory = memory, .place = place};
    arenas_take(walk);
    for (size_t i = 0; i < walk->arenas.count; i++) {
        fast_follow(walk, walk->arenas.at[i].address);
        bins_follow(walk, walk->arenas.at[i].address);
    }
    arenas_visit(walk, caches_follow);
    arenas_visit(walk, stretch_walk);
    for (size_t i = 0; i < walk->arenas.count; i++)
        walk->odd += walk->arenas.at[i].odd;
    sizes_take(walk);
}

void glibc_walk_done(struct glibc_walk *walk)
{
    vec_done(&walk->arenas);
    vec_done(&walk->sizes);
    map_done(&walk->lists);
    map_done(&walk->counts);
    map_done(&walk->windows);
}
