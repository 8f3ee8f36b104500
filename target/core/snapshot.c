/* snapshot: in the table of live blocks, out a record for each, a few at a time, so that events go before. */
#include "leak_scan.h"
#include "live_table.h"
#include "outbox.h"
#include "slots.h"

#if HT_WITH_STREAM && HT_WITH_TABLE

enum { FREE_LEAST = 2 /* frames that stay for events */, BEGINS = 0, ENDED = 1 };

void ht_snapshot(void)
{
    if (!ht__core.configured || !core_streams() || !core_keeps() || !ht__enter())
        return;
    const ht_number numbers[HT_SNAPSHOT_NUMBERS] = {BEGINS};
    if (ht__outbox_rare(HT_TOLD_SNAPSHOT, numbers, HT_SNAPSHOT_NUMBERS, NULL, 0)) {
        ht__core.live.told = ht__core.snapshot_blocks = 0;
        core_want(HT_WANT_SNAPSHOT);
    }
    ht__leave();
}

static bool block_tell(const struct ht_live *block)
{
    const struct ht_source_told *told = block->source ? block->source->told : NULL;
    uint16_t slot = slot_told(block->slot);
    const ht_number numbers[] = {block->address,
                                 block->size,
                                 (uint32_t)(ht_port_now() - block->tick),
                                 block->task & HT_LIVE_TASK,
                                 block->heap,
                                 slot,
                                 told && told->epoch == ht__core.epoch ? told->id : 0,
#if HT_WITH_ROOTS
                                 ht__leak_state(ht__core.live.told),
#endif
    };
    return ht__outbox_rare(HT_TOLD_BLOCK, numbers, sizeof numbers / sizeof *numbers, NULL, 0);
}

static void end(void)
{
    const ht_number numbers[HT_SNAPSHOT_NUMBERS] = {ENDED, ht__core.snapshot_blocks, ht__core.counters.table_full};
    if (!ht__outbox_rare(HT_TOLD_SNAPSHOT, numbers, HT_SNAPSHOT_NUMBERS, NULL, 0))
        return;
    ht__core.wants &= (uint8_t)~HT_WANT_SNAPSHOT;
    ht__core.outbox.flush = true;
}

void ht__snapshot_tell(void)
{
    struct ht_live_table *live = &ht__core.live;
    bool room = true;
    while (room && ht__core.wants & HT_WANT_SNAPSHOT) {
        if (!ht__enter())
            return;
        room = ht__outbox_free() >= FREE_LEAST;
        const struct ht_live *block = live->told < live->count ? &live->cells[live->told] : NULL;
        if (room && !block) {
            end();
            room = false;
        } else if (room && (!block->address || (room = block_tell(block)))) {
            ht__core.snapshot_blocks = (uint16_t)(ht__core.snapshot_blocks + (block->address != 0));
            live->told++;
        }
        ht__leave();
    }
}

#else

void ht_snapshot(void)
{
}

#endif
