/* picolibc: in requests, out the addresses of picolibc's malloc, of 1.8 and as it is in 2026: first fit from a list in order of address, the lower part of a piece is
 * given, the last piece grows at the break. The later one has a smaller head, and can keep pieces up to some size in lists of powers of two. */
#include "gaps.h"
#include "sbrk.h"
#include "words.h"
#include "host/base/memory.h"

enum { BUCKET_LEAST = 4, BUCKET_MOST = 10, BUCKETS = BUCKET_MOST - BUCKET_LEAST + 1 }; /* as powers of two */

struct picolibc {
    struct sbrk sbrk;
    struct words words; /* a chunk's first word is its bytes, with FREE or HOLE (lost) set; of a free one in a bucket the second is the next one there */
    struct gaps gaps;
    bool main;                             /* the rules of 2026 */
    uint64_t word, align, least, mask;     /* least bytes of a chunk; mask: of size_t */
    uint64_t bucket_most, buckets[BUCKETS]; /* bytes of the largest chunk that is kept in a bucket, 0: none is; first chunk of each */
    uint64_t bucket_pieces, bucket_bytes;
    uint64_t first; /* the first chunk; 0: none */
    uint64_t used, blocks;
};

static const uint64_t FREE = UINT64_C(1) << 63, HOLE = UINT64_C(1) << 62;

static uint64_t chunk_bytes(const struct picolibc *heap, uint64_t chunk)
{
    return words_get(&heap->words, chunk) & ~(FREE | HOLE);
}

static void chunk_set(struct picolibc *heap, uint64_t chunk, uint64_t bytes)
{
    *words_at(&heap->words, chunk) = bytes;
}

/* Of a chunk for a request. */
static uint64_t chunk_for(const struct picolibc *heap, uint64_t size)
{
    uint64_t bytes = heap->main ? round_up(size + heap->word, heap->align) : round_up(size, heap->align) + heap->align;
    return bytes > heap->least ? bytes : heap->least;
}

static uint64_t request_most(const struct picolibc *heap)
{
    return heap->main ? heap->mask - 2 * heap->align - heap->word : heap->mask - heap->word - 2 * heap->align;
}

static unsigned bucket_of(const struct picolibc *heap, uint64_t bytes)
{
    unsigned power = BUCKET_LEAST;
    while (power < BUCKET_MOST && bytes - round_up(heap->word, heap->align) > UINT64_C(1) << power)
        power++;
    return power - BUCKET_LEAST;
}

static uint64_t bucket_bytes(const struct picolibc *heap, unsigned bucket)
{
    return (UINT64_C(1) << (bucket + BUCKET_LEAST)) + round_up(heap->word, heap->align);
}

static bool is_bucket(const struct picolibc *heap, uint64_t bytes)
{
    return bytes <= heap->bucket_most && bytes == bucket_bytes(heap, bucket_of(heap, bytes));
}

static void bucket_put(struct picolibc *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t *first = &heap->buckets[bucket_of(heap, bytes)];
    *words_at(&heap->words, chunk) = bytes | FREE;
    *words_at(&heap->words, chunk + heap->word) = *first;
    *first = chunk;
    heap->bucket_pieces++;
    heap->bucket_bytes += bytes;
}

static uint64_t bucket_take(struct picolibc *heap, unsigned bucket)
{
    uint64_t chunk = heap->buckets[bucket];
    if (chunk) {
        heap->buckets[bucket] = words_get(&heap->words, chunk + heap->word);
        heap->bucket_pieces--;
        heap->bucket_bytes -= chunk_bytes(heap, chunk);
    }
    return chunk;
}

static void piece_add(struct picolibc *heap, uint64_t chunk, uint64_t bytes)
{
    if (is_bucket(heap, bytes)) {
        bucket_put(heap, chunk, bytes);
        return;
    }
    gaps_add(&heap->gaps, chunk, bytes);
    chunk_set(heap, chunk, bytes | FREE);
}

/* A piece of a bucket's size is never joined with others. */
static void chunk_give(struct picolibc *heap, uint64_t chunk, uint64_t bytes)
{
    if (!is_bucket(heap, bytes)) {
        struct gap before = gaps_before(&heap->gaps, chunk), after = gaps_from(&heap->gaps, chunk);
        if (before.bytes && before.address + before.bytes == chunk) {
            gaps_remove(&heap->gaps, before.address);
            chunk = before.address;
            bytes += before.bytes;
        }
        if (after.bytes && chunk + bytes == after.address) {
            gaps_remove(&heap->gaps, after.address);
            bytes += after.bytes;
        }
    }
    piece_add(heap, chunk, bytes);
}

/* What aligns the break comes second; without it the bytes that were got before are lost. */
static uint64_t chunk_from_sbrk(struct picolibc *heap, uint64_t bytes)
{
    uint64_t at = bytes > heap->mask / 2 ? SBRK_REFUSED : sbrk_more(&heap->sbrk, bytes);
    if (at == SBRK_REFUSED)
        return 0;
    uint64_t chunk = round_up(at + heap->word, heap->align) - heap->word, hole = round_up(at, heap->word);
    bool lost = chunk != at && sbrk_more(&heap->sbrk, chunk - at) == SBRK_REFUSED;
    if (lost)
        chunk_set(heap, hole, (round_up(at + bytes, heap->word) - hole) | HOLE);
    else if (heap->first && chunk != hole)
        chunk_set(heap, hole, (chunk - hole) | HOLE);
    if (!heap->first)
        heap->first = lost ? hole : chunk;
    if (lost)
        return 0;
    chunk_set(heap, chunk, bytes);
    return chunk;
}

/* At least the least chunk is asked for, so the chunk may become larger than `bytes`. */
static bool chunk_grow(struct picolibc *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t had = chunk_bytes(heap, chunk), more = bytes - had;
    if (chunk + had != heap->sbrk.top || !chunk_from_sbrk(heap, more > heap->least ? more : heap->least))
        return false;
    chunk_set(heap, chunk, had + (more > heap->least ? more : heap->least));
    return true;
}

static uint64_t chunk_from_gap(struct picolibc *heap, struct gap gap, uint64_t bytes)
{
    gaps_remove(&heap->gaps, gap.address);
    chunk_set(heap, gap.address, gap.bytes);
    if (gap.bytes - bytes >= heap->least) {
        chunk_set(heap, gap.address, bytes);
        piece_add(heap, gap.address + bytes, gap.bytes - bytes);
    }
    return gap.address;
}

static uint64_t chunk_from_list(struct picolibc *heap, uint64_t bytes)
{
    struct gap gap = gaps_fit(&heap->gaps, bytes), last = gaps_last(&heap->gaps);
    if (gap.bytes)
        return chunk_from_gap(heap, gap, bytes);
    /* That of 2026 reads where the piece ends with the bit in it that says it is free: never the break. */
    if (heap->main || !last.bytes || !chunk_grow(heap, last.address, bytes))
        return 0;
    gaps_remove(&heap->gaps, last.address);
    return last.address;
}

static uint64_t chunk_take(struct picolibc *heap, uint64_t size)
{
    uint64_t chunk, bytes = chunk_for(heap, size);
    if (size > request_most(heap))
        return 0;
    if (bytes <= heap->bucket_most) {
        bytes = bucket_bytes(heap, bucket_of(heap, bytes));
        chunk = bucket_take(heap, bucket_of(heap, bytes));
    } else {
        chunk = chunk_from_list(heap, bytes);
    }
    if (!chunk)
        chunk = chunk_from_sbrk(heap, bytes);
    if (chunk)
        chunk_set(heap, chunk, chunk_bytes(heap, chunk));
    return chunk;
}

static void note(struct picolibc *heap, uint64_t chunk, int sign)
{
    uint64_t usable = chunk_bytes(heap, chunk) - heap->word;
    heap->used += sign > 0 ? usable : 0 - usable;
    heap->blocks += (uint64_t)(int64_t)sign;
}

static void *picolibc_begin(const struct simulator_arena *arena, bool main, struct error *error)
{
    uint64_t word = arena->pointer_bytes ? arena->pointer_bytes : 4, align = arena->align_bytes ? arena->align_bytes : main && word == 8 ? 16 : 8;
    struct sbrk sbrk;
    if (!sbrk_begin(&sbrk, arena->regions, (uint32_t)word, error))
        return NULL;
    if (align < word || align & (align - 1) || align > 4096) {
        error_set(error, ERROR_USAGE, "picolibc aligns to a power of two from %u to 4096, not to %llu", (unsigned)word, (unsigned long long)align);
        return NULL;
    }
    struct picolibc *heap = memory_new(1, sizeof *heap);
    *heap = (struct picolibc){.sbrk = sbrk, .main = main, .word = word, .align = align};
    words_begin(&heap->words, sbrk.start, sbrk.end - sbrk.start, (unsigned)word);
    heap->mask = word == 8 ? UINT64_MAX : (UINT64_C(1) << word * 8) - 1;
    heap->least = main ? round_up(2 * word, align) : 2 * word;
    uint64_t most = main ? simulator_option(arena, "buckets", 0) : 0;
    for (unsigned bucket = 0; most && bucket < BUCKETS && !heap->bucket_most; bucket++)
        heap->bucket_most = UINT64_C(1) << (bucket + BUCKET_LEAST) >= most || bucket + 1 == BUCKETS ? bucket_bytes(heap, bucket) : 0;
    return heap;
}

static void *picolibc_1_8_begin(const struct simulator_arena *arena, struct error *error)
{
    return picolibc_begin(arena, false, error);
}

static void *picolibc_main_begin(const struct simulator_arena *arena, struct error *error)
{
    return picolibc_begin(arena, true, error);
}

static void picolibc_end(void *context)
{
    struct picolibc *heap = context;
    gaps_done(&heap->gaps);
    words_done(&heap->words);
    memory_free(heap);
}

/* A larger chunk, whose front and end go back. */
static uint64_t chunk_aligned(struct picolibc *heap, uint64_t size, uint64_t align)
{
    uint64_t least_align = heap->main ? BUCKET_LEAST : heap->least, most = request_most(heap);
    align = align > least_align ? align : least_align;
    if (align > most || size > most - align)
        return 0;
    uint64_t bytes = heap->main ? chunk_for(heap, size) : round_up(size ? size : 1, heap->align), chunk;
    if (bytes > most - align - heap->least || !(chunk = chunk_take(heap, bytes + align + heap->least)))
        return 0;
    uint64_t all = chunk_bytes(heap, chunk), front = round_up(chunk + heap->word, align) - heap->word - chunk;
    if (front) {
        front += front < heap->least ? align : 0;
        chunk_set(heap, chunk + front, all - front);
        chunk_give(heap, chunk, front);
        chunk += front;
        all -= front;
    }
    uint64_t keep = heap->main ? bytes : chunk_for(heap, bytes);
    if (all - keep >= heap->least) {
        chunk_set(heap, chunk, keep);
        chunk_give(heap, chunk + keep, all - keep);
    }
    return chunk;
}

static uint64_t picolibc_alloc(void *context, uint64_t size, uint64_t align)
{
    struct picolibc *heap = context;
    if (size > heap->mask || align > heap->mask)
        return 0;
    uint64_t chunk = align ? chunk_aligned(heap, size, align) : chunk_take(heap, size);
    if (!chunk)
        return 0;
    note(heap, chunk, 1);
    return chunk + heap->word;
}

static void picolibc_free(void *context, uint64_t address)
{
    struct picolibc *heap = context;
    uint64_t chunk = address - heap->word;
    note(heap, chunk, -1);
    chunk_give(heap, chunk, chunk_bytes(heap, chunk));
}

/* At the break or into the piece behind, even where that is not enough. The bytes that it may use. */
static uint64_t chunk_extend(struct picolibc *heap, uint64_t chunk, uint64_t bytes)
{
    if (chunk_grow(heap, chunk, bytes))
        return bytes;
    uint64_t had = chunk_bytes(heap, chunk);
    struct gap after = gaps_from(&heap->gaps, chunk);
    /* The list of 2026 has payloads, whose addresses the end of a chunk never equals. */
    if (!heap->main && after.bytes && after.address == chunk + had) {
        gaps_remove(&heap->gaps, after.address);
        chunk_set(heap, chunk, had += after.bytes);
    }
    return had;
}

static uint64_t picolibc_resize(void *context, uint64_t address, uint64_t size)
{
    struct picolibc *heap = context;
    if (size > request_most(heap))
        return 0;
    uint64_t chunk = address - heap->word, bytes = chunk_for(heap, size), had = chunk_bytes(heap, chunk);
    bool fixed = is_bucket(heap, had);
    note(heap, chunk, -1);
    if (!fixed && bytes > had)
        had = chunk_extend(heap, chunk, bytes);
    if (bytes <= had && !fixed && had - bytes >= heap->least) {
        chunk_set(heap, chunk, bytes);
        chunk_give(heap, chunk + bytes, had - bytes);
    }
    note(heap, chunk, 1);
    if (bytes <= had)
        return address;
    uint64_t block = picolibc_alloc(heap, size, 0);
    if (block)
        picolibc_free(heap, address);
    return block;
}

static void picolibc_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct picolibc *heap = context;
    *taken = chunk_bytes(heap, address - heap->word);
    *usable = *taken - heap->word;
}

static uint64_t largest_piece(const struct picolibc *heap)
{
    uint64_t most = gaps_largest(&heap->gaps);
    if (most <= heap->bucket_most)
        most = 0; /* such requests are served from buckets only */
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        if (heap->buckets[bucket] && bucket_bytes(heap, bucket) > most)
            most = bucket_bytes(heap, bucket);
    }
    return most;
}

static void picolibc_use(const void *context, struct arena_use *use)
{
    const struct picolibc *heap = context;
    uint64_t most = largest_piece(heap), pieces = heap->gaps.pieces + heap->bucket_pieces;
    *use = (struct arena_use){
        .total = heap->sbrk.top - heap->sbrk.start,
        .used = heap->used,
        .free = heap->gaps.bytes + heap->bucket_bytes - pieces * heap->word,
        .blocks = heap->blocks,
        .pieces = pieces,
    };
    /* Of 1.8 a chunk costs its alignment, though all but its head can be used. */
    if (most)
        use->largest = heap->main ? most - heap->word : (most & ~(heap->align - 1)) - heap->align;
    use->overhead = use->total - use->used - use->free;
}

static void picolibc_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct picolibc *heap = context;
    uint64_t at = heap->first ? heap->first : heap->sbrk.top;
    if (at > heap->sbrk.start)
        piece(to, heap->sbrk.start, at - heap->sbrk.start, ARENA_OVERHEAD);
    while (at < heap->sbrk.top) {
        uint64_t value = words_get(&heap->words, at), bytes = chunk_bytes(heap, at);
        bytes = bytes < heap->sbrk.top - at ? bytes : heap->sbrk.top - at;
        piece(to, at, value & HOLE ? bytes : heap->word, ARENA_OVERHEAD);
        if (!(value & HOLE))
            piece(to, at + heap->word, bytes - heap->word, value & FREE ? ARENA_FREE : ARENA_USED);
        at += bytes;
    }
}

const struct simulator simulator_picolibc_1_8 = {
    .name = "picolibc-1.8",
    .title = "picolibc 1.8",
    .source = "picolibc newlib/libc/stdlib/nano-mallocr.c, 1.8",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 1,
    .grows = true,
    .aligns = true,
    .begin = picolibc_1_8_begin,
    .end = picolibc_end,
    .alloc = picolibc_alloc,
    .resize = picolibc_resize,
    .free = picolibc_free,
    .measure = picolibc_measure,
    .use = picolibc_use,
    .walk = picolibc_walk,
};

const struct simulator simulator_picolibc = {
    .name = "picolibc",
    .title = "picolibc (main, August 2026)",
    .source = "picolibc libc/stdlib/malloc.c, free.c, realloc.c and memalign.c, commit 630c45e",
    .option_help = "buckets=BYTES: keep pieces up to BYTES in lists of powers of two, at most 1024 (__MALLOC_SMALL_BUCKET; usually 0)",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 1,
    .grows = true,
    .aligns = true,
    .begin = picolibc_main_begin,
    .end = picolibc_end,
    .alloc = picolibc_alloc,
    .resize = picolibc_resize,
    .free = picolibc_free,
    .measure = picolibc_measure,
    .use = picolibc_use,
    .walk = picolibc_walk,
};
