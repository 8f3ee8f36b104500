/* twin_scan: in the blocks of a snapshot of which the device knows whether its roots lead to them, out the events of a scan, as one of a process has them. The device
 * does not tell who points to a block: all that are lost are directly so. */
#include <stdlib.h>

#include "twin.h"

void twin_scan_block(struct twin *twin, const struct ht_heard *heard, uint32_t stack)
{
    static const uint8_t classes[] = {[HT_REACH_YES] = CLASS_REACHABLE, [HT_REACH_NOT] = CLASS_DIRECT, [HT_REACH_MAYBE] = CLASS_POSSIBLE};
    uint64_t reach = heard->numbers[HT_BLOCK_REACH];
    if (!reach || reach >= sizeof classes || twin->found.count >= TWIN_LIVE_MOST)
        return;
    struct twin_found found = {heard->numbers[HT_BLOCK_ADDRESS], heard->numbers[HT_BLOCK_SIZE], stack, classes[reach]};
    vec_push(&twin->found, found);
}

static int by_place(const void *left, const void *right)
{
    const struct twin_found *a = left, *b = right;
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (a->stack != b->stack)
        return a->stack < b->stack ? -1 : 1;
    return (a->address > b->address) - (a->address < b->address);
}

static void finding_put(struct twin *twin, uint8_t kind, const struct twin_found *found, uint64_t count, uint64_t bytes)
{
    struct scan_site_definition site = {.scan = twin->scans, .class = found->class, .count = count, .chain = ""};
    struct event event = twin_event(twin, kind);
    event.address = found->address;
    event.size = bytes;
    event.stack = found->stack;
    event.define = &site;
    twin_emit(twin, event);
}

static void sites_put(struct twin *twin)
{
    for (size_t first = 0, next; first < twin->found.count; first = next) {
        const struct twin_found *found = twin->found.at + first;
        uint64_t bytes = 0;
        for (next = first; next < twin->found.count && found->class == twin->found.at[next].class && found->stack == twin->found.at[next].stack; next++)
            bytes += twin->found.at[next].size;
        finding_put(twin, EVENT_SCAN_SITE, found, next - first, bytes);
    }
}

void twin_scan_end(struct twin *twin, bool is_whole)
{
    struct event event = twin_event(twin, EVENT_SCAN);
    if (!twin->found.count)
        return;
    struct scan_definition scan = {.id = ++twin->scans, .moment = SCAN_ASKED};
    for (size_t i = 0; i < twin->found.count; i++) {
        const struct twin_found *found = twin->found.at + i;
        scan.block_bytes += found->size;
        scan.of[found->class].bytes += found->size;
        scan.of[found->class].count++;
    }
    event.size = is_whole && twin->live.count > twin->found.count ? twin->live.count - twin->found.count : 0;
    event.define = &scan;
    twin_emit(twin, event);
    qsort(twin->found.at, twin->found.count, sizeof *twin->found.at, by_place);
    sites_put(twin);
    for (size_t i = 0; i < twin->found.count; i++)
        if (twin->found.at[i].class != CLASS_REACHABLE)
            finding_put(twin, EVENT_SCAN_BLOCK, twin->found.at + i, 1, twin->found.at[i].size);
    twin->found.count = 0;
}
