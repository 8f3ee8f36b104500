/* quarantine: in freed blocks, out the same later, if nobody wrote into them. They are filled, and held in the order in which they came. */
#include "guard.h"

#include "slots.h"

#if HT_WITH_GUARD

enum { FILL = 0xfe, LOOK_BYTES = 16 };
#define QUARANTINE (ht__core.quarantine)

/* The block is nobody's but ours. */
static void fill_check(const struct ht_site *site, const struct ht_held *held)
{
    const uint8_t *bytes = (const uint8_t *)held->block.address;
    uint8_t expected[LOOK_BYTES];
    struct ht_fault fault;
    size_t at = 0, left;
    while (at < held->block.size && bytes[at] == FILL)
        at++;
    left = held->block.size - at;
    ht__fault_set(&fault, HT_FOUND_FREE);
    __builtin_memset(expected, FILL, sizeof expected);
    if (!ht__guard_compare(bytes + at, expected, left < LOOK_BYTES ? (uint8_t)left : LOOK_BYTES, &fault))
        return;
    fault.block = held->block;
    fault.free_slot = held->free_slot;
    fault.kind = HT_FAULT_USE_AFTER_FREE;
    fault.offset = (int32_t)at;
    if (fault.guess <= HT_GUESS_TERMINATOR)
        fault.guess = HT_GUESS_NONE;
    ht__hook_fault(site, &fault);
}

static void let_go(const struct ht_site *site, const struct ht_held *held)
{
    fill_check(site, held);
    ht_lock before = ht_port_lock();
    slot_release(held->block.slot);
    slot_release(held->free_slot);
    ht_port_unlock(before);
    ht_port_free((uint8_t *)held->block.address - HT_GUARD_HEAD);
}

/* False: `held` must wait for the oldest, or, where there is none, is too large for us: that one is to be let go. */
static bool hold(struct ht_held *held, struct ht_held *oldest)
{
    ht_lock before = ht_port_lock();
    size_t bytes = QUARANTINE.bytes + held->block.size;
    bool fits = QUARANTINE.used < QUARANTINE.count && bytes <= QUARANTINE.most_bytes;
    uint16_t first = QUARANTINE.oldest;
    if (fits) {
        QUARANTINE.held[(first + QUARANTINE.used++) % QUARANTINE.count] = *held;
        QUARANTINE.bytes = bytes;
    } else if (QUARANTINE.used) {
        *oldest = QUARANTINE.held[first];
        QUARANTINE.bytes -= oldest->block.size;
        QUARANTINE.oldest = (uint16_t)((first + 1) % QUARANTINE.count);
        QUARANTINE.used--;
    } else {
        *oldest = *held;
    }
    ht_port_unlock(before);
    return fits;
}

void ht__quarantine_put(const struct ht_site *site, struct ht_held *held)
{
    struct ht_held oldest;
    __builtin_memset((void *)held->block.address, FILL, held->block.size);
    while (!hold(held, &oldest)) {
        let_go(site, &oldest);
        if (oldest.block.address == held->block.address)
            return;
    }
}

void ht__quarantine_find(const void *block, struct ht_fault *fault)
{
    for (uint16_t i = 0; i < QUARANTINE.used; i++) {
        ht_lock before = ht_port_lock();
        const struct ht_held *held = &QUARANTINE.held[(QUARANTINE.oldest + i) % QUARANTINE.count];
        if (i < QUARANTINE.used && held->block.address == (uintptr_t)block) {
            fault->block = held->block;
            fault->free_slot = held->free_slot;
        }
        ht_port_unlock(before);
    }
}

#endif
