/* hook: in what an allocator did, out records in the outbox and blocks in the table. The stack is walked and compared before the lock is taken; under it there is
 * no loop but those of the slots, the table and a record's bytes, all bounded. */
#include "core.h"
#include "live_table.h"
#include "outbox.h"
#include "plain.h"
#include "slots.h"

/* As ht__enter, but only as long as there is memory to write to. */
static inline bool hook_enter(ht_lock *before)
{
    *before = ht_port_lock();
    if (__builtin_expect(!ht__core.busy && ht__core.does, 1)) {
        ht__core.busy = 1;
        cost_begin();
        return true;
    }
    ht__core.counters.reentered = (uint16_t)(ht__core.counters.reentered + ht__core.busy);
    ht_port_unlock(*before);
    return false;
}

static inline void hook_leave(ht_lock before)
{
    cost_end();
    ht__core.busy = 0;
    ht_port_unlock(before);
}

#if HT_WITH_STREAM

static struct ht_source_told *told_of(const struct ht_hooked *hooked)
{
    if (hooked->site->source)
        return hooked->site->source->told;
    for (uint8_t i = 0; i < HT_CAPS && hooked->site->caps; i++)
        if (!ht__core.run->caps[i].id || ht__core.run->caps[i].caps == hooked->site->caps)
            return &ht__core.run->caps[i];
    return NULL;
}

/* A source has another id for each mask of capabilities: an id never changes its meaning. */
static uint16_t source_tell(const struct ht_hooked *hooked, struct ht_source_told *told)
{
    const struct ht_source *source = hooked->site->source;
    if (!told->id || told->caps != hooked->site->caps) {
        if (ht__core.sources == UINT16_MAX)
            return 0;
        told->id = ++ht__core.sources;
        told->caps = hooked->site->caps;
    }
    ht_number numbers[HT_SOURCE_NUMBERS] = {told->id, 0, 0, 0, 0, hooked->site->caps};
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

static inline uint16_t source_id(const struct ht_hooked *hooked)
{
    if (!hooked->site->source && !hooked->site->caps)
        return 0;
    struct ht_source_told *told = told_of(hooked);
    if (!told)
        return 0;
    if (told->id && told->epoch == ht__core.epoch && told->caps == hooked->site->caps)
        return told->id;
    return source_tell(hooked, told);
}

#endif

/* Time, task, and the stack's slot. */
static inline void place(struct ht_hooked *hooked)
{
    hooked->told.tick = ht_port_now();
    if (ht_port_in_interrupt())
        hooked->told.flags = HT_TOLD_INTERRUPT;
    else
        hooked->told.task = ht_port_task();
#if HT_FRAMES
    if (hooked->count)
        hooked->slot = ht__slots_find(hooked->pcs, hooked->count);
    if (hooked->slot == HT_SLOT_FULL)
        ht__count_one(&ht__core.counters.cut_stacks);
#endif
}

static inline void stream(struct ht_hooked *hooked)
{
#if HT_WITH_STREAM
    hooked->told.source = source_id(hooked);
    hooked->told.slot = slot_told_at(hooked->slot, hooked->site);
    if (hooked->slot && !hooked->told.slot)
        hooked->told.flags |= HT_TOLD_CUT;
    outbox_hot(&hooked->told);
#else
    (void)hooked;
#endif
}

#if HT_WITH_TABLE

/* The block `was` is gone, or moved; or it lives on after all. */
static void block_end(struct ht_hooked *hooked)
{
    if (hooked->told.kind == HT_TOLD_FREE) {
        ht__live_take((uintptr_t)hooked->told.address, &hooked->was);
        ht__core.counters.unknown_frees += !hooked->was.address && hooked->does & DOES_RUN;
    }
    if (hooked->was.address && !hooked->holds && (hooked->told.kind != HT_TOLD_RESIZE_FAILED || !ht__live_put(&hooked->was)))
        slot_release(hooked->was.slot);
}

/* At an address that lived already: a hook did not tell of its end (ESP-IDF's tells only half of a realloc). The table goes by what is certain now. */
static void block_begin(struct ht_hooked *hooked)
{
    const struct ht_told *told = &hooked->told;
    const struct ht_source *source = hooked->site->source;
    struct ht_live replaced;
    struct ht_live block = {(uintptr_t)told->address, (size_t)told->size,           source,    told->tick, ht__core.counters.allocations,
                            hooked->slot,             (uint8_t)(told->task | hooked->live_flags), told->heap};
    if (told->flags & HT_TOLD_INTERRUPT)
        block.task |= HT_LIVE_INTERRUPT;
    ht__live_take(block.address, &replaced);
    if (source && !core_streams())
        source->told->caps = hooked->site->caps;
    if (replaced.address)
        slot_release(replaced.slot);
    if (ht__live_put(&block))
        slot_hold(hooked->slot);
    else
        ht__count_one(&ht__core.counters.table_full);
}

#endif

void ht__hooked_set(struct ht_hooked *hooked, uint8_t kind, uint8_t heap, const void *block, size_t bytes)
{
    struct ht_told *told = &hooked->told;
    told->kind = kind;
    told->flags = told->api = 0;
    told->heap = heap;
    told->task = told->slot = told->source = 0;
    told->address = (uintptr_t)block;
    told->old_address = 0;
    told->size = bytes;
    told->taken = 0;
    hooked->was.address = 0;
    hooked->was.slot = HT_SLOT_NONE; /* a quarantine lets go of it, whoever it was */
    hooked->live_flags = 0;
    hooked->holds = false;
}

enum {
    GIVES = 1 << HT_TOLD_ALLOC | 1 << HT_TOLD_RESIZE,
    REFUSES = 1 << HT_TOLD_REFUSE | 1 << HT_TOLD_RESIZE_FAILED,
    ENDS = 1 << HT_TOLD_FREE | 1 << HT_TOLD_RESIZE | 1 << HT_TOLD_RESIZE_FAILED,
};

#if HT_FRAMES

static inline bool wants_stack(const struct ht_hooked *hooked)
{
    return hooked->does & (hooked->told.kind == HT_TOLD_FREE ? DOES_WALK_FREES : DOES_WALK) && hooked->site->here;
}

static inline void walk(struct ht_hooked *hooked)
{
    if (wants_stack(hooked))
        hooked->count = (uint8_t)ht_port_walk(hooked->site->here, hooked->pcs, ht__core.slots.depth);
}

#endif

/* Takes the lock. A stack that is not known again is walked without it. */
static inline bool enter_with_stack(struct ht_hooked *hooked, ht_lock *before)
{
#ifdef HT_WALK_AGAIN
    if (!hook_enter(before))
        return false;
    if (!wants_stack(hooked) || (hooked->slot = ht__slots_again(hooked->site->here)))
        return true;
    hook_leave(*before);
#endif
#if HT_FRAMES
    walk(hooked);
#else
    (void)hooked;
#endif
    return hook_enter(before);
}

static inline void learn(const struct ht_hooked *hooked)
{
#ifdef HT_WALK_AGAIN
    if (hooked->count && slot_is(hooked->slot) && (hooked->told.slot || !(hooked->does & DOES_STREAM)))
        ht__slots_learn(hooked->slot, hooked->site->here);
#else
    (void)hooked;
#endif
}

/* Of a tracer that is stopped the table still loses what is freed: what stays in it lives. */
void ht__hook(const struct ht_site *site, struct ht_hooked *hooked)
{
    ht_lock before;
    uint8_t kind = 1 << hooked->told.kind;
    hooked->site = site;
    hooked->does = ht__core.does;
    hooked->count = 0;
    hooked->slot = HT_SLOT_NONE;
    if (!(hooked->does & DOES_RUN) && !(hooked->does & DOES_KEEP && kind & ENDS))
        return;
    if (!enter_with_stack(hooked, &before))
        return;
    place(hooked);
    if (kind & REFUSES)
        ht__count_one(&ht__core.counters.refused);
    if (kind & GIVES)
        ht__count_one(&ht__core.counters.allocations);
#if HT_WITH_TABLE
    if (hooked->does & DOES_KEEP) {
        if (kind & ~(1 << HT_TOLD_ALLOC))
            block_end(hooked);
        if (kind & GIVES && hooked->does & DOES_RUN)
            block_begin(hooked);
    }
#endif
    if (hooked->holds)
        slot_hold(hooked->slot);
    if (hooked->does & DOES_STREAM)
        stream(hooked);
    learn(hooked);
    hook_leave(before);
}

/* Out of the table, without a word: the block is about to be moved. */
void ht__hook_take(const void *block, struct ht_live *was)
{
#if HT_WITH_TABLE
    ht_lock before;
    if (core_keeps() && hook_enter(&before)) {
        ht__live_take((uintptr_t)block, was);
        hook_leave(before);
    }
#else
    (void)block, (void)was;
#endif
}

#if HT_WITH_FAULTS

/* Field by field, as ht__hooked_set: each free looks whether there is one. */
void ht__fault_set(struct ht_fault *fault, uint8_t found_by)
{
    fault->block.address = fault->block.size = 0;
    fault->block.source = NULL;
    fault->block.slot = fault->free_slot = HT_SLOT_NONE;
    fault->block.task = fault->block.heap = 0;
    fault->bytes = NULL;
    fault->offset = 0;
    fault->kind = fault->guess = fault->count = fault->bytes_count = 0;
    fault->found_by = found_by;
}

static void fault_tell(const struct ht_hooked *hooked, const struct ht_fault *fault)
{
#if HT_WITH_STREAM
    if (!core_streams()) /* slot_told needs an outbox */
        return;
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
                                                 slot_told_at(hooked->slot, hooked->site)};
    if (!ht__outbox_rare(HT_TOLD_FAULT, numbers, HT_FAULT_NUMBERS, fault->bytes, fault->bytes_count))
        ht__outbox_miss(0);
#else
    (void)hooked, (void)fault;
#endif
}

/* The first since the last ht_pump is kept for its line of text. */
void ht__hook_fault(const struct ht_site *site, const struct ht_fault *fault)
{
    static const struct ht_site nobody;
    struct ht_hooked hooked;
    ht_lock before;
    ht__hooked_set(&hooked, HT_TOLD_FREE, 0, NULL, 0);
    hooked.site = site ? site : &nobody;
    hooked.count = 0;
    hooked.slot = HT_SLOT_NONE;
    hooked.does = ht__core.does;
#if HT_FRAMES
    hooked.told.kind = HT_TOLD_REFUSE; /* whose stack is wanted */
    walk(&hooked);
#endif
    if (!hook_enter(&before))
        return;
    place(&hooked);
    ht__count_one(&ht__core.counters.faults);
    if (ht__core.running != HT_STATE_IDLE)
        fault_tell(&hooked, fault);
    if (!(ht__core.wants & HT_WANT_FAULT)) {
        ht__core.fault = (struct ht_fault_kept){fault->block.address, fault->block.size, fault->offset, fault->block.slot, fault->kind, fault->guess, fault->count};
        core_want(HT_WANT_FAULT);
        slot_hold(fault->block.slot);
    }
    hook_leave(before);
}

#endif

void ht__hook_block(const struct ht_site *site, const void *block, size_t bytes, unsigned what)
{
    struct ht_hooked hooked;
    unsigned heap = what >> TELL_HEAP;
    ht__hooked_set(&hooked, what & TELL_KIND, (uint8_t)(heap < HT_HEAPS ? heap : 0), block, bytes);
    hooked.live_flags = what & HT_LIVE_GUARDED;
    ht__hook(site, &hooked);
}

static void hook_resized(const struct ht_site *site, uint8_t kind, ht_heap_id heap, const void *from, const void *to, size_t bytes, size_t taken)
{
    struct ht_hooked hooked;
    ht__hooked_set(&hooked, kind, heap < HT_HEAPS ? heap : 0, to, bytes);
    hooked.told.old_address = (uintptr_t)from;
    hooked.told.taken = taken;
    ht__hook_take(from, &hooked.was);
    ht__hook(site, &hooked);
}

static void hook_taken(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes, size_t taken)
{
    struct ht_hooked hooked;
    ht__hooked_set(&hooked, HT_TOLD_ALLOC, heap < HT_HEAPS ? heap : 0, block, bytes);
    hooked.told.taken = taken;
    ht__hook(site, &hooked);
}

void ht_on_alloc_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes, size_t taken)
{
    if (block && taken)
        hook_taken(site, heap, block, bytes, taken);
    else
        (block ? ht__tell : ht__hook_block)(site, block, bytes, tell_what(block ? HT_TOLD_ALLOC : HT_TOLD_REFUSE, heap));
}

void ht_on_free_from(const struct ht_site *site, ht_heap_id heap, const void *block)
{
    if (block)
        ht__tell(site, block, 0, tell_what(HT_TOLD_FREE, heap));
}

void ht_on_resize_from(const struct ht_site *site, ht_heap_id heap, const void *from, const void *to, size_t bytes, size_t taken)
{
    if (!from)
        ht_on_alloc_from(site, heap, to, bytes, taken);
    else if (!to)
        ht_on_free_from(site, heap, from);
    else
        hook_resized(site, HT_TOLD_RESIZE, heap, from, to, bytes, taken);
}

void ht_on_resize_failed_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes)
{
    hook_resized(site, HT_TOLD_RESIZE_FAILED, heap, block, NULL, bytes, 0);
}

void ht_on_refuse_from(const struct ht_site *site, ht_heap_id heap, size_t bytes)
{
    ht__hook_block(site, NULL, bytes, tell_what(HT_TOLD_REFUSE, heap));
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
