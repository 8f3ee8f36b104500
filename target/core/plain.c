/* plain: in an allocation or a free as most are, out its record in the open frame: no table to keep, the task and heap of the record before, and a stack that is known
 * again. All under one lock, each thing looked at once. What is not so, hook.c tells. */
#include "plain.h"

#include "slots.h"
#include "wire/device_plain.h"

#if HT_WITH_STREAM

/* An id that the host has been told; 0: the source has none yet, or another one with these capabilities. */
static inline uint8_t source_known(const struct ht_site *site)
{
    const struct ht_source_told *told = site->source->told;
    return told->epoch == ht__core.epoch && told->caps == site->caps && told->id < 128 ? (uint8_t)told->id : 0;
}

static inline bool record_put(const struct ht_site *site, const void *block, size_t bytes, uint8_t kind)
{
    struct ht_plain plain = {.kind = kind, .shift = HT_ADDRESS_SHIFT, .room = HT_FRAME_BYTES, .tick = ht_port_now(), .address = (uintptr_t)block, .size = bytes, .allocations = &ht__core.counters.allocations};
    if (site->source ? !(plain.source = source_known(site)) : site->caps)
        return false;
#if HT_FRAMES
    if (kind == HT_TOLD_ALLOC && ht__core.slots.depth && !(plain.slot = slot_again(site->here)))
        return false;
#endif
    return ht__frame_put_plain(&ht__core.outbox.frame, plain);
}

static inline bool tell_plain(const struct ht_site *site, const void *block, size_t bytes, unsigned what)
{
    const struct ht_frame *frame = &ht__core.outbox.frame;
    bool told = false;
    ht_lock before = ht_port_lock();
    if (ht__core.plain_busy == CORE_PLAIN_FREE && what >> TELL_HEAP == frame->heap && !ht_port_in_interrupt() && ht_port_task() == frame->task) {
        ht__core.busy = 1;
        told = record_put(site, block, bytes, what & TELL_KIND);
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
