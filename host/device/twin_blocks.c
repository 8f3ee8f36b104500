/* twin_blocks: in births, ends and snapshots, out which blocks live on the device; a snapshot tells blocks that were not heard of, and ends those that it has not. */
#include <stdio.h>

#include "twin.h"
#include "wire/api.h"

void twin_born(struct twin *twin, uint64_t address, uint64_t size, uint8_t heap)
{
    bool is_new;
    if (twin->live.count >= TWIN_LIVE_MOST)
        return;
    uint64_t *place = map_put(&twin->places, address, &is_new);
    if (is_new) {
        vec_push(&twin->live, ((struct twin_live){0}));
        *place = twin->live.count;
    }
    twin->live.at[*place - 1] = (struct twin_live){address, size, twin->in_snapshot ? twin->snapshot : 0, heap};
}

uint8_t twin_died(struct twin *twin, uint64_t address, uint8_t heap)
{
    uint64_t place;
    if (!map_remove(&twin->places, address, &place))
        return heap;
    uint8_t lived_in = twin->live.at[place - 1].heap;
    struct twin_live last = twin->live.at[--twin->live.count];
    if (place - 1 < twin->live.count) {
        twin->live.at[place - 1] = last;
        *map_get(&twin->places, last.address) = place;
    }
    return lived_in;
}

void twin_blocks_forget(struct twin *twin)
{
    map_done(&twin->places);
    twin->live.count = 0;
    twin->in_snapshot = false;
}

static uint32_t unseen_thread(struct twin *twin)
{
    if (!twin->unseen_thread)
        twin->unseen_thread = twin_thread_new(twin, 0, "(not heard)");
    return twin->unseen_thread;
}

/* Who freed them and when was lost: they end in a thread of nobody. */
static void vanished_end(struct twin *twin)
{
    char why[96];
    size_t gone = 0;
    for (size_t i = 0; i < twin->live.count; i++)
        gone += twin->live.at[i].seen != twin->snapshot;
    if (!gone)
        return;
    snprintf(why, sizeof why, "%zu block%s ended while the device was not heard", gone, gone == 1 ? "" : "s");
    struct event gap = twin_event(twin, EVENT_GAP);
    gap.define = why;
    twin_emit(twin, gap);
    for (size_t i = twin->live.count; i-- > 0;) {
        struct event event = twin_event(twin, EVENT_FREE);
        if (twin->live.at[i].seen == twin->snapshot)
            continue;
        event.api = HT_API_FREE;
        event.thread = unseen_thread(twin);
        event.address = twin->live.at[i].address;
        event.heap = twin_died(twin, event.address, 0);
        twin_emit(twin, event);
    }
}

void twin_snapshot(struct twin *twin, const struct ht_heard *heard)
{
    enum { BEGINS, ENDED };
    if (heard->numbers[HT_SNAPSHOT_PHASE] == BEGINS) {
        twin->in_snapshot = twin->snapshot_is_whole = true;
        twin->snapshot++;
        twin->snapshot_told = 0;
        twin->found.count = 0;
        return;
    }
    bool is_whole = twin->in_snapshot && twin->snapshot_is_whole && twin->live.count < TWIN_LIVE_MOST;
    twin->in_snapshot = false;
    is_whole = is_whole && heard->numbers[HT_SNAPSHOT_PHASE] == ENDED && !heard->numbers[HT_SNAPSHOT_MISSED];
    is_whole = is_whole && heard->numbers[HT_SNAPSHOT_COUNT] == (twin->snapshot_told & UINT16_MAX);
    if (is_whole)
        vanished_end(twin);
    twin_scan_end(twin, is_whole);
}

void twin_block(struct twin *twin, const struct ht_heard *heard)
{
    uint64_t address = heard->numbers[HT_BLOCK_ADDRESS], size = heard->numbers[HT_BLOCK_SIZE];
    uint64_t *place = map_get(&twin->places, address);
    struct event event = twin_event(twin, EVENT_ALLOC);
    bool is_cut = false;
    twin->snapshot_told++;
    event.stack = twin_slot_stack(twin, heard->numbers[HT_BLOCK_SLOT], &is_cut);
    twin_scan_block(twin, heard, event.stack);
    if (place && twin->live.at[*place - 1].size == size) {
        twin->live.at[*place - 1].seen = twin->snapshot;
        return;
    }
    event.api = HT_API_MALLOC;
    event.thread = twin_thread(twin, heard->numbers[HT_BLOCK_TASK] & UINT16_MAX);
    event.heap = heard->numbers[HT_BLOCK_HEAP] & UINT8_MAX;
    event.address = address;
    event.size = size;
    event.source = twin_source_id(twin, heard->numbers[HT_BLOCK_SOURCE]);
    event.flags = (uint8_t)(EVENT_INHERITED | (is_cut ? EVENT_TRUNCATED : 0));
    twin_born(twin, address, size, (uint8_t)event.heap);
    twin_emit(twin, event);
}
