/* newlib: in requests, out the addresses of newlib's malloc, which is Doug Lea's of 1998 (2.6.5): bins in order of size, neighbours joined at once, the last remainder
 * before a better fit, sbrk() in pages, and memory given back when the top has grown. */
#include "sbrk.h"
#include "words.h"
#include "host/base/map.h"
#include "host/base/memory.h"

enum { BINS = 128, REMAINDER = 1, BLOCK_BINS = 4, SMALL_MOST = 512, IN_USE = 1 }; /* IN_USE: the chunk before is */

struct newlib_bin {
    uint64_t next, before; /* chunks, or BIN | the bin's number */
};

struct newlib {
    struct sbrk sbrk;
    struct words words; /* of a chunk: bytes of the one before, if that is free; own bytes | IN_USE; of a free one, the next and the one before in its bin */
    struct newlib_bin bins[BINS];
    uint32_t blocks_marked; /* a bit for four bins: one of them may hold a chunk */
    uint64_t word, align, least, page, trim, pad;
    uint64_t top, base; /* 0: none yet */
    struct map fences;  /* where a top ended that could not be grown: from there to what came next */
    uint64_t used, blocks, free, pieces;
};

static const uint64_t BIN = UINT64_C(1) << 63;

static uint64_t head_of(const struct newlib *heap, uint64_t chunk)
{
    return words_get(&heap->words, chunk + heap->word);
}

static uint64_t bytes_of(const struct newlib *heap, uint64_t chunk)
{
    return head_of(heap, chunk) & ~(uint64_t)IN_USE;
}

static void head_set(struct newlib *heap, uint64_t chunk, uint64_t head)
{
    *words_at(&heap->words, chunk + heap->word) = head;
}

/* Keeps IN_USE. */
static void bytes_set(struct newlib *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t *head = words_at(&heap->words, chunk + heap->word);
    *head = bytes | (*head & IN_USE);
}

static void in_use_set(struct newlib *heap, uint64_t chunk)
{
    *words_at(&heap->words, chunk + heap->word) |= IN_USE;
}

static bool in_use(const struct newlib *heap, uint64_t chunk)
{
    return head_of(heap, chunk + bytes_of(heap, chunk)) & IN_USE;
}

static uint64_t next_get(const struct newlib *heap, uint64_t link)
{
    return link & BIN ? heap->bins[link & ~BIN].next : words_get(&heap->words, link + 2 * heap->word);
}

static uint64_t before_get(const struct newlib *heap, uint64_t link)
{
    return link & BIN ? heap->bins[link & ~BIN].before : words_get(&heap->words, link + 3 * heap->word);
}

static void next_set(struct newlib *heap, uint64_t link, uint64_t value)
{
    *(link & BIN ? &heap->bins[link & ~BIN].next : words_at(&heap->words, link + 2 * heap->word)) = value;
}

static void before_set(struct newlib *heap, uint64_t link, uint64_t value)
{
    *(link & BIN ? &heap->bins[link & ~BIN].before : words_at(&heap->words, link + 3 * heap->word)) = value;
}

static unsigned bin_index(uint64_t bytes)
{
    uint64_t unit = bytes >> 9;
    return (unsigned)(unit == 0     ? bytes >> 3
                      : unit <= 4   ? 56 + (bytes >> 6)
                      : unit <= 20  ? 91 + (bytes >> 9)
                      : unit <= 84  ? 110 + (bytes >> 12)
                      : unit <= 340 ? 119 + (bytes >> 15)
                      : unit <= 1364 ? 124 + (bytes >> 18)
                                     : 126);
}

static uint32_t block_bit(unsigned index)
{
    return UINT32_C(1) << index / BLOCK_BINS;
}

/* Ahead of others of the same size; larger ones come first. */
static void bin_link(struct newlib *heap, uint64_t chunk, uint64_t bytes)
{
    unsigned index = bin_index(bytes);
    uint64_t before = BIN | index, next = next_get(heap, before);
    heap->blocks_marked |= block_bit(index);
    while (bytes >= SMALL_MOST && !(next & BIN) && bytes < bytes_of(heap, next))
        next = next_get(heap, next);
    before = before_get(heap, next);
    next_set(heap, chunk, next);
    before_set(heap, chunk, before);
    before_set(heap, next, chunk);
    next_set(heap, before, chunk);
    heap->free += bytes;
    heap->pieces++;
}

static void chunk_unlink(struct newlib *heap, uint64_t chunk)
{
    uint64_t next = next_get(heap, chunk), before = before_get(heap, chunk);
    before_set(heap, next, before);
    next_set(heap, before, next);
    heap->free -= bytes_of(heap, chunk);
    heap->pieces--;
}

static void remainder_link(struct newlib *heap, uint64_t chunk, uint64_t bytes)
{
    heap->bins[REMAINDER] = (struct newlib_bin){chunk, chunk};
    next_set(heap, chunk, BIN | REMAINDER);
    before_set(heap, chunk, BIN | REMAINDER);
    heap->free += bytes;
    heap->pieces++;
}

/* 0: refused. */
static uint64_t chunk_for(const struct newlib *heap, uint64_t size)
{
    uint64_t bytes = size > INT32_MAX ? UINT64_MAX : round_up(size + heap->word, heap->align);
    bytes = bytes > heap->least ? bytes : heap->least;
    return bytes > INT32_MAX ? 0 : bytes;
}

/* The chunk, whose bytes `all` are no longer in a bin: its lower part, the rest is the last remainder. */
static uint64_t chunk_split(struct newlib *heap, uint64_t chunk, uint64_t all, uint64_t bytes)
{
    uint64_t rest = all - bytes;
    head_set(heap, chunk, bytes | IN_USE);
    head_set(heap, chunk + bytes, rest | IN_USE);
    *words_at(&heap->words, chunk + all) = rest;
    remainder_link(heap, chunk + bytes, rest);
    return chunk;
}

static uint64_t chunk_exact(struct newlib *heap, unsigned index, uint64_t bytes)
{
    for (uint64_t at = before_get(heap, BIN | index); !(at & BIN) && bytes_of(heap, at) < bytes + heap->least; at = before_get(heap, at)) {
        if (bytes_of(heap, at) >= bytes) {
            chunk_unlink(heap, at);
            in_use_set(heap, at + bytes_of(heap, at));
            return at;
        }
    }
    return 0;
}

/* Its own bin, and *index to that from which larger ones are to be searched. */
static uint64_t chunk_from_bin(struct newlib *heap, uint64_t bytes, unsigned *index)
{
    *index = bin_index(bytes);
    if (bytes < SMALL_MOST - 8) {
        uint64_t chunk = chunk_exact(heap, *index, bytes);
        if (!chunk)
            chunk = chunk_exact(heap, *index + 1, bytes);
        *index += 2;
        return chunk;
    }
    uint64_t at = before_get(heap, BIN | *index);
    while (!(at & BIN) && bytes_of(heap, at) < bytes)
        at = before_get(heap, at);
    if (at & BIN)
        ++*index;
    return chunk_exact(heap, bin_index(bytes), bytes);
}

static uint64_t chunk_from_remainder(struct newlib *heap, uint64_t bytes)
{
    uint64_t chunk = heap->bins[REMAINDER].next, all;
    if (chunk & BIN)
        return 0;
    all = bytes_of(heap, chunk);
    chunk_unlink(heap, chunk);
    if (all >= bytes + heap->least)
        return chunk_split(heap, chunk, all, bytes);
    if (all >= bytes) {
        in_use_set(heap, chunk + all);
        return chunk;
    }
    bin_link(heap, chunk, all);
    return 0;
}

static uint64_t chunk_best_in(struct newlib *heap, unsigned index, uint64_t bytes)
{
    uint64_t at = before_get(heap, BIN | index), all;
    while (!(at & BIN) && bytes_of(heap, at) < bytes)
        at = before_get(heap, at);
    if (at & BIN)
        return 0;
    all = bytes_of(heap, at);
    chunk_unlink(heap, at);
    if (all >= bytes + heap->least)
        return chunk_split(heap, at, all, bytes);
    in_use_set(heap, at + all);
    return at;
}

static bool block_is_empty(const struct newlib *heap, unsigned first)
{
    for (unsigned index = first; index < first + BLOCK_BINS; index++) {
        if (!(heap->bins[index].next & BIN))
            return false;
    }
    return true;
}

/* Best fit; a block's mark goes where all of its bins are seen to be empty. */
static uint64_t chunk_from_larger(struct newlib *heap, unsigned index, uint64_t bytes)
{
    while (index < BINS) {
        unsigned first = index & ~(unsigned)(BLOCK_BINS - 1);
        if (heap->blocks_marked & block_bit(index)) {
            for (; index < first + BLOCK_BINS; index++) {
                uint64_t chunk = chunk_best_in(heap, index, bytes);
                if (chunk)
                    return chunk;
            }
            if (block_is_empty(heap, first))
                heap->blocks_marked &= ~block_bit(first);
        }
        index = first + BLOCK_BINS;
    }
    return 0;
}

static void chunk_give(struct newlib *heap, uint64_t chunk);

/* What was the top ends with two fences, so that nothing is joined across what came between. */
static void top_fence(struct newlib *heap, uint64_t old, uint64_t old_bytes)
{
    uint64_t bytes = old_bytes < heap->least ? 0 : (old_bytes - 3 * heap->word) & ~(heap->align - 1);
    *map_put(&heap->fences, bytes < heap->least ? old : old + bytes, NULL) = heap->top;
    if (old_bytes < heap->least) {
        head_set(heap, heap->top, IN_USE); /* no request will fit */
        return;
    }
    bytes_set(heap, old, bytes);
    head_set(heap, old + bytes, heap->word | IN_USE);
    head_set(heap, old + bytes + heap->word, heap->word | IN_USE);
    if (bytes >= heap->least)
        chunk_give(heap, old);
}

/* A new top in `got` bytes from `at` on, up to the end of a page if there are bytes for that. */
static void top_begin(struct newlib *heap, uint64_t at, uint64_t got)
{
    uint64_t old = heap->top, old_bytes = old ? bytes_of(heap, old) : 0, chunk = round_up(at, heap->align);
    uint64_t correction = (chunk - at + heap->page - ((chunk + got) & (heap->page - 1))) & (heap->page - 1);
    if (!heap->base)
        heap->base = chunk;
    if (sbrk_more(&heap->sbrk, correction) == SBRK_REFUSED)
        correction = 0;
    heap->top = chunk;
    head_set(heap, chunk, (at + got + correction - chunk) | IN_USE);
    if (old)
        top_fence(heap, old, old_bytes);
}

static void top_extend(struct newlib *heap, uint64_t bytes)
{
    uint64_t wanted = bytes + heap->pad + heap->least, old_end = heap->top ? heap->top + bytes_of(heap, heap->top) : 0;
    if (heap->base)
        wanted = round_up(wanted, heap->page);
    uint64_t at = sbrk_more(&heap->sbrk, wanted);
    if (at == SBRK_REFUSED)
        return;
    if (at == old_end && !(old_end & (heap->page - 1)))
        head_set(heap, heap->top, (bytes_of(heap, heap->top) + wanted) | IN_USE);
    else
        top_begin(heap, at, wanted);
}

static bool top_has(const struct newlib *heap, uint64_t bytes)
{
    return heap->top && bytes_of(heap, heap->top) >= bytes + heap->least;
}

static uint64_t chunk_from_top(struct newlib *heap, uint64_t bytes)
{
    if (!top_has(heap, bytes))
        top_extend(heap, bytes);
    if (!top_has(heap, bytes))
        return 0;
    uint64_t chunk = heap->top, rest = bytes_of(heap, chunk) - bytes;
    head_set(heap, chunk, bytes | IN_USE);
    heap->top = chunk + bytes;
    head_set(heap, heap->top, rest | IN_USE);
    return chunk;
}

static uint64_t chunk_take(struct newlib *heap, uint64_t bytes)
{
    unsigned index;
    uint64_t chunk = chunk_from_bin(heap, bytes, &index);
    if (!chunk)
        chunk = chunk_from_remainder(heap, bytes);
    if (!chunk)
        chunk = chunk_from_larger(heap, index, bytes);
    return chunk ? chunk : chunk_from_top(heap, bytes);
}

static void top_trim(struct newlib *heap)
{
    int64_t all = (int64_t)bytes_of(heap, heap->top), page = (int64_t)heap->page;
    int64_t extra = ((all - (int64_t)heap->pad - (int64_t)heap->least + page - 1) / page - 1) * page;
    if (extra < page || heap->sbrk.top != heap->top + (uint64_t)all)
        return;
    sbrk_less(&heap->sbrk, (uint64_t)extra);
    head_set(heap, heap->top, (uint64_t)(all - extra) | IN_USE);
}

static void top_join(struct newlib *heap, uint64_t chunk, uint64_t bytes)
{
    bytes += bytes_of(heap, heap->top);
    if (!(head_of(heap, chunk) & IN_USE)) {
        uint64_t before = words_get(&heap->words, chunk);
        chunk -= before;
        bytes += before;
        chunk_unlink(heap, chunk);
    }
    head_set(heap, chunk, bytes | IN_USE);
    heap->top = chunk;
    if (bytes >= heap->trim)
        top_trim(heap);
}

/* Joined with its neighbours; what was joined with the last remainder stays it. */
static void chunk_give(struct newlib *heap, uint64_t chunk)
{
    uint64_t bytes = bytes_of(heap, chunk), next = chunk + bytes;
    bool remainder = false;
    if (next == heap->top) {
        top_join(heap, chunk, bytes);
        return;
    }
    head_set(heap, next, bytes_of(heap, next));
    if (!(head_of(heap, chunk) & IN_USE)) {
        uint64_t before = words_get(&heap->words, chunk);
        chunk -= before;
        bytes += before;
        remainder = next_get(heap, chunk) == (BIN | REMAINDER);
        chunk_unlink(heap, chunk);
    }
    if (!in_use(heap, next)) {
        bytes += bytes_of(heap, next);
        remainder |= next_get(heap, next) == (BIN | REMAINDER);
        chunk_unlink(heap, next);
    }
    head_set(heap, chunk, bytes | IN_USE);
    *words_at(&heap->words, chunk + bytes) = bytes;
    if (remainder)
        remainder_link(heap, chunk, bytes);
    else
        bin_link(heap, chunk, bytes);
}

/* Of a chunk that has `all` bytes keeps `bytes`, if the rest can be a chunk. */
static uint64_t chunk_cut(struct newlib *heap, uint64_t chunk, uint64_t all, uint64_t bytes)
{
    uint64_t rest = all - bytes;
    if (rest < heap->least) {
        bytes_set(heap, chunk, all);
        in_use_set(heap, chunk + all);
        return chunk;
    }
    bytes_set(heap, chunk, bytes);
    head_set(heap, chunk + bytes, rest | IN_USE);
    in_use_set(heap, chunk + all);
    chunk_give(heap, chunk + bytes);
    return chunk;
}

static uint64_t chunk_into_top(struct newlib *heap, uint64_t chunk, uint64_t all, uint64_t bytes)
{
    heap->top = chunk + bytes;
    head_set(heap, heap->top, (all - bytes) | IN_USE);
    bytes_set(heap, chunk, bytes);
    return chunk;
}

/* Into the piece behind, the one before, or both; 0: neither is enough. */
static uint64_t chunk_extend(struct newlib *heap, uint64_t chunk, uint64_t had, uint64_t bytes)
{
    uint64_t next = chunk + had, behind = 0, before = 0;
    bool to_top = next == heap->top;
    if (to_top || !in_use(heap, next))
        behind = bytes_of(heap, next);
    if (to_top && behind + had >= bytes + heap->least)
        return chunk_into_top(heap, chunk, behind + had, bytes);
    if (!to_top && behind && behind + had >= bytes) {
        chunk_unlink(heap, next);
        return chunk_cut(heap, chunk, behind + had, bytes);
    }
    if (head_of(heap, chunk) & IN_USE)
        return 0;
    before = words_get(&heap->words, chunk);
    uint64_t to = chunk - before, all = before + had;
    if (to_top && behind + all >= bytes + heap->least) {
        chunk_unlink(heap, to);
        return chunk_into_top(heap, to, behind + all, bytes);
    }
    if (!to_top && behind && behind + all >= bytes) {
        chunk_unlink(heap, next);
        all += behind;
    } else if (all < bytes) {
        return 0;
    }
    chunk_unlink(heap, to);
    return chunk_cut(heap, to, all, bytes);
}

static uint64_t chunk_resize(struct newlib *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t had = bytes_of(heap, chunk), to;
    if (had >= bytes)
        return chunk_cut(heap, chunk, had, bytes);
    to = chunk_extend(heap, chunk, had, bytes);
    if (to)
        return to;
    to = chunk_take(heap, bytes);
    if (to && to == chunk + had)
        return chunk_cut(heap, chunk, had + bytes_of(heap, to), bytes);
    if (to)
        chunk_give(heap, chunk);
    return to;
}

/* A larger chunk, whose front and end go back. */
static uint64_t chunk_aligned(struct newlib *heap, uint64_t bytes, uint64_t align)
{
    align = align > heap->least ? align : heap->least;
    uint64_t all = chunk_for(heap, bytes + align + heap->least), chunk = all ? chunk_take(heap, all) : 0;
    if (!chunk)
        return 0;
    if ((chunk + 2 * heap->word) % align) {
        uint64_t to = round_up(chunk + 2 * heap->word, align) - 2 * heap->word;
        to += to - chunk < heap->least ? align : 0;
        uint64_t rest = chunk + bytes_of(heap, chunk) - to;
        head_set(heap, to, rest | IN_USE);
        in_use_set(heap, to + rest);
        bytes_set(heap, chunk, to - chunk);
        chunk_give(heap, chunk);
        chunk = to;
    }
    uint64_t rest = bytes_of(heap, chunk) - bytes;
    if (rest >= heap->least) {
        head_set(heap, chunk + bytes, rest | IN_USE);
        bytes_set(heap, chunk, bytes);
        chunk_give(heap, chunk + bytes);
    }
    return chunk;
}

static void *newlib_begin(const struct simulator_arena *arena, struct error *error)
{
    uint64_t word = arena->pointer_bytes ? arena->pointer_bytes : 4, page = simulator_option(arena, "page", 4096);
    struct sbrk sbrk;
    if (!sbrk_begin(&sbrk, arena->regions, (uint32_t)word, error))
        return NULL;
    if ((word != 4 && word != 8) || page < 64 || page & (page - 1) || page > INT32_MAX) {
        error_set(error, ERROR_USAGE, "newlib's malloc is modelled with pointers of 4 or 8 bytes, and pages of a power of two from 64 on");
        return NULL;
    }
    struct newlib *heap = memory_new(1, sizeof *heap);
    *heap = (struct newlib){.sbrk = sbrk, .word = word, .align = 2 * word, .least = 4 * word, .page = page};
    heap->trim = simulator_option(arena, "trim", 128 * 1024);
    heap->pad = simulator_option(arena, "pad", 0) & INT32_MAX;
    for (unsigned index = 0; index < BINS; index++)
        heap->bins[index] = (struct newlib_bin){BIN | index, BIN | index};
    words_begin(&heap->words, sbrk.start, sbrk.end - sbrk.start + 4 * word, (unsigned)word);
    return heap;
}

static void newlib_end(void *context)
{
    struct newlib *heap = context;
    words_done(&heap->words);
    map_done(&heap->fences);
    memory_free(heap);
}

static uint64_t block_note(struct newlib *heap, uint64_t chunk)
{
    if (!chunk)
        return 0;
    heap->used += bytes_of(heap, chunk) - heap->word;
    heap->blocks++;
    return chunk + 2 * heap->word;
}

static uint64_t newlib_alloc(void *context, uint64_t size, uint64_t align)
{
    struct newlib *heap = context;
    uint64_t bytes = chunk_for(heap, size);
    if (!bytes || align > INT32_MAX)
        return 0;
    return block_note(heap, align > heap->align ? chunk_aligned(heap, bytes, align) : chunk_take(heap, bytes));
}

static void newlib_free(void *context, uint64_t address)
{
    struct newlib *heap = context;
    uint64_t chunk = address - 2 * heap->word;
    heap->used -= bytes_of(heap, chunk) - heap->word;
    heap->blocks--;
    chunk_give(heap, chunk);
}

static uint64_t newlib_resize(void *context, uint64_t address, uint64_t size)
{
    struct newlib *heap = context;
    uint64_t bytes = chunk_for(heap, size), chunk = address - 2 * heap->word, had = bytes_of(heap, chunk) - heap->word, to = bytes ? chunk_resize(heap, chunk, bytes) : 0;
    if (!to)
        return 0;
    heap->used -= had;
    heap->blocks--;
    return block_note(heap, to);
}

static void newlib_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct newlib *heap = context;
    *taken = bytes_of(heap, address - 2 * heap->word);
    *usable = *taken - heap->word;
}

/* The greatest request that the top grants without more from the system. */
static uint64_t top_usable(const struct newlib *heap)
{
    uint64_t all = heap->top ? bytes_of(heap, heap->top) : 0;
    return all < 2 * heap->least ? 0 : ((all - heap->least) & ~(heap->align - 1)) - heap->word;
}

static uint64_t largest_piece(const struct newlib *heap)
{
    uint64_t most = 0;
    for (unsigned index = BINS - 1; index > REMAINDER && !most; index--)
        most = heap->bins[index].next & BIN ? 0 : bytes_of(heap, heap->bins[index].next) - heap->word;
    uint64_t remainder = heap->bins[REMAINDER].next, top = top_usable(heap);
    if (!(remainder & BIN) && bytes_of(heap, remainder) - heap->word > most)
        most = bytes_of(heap, remainder) - heap->word;
    return top > most ? top : most;
}

static void newlib_use(const void *context, struct arena_use *use)
{
    const struct newlib *heap = context;
    uint64_t top = top_usable(heap);
    *use = (struct arena_use){
        .total = heap->sbrk.top - heap->sbrk.start,
        .used = heap->used,
        .free = heap->free - heap->pieces * heap->word + top,
        .largest = largest_piece(heap),
        .blocks = heap->blocks,
        .pieces = heap->pieces + (top ? 1 : 0),
    };
    use->overhead = use->total - use->used - use->free;
}

struct newlib_told {
    void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind);
    void *context;
    uint64_t at; /* told up to here */
};

/* A chunk's owner has it from behind its head up to behind the next one's first word. */
static void tell_to(struct newlib_told *told, uint64_t end, enum arena_piece kind)
{
    if (end > told->at)
        told->piece(told->context, told->at, end - told->at, kind);
    told->at = end;
}

static void newlib_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct newlib *heap = context;
    struct newlib_told told = {piece, to, heap->sbrk.start};
    for (uint64_t chunk = heap->base; chunk && chunk != heap->top;) {
        const uint64_t *behind = map_get(&heap->fences, chunk);
        uint64_t bytes = bytes_of(heap, chunk);
        if (!behind) {
            tell_to(&told, chunk + 2 * heap->word, ARENA_OVERHEAD);
            tell_to(&told, chunk + bytes + heap->word, in_use(heap, chunk) ? ARENA_USED : ARENA_FREE);
        }
        chunk = behind ? *behind : chunk + bytes;
    }
    if (top_usable(heap)) {
        tell_to(&told, heap->top + 2 * heap->word, ARENA_OVERHEAD);
        tell_to(&told, heap->top + 2 * heap->word + top_usable(heap), ARENA_FREE);
    }
    tell_to(&told, heap->sbrk.top, ARENA_OVERHEAD);
}

const struct simulator simulator_newlib = {
    .name = "newlib",
    .title = "newlib 3.3.0 (dlmalloc 2.6.5)",
    .source = "newlib newlib/libc/stdlib/mallocr.c, 3.3.0",
    .option_help = "page=BYTES: memory comes in pages of BYTES (4096; 128 where newlib was built for small memories)\n"
                   "trim=BYTES: a top of BYTES is given back (131072)\n"
                   "pad=BYTES: what is asked for beside what is needed (0)",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .grows = true,
    .aligns = true,
    .begin = newlib_begin,
    .end = newlib_end,
    .alloc = newlib_alloc,
    .resize = newlib_resize,
    .free = newlib_free,
    .measure = newlib_measure,
    .use = newlib_use,
    .walk = newlib_walk,
};
