/* guard: in a block's guard bands, out what hit them. */
#include "guard.h"

#include "live_table.h"

#if HT_WITH_GUARD

#define MAGIC_HEAD 0xDEADBEEFu
#define MAGIC_TAIL 0xCAFEBABEu
#define CHECK_LIVE 0x5ca1ab1eu
#define CHECK_FREED 0xdecea5edu

struct guard {
    uint32_t magic, size, tick, check;
};
_Static_assert(sizeof(struct guard) == HT_GUARD_HEAD, "the head has no holes");

static struct guard *guard_of(const void *block)
{
    return (struct guard *)(void *)((uint8_t *)(uintptr_t)block - HT_GUARD_HEAD);
}

static uint32_t check_of(const void *block, const struct guard *guard, uint32_t kind)
{
    return kind ^ guard->size ^ (guard->tick << 7 | guard->tick >> 25) ^ (uint32_t)(uintptr_t)block;
}

void *ht__guard_make(void *raw, size_t bytes)
{
    const uint32_t tail = MAGIC_TAIL;
    uint8_t *block = (uint8_t *)raw + HT_GUARD_HEAD;
    struct guard *guard = raw;
    guard->magic = MAGIC_HEAD;
    guard->size = (uint32_t)bytes;
    guard->tick = ht_port_now();
    guard->check = check_of(block, guard, CHECK_LIVE);
    __builtin_memcpy(block + bytes, &tail, sizeof tail);
    return block;
}

void ht__guard_mark_freed(void *block)
{
    struct guard *guard = guard_of(block);
    guard->check = check_of(block, guard, CHECK_FREED);
}

size_t ht__guard_size(const void *block)
{
    return guard_of(block)->size;
}

static uint8_t guess(const uint8_t *bad, uint8_t first, uint8_t last, uint8_t count)
{
    bool same = true;
    for (uint8_t i = first; i <= last; i++)
        same = same && bad[i] == bad[first];
    if (count == 1)
        return bad[first] ? HT_GUESS_OFF_BY_ONE : HT_GUESS_TERMINATOR;
    if (same)
        return bad[first] ? HT_GUESS_PATTERN : HT_GUESS_ZERO_FILL;
    return count < HT_GUARD_TAIL ? HT_GUESS_OFF_BY_ONE : HT_GUESS_NONE;
}

uint8_t ht__guard_compare(const uint8_t *bytes, const uint8_t *expected, uint8_t count, struct ht_fault *fault)
{
    uint8_t first = 0, last = 0, bad = 0;
    for (uint8_t i = 0; i < count; i++) {
        if (bytes[i] == expected[i])
            continue;
        first = bad++ ? first : i;
        last = i;
    }
    if (!bad)
        return 0;
    fault->count = bad;
    fault->guess = guess(bytes, first, last, bad);
    fault->bytes = bytes;
    fault->bytes_count = count;
    fault->offset = first;
    return bad;
}

/* An overflow of the block before hits the lowest byte first; an underflow of this one the highest. */
static void look_at_head(const void *block, const struct guard *guard, bool known, struct ht_fault *fault)
{
    struct guard expected = *guard;
    expected.magic = MAGIC_HEAD;
    if (known)
        expected.size = (uint32_t)fault->block.size;
    expected.check = check_of(block, &expected, CHECK_LIVE);
    if (!ht__guard_compare((const uint8_t *)guard, (const uint8_t *)&expected, HT_GUARD_HEAD, fault))
        return;
    fault->kind = HT_FAULT_UNDERFLOW;
    if (guard->magic != MAGIC_HEAD)
        fault->guess = HT_GUESS_NEIGHBOUR;
    else if (guard->size != expected.size || guard->check == expected.check)
        fault->kind = HT_FAULT_METADATA;
    fault->offset -= HT_GUARD_HEAD;
}

static bool look_at_tail(const void *block, size_t size, struct ht_fault *fault)
{
    const uint32_t tail = MAGIC_TAIL;
    uint32_t found;
    __builtin_memcpy(&found, (const uint8_t *)block + size, sizeof found);
    if (found == tail)
        return false;
    if (!ht__guard_compare((const uint8_t *)block + size, (const uint8_t *)&tail, HT_GUARD_TAIL, fault))
        return false;
    fault->kind = HT_FAULT_OVERFLOW;
    fault->offset += (int32_t)size;
    return true;
}

enum ht_guarded ht__guard_look(const void *block, struct ht_fault *fault)
{
    const struct guard *guard = guard_of(block);
    bool ours = guard->check == check_of(block, guard, CHECK_LIVE), known = fault->block.address;
    if (guard->check == check_of(block, guard, CHECK_FREED) && !known)
        return HT_GUARDED_FREED;
    if (!known && !ours && guard->magic != MAGIC_HEAD)
        return HT_GUARDED_FOREIGN;
    bool whole = ours && guard->magic == MAGIC_HEAD && (!known || guard->size == (uint32_t)fault->block.size);
    if (!known)
        fault->block.address = (uintptr_t)block, fault->block.size = ours ? guard->size : 0;
    if (whole || ours || known)
        if (look_at_tail(block, fault->block.size, fault))
            return HT_GUARDED_BROKEN;
    if (whole)
        return HT_GUARDED_WHOLE;
    look_at_head(block, guard, known, fault);
    return HT_GUARDED_BROKEN;
}

#if HT_WITH_TABLE

/* Under the lock: whoever frees the block meanwhile must not be taken for a fault. */
static bool look_at_live(struct ht_live *live, const struct ht_live *copy, struct ht_fault *fault)
{
    *fault = (struct ht_fault){.block = *copy};
    return live && live->id == copy->id && ht__guard_look((const void *)copy->address, fault) == HT_GUARDED_BROKEN;
}

static int block_check(const struct ht_live *block, uint8_t found_by)
{
    const struct ht_site site = {NULL, NULL, 0};
    struct ht_fault fault;
    ht_lock before = ht_port_lock();
    bool broken = look_at_live(ht__live_find(block->address), block, &fault);
    ht_port_unlock(before);
    if (!broken)
        return 0;
    fault.found_by = found_by;
    ht__hook_fault(&site, &fault);
    return 1;
}

/* Of two that overlap one begins within the other. */
static int overlap_check(const struct ht_live *block)
{
    const struct ht_site site = {NULL, NULL, 0};
    struct ht_fault fault = {.kind = HT_FAULT_OVERLAP, .found_by = HT_FOUND_SCAN};
    if (!ht__live_around(block->address, &fault.block))
        return 0;
    ht_lock before = ht_port_lock();
    const struct ht_live *inner = ht__live_find(block->address), *outer = ht__live_find(fault.block.address);
    bool both = inner && outer && inner->id == block->id && outer->id == fault.block.id && inner->heap == outer->heap;
    ht_port_unlock(before);
    if (!both)
        return 0;
    fault.offset = (int32_t)(block->address - fault.block.address);
    ht__hook_fault(&site, &fault);
    return 1;
}

int ht_guard_scan(unsigned most)
{
    struct ht_live block;
    int faults = 0;
    if (!ht__core.configured || !core_keeps())
        return 0;
    for (unsigned i = 0; i < most && i < ht__core.live.count; i++) {
        if (ht__core.live.scan >= ht__core.live.count)
            ht__core.live.scan = 0;
        if (!ht__live_copy(ht__core.live.scan++, &block))
            continue;
        if (block.task & HT_LIVE_GUARDED)
            faults += block_check(&block, HT_FOUND_SCAN);
        faults += overlap_check(&block);
    }
    return faults;
}

#else

int ht_guard_scan(unsigned most)
{
    (void)most;
    return 0;
}

#endif

int ht_guard_check(const void *block)
{
    const struct ht_site site = {NULL, NULL, 0};
    struct ht_fault fault = {.found_by = HT_FOUND_DEMAND};
    const struct ht_live *live = NULL;
    ht_lock before = ht_port_lock();
#if HT_WITH_TABLE
    if (ht__core.configured && core_keeps() && (live = ht__live_find((uintptr_t)block)))
        fault.block = *live;
#endif
    enum ht_guarded guarded = live && !(live->task & HT_LIVE_GUARDED) ? HT_GUARDED_FOREIGN : ht__guard_look(block, &fault);
    ht_port_unlock(before);
    if (guarded != HT_GUARDED_BROKEN)
        return 0;
    ht__hook_fault(&site, &fault);
    return 1;
}

#endif
