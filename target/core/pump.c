/* pump: in the time that the firmware can spare, out frames on the line, and all that need not be done in a hook. */
#include "core.h"
#include "outbox.h"

#if HT_WITH_STREAM

#if HT_WITH_COST
#define LONGEST_LOCK ht__core.longest_lock
#else
#define LONGEST_LOCK 0
#endif

static void cost_tell(void)
{
    const struct ht_counters *counters = &ht__core.counters;
    const ht_number numbers[] = {counters->frames, counters->bytes, counters->lost_events, counters->table_full, counters->cut_stacks, LONGEST_LOCK};
    ht__outbox_tell(HT_TOLD_COST, numbers, HT_COST_NUMBERS, NULL);
}

static void epoch_if_due(void)
{
    if (ht__core.outbox.frames_of_epoch >= HT_EPOCH_FRAMES)
        core_want(HT_WANT_EPOCH);
    if (ht__core.wants & HT_WANT_EPOCH && ht__enter()) {
        ht__epoch_begin();
        ht__leave();
    }
    ht__epoch_names();
}

#endif

/* Each second. */
static void state_tell(void)
{
    uint32_t now = ht_port_now();
    if (now - ht__core.last_told < ht_port_ticks_per_s())
        return;
    ht__core.last_told = now;
#if HT_WITH_STREAM
    if (core_streams()) {
        for (uint8_t heap = 0; heap < HT_HEAPS; heap++)
            ht__heap_use_tell(heap);
#if HT_WITH_POOLS
        ht__pools_tell();
#endif
        cost_tell();
    }
#endif
#if HT_WITH_STACKS
    ht_stacks_check();
#endif
#if HT_WITH_ALERTS
    ht_alert_check();
#endif
}

int ht_pump(void)
{
    if (!ht__core.configured)
        return 0;
#if HT_WITH_STREAM
    if (core_streams())
        ht__order_take();
#endif
#if HT_WITH_REPORT && HT_WITH_FAULTS
    if (ht__core.wants & HT_WANT_FAULT)
        ht__fault_say();
#endif
    if (ht__core.running != HT_STATE_IDLE) {
#if HT_WITH_GUARD && HT_WITH_TABLE
        ht_guard_scan(ht__core.scan_blocks);
#endif
        state_tell();
    }
#if HT_WITH_STREAM
    if (core_streams() && !(ht__core.wants & HT_WANT_DETACHED)) {
        epoch_if_due();
#if HT_WITH_TABLE
        ht__snapshot_tell();
#endif
        return ht__outbox_send();
    }
#endif
    return 0;
}
