/* heap_layout_pins: the runs of blocks that keep most free memory from being one piece, and who made them. */
#include <stdlib.h>

#include "heap_layout.h"

enum { PINNERS_MOST = 65536 };

/* Most kept apart first; among equals the fewest bytes to move, then the lower address. */
static int pin_order(const void *left, const void *right)
{
    const struct heap_layout_pin *a = left, *b = right;
    if (heap_layout_pin_gain(a) != heap_layout_pin_gain(b))
        return heap_layout_pin_gain(a) > heap_layout_pin_gain(b) ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    return (a->start > b->start) - (a->start < b->start);
}

static int pinner_order(const void *left, const void *right)
{
    const struct heap_layout_pinner *a = left, *b = right;
    if (a->gain != b->gain)
        return a->gain > b->gain ? -1 : 1;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->thread > b->thread) - (a->thread < b->thread);
}

static struct heap_layout_pinner *pinner_of(struct heap_layout_found *found, struct map *pinners, const struct heap_layout_pin *pin)
{
    bool is_one = pin->is_one_site && pin->is_one_thread && found->pinners.count < PINNERS_MOST;
    uint64_t key = is_one ? (uint64_t)pin->site << 32 | pin->thread : 0;
    uint64_t *place = map_put(pinners, key, NULL);
    if (!*place) {
        vec_push(&found->pinners, ((struct heap_layout_pinner){.site = (uint32_t)(key >> 32), .thread = (uint32_t)key, .oldest_ns = UINT64_MAX}));
        *place = found->pinners.count;
    }
    return found->pinners.at + *place - 1;
}

/* The best so far: twice as many are kept until they are sorted. */
static void pins_keep(struct heap_layout_found *found)
{
    if (found->pins.count)
        qsort(found->pins.at, found->pins.count, sizeof *found->pins.at, pin_order);
    found->pins.count = found->pins.count < LAYOUT_PINS ? found->pins.count : LAYOUT_PINS;
}

void heap_layout_pin_add(struct heap_layout_found *found, struct map *pinners, const struct heap_layout_pin *pin)
{
    struct heap_layout_pinner *pinner = pinner_of(found, pinners, pin);
    pinner->runs++;
    pinner->blocks += pin->blocks;
    pinner->bytes += pin->bytes;
    pinner->gain += heap_layout_pin_gain(pin);
    pinner->oldest_ns = pin->oldest_ns < pinner->oldest_ns ? pin->oldest_ns : pinner->oldest_ns;
    pinner->newest_ns = pin->newest_ns > pinner->newest_ns ? pin->newest_ns : pinner->newest_ns;
    vec_push(&found->pins, *pin);
    if (found->pins.count == 16 * LAYOUT_PINS)
        pins_keep(found);
}

void heap_layout_pins_sort(struct heap_layout_found *found)
{
    pins_keep(found);
    if (found->pinners.count)
        qsort(found->pinners.at, found->pinners.count, sizeof *found->pinners.at, pinner_order);
}
