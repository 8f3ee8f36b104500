/* quarantine: in freed blocks, out the same later, if nobody wrote into them. They are filled, and held in the order in which they came. */
#include "guard.h"

#include "slots.h"

#if HT_WITH_GUARD

enum { FILL = 0xfe, LOOK_BYTES = 16 };
#define QUARANTINE (ht__core.quarantine)

static void slots_release(const struct ht_held *held)
{
    ht_lock before = ht_port_lock();
    slot_release(held->block.slot);
    slot_release(held->free_slot);
    ht_port_unlock(before);
}

/* Not under the lock: the block is nobody's but ours. */
static void fill_check(const struct ht_site *site, const struct ht_held *held)
{
    const uint8_t *bytes = (const uint8_t *)held->block.address;
    uint8_t expected[LOOK_BYTES];
    size_t at = 0;
    while (at < held->block.size && bytes[at] == FILL)
        at++;
    if (at == held->block.size)
        return;
    struct ht_fault fault = {.block = held->block, .free_slot = held->free_slot};
    uint8_t count = held->block.size - at < LOOK_BYTES ? (uint8_t)(held->block.size - at) : LOOK_BYTES;
    __builtin_memset(expected, FILL, sizeof expected);
    ht__guard_compare(bytes + at, expected, count, &fault);
    fault.kind = HT_FAULT_USE_AFTER_FREE;
    fault.found_by = HT_FOUND_FREE;
    fault.offset = (int32_t)at;
    if (fault.guess == HT_GUESS_OFF_BY_ONE || fault.guess == HT_GUESS_TERMINATOR)
        fault.guess = HT_GUESS_NONE;
    ht__hook_fault(site, &fault);
}

static void let_go(const struct ht_site *site, const struct ht_held *held)
{
    fill_check(site, held);
    slots_release(held);
    ht_port_free((uint8_t *)held->block.address - HT_GUARD_HEAD);
}

/* The oldest, if there is no room for one more of `bytes`; false: there is. */
static bool make_room(size_t bytes, struct ht_held *oldest)
{
    ht_lock before = ht_port_lock();
    bool is_full = QUARANTINE.used && (QUARANTINE.used == QUARANTINE.count || QUARANTINE.bytes + bytes > QUARANTINE.most_bytes);
    if (is_full) {
        *oldest = QUARANTINE.held[QUARANTINE.oldest];
        QUARANTINE.bytes -= oldest->block.size;
        QUARANTINE.oldest = (uint16_t)((QUARANTINE.oldest + 1) % QUARANTINE.count);
        QUARANTINE.used--;
    }
    ht_port_unlock(before);
    return is_full;
}

static bool hold(const struct ht_held *held)
{
    ht_lock before = ht_port_lock();
    bool fits = QUARANTINE.used < QUARANTINE.count && held->block.size <= QUARANTINE.most_bytes;
    if (fits) {
        QUARANTINE.held[(QUARANTINE.oldest + QUARANTINE.used++) % QUARANTINE.count] = *held;
        QUARANTINE.bytes += held->block.size;
    }
    ht_port_unlock(before);
    return fits;
}

void ht__quarantine_put(const struct ht_site *site, const struct ht_held *held)
{
    struct ht_held oldest;
    __builtin_memset((void *)held->block.address, FILL, held->block.size);
    while (make_room(held->block.size, &oldest))
        let_go(site, &oldest);
    if (!hold(held))
        let_go(site, held);
}

bool ht__quarantine_find(const void *block, struct ht_held *to)
{
    bool found = false;
    for (uint16_t i = 0; i < QUARANTINE.count && !found; i++) {
        ht_lock before = ht_port_lock();
        if (i < QUARANTINE.used) {
            *to = QUARANTINE.held[(QUARANTINE.oldest + i) % QUARANTINE.count];
            found = to->block.address == (uintptr_t)block;
        }
        ht_port_unlock(before);
    }
    return found;
}

#endif
