/* leak_tracker: between two calls of a firmware, out a report of what was allocated in between and not freed. */
#include <heaptracer/leak_tracker.h>

#include "core.h"
#include "slots.h"
#include "text.h"

#if HT_WITH_REPORT

enum { SPARE_BYTES = 64 };

static void *buffer;
static uint32_t leak_since;
static bool tracks;

static bool start_own(size_t blocks, size_t stacks)
{
    struct ht_config config = {.mode = HT_MODE_TABLE};
    uint16_t slots = 1;
    while (slots < stacks && slots < 16384)
        slots = (uint16_t)(slots * 2);
    config.blocks = blocks > UINT16_MAX ? UINT16_MAX : (uint16_t)blocks;
    config.stacks = slots;
    config.memory_bytes = config.blocks * (sizeof(struct ht_live) + HT_WITH_ROOTS) + sizeof(struct ht_run) + SPARE_BYTES;
#if HT_FRAMES
    config.memory_bytes += ht__slots_bytes(slots, HT_FRAMES);
#endif
    config.memory = buffer = ht_port_malloc(config.memory_bytes, HT_CAPS_TRACKER);
    if (buffer && !ht_start(&config))
        return true;
    ht__text(ht_port_print, buffer ? T_TRACER "the leak tracker could not start\n" : T_TRACER "no memory for the leak tracker: " T_U T_BYTES "\n", config.memory_bytes);
    ht_port_free(buffer);
    buffer = NULL;
    return false;
}

bool ht_leak_start(size_t heap_records, size_t backtrace_records)
{
    bool runs = ht__core.configured && ht__core.running != HT_STATE_IDLE;
    if (tracks || (runs && !core_keeps())) {
        ht__put(ht_port_print, tracks ? T_TRACER "the leak tracker runs already\n" : T_TRACER "the tracer runs without a table of blocks\n", NULL);
        return false;
    }
    tracks = runs || start_own(heap_records ? heap_records : HT_LEAK_RECORDS, backtrace_records ? backtrace_records : HT_LEAK_RECORDS);
    leak_since = ht__core.counters.allocations;
    return tracks;
}

void ht_leak_end(void)
{
    if (!tracks)
        return;
    tracks = false;
    ht__state_set(HT_STATE_REPORTING);
    ht__report(ht_port_print, leak_since);
    ht__state_set(buffer ? HT_STATE_IDLE : HT_STATE_TRACKING);
    if (!buffer)
        return;
    ht__core.configured = false;
    ht__core.mode = HT_MODE_STREAM; /* there is no table any more */
    ht__core.live.reach = 0;
    ht__does_set();
    ht_port_free(buffer);
    buffer = NULL;
}

#endif
