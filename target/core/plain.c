/* plain: in an allocation or a free as most are, out its record in the open frame: no table to keep, the task and heap of the record before, and a stack that is known
 * again. All under one lock, each thing looked at once. What is not so, hook.c tells. */
#include "plain.h"

#include "outbox.h"
#include "slots.h"
#include "wire/device_plain.h"

#if HT_WITH_STREAM

/* An id that the host has been told; 0: the source has none yet, or another one with these capabilities. */
static inline uint8_t source_known(const struct ht_site *site)
{
    const struct ht_source_told *told = site->source->told;
    return told->epoch == ht__core.epoch && told->caps == site->caps && told->id < 128 ? (uint8_t)told->id : 0;
}

/* In a full frame, with large numbers, of another task or from an interrupt: but with a stack and a source that are known. */
static __attribute__((noinline)) void rest_put(uint32_t tick, const void *block, size_t bytes, unsigned what, uint32_t ids)
{
    struct ht_told told = {.kind = what & TELL_KIND, .tick = tick, .address = (uintptr_t)block, .size = bytes, .slot = (uint16_t)ids, .source = (uint8_t)(ids >> 16)};
    told.heap = what >> TELL_HEAP < HT_HEAPS ? (uint8_t)(what >> TELL_HEAP) : 0;
    if (ht_port_in_interrupt())
        told.flags = HT_TOLD_INTERRUPT;
    else
        told.task = ht_port_task();
    if (told.kind == HT_TOLD_ALLOC)
        ht__core.counters.allocations++;
    outbox_hot(&told);
}

static inline bool record_put(const struct ht_site *site, const void *block, size_t bytes, unsigned what)
{
    struct ht_frame *frame = &ht__core.outbox.frame;
    uint8_t kind = what & TELL_KIND;
    struct ht_plain plain = {.kind = kind,
                             .shift = HT_ADDRESS_SHIFT,
                             .room = HT_FRAME_BYTES,
                             .tick = ht_port_now(),
                             .address = (uintptr_t)block,
                             .size = bytes,
                             .allocations = &ht__core.counters.allocations};
    if (site->source ? !(plain.source = source_known(site)) : site->caps)
        return false;
#if HT_FRAMES
    if (kind == HT_TOLD_ALLOC && ht__core.slots.depth && !(plain.slot = slot_again(site->here)))
        return false;
#endif
    if (what >> TELL_HEAP != frame->heap || ht_port_in_interrupt() || ht_port_task() != frame->task || !ht__frame_put_plain(frame, plain))
        rest_put(plain.tick, block, bytes, what, plain.slot | (uint32_t)plain.source << 16);
    return true;
}

static inline bool tell_plain(const struct ht_site *site, const void *block, size_t bytes, unsigned what)
{
    bool told = false;
    ht_lock before = ht_port_lock();
    if (ht__core.plain_busy == CORE_PLAIN_FREE) {
        ht__core.busy = 1;
        cost_begin();
        told = record_put(site, block, bytes, what);
        cost_end();
        ht__core.busy = 0;
    }
    ht_port_unlock(before);
    return told;
}

#else
#define tell_plain(site, block, bytes, what) false
#endif

void ht__tell(const struct ht_site *site, const void *block, size_t bytes, unsigned what)
{
    if (!tell_plain(site, block, bytes, what))
        ht__hook_block(site, block, bytes, what);
}
