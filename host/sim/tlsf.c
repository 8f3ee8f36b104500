/* tlsf: in sizes, out tiles as Two-Level Segregated Fit gives them. */
#include "tlsf.h"

static uint32_t tlsf_log2(uint64_t size)
{
    return 63 - (uint32_t)__builtin_clzll(size);
}

/* The least that a block may have behind its header: two links, and the word that its successor's header begins with. */
static uint64_t tlsf_least(const struct tlsf *tlsf)
{
    return 3 * (uint64_t)tlsf->word;
}

/* Classes rise with size: the number's upper bits are the first level, the lower the second. */
static uint32_t tlsf_class(const struct tlsf *tlsf, uint64_t size)
{
    if (size >> tlsf->shift == 0)
        return (uint32_t)(size >> tlsf->align_log2);
    uint32_t log2 = tlsf_log2(size), sub = (uint32_t)(size >> (log2 - tlsf->sub_log2)) ^ 1u << tlsf->sub_log2;
    return (log2 - tlsf->shift + 1) << tlsf->sub_log2 | sub;
}

static uint64_t tlsf_class_floor(const struct tlsf *tlsf, uint32_t class)
{
    uint32_t top = class >> tlsf->sub_log2, sub = class & ((1u << tlsf->sub_log2) - 1);
    if (!top)
        return (uint64_t)sub << tlsf->align_log2;
    return (uint64_t)(sub | 1u << tlsf->sub_log2) << (top + tlsf->shift - 1 - tlsf->sub_log2);
}

static uint64_t tlsf_block(const struct tlsf *tlsf, uint32_t i)
{
    return tlsf->tiles->at[i].bytes - tlsf->word;
}

static void tlsf_link(struct tlsf *tlsf, uint32_t i)
{
    uint32_t class = tlsf_class(tlsf, tlsf_block(tlsf, i)), top = class >> tlsf->sub_log2, *head = &tlsf->heads[class];
    struct tile *tile = &tlsf->tiles->at[i];
    tile->last = 0;
    tile->next = *head;
    tlsf->tiles->at[*head].last = i;
    *head = i;
    tlsf->top_map |= 1u << top;
    tlsf->sub_map[top] |= 1u << (class & ((1u << tlsf->sub_log2) - 1));
}

static void tlsf_unlink(struct tlsf *tlsf, uint32_t i)
{
    uint32_t class = tlsf_class(tlsf, tlsf_block(tlsf, i)), top = class >> tlsf->sub_log2;
    const struct tile *tile = &tlsf->tiles->at[i];
    tlsf->tiles->at[tile->next].last = tile->last;
    if (tile->last) {
        tlsf->tiles->at[tile->last].next = tile->next;
        return;
    }
    tlsf->heads[class] = tile->next;
    if (tile->next)
        return;
    tlsf->sub_map[top] &= ~(1u << (class & ((1u << tlsf->sub_log2) - 1)));
    if (!tlsf->sub_map[top])
        tlsf->top_map &= ~(1u << top);
}

/* A request as the bytes of a block; 0: more than any has. Sums wrap as those of the target do. */
static uint64_t tlsf_adjust(const struct tlsf *tlsf, uint64_t size, uint64_t align)
{
    uint64_t mask = tlsf->word == 4 ? UINT32_MAX : UINT64_MAX, aligned = (size + align - 1) & ~(align - 1) & mask, least = tlsf_least(tlsf);
    if (!size || size > mask || aligned >> tlsf->top_log2)
        return 0;
    return aligned < least ? least : aligned;
}

/* A free tile taken off its list; *size is then what a block of this class has, if the allocator keeps that. */
static uint32_t tlsf_locate(struct tlsf *tlsf, uint64_t *size)
{
    uint64_t wanted = *size;
    if (!wanted)
        return 0;
    if (wanted >> tlsf->shift) {
        uint64_t most = (UINT64_C(1) << (tlsf_log2(wanted) - tlsf->sub_log2)) - 1;
        wanted = (wanted + most) & ~most;
        *size = tlsf->keeps_rounding ? wanted : *size;
    }
    uint32_t class = tlsf_class(tlsf, wanted), top = class >> tlsf->sub_log2;
    if (top >= tlsf->tops)
        return 0;
    uint32_t subs = tlsf->sub_map[top] & ~0u << (class & ((1u << tlsf->sub_log2) - 1));
    if (!subs) {
        uint32_t tops = (uint32_t)(tlsf->top_map & ~UINT64_C(0) << (top + 1));
        if (!tops)
            return 0;
        top = (uint32_t)__builtin_ctz(tops);
        subs = tlsf->sub_map[top];
    }
    uint32_t i = tlsf->heads[top << tlsf->sub_log2 | (uint32_t)__builtin_ctz(subs)];
    tlsf_unlink(tlsf, i);
    return i;
}

static bool tlsf_can_split(const struct tlsf *tlsf, uint32_t i, uint64_t size)
{
    return tlsf_block(tlsf, i) >= tlsf_least(tlsf) + tlsf->word + size;
}

/* A tile off its list is given for `size` bytes: what is left of it goes on the list. */
static uint32_t tlsf_give(struct tlsf *tlsf, uint32_t i, uint64_t size)
{
    if (tlsf_can_split(tlsf, i, size))
        tlsf_link(tlsf, tiles_split(tlsf->tiles, i, tlsf->word + size));
    tiles_mark(tlsf->tiles, i, TILE_USED);
    return i;
}

uint32_t tlsf_alloc(struct tlsf *tlsf, uint64_t size)
{
    uint64_t bytes = tlsf_adjust(tlsf, size, UINT64_C(1) << tlsf->align_log2);
    uint32_t i = tlsf_locate(tlsf, &bytes);
    return i ? tlsf_give(tlsf, i, bytes) : 0;
}

/* How far from `at` the aligned address is: nothing, or enough for a free block before it. */
static uint64_t tlsf_gap(uint64_t at, uint64_t align, uint64_t offset, uint64_t gap_least, bool is_base_enough)
{
    uint64_t gap = -at & (align - 1);
    if ((gap && gap < gap_least) || (!gap && offset && !is_base_enough)) {
        uint64_t missing = gap_least - gap;
        gap += missing > align ? missing : align;
        gap += -(at + gap) & (align - 1);
    }
    return gap;
}

uint32_t tlsf_alloc_aligned(struct tlsf *tlsf, uint64_t size, uint64_t align, uint64_t offset)
{
    uint64_t unit = UINT64_C(1) << tlsf->align_log2, bytes = tlsf_adjust(tlsf, size, unit);
    uint64_t before = (offset + unit - 1) & ~(unit - 1), gap_least = tlsf_least(tlsf) + tlsf->word + before;
    bool is_base_enough = align <= unit;
    uint64_t room = bytes && !is_base_enough ? tlsf_adjust(tlsf, bytes + align + gap_least - before, align) : bytes;
    uint32_t i = tlsf_locate(tlsf, &room);
    if (!i)
        return 0;
    uint64_t gap = tlsf_gap(tlsf->tiles->at[i].at + tlsf->word, align, before, gap_least, is_base_enough);
    if (gap && tlsf_can_split(tlsf, i, gap - before)) {
        uint32_t front = i;
        i = tiles_split(tlsf->tiles, front, gap - before);
        tlsf_link(tlsf, front);
    }
    return tlsf_give(tlsf, i, bytes);
}

static void tlsf_absorb_next(struct tlsf *tlsf, uint32_t i)
{
    uint32_t next = tlsf->tiles->at[i].after;
    tlsf_unlink(tlsf, next);
    tiles_mark(tlsf->tiles, next, tlsf->tiles->at[i].kind);
    tiles_join(tlsf->tiles, i);
}

void tlsf_free(struct tlsf *tlsf, uint32_t i)
{
    struct tiles *tiles = tlsf->tiles;
    tiles_mark(tiles, i, TILE_FREE);
    uint32_t before = tiles->at[i].before;
    if (tiles_is_free(tiles, before)) {
        tlsf_unlink(tlsf, before);
        tiles_join(tiles, i = before);
    }
    if (tiles_is_free(tiles, tiles->at[i].after))
        tlsf_absorb_next(tlsf, i);
    tlsf_link(tlsf, i);
}

uint32_t tlsf_resize(struct tlsf *tlsf, uint32_t i, uint64_t size)
{
    struct tiles *tiles = tlsf->tiles;
    uint64_t bytes = tlsf_adjust(tlsf, size, UINT64_C(1) << tlsf->align_log2), now = tlsf_block(tlsf, i);
    uint32_t next = tiles->at[i].after;
    if (!bytes)
        return 0;
    if (bytes > now && (!tiles_is_free(tiles, next) || bytes > now + tiles->at[next].bytes)) {
        uint32_t other = tlsf_alloc(tlsf, size);
        if (other)
            tlsf_free(tlsf, i);
        return other;
    }
    if (bytes > now)
        tlsf_absorb_next(tlsf, i);
    if (tlsf_can_split(tlsf, i, bytes)) {
        uint32_t rest = tiles_split(tiles, i, tlsf->word + bytes);
        tiles_mark(tiles, rest, TILE_FREE);
        if (tiles_is_free(tiles, tiles->at[rest].after))
            tlsf_absorb_next(tlsf, rest);
        tlsf_link(tlsf, rest);
    }
    return i;
}

uint64_t tlsf_largest(const struct tlsf *tlsf)
{
    if (!tlsf->top_map)
        return 0;
    uint32_t top = tlsf_log2(tlsf->top_map), sub = tlsf_log2(tlsf->sub_map[top]);
    return tlsf_class_floor(tlsf, top << tlsf->sub_log2 | sub);
}

void tlsf_begin(struct tlsf *tlsf)
{
    tlsf->shift = tlsf->sub_log2 + tlsf->align_log2;
    tlsf->tops = tlsf->top_log2 - tlsf->shift + 1;
}

bool tlsf_add_pool(struct tlsf *tlsf, const struct arena_region *region, uint64_t at, uint64_t bytes)
{
    uint64_t unit = UINT64_C(1) << tlsf->align_log2, ends = 2 * (uint64_t)tlsf->word;
    if (at % unit || bytes < ends + tlsf_least(tlsf))
        return false;
    /* The first block's header is in the pool; the word behind the last is a sentinel. */
    uint64_t block = (bytes - ends) & ~(unit - 1);
    if (block < tlsf_least(tlsf) || block >> tlsf->top_log2)
        return false;
    tlsf_link(tlsf, tiles_row(tlsf->tiles, region, at, tlsf->word + block));
    return true;
}
