/* newlib_nano: in requests, out the addresses of newlib's small malloc (--specs=nano.specs): first fit from a list in order of address, the upper part of a piece
 * is given, and sbrk() is asked for exactly what is missing. A block's payload is aligned to 8 within its chunk; what that costs stands before it. */
#include "gaps.h"
#include "words.h"
#include "sbrk.h"
#include "host/base/memory.h"

enum { ALIGN = 8 };

struct newlib_nano {
    struct sbrk sbrk;
    struct words words; /* a chunk's first word is its bytes, with HOLE set where they are lost; before a block that is moved up, the word there is MOVED | by how much */
    struct gaps gaps;
    uint64_t word, head, padding, least, mask; /* head: up to where a chunk's payload may begin; mask: of size_t */
    uint64_t first;                            /* the first chunk; 0: none */
    uint64_t used, blocks;
};

static const uint64_t MOVED = UINT64_C(1) << 63, HOLE = UINT64_C(1) << 62;

static uint64_t chunk_bytes(const struct newlib_nano *heap, uint64_t chunk)
{
    return words_get(&heap->words, chunk);
}

static uint64_t block_chunk(const struct newlib_nano *heap, uint64_t block)
{
    uint64_t value = words_get(&heap->words, block - heap->head);
    return block - heap->head - (value & MOVED ? value & ~MOVED : 0);
}

static uint64_t block_usable(const struct newlib_nano *heap, uint64_t block)
{
    uint64_t chunk = block_chunk(heap, block);
    return chunk + chunk_bytes(heap, chunk) - block;
}

/* Where aligning the break succeeds only in part, the bytes that were got before are lost. */
static uint64_t chunk_from_system(struct newlib_nano *heap, uint64_t bytes)
{
    uint64_t at = sbrk_more(&heap->sbrk, bytes);
    if (at == SBRK_REFUSED)
        return 0;
    uint64_t chunk = round_up(at, heap->word);
    if (!heap->first)
        heap->first = chunk;
    if (chunk != at && sbrk_more(&heap->sbrk, chunk - at) == SBRK_REFUSED) {
        *words_at(&heap->words, chunk) = (round_up(at + bytes, heap->word) - chunk) | HOLE;
        return 0;
    }
    *words_at(&heap->words, chunk) = bytes;
    return chunk;
}

static uint64_t chunk_from_gap(struct newlib_nano *heap, struct gap gap, uint64_t bytes)
{
    uint64_t rest = gap.bytes - bytes;
    gaps_remove(&heap->gaps, gap.address);
    if (rest < heap->least)
        return gap.address;
    gaps_add(&heap->gaps, gap.address, rest);
    *words_at(&heap->words, gap.address) = rest;
    *words_at(&heap->words, gap.address + rest) = bytes;
    return gap.address + rest;
}

static uint64_t chunk_take(struct newlib_nano *heap, uint64_t size)
{
    uint64_t bytes = (round_up(size, heap->word) + heap->padding + heap->head) & heap->mask;
    bytes = bytes > heap->least ? bytes : heap->least;
    if (size > heap->mask || bytes >= UINT64_C(0x80000000) || bytes < size)
        return 0;
    struct gap gap = gaps_fit(&heap->gaps, bytes);
    return gap.bytes ? chunk_from_gap(heap, gap, bytes) : chunk_from_system(heap, bytes);
}

static uint64_t block_note(struct newlib_nano *heap, uint64_t chunk, uint64_t block)
{
    uint64_t by = block - heap->head - chunk;
    if (by)
        *words_at(&heap->words, block - heap->head) = MOVED | by;
    for (uint64_t at = chunk + heap->word; at < chunk + heap->least; at += heap->word) { /* what walk may not take for this block's */
        if (at != block - heap->head && words_get(&heap->words, at) & MOVED)
            *words_at(&heap->words, at) = 0;
    }
    heap->used += block_usable(heap, block);
    heap->blocks++;
    return block;
}

static void chunk_give(struct newlib_nano *heap, uint64_t chunk, uint64_t bytes)
{
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
    gaps_add(&heap->gaps, chunk, bytes);
    *words_at(&heap->words, chunk) = bytes;
}

static void *newlib_nano_begin(const struct simulator_arena *arena, struct error *error)
{
    uint64_t word = arena->pointer_bytes ? arena->pointer_bytes : 4;
    struct sbrk sbrk;
    if (!sbrk_begin(&sbrk, arena->regions, (uint32_t)word, error))
        return NULL;
    struct newlib_nano *heap = memory_new(1, sizeof *heap);
    heap->sbrk = sbrk;
    words_begin(&heap->words, sbrk.start, sbrk.end - sbrk.start, (unsigned)word);
    heap->word = word;
    heap->mask = word == 8 ? UINT64_MAX : (UINT64_C(1) << word * 8) - 1;
    heap->head = word < 4 ? 4 : word; /* a long */
    heap->padding = ALIGN - word;
    heap->least = heap->head + heap->padding + word;
    return heap;
}

static void newlib_nano_end(void *context)
{
    struct newlib_nano *heap = context;
    gaps_done(&heap->gaps);
    words_done(&heap->words);
    memory_free(heap);
}

/* Front and end of a larger chunk go back where a chunk can be made of them. */
static uint64_t block_aligned(struct newlib_nano *heap, uint64_t size, uint64_t align)
{
    uint64_t bytes = round_up(size > heap->word ? size : heap->word, heap->word) & heap->mask;
    uint64_t chunk = bytes > heap->mask - align ? 0 : chunk_take(heap, bytes + align - ALIGN); /* the real one overflows there, and spoils its heap */
    if (!chunk)
        return 0;
    uint64_t block = round_up(chunk + heap->head, align), front = block - heap->head - chunk, all = chunk_bytes(heap, chunk);
    if (front >= heap->least) {
        chunk += front;
        all -= front;
        *words_at(&heap->words, chunk) = all;
        chunk_give(heap, chunk - front, front);
    }
    if (chunk + all > block + bytes + heap->least) {
        *words_at(&heap->words, chunk) = block + bytes - chunk;
        chunk_give(heap, block + bytes, chunk + all - block - bytes);
    }
    return block_note(heap, chunk, block);
}

static uint64_t newlib_nano_alloc(void *context, uint64_t size, uint64_t align)
{
    struct newlib_nano *heap = context;
    if (align)
        return size > heap->mask || align > heap->mask ? 0 : block_aligned(heap, size, align > ALIGN ? align : ALIGN);
    uint64_t chunk = chunk_take(heap, size);
    return chunk ? block_note(heap, chunk, round_up(chunk + heap->head, ALIGN)) : 0;
}

static void newlib_nano_free(void *context, uint64_t address)
{
    struct newlib_nano *heap = context;
    uint64_t chunk = block_chunk(heap, address);
    heap->used -= block_usable(heap, address);
    heap->blocks--;
    chunk_give(heap, chunk, chunk_bytes(heap, chunk));
}

static uint64_t newlib_nano_resize(void *context, uint64_t address, uint64_t size)
{
    struct newlib_nano *heap = context;
    if (block_usable(heap, address) >= size)
        return address;
    uint64_t block = newlib_nano_alloc(heap, size, 0);
    if (block)
        newlib_nano_free(heap, address);
    return block;
}

static void newlib_nano_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    *taken = chunk_bytes(context, block_chunk(context, address));
    *usable = block_usable(context, address);
}

static void newlib_nano_use(const void *context, struct arena_use *use)
{
    const struct newlib_nano *heap = context;
    uint64_t extra = heap->head + heap->padding, most = gaps_largest(&heap->gaps);
    *use = (struct arena_use){
        .total = heap->sbrk.top - heap->sbrk.start,
        .used = heap->used,
        .free = heap->gaps.bytes - heap->gaps.pieces * extra,
        .largest = most ? most - extra : 0,
        .blocks = heap->blocks,
        .pieces = heap->gaps.pieces,
    };
    use->overhead = use->total - use->used - use->free;
}

/* A live block stands where malloc would put it, or where the word before says so. */
static uint64_t chunk_block(const struct newlib_nano *heap, uint64_t chunk)
{
    uint64_t end = chunk + chunk_bytes(heap, chunk);
    for (uint64_t at = chunk + heap->word; at + heap->head < end && at < chunk + heap->least; at += heap->word) {
        if (words_get(&heap->words, at) == (MOVED | (at - chunk)))
            return at + heap->head;
    }
    return chunk + heap->head;
}

static void newlib_nano_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct newlib_nano *heap = context;
    uint64_t at = heap->first ? heap->first : heap->sbrk.top, extra = heap->head + heap->padding;
    if (at > heap->sbrk.start)
        piece(to, heap->sbrk.start, at - heap->sbrk.start, ARENA_OVERHEAD);
    while (at < heap->sbrk.top) {
        uint64_t bytes = chunk_bytes(heap, at), free = gaps_from(&heap->gaps, at).address == at, block = free ? at + extra : chunk_block(heap, at);
        if (bytes & HOLE) {
            bytes &= ~HOLE;
            bytes = bytes < heap->sbrk.top - at ? bytes : heap->sbrk.top - at;
            piece(to, at, bytes, ARENA_OVERHEAD);
        } else {
            piece(to, at, block - at, ARENA_OVERHEAD);
            piece(to, block, at + bytes - block, free ? ARENA_FREE : ARENA_USED);
        }
        at += bytes;
    }
}

const struct simulator simulator_newlib_nano = {
    .name = "newlib-nano",
    .title = "newlib-nano 3.3.0",
    .source = "newlib newlib/libc/stdlib/nano-mallocr.c, 3.3.0",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .grows = true,
    .aligns = true,
    .begin = newlib_nano_begin,
    .end = newlib_nano_end,
    .alloc = newlib_nano_alloc,
    .resize = newlib_nano_resize,
    .free = newlib_nano_free,
    .measure = newlib_nano_measure,
    .use = newlib_nano_use,
    .walk = newlib_nano_walk,
};
