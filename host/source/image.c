/* image: ranges in an array sorted by start; program counters in an open-addressing table at most half full. */
#include "image.h"

#include <string.h>
#include <unistd.h>

static void image_forget_codes(struct image *image)
{
    memory_free(image->codes);
    image->codes = NULL;
    image->code_count = image->code_room = 0;
}

/* First range that ends behind `address`. */
static size_t image_lower(const struct image *image, uint64_t address)
{
    size_t low = 0, high = image->ranges.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (image->ranges.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void image_cut(struct image *image, uint64_t start, uint64_t end)
{
    size_t first = image_lower(image, start), last = first;
    while (last < image->ranges.count && image->ranges.at[last].start < end)
        last++;
    if (last == first)
        return;
    memmove(image->ranges.at + first, image->ranges.at + last, (image->ranges.count - last) * sizeof *image->ranges.at);
    image->ranges.count -= last - first;
}

void image_map(struct image *image, const struct image_range *range)
{
    if (range->start >= range->end)
        return;
    image_cut(image, range->start, range->end);
    size_t at = image_lower(image, range->start);
    vec_push(&image->ranges, *range);
    memmove(image->ranges.at + at + 1, image->ranges.at + at, (image->ranges.count - 1 - at) * sizeof *image->ranges.at);
    image->ranges.at[at] = *range;
    image->era = 0;
    image_forget_codes(image);
}

void image_unmap(struct image *image, uint64_t start)
{
    size_t at = image_lower(image, start);
    if (at == image->ranges.count || image->ranges.at[at].start != start)
        return;
    image_cut(image, start, image->ranges.at[at].end);
    image->era = 0;
    image_forget_codes(image);
}

void image_inherit(struct image *image, struct image *parent)
{
    image->forked_from = parent;
    for (size_t i = 0; i < parent->ranges.count; i++)
        vec_push(&image->ranges, parent->ranges.at[i]);
}

static void image_grow_codes(struct image *image)
{
    struct image_code *old = image->codes;
    uint32_t old_room = image->code_room;
    image->code_room = old_room ? old_room * 2 : 256;
    image->codes = memory_new(image->code_room, sizeof *image->codes);
    for (uint32_t i = 0; i < old_room; i++) {
        if (!old[i].pc)
            continue;
        uint32_t slot = image_slot(old[i].pc);
        while (image->codes[slot & (image->code_room - 1)].pc)
            slot++;
        image->codes[slot & (image->code_room - 1)] = old[i];
    }
    memory_free(old);
}

static uint32_t image_look_up(struct image *image, struct places *places, uint64_t pc)
{
    size_t at = image_lower(image, pc);
    if (at == image->ranges.count || image->ranges.at[at].start > pc)
        return places_find(places, 0, pc);
    return places_find(places, image->ranges.at[at].module, pc - image->ranges.at[at].bias);
}

/* Hostile or generated code may show ever new addresses: the table stops growing at this size and is filled anew. */
enum { IMAGE_CODES_MOST = 1 << 20 };

uint32_t image_place_slow(struct image *image, struct places *places, uint64_t pc)
{
    if (!pc)
        return places_find(places, 0, 0);
    if (image->code_count >= IMAGE_CODES_MOST / 2)
        image_forget_codes(image);
    if (image->code_count * 2 >= image->code_room)
        image_grow_codes(image);
    uint32_t mask = image->code_room - 1, slot = image_slot(pc) & mask;
    while (image->codes[slot].pc) {
        if (image->codes[slot].pc == pc)
            return image->codes[slot].place;
        slot = (slot + 1) & mask;
    }
    image->codes[slot] = (struct image_code){.pc = pc, .place = image_look_up(image, places, pc)};
    image->code_count++;
    return image->codes[slot].place;
}

uint32_t image_heap(const struct image *image, uint64_t number)
{
    for (; image; image = image->forked_from) {
        const uint64_t *id = map_get(&image->heaps, number);
        if (id)
            return (uint32_t)*id;
    }
    return 0;
}

uint32_t image_source(const struct image *image, uint64_t number)
{
    for (; image; image = image->forked_from) {
        const uint64_t *id = map_get(&image->sources, number);
        if (id)
            return (uint32_t)*id;
    }
    return 0;
}

void image_done(struct image *image)
{
    if (image->pidfd >= 0)
        close(image->pidfd);
    vec_done(&image->ranges);
    image_forget_codes(image);
    map_done(&image->heaps);
    map_done(&image->sources);
}
