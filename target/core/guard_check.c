/* guard_check: in blocks that come back, or are looked at, out what is wrong with them. */
#include "guard.h"
#include "live_table.h"

#if HT_WITH_GUARD

/* Inside of another block, or where no heap is: nobody gave it out. What could be one from before the start is let pass. */
static bool is_wrong(const struct ht_site *site, uintptr_t address, struct ht_fault *fault)
{
    const struct ht_heap *all = &ht__core.heaps[0];
    if (ht__live_around(address, &fault->block)) {
        fault->kind = HT_FAULT_INTERIOR_FREE;
        fault->offset = (int32_t)(address - fault->block.address);
    } else {
        if (!ht__core.configured || !all->bytes || address - all->base < all->bytes || ht__heap_of((const void *)address))
            return false;
        ht__fault_set(fault, fault->found_by); /* who was looked at on the way has no part in it */
        fault->kind = HT_FAULT_WILD_FREE;
        fault->block.address = address;
    }
    ht__hook_fault(site, fault);
    return true;
}

/* As far as is known where heaps are, nothing is read before their beginning, nor anywhere else. */
static bool has_head(const void *block)
{
    const struct ht_heap *heap = &ht__core.heaps[ht__heap_of(block)];
    size_t at = (uintptr_t)block - heap->base;
    return !heap->bytes || (at >= HT_GUARD_HEAD && at < heap->bytes);
}

/* Under the lock, so that who frees a block meanwhile that is only looked at is not taken for a fault. */
enum ht_guarded ht__guard_judge(const struct ht_site *site, const void *block, uint8_t found_by, size_t *size)
{
    struct ht_fault fault;
    enum ht_guarded guarded = HT_GUARDED_FOREIGN;
    bool comes_back = found_by < HT_FOUND_SCAN;
    ht__fault_set(&fault, found_by);
    ht_lock before = ht_port_lock();
    bool lives = ht__live_get((uintptr_t)block, &fault.block);
    if (lives ? fault.block.task & HT_LIVE_GUARDED : found_by != HT_FOUND_SCAN && has_head(block))
        guarded = ht__guard_look(block, &fault);
    ht_port_unlock(before);
    *size = fault.block.size;
    if (guarded == HT_GUARDED_FREED && comes_back) {
        fault.kind = HT_FAULT_DOUBLE_FREE;
        fault.block.address = (uintptr_t)block;
        ht__quarantine_find(block, &fault);
    }
    if (fault.kind)
        ht__hook_fault(site, &fault);
    else if (guarded == HT_GUARDED_FOREIGN && comes_back && !lives && is_wrong(site, (uintptr_t)block, &fault))
        return HT_GUARDED_FREED;
    return guarded;
}

void ht__guard_free(const struct ht_site *site, void *block, size_t size)
{
    struct ht_hooked hooked;
    ht__hooked_set(&hooked, HT_TOLD_FREE, ht__heap_of(block), block, 0);
    hooked.holds = ht__core.quarantine.count && ht__core.running != HT_STATE_IDLE;
    ht__guard_mark_freed(block);
    ht__hook(site, &hooked);
    if (hooked.holds) {
        struct ht_held held = {hooked.was, hooked.slot};
        held.block.address = (uintptr_t)block;
        held.block.size = size;
        ht__quarantine_put(site, &held);
    } else {
        ht_port_free((uint8_t *)block - HT_GUARD_HEAD);
    }
}

#if HT_WITH_TABLE
/* Of two that overlap one begins within the other. If the inner one lives still, both did when the outer one was found. */
static int overlap_check(const struct ht_live *block)
{
    struct ht_fault fault;
    struct ht_live now;
    ht__fault_set(&fault, HT_FOUND_SCAN);
    if (!ht__live_around(block->address, &fault.block) || block->heap != fault.block.heap)
        return 0;
    ht_lock before = ht_port_lock();
    bool lives = ht__live_get(block->address, &now) && now.id == block->id;
    ht_port_unlock(before);
    if (!lives)
        return 0;
    fault.kind = HT_FAULT_OVERLAP;
    fault.offset = (int32_t)(block->address - fault.block.address);
    ht__hook_fault(NULL, &fault);
    return 1;
}
#endif

int ht_guard_scan(unsigned most)
{
    int faults = 0;
#if HT_WITH_TABLE
    struct ht_live block;
    size_t size;
    for (unsigned i = 0; i < most && i < ht__core.live.count; i++) {
        if (ht__core.live.scan >= ht__core.live.count)
            ht__core.live.scan = 0;
        if (!ht__live_copy(ht__core.live.scan++, &block))
            continue;
        faults += ht__guard_judge(NULL, (const void *)block.address, HT_FOUND_SCAN, &size) == HT_GUARDED_BROKEN;
        faults += overlap_check(&block);
    }
#else
    (void)most;
#endif
    return faults;
}

int ht_guard_check(const void *block)
{
    size_t size;
    return ht__guard_judge(NULL, block, HT_FOUND_DEMAND, &size) == HT_GUARDED_BROKEN;
}

#endif
