/* hook: in what an allocator did, out records in the outbox and blocks in the table. The stack is walked and compared before the lock is taken; under it there is
 * no loop but those of the slots, the table and a record's bytes, all bounded. */
#include "core.h"
#include "live_table.h"
#include "outbox.h"
#include "slots.h"

/* What happened, on its way. */
struct hooked {
    struct ht_told told;
    const struct ht_source *source;
    uint32_t caps;
    uint8_t count; /* of pcs, with HT_WALK_CUT */
#if HT_FRAMES
    ht_pc pcs[HT_FRAMES];
#endif
};

/* As core_enter, but only as long as there is memory to write to. */
static bool hook_enter(ht_lock *before)
{
    if (!core_enter(before))
        return false;
    if (ht__core.configured)
        return true;
    core_leave(*before);
    return false;
}

static void hooked_begin(struct hooked *hooked, uint8_t kind, uint8_t heap, const struct ht_site *site, bool walks)
{
    hooked->told = (struct ht_told){.kind = kind, .heap = heap < HT_HEAPS ? heap : 0};
    hooked->source = site->source;
    hooked->caps = site->caps;
    hooked->count = 0;
#if HT_FRAMES
    if (walks && site->here && ht__core.slots.depth)
        hooked->count = (uint8_t)ht_port_walk(site->here, hooked->pcs, ht__core.slots.depth);
#else
    (void)walks;
#endif
}

#if HT_WITH_STREAM

static struct ht_source_told *told_of(const struct hooked *hooked)
{
    if (hooked->source)
        return hooked->source->told;
    for (uint8_t i = 0; i < HT_CAPS && hooked->caps; i++)
        if (!ht__core.caps[i].id || ht__core.caps[i].caps == hooked->caps)
            return &ht__core.caps[i];
    return NULL;
}

/* A source has another id for each mask of capabilities: an id never changes its meaning. */
static uint16_t source_tell(const struct hooked *hooked, struct ht_source_told *told)
{
    const struct ht_source *source = hooked->source;
    if (!told->id || told->caps != hooked->caps) {
        if (ht__core.sources == UINT16_MAX)
            return 0;
        told->id = ++ht__core.sources;
        told->caps = hooked->caps;
    }
    ht_number numbers[HT_SOURCE_NUMBERS] = {told->id, 0, 0, 0, 0, hooked->caps};
    if (source) {
        numbers[HT_SOURCE_FILE] = (uintptr_t)source->file;
        numbers[HT_SOURCE_FUNCTION] = (uintptr_t)source->function;
        numbers[HT_SOURCE_VARIABLE] = (uintptr_t)source->variable;
        numbers[HT_SOURCE_LINE] = source->line;
    }
    if (!ht__outbox_rare(HT_TOLD_SOURCE, numbers, HT_SOURCE_CAPS + 1, NULL, 0))
        return 0;
    told->epoch = ht__core.epoch;
    return told->id;
}

static uint16_t source_id(const struct hooked *hooked)
{
    struct ht_source_told *told = told_of(hooked);
    if (!told)
        return 0;
    if (told->id && told->epoch == ht__core.epoch && told->caps == hooked->caps)
        return told->id;
    return source_tell(hooked, told);
}

#endif

/* Under the lock: time, task, and the stack's slot. */
static uint16_t hooked_place(struct hooked *hooked)
{
    uint16_t slot = HT_SLOT_NONE;
    hooked->told.tick = ht_port_now();
    if (ht_port_in_interrupt())
        hooked->told.flags = HT_TOLD_INTERRUPT;
    else
        hooked->told.task = ht_port_task();
#if HT_FRAMES
    if (hooked->count)
        slot = ht__slots_find(hooked->pcs, hooked->count);
    if (slot == HT_SLOT_FULL)
        ht__core.counters.cut_stacks++;
#endif
    return slot;
}

static void hooked_tell(struct hooked *hooked, uint16_t slot)
{
#if HT_WITH_STREAM
    if (!core_streams())
        return;
    hooked->told.source = source_id(hooked);
#if HT_FRAMES
    if (slot_is(slot) && ht__slots_tell(slot))
        hooked->told.slot = slot;
    else if (slot)
        hooked->told.flags |= HT_TOLD_CUT;
#else
    (void)slot;
#endif
    ht__outbox_hot(&hooked->told);
#else
    (void)hooked, (void)slot;
#endif
}

static void slot_hold(uint16_t slot)
{
#if HT_FRAMES
    ht__slots_hold(slot);
#else
    (void)slot;
#endif
}

static void slot_release(uint16_t slot)
{
#if HT_FRAMES
    ht__slots_release(slot);
#else
    (void)slot;
#endif
}

#if HT_WITH_TABLE

/* At an address that lived already: a hook did not tell of its end (ESP-IDF's tells only half of a realloc). The table goes by what is certain now. */
static void keep(const struct hooked *hooked, uint16_t slot, uint32_t id, uint8_t live_flags)
{
    const struct ht_told *told = &hooked->told;
    struct ht_live block = {(uintptr_t)told->address, (size_t)told->size, hooked->source, told->tick, id, slot, (uint8_t)(told->task | live_flags), told->heap}, replaced;
    if (told->flags & HT_TOLD_INTERRUPT)
        block.task |= HT_LIVE_INTERRUPT;
    if (hooked->source && !core_streams())
        hooked->source->told->caps = hooked->caps;
    slot_hold(slot);
    if (!ht__live_put(&block, &replaced)) {
        ht__core.counters.table_full++;
        slot_release(slot);
    }
    if (replaced.address)
        slot_release(replaced.slot);
}

#endif

uint32_t ht__hook_alloc(const struct ht_site *site, uint8_t heap, const void *block, size_t bytes, size_t taken, uint8_t live_flags)
{
    struct hooked hooked;
    ht_lock before;
    if (ht__core.running == HT_STATE_IDLE)
        return 0;
    hooked_begin(&hooked, HT_TOLD_ALLOC, heap, site, true);
    hooked.told.address = (uintptr_t)block;
    hooked.told.size = bytes;
    hooked.told.taken = taken;
    if (!hook_enter(&before))
        return 0;
    uint32_t id = ++ht__core.counters.allocations;
    uint16_t slot = hooked_place(&hooked);
#if HT_WITH_TABLE
    if (core_keeps())
        keep(&hooked, slot, id, live_flags);
#else
    (void)live_flags;
#endif
    hooked_tell(&hooked, slot);
    core_leave(before);
    return id;
}

/* held: takes over the block's hold of its slot, and holds that of the free. Of a tracer that is stopped the table still loses what is freed: what stays in it lives. */
struct ht_live ht__hook_free(const struct ht_site *site, uint8_t heap, const void *block, struct ht_held *held)
{
    struct hooked hooked;
    struct ht_live was = {0};
    ht_lock before;
    bool runs = ht__core.running != HT_STATE_IDLE;
    if (!ht__core.configured || (!runs && !core_keeps()))
        return was;
    hooked_begin(&hooked, HT_TOLD_FREE, heap, site, ht__core.free_stacks);
    hooked.told.address = (uintptr_t)block;
    if (!hook_enter(&before))
        return was;
    uint16_t slot = hooked_place(&hooked);
#if HT_WITH_TABLE
    if (core_keeps()) {
        was = ht__live_take((uintptr_t)block);
        if (!was.address && runs)
            ht__core.counters.unknown_frees++;
        if (was.address && !held)
            slot_release(was.slot);
    }
#endif
    if (held) {
        *held = (struct ht_held){was, slot, (uint8_t)hooked.told.task};
        slot_hold(slot);
    }
    if (runs)
        hooked_tell(&hooked, slot);
    core_leave(before);
    return was;
}

/* Out of the table, without a word: the block is about to be moved. */
struct ht_live ht__hook_take(const void *block)
{
    struct ht_live was = {0};
#if HT_WITH_TABLE
    ht_lock before;
    if (ht__core.configured && core_keeps() && hook_enter(&before)) {
        was = ht__live_take((uintptr_t)block);
        core_leave(before);
    }
#else
    (void)block;
#endif
    return was;
}

#if HT_WITH_TABLE
/* Where it was, as it was. */
static void put_back(const struct ht_live *old)
{
    struct ht_live replaced;
    if (old->address && !ht__live_put(old, &replaced))
        slot_release(old->slot);
}
#endif

/* to NULL: the allocator refused, `from` lives on. old: what ht__hook_take answered. */
void ht__hook_resized(const struct ht_site *site, uint8_t heap, struct ht_live *old, const void *from, const void *to, size_t bytes, size_t taken,
                      uint8_t live_flags)
{
    struct hooked hooked;
    ht_lock before;
    bool runs = ht__core.running != HT_STATE_IDLE;
    if (!ht__core.configured || (!runs && !old->address))
        return;
    hooked_begin(&hooked, to ? HT_TOLD_RESIZE : HT_TOLD_RESIZE_FAILED, heap, site, runs);
    hooked.told.old_address = (uintptr_t)from;
    hooked.told.address = (uintptr_t)to;
    hooked.told.size = bytes;
    hooked.told.taken = to ? taken : 0;
    if (!hook_enter(&before))
        return;
    uint16_t slot = hooked_place(&hooked);
    if (!to)
        ht__core.counters.refused++;
#if HT_WITH_TABLE
    if (core_keeps() && !to)
        put_back(old);
    else if (core_keeps() && runs)
        keep(&hooked, slot, ++ht__core.counters.allocations, live_flags);
    if (core_keeps() && to && old->address)
        slot_release(old->slot);
#else
    (void)live_flags;
#endif
    if (runs)
        hooked_tell(&hooked, slot);
    core_leave(before);
}

void ht_on_alloc_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes, size_t taken)
{
    if (block)
        ht__hook_alloc(site, heap, block, bytes, taken, 0);
    else
        ht_on_refuse_from(site, heap, bytes);
}

void ht_on_free_from(const struct ht_site *site, ht_heap_id heap, const void *block)
{
    if (block)
        ht__hook_free(site, heap, block, NULL);
}

void ht_on_resize_from(const struct ht_site *site, ht_heap_id heap, const void *from, const void *to, size_t bytes, size_t taken)
{
    if (!from) {
        ht_on_alloc_from(site, heap, to, bytes, taken);
    } else if (!to) {
        ht_on_free_from(site, heap, from);
    } else {
        struct ht_live old = ht__hook_take(from);
        ht__hook_resized(site, heap, &old, from, to, bytes, taken, 0);
    }
}

void ht_on_resize_failed_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes)
{
    struct ht_live old = ht__hook_take(block);
    ht__hook_resized(site, heap, &old, block, NULL, bytes, 0, 0);
}

void ht_on_refuse_from(const struct ht_site *site, ht_heap_id heap, size_t bytes)
{
    struct hooked hooked;
    ht_lock before;
    if (ht__core.running == HT_STATE_IDLE)
        return;
    hooked_begin(&hooked, HT_TOLD_REFUSE, heap, site, true);
    hooked.told.size = bytes;
    if (!hook_enter(&before))
        return;
    uint16_t slot = hooked_place(&hooked);
    ht__core.counters.refused++;
    hooked_tell(&hooked, slot);
    core_leave(before);
}

static uint16_t slot_told(uint16_t slot)
{
#if HT_FRAMES && HT_WITH_STREAM
    return slot_is(slot) && ht__slots_tell(slot) ? slot : 0;
#else
    return (void)slot, 0;
#endif
}

static void fault_tell(const struct hooked *hooked, uint16_t slot, const struct ht_fault *fault)
{
#if HT_WITH_STREAM
    ht_signed offset = fault->offset;
    const ht_number numbers[HT_FAULT_NUMBERS] = {fault->kind,
                                                 fault->block.address + (ht_number)offset,
                                                 fault->block.address,
                                                 fault->block.size,
                                                 (ht_number)offset << 1 ^ (offset < 0 ? ~(ht_number)0 : 0),
                                                 fault->count,
                                                 fault->guess,
                                                 hooked->told.task,
                                                 fault->found_by,
                                                 slot_told(fault->block.slot),
                                                 slot_told(fault->free_slot),
                                                 slot_told(slot)};
    if (core_streams() && !ht__outbox_rare(HT_TOLD_FAULT, numbers, HT_FAULT_NUMBERS, fault->bytes, fault->bytes_count))
        ht__outbox_miss(0);
#else
    (void)hooked, (void)slot, (void)fault;
#endif
}

/* The first since the last ht_pump is kept for its line of text. */
void ht__hook_fault(const struct ht_site *site, const struct ht_fault *fault)
{
    struct hooked hooked;
    ht_lock before;
    hooked_begin(&hooked, HT_TOLD_FREE, fault->block.heap, site, true);
    if (!hook_enter(&before))
        return;
    uint16_t slot = hooked_place(&hooked);
    ht__core.counters.faults++;
    if (ht__core.running != HT_STATE_IDLE)
        fault_tell(&hooked, slot, fault);
    if (!(ht__core.wants & HT_WANT_FAULT)) {
        ht__core.fault = *fault;
        core_want(HT_WANT_FAULT);
        slot_hold(fault->block.slot);
    }
    core_leave(before);
}

HT_HOOK void ht_on_alloc(ht_heap_id heap, const void *block, size_t bytes)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_alloc_from(&site, heap, block, bytes, 0);
}

HT_HOOK void ht_on_free(ht_heap_id heap, const void *block)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_free_from(&site, heap, block);
}

HT_HOOK void ht_on_resize(ht_heap_id heap, const void *from, const void *to, size_t bytes)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_resize_from(&site, heap, from, to, bytes, 0);
}

HT_HOOK void ht_on_refuse(ht_heap_id heap, size_t bytes)
{
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_refuse_from(&site, heap, bytes);
}
