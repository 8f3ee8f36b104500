/* heap_layout_measure: in the live blocks of a heap and the stretches that it lies in, out its free pieces, and who keeps them apart. */
#include "heap_layout.h"

#include <string.h>

enum { HEADER_MOST_SMALL = 8, ALIGNMENT_MOST = 16, ALIGNMENT_BLOCKS = 8 };

struct sort_key {
    uint64_t key, place;
};

/* Bytes in which no two keys differ need no pass. */
static void keys_sort(struct sort_key **keys, struct sort_key **room, size_t count)
{
    uint64_t all = ~0ull, any = 0;
    for (size_t i = 0; i < count; i++) {
        all &= (*keys)[i].key;
        any |= (*keys)[i].key;
    }
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t places[256] = {0}, at = 0;
        if (!((all ^ any) >> shift & 255))
            continue;
        for (size_t i = 0; i < count; i++)
            places[(*keys)[i].key >> shift & 255]++;
        for (unsigned i = 0; i < 256; i++) {
            size_t here = places[i];
            places[i] = at;
            at += here;
        }
        for (size_t i = 0; i < count; i++)
            (*room)[places[(*keys)[i].key >> shift & 255]++] = (*keys)[i];
        struct sort_key *other = *keys;
        *keys = *room;
        *room = other;
    }
}

void heap_layout_sort(heap_layout_extents *extents)
{
    size_t count = extents->count;
    struct sort_key *keys = memory_new(count + 1, sizeof *keys), *room = memory_new(count + 1, sizeof *room);
    heap_layout_extents sorted = {0};
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct sort_key){extents->at[i].start, i};
    keys_sort(&keys, &room, count);
    vec_reserve(&sorted, count);
    for (size_t i = 0; i < count; i++)
        sorted.at[i] = extents->at[keys[i].place];
    sorted.count = count;
    memory_free(keys);
    memory_free(room);
    vec_done(extents);
    *extents = sorted;
}

/* glibc: a header of two words behind the start of a page, and whole pages. Where the usable size was not told, only large blocks are taken for such. */
bool heap_layout_is_mapped(uint64_t address, uint64_t size, uint64_t usable)
{
    enum { LARGE = 128 * 1024 };
    uint64_t words = address & (LAYOUT_PAGE - 1);
    if (words != 16 && words != 8)
        return false;
    return usable ? (usable + words) % LAYOUT_PAGE == 0 : size >= LARGE;
}

/* Where usable sizes were not told, blocks end at a multiple of what their addresses are multiples of. */
static void ends_round(heap_layout_extents *extents)
{
    uint64_t bits = ALIGNMENT_MOST, unknown = 0;
    for (size_t i = 0; i < extents->count; i++) {
        bits |= extents->at[i].start - extents->at[0].start;
        unknown += !extents->at[i].is_known;
    }
    uint64_t alignment = bits & -bits;
    if (!unknown || extents->count < ALIGNMENT_BLOCKS || alignment == 1)
        return;
    for (size_t i = 0; i < extents->count; i++) {
        struct heap_layout_extent *extent = extents->at + i;
        uint64_t rest = (extent->end - extent->start) % alignment;
        if (!extent->is_known && rest && extent->end < UINT64_MAX - alignment)
            extent->end += alignment - rest;
    }
}

/* A free piece must hold its size and two links. */
static uint64_t least_find(const struct heap_layout_place *place)
{
    uint64_t end = place->count ? place->ranges[place->count - 1].high : 0;
    return end > UINT32_MAX ? 32 : end > UINT16_MAX ? 16 : 4;
}

/* No larger than the least piece, but on machines of 16 bits: else it is a gap between two blocks that are no neighbours. */
static uint64_t header_find(const heap_layout_extents *extents, uint64_t least)
{
    uint64_t most = least < HEADER_MOST_SMALL ? HEADER_MOST_SMALL : least, header = most + 1;
    for (size_t i = 1; i < extents->count; i++) {
        uint64_t from = extents->at[i - 1].end, to = extents->at[i].start;
        if (to >= from && to - from < header)
            header = to - from;
    }
    return header <= most ? header : 0;
}

struct walk {
    struct heap_layout_found *found;
    struct map pinners;
    struct heap_layout_pin run;
    uint64_t at;   /* all before is done */
    uint64_t page; /* the last one that counts, + 1 */
    bool has_pins;
};

static void piece_put(struct walk *walk, uint64_t bytes)
{
    fragments_add(&walk->found->free, bytes);
    if (walk->has_pins && walk->run.blocks && walk->run.before) {
        walk->run.behind = bytes;
        heap_layout_pin_add(walk->found, &walk->pinners, &walk->run);
    }
    walk->run = (struct heap_layout_pin){.before = bytes, .oldest_ns = UINT64_MAX};
}

static void gap_put(struct walk *walk, uint64_t from, uint64_t to, uint64_t header)
{
    uint64_t gap = to > from ? to - from : 0;
    if (gap >= header + walk->found->least)
        piece_put(walk, gap - header);
}

static void run_add(struct heap_layout_pin *run, const struct heap_layout_extent *extent)
{
    bool is_first = !run->blocks;
    run->is_one_site = is_first || (run->is_one_site && run->site == extent->site);
    run->is_one_thread = is_first || (run->is_one_thread && run->thread == extent->thread);
    run->start = is_first ? extent->start : run->start;
    if (is_first || extent->birth_ns < run->oldest_ns) {
        run->site = extent->site;
        run->thread = extent->thread;
        run->oldest_ns = extent->birth_ns;
    }
    run->newest_ns = extent->birth_ns > run->newest_ns ? extent->birth_ns : run->newest_ns;
    run->bytes += extent->end - extent->start;
    run->blocks++;
}

static void pages_count(struct walk *walk, const struct heap_layout_extent *extent)
{
    uint64_t first = extent->start / LAYOUT_PAGE + 1, last = (extent->end > extent->start ? extent->end - 1 : extent->end) / LAYOUT_PAGE + 1;
    first = first > walk->page ? first : walk->page + 1;
    if (last >= first)
        walk->found->pages += last - first + 1;
    walk->page = last > walk->page ? last : walk->page;
}

static void extent_see(struct walk *walk, const struct heap_layout_extent *extent)
{
    uint64_t from = extent->start > walk->at ? extent->start : walk->at;
    run_add(&walk->run, extent);
    if (extent->end <= from)
        return;
    walk->found->usable += extent->end - from;
    walk->at = extent->end;
}

static void class_add(struct heap_layout_found *found, const struct heap_layout_extent *extent)
{
    struct heap_layout_class *class = found->classes + size_class(extent->size);
    class->blocks++;
    class->asked += extent->size;
    class->usable += extent->end - extent->start;
    found->blocks++;
    found->asked += extent->size;
}

/* What lies before all that was ever used, if it is little, is the allocator's own. */
static uint64_t place_begin(const struct range *range, const struct heap_layout_place *place)
{
    enum { HEAD_SHARE = 8 };
    bool is_head = place->is_exact && place->begin > range->low && place->begin - range->low <= (range->high - range->low) / HEAD_SHARE;
    return is_head ? place->begin : range->low;
}

static size_t range_walk(struct walk *walk, const struct range *range, const struct heap_layout_place *place, const heap_layout_extents *extents, size_t first)
{
    size_t i = first;
    walk->run = (struct heap_layout_pin){.oldest_ns = UINT64_MAX};
    walk->at = place_begin(range, place);
    for (; i < extents->count && extents->at[i].start < range->high; i++) {
        gap_put(walk, walk->at, extents->at[i].start, walk->found->header);
        extent_see(walk, extents->at + i);
    }
    gap_put(walk, walk->at, range->high, 0);
    return i;
}

/* Blocks with pages of their own are in no stretch. */
static void mapped_take(struct heap_layout_found *found, heap_layout_extents *extents, heap_layout_extents *mapped)
{
    size_t kept = 0;
    for (size_t i = 0; i < extents->count; i++) {
        const struct heap_layout_extent *extent = extents->at + i;
        if (heap_layout_is_mapped(extent->start, extent->size, extent->is_known ? extent->end - extent->start : 0)) {
            class_add(found, extent);
            vec_push(mapped, *extent);
            found->mapped++;
            found->mapped_bytes += (extent->end - extent->start + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE;
        } else {
            extents->at[kept++] = *extent;
        }
    }
    extents->count = kept;
}

static void wasted_find(struct heap_layout_found *found)
{
    uint64_t suitable;
    fragments_suitable(&found->free, heap_layout_mean_log2(&found->course), &suitable);
    found->wasted = found->free.bytes - suitable;
}

void heap_layout_measure(struct heap_layout_found *found, heap_layout_extents *extents, const struct heap_layout_place *place)
{
    struct walk walk = {.found = found, .has_pins = place->has_pins};
    heap_layout_extents mapped = {0};
    size_t at = 0;
    if (!place->is_exact)
        mapped_take(found, extents, &mapped);
    heap_layout_sort(extents);
    ends_round(extents);
    found->least = least_find(place);
    found->header = header_find(extents, found->least);
    for (size_t i = 0; i < extents->count; i++) {
        class_add(found, extents->at + i);
        pages_count(&walk, extents->at + i);
    }
    for (size_t i = 0; i < place->count; i++) {
        while (at < extents->count && extents->at[at].start < place->ranges[i].low)
            at++;
        at = range_walk(&walk, place->ranges + i, place, extents, at);
        found->stretch_bytes += place->ranges[i].high - place->ranges[i].low;
    }
    found->stretches = place->count;
    found->pages += found->mapped_bytes / LAYOUT_PAGE;
    uint64_t known = found->usable + found->free.bytes;
    found->own = found->stretch_bytes > known ? found->stretch_bytes - known : 0;
    wasted_find(found);
    heap_layout_pins_sort(found);
    if (place->has_pins)
        heap_layout_cells_find(found, extents, &mapped, place);
    vec_done(&mapped);
    map_done(&walk.pinners);
}
