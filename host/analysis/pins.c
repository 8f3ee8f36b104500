/* pins: a page that is in use from end to end is pinned by nobody: only the first and the last page of a block can have room beside it. */
#include "pins.h"

enum { PAGE_BITS = 12, PROCESS_SHIFT = 40 };

static void page_add(struct pins *pins, const struct block *block, uint64_t page, uint64_t used)
{
    bool is_new;
    uint64_t *value = map_put(&pins->pages, (uint64_t)block->process << PROCESS_SHIFT ^ page, &is_new);
    uint32_t site = is_new || *value >> 32 == block->site ? block->site : 0;
    uint64_t sum = (uint32_t)*value + used;
    *value = (uint64_t)site << 32 | (sum < PINS_PAGE ? sum : PINS_PAGE);
}

void pins_add(struct pins *pins, const struct block *block)
{
    uint64_t bytes = block->usable > block->size ? block->usable : block->size;
    uint64_t end = block->address + bytes, first = block->address >> PAGE_BITS, last = (end - 1) >> PAGE_BITS;
    if (!block->site || !bytes || end < block->address)
        return;
    uint64_t first_end = (first + 1) << PAGE_BITS;
    page_add(pins, block, first, (end < first_end ? end : first_end) - block->address);
    if (last != first)
        page_add(pins, block, last, end - (last << PAGE_BITS));
}

void pins_sum(struct pins *pins)
{
    for (size_t i = 0; i < pins->pages.room; i++) {
        uint64_t site = pins->pages.at[i].value >> 32, used = (uint32_t)pins->pages.at[i].value;
        if (!pins->pages.at[i].key || !site)
            continue;
        vec_extend(&pins->free_bytes, site + 1);
        pins->free_bytes.at[site] += PINS_PAGE - used;
    }
}

uint64_t pins_of(const struct pins *pins, uint32_t site)
{
    return site < pins->free_bytes.count ? pins->free_bytes.at[site] : 0;
}

void pins_copy(const struct pins *from, struct pins *to)
{
    *to = (struct pins){0};
    for (size_t i = 0; i < from->pages.room; i++)
        if (from->pages.at[i].key)
            *map_put(&to->pages, from->pages.at[i].key, NULL) = from->pages.at[i].value;
}

void pins_done(struct pins *pins)
{
    map_done(&pins->pages);
    vec_done(&pins->free_bytes);
}
