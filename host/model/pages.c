/* pages: in ranges of pages that come and go, out the ranges that are there. */
#include "pages.h"

#include <string.h>

/* Number of the first range that ends behind `address`. */
static size_t pages_search(const struct pages *pages, ht_addr address)
{
    size_t low = 0, high = pages->ranges.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (pages->ranges.at[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void pages_insert(struct pages *pages, size_t number, struct page_range range)
{
    vec_extend(&pages->ranges, pages->ranges.count + 1);
    memmove(pages->ranges.at + number + 1, pages->ranges.at + number, (pages->ranges.count - 1 - number) * sizeof range);
    pages->ranges.at[number] = range;
}

static void pages_erase(struct pages *pages, size_t first, size_t last)
{
    memmove(pages->ranges.at + first, pages->ranges.at + last, (pages->ranges.count - last) * sizeof *pages->ranges.at);
    pages->ranges.count -= last - first;
}

void pages_unmap(struct pages *pages, ht_addr start, ht_addr end)
{
    size_t first = pages_search(pages, start), last = first;
    while (last < pages->ranges.count && pages->ranges.at[last].start < end)
        last++;
    if (start >= end || first == last)
        return;
    struct page_range head = pages->ranges.at[first], tail = pages->ranges.at[last - 1];
    for (size_t i = first; i < last; i++)
        pages->bytes -= pages->ranges.at[i].end - pages->ranges.at[i].start;
    pages_erase(pages, first, last);
    if (tail.end > end) {
        tail.start = end;
        pages_insert(pages, first, tail);
        pages->bytes += tail.end - tail.start;
    }
    if (head.start < start) {
        head.end = start;
        pages_insert(pages, first, head);
        pages->bytes += head.end - head.start;
    }
}

void pages_map(struct pages *pages, const struct page_range *range)
{
    if (range->start >= range->end)
        return;
    pages_unmap(pages, range->start, range->end);
    pages_insert(pages, pages_search(pages, range->start), *range);
    pages->bytes += range->end - range->start;
}

void pages_done(struct pages *pages)
{
    vec_done(&pages->ranges);
    pages->bytes = 0;
}
