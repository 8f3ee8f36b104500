/* guard: in a block's guard bands, out what hit them. */
#include "guard.h"

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
    guard_of(block)->check = check_of(block, guard_of(block), CHECK_FREED);
}

static uint8_t guess(uint8_t value, uint8_t bad, bool same)
{
    if (bad == 1)
        return value ? HT_GUESS_OFF_BY_ONE : HT_GUESS_TERMINATOR;
    if (same)
        return value ? HT_GUESS_PATTERN : HT_GUESS_ZERO_FILL;
    return bad < HT_GUARD_TAIL ? HT_GUESS_OFF_BY_ONE : HT_GUESS_NONE;
}

bool ht__guard_compare(const uint8_t *bytes, const void *expected, uint8_t count, struct ht_fault *fault)
{
    uint8_t bad = 0, value = 0;
    bool same = true;
    for (uint8_t i = count; i-- > 0;) {
        if (bytes[i] == ((const uint8_t *)expected)[i])
            continue;
        same = same && (!bad || bytes[i] == value);
        value = bytes[i];
        fault->offset = i;
        bad++;
    }
    if (!bad)
        return false;
    fault->count = bad;
    fault->guess = guess(value, bad, same);
    fault->bytes = bytes;
    fault->bytes_count = count;
    return true;
}

/* An overflow of the block before hits the lowest byte first; an underflow of this one the highest. */
static void look_at_head(const struct guard *guard, uint32_t size, uint32_t check, struct ht_fault *fault)
{
    const struct guard expected = {MAGIC_HEAD, size, guard->tick, check};
    fault->kind = HT_FAULT_UNDERFLOW;
    ht__guard_compare((const uint8_t *)guard, &expected, HT_GUARD_HEAD, fault);
    if (guard->magic != MAGIC_HEAD)
        fault->guess = HT_GUESS_NEIGHBOUR;
    else if (guard->size != size || guard->check == check)
        fault->kind = HT_FAULT_METADATA;
    fault->offset -= HT_GUARD_HEAD;
}

enum ht_guarded ht__guard_look(const void *block, struct ht_fault *fault)
{
    const uint32_t tail = MAGIC_TAIL;
    const struct guard *guard = guard_of(block);
    uint32_t check = check_of(block, guard, CHECK_LIVE), size = (uint32_t)fault->block.size;
    bool ours = guard->check == check, known = fault->block.address;
    if (!known) {
        if (guard->check == (check ^ CHECK_LIVE ^ CHECK_FREED)) {
            fault->block.size = guard->size;
            return HT_GUARDED_FREED;
        }
        if (!ours && guard->magic != MAGIC_HEAD)
            return HT_GUARDED_FOREIGN;
        size = guard->size;
        fault->block.address = (uintptr_t)block;
        fault->block.size = ours ? size : 0;
    }
    if ((ours || known) && ht__guard_compare((const uint8_t *)block + size, &tail, HT_GUARD_TAIL, fault)) {
        fault->kind = HT_FAULT_OVERFLOW;
        fault->offset += (int32_t)size;
        return HT_GUARDED_BROKEN;
    }
    if (ours && guard->magic == MAGIC_HEAD && guard->size == size)
        return HT_GUARDED_WHOLE;
    look_at_head(guard, size, check ^ guard->size ^ size, fault);
    return HT_GUARDED_BROKEN;
}

#endif
