/* quarantine: in freed blocks, out the same later, if nobody wrote into them. They are filled, and held in the order in which they came, in a ring where each
 * takes the place of the oldest. */
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

/* In goes `held`, which may be nothing, out comes the oldest, which may be nothing. True: they hold too many bytes. */
static bool exchange(struct ht_held *held)
{
    ht_lock before = ht_port_lock();
    struct ht_held *cell = &QUARANTINE.held[QUARANTINE.oldest], oldest = *cell;
    *cell = *held;
    *held = oldest;
    QUARANTINE.bytes += cell->block.size - oldest.block.size;
    if (++QUARANTINE.oldest == QUARANTINE.count)
        QUARANTINE.oldest = 0;
    bool over = QUARANTINE.bytes > QUARANTINE.most_bytes;
    ht_port_unlock(before);
    return over;
}

void ht__quarantine_put(const struct ht_site *site, struct ht_held *held)
{
    bool over = true;
    __builtin_memset((void *)held->block.address, FILL, held->block.size);
    while (over) {
        over = exchange(held);
        if (held->block.address)
            let_go(site, held);
        held->block.address = held->block.size = 0;
    }
}

void ht__quarantine_find(const void *block, struct ht_fault *fault)
{
    for (uint16_t i = 0; i < QUARANTINE.count; i++) {
        ht_lock before = ht_port_lock();
        const struct ht_held *held = &QUARANTINE.held[i];
        if (held->block.address == (uintptr_t)block) {
            fault->block = held->block;
            fault->free_slot = held->free_slot;
        }
        ht_port_unlock(before);
    }
}

#endif
