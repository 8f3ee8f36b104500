/* ranges: a sorted list; what comes near is joined, and where there are too many, farther ones count as near. */
#include "ranges.h"

#include <string.h>

static uint64_t gap_of(const struct ranges *ranges)
{
    return ranges->gap ? ranges->gap : RANGES_GAP;
}

/* The first one that ends at or behind `low` less the gap. */
static size_t range_find(const struct ranges *ranges, uint64_t low)
{
    uint64_t gap = gap_of(ranges), from = low > gap ? low - gap : 0;
    size_t first = 0, last = ranges->list.count;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (ranges->list.at[middle].high < from)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

static void range_insert(struct ranges *ranges, size_t place, uint64_t low, uint64_t high)
{
    vec_push(&ranges->list, ((struct range){0, 0}));
    struct range *at = ranges->list.at + place;
    memmove(at + 1, at, (ranges->list.count - 1 - place) * sizeof *at);
    *at = (struct range){low, high};
    ranges->bytes += high - low;
}

static uint64_t range_bytes(const struct range *range)
{
    return range->high - range->low;
}

/* The one at `place`, not counted in the bytes now, takes in those behind that it has come near to. */
static void range_join(struct ranges *ranges, size_t place)
{
    struct range *at = ranges->list.at + place;
    uint64_t gap = gap_of(ranges), reach = at->high < UINT64_MAX - gap ? at->high + gap : UINT64_MAX;
    size_t behind = place + 1;
    while (behind < ranges->list.count && ranges->list.at[behind].low <= reach) {
        at->high = ranges->list.at[behind].high > at->high ? ranges->list.at[behind].high : at->high;
        reach = at->high < UINT64_MAX - gap ? at->high + gap : UINT64_MAX;
        ranges->bytes -= range_bytes(ranges->list.at + behind++);
    }
    ranges->bytes += range_bytes(at);
    memmove(at + 1, ranges->list.at + behind, (ranges->list.count - behind) * sizeof *at);
    ranges->list.count -= behind - place - 1;
}

static void ranges_coarsen(struct ranges *ranges)
{
    ranges->gap = gap_of(ranges) * 2;
    for (size_t i = 0; i < ranges->list.count; i++) {
        ranges->bytes -= range_bytes(ranges->list.at + i);
        range_join(ranges, i);
    }
}

void ranges_widen(struct ranges *ranges, uint64_t low, uint64_t high)
{
    size_t place = range_find(ranges, low);
    struct range *at = ranges->list.at + place;
    if (place < ranges->list.count && low >= at->low && high <= at->high) {
        ranges->last = place;
        return;
    }
    if (place == ranges->list.count || (at->low > high && at->low - high > gap_of(ranges))) {
        range_insert(ranges, place, low, high);
    } else {
        ranges->bytes -= range_bytes(at);
        at->low = low < at->low ? low : at->low;
        at->high = high > at->high ? high : at->high;
        range_join(ranges, place);
    }
    while (ranges->list.count > RANGES_MOST)
        ranges_coarsen(ranges);
    ranges->last = place < ranges->list.count ? place : 0;
}

void ranges_done(struct ranges *ranges)
{
    vec_done(&ranges->list);
    *ranges = (struct ranges){0};
}
