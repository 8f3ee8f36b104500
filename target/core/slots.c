/* slots: in return addresses, out the number of a slot that has exactly these. Four places are possible for a stack, found by its hash; what is there is compared
 * frame by frame, so no hash can make two stacks one. */
#include "slots.h"

#include "outbox.h"

#if HT_FRAMES

enum { WAYS = 4 };

#define SLOTS (ht__core.slots)

static size_t stride(uint8_t depth)
{
    return sizeof(struct ht_slot) + depth * sizeof(ht_pc);
}

size_t ht__slots_bytes(uint16_t slots, uint8_t depth)
{
    return slots * stride(depth);
}

bool ht__slots_open(uint8_t *bytes, uint16_t slots, uint8_t depth)
{
    SLOTS.bytes = bytes;
    SLOTS.mask = (uint16_t)(slots - 1);
    SLOTS.depth = depth;
    SLOTS.stride = (uint16_t)stride(depth);
    return bytes;
}

static inline __attribute__((always_inline)) bool slot_has(const struct ht_slot *slot, const ht_pc *pcs, uint8_t count)
{
    const ht_pc *end = pcs + (count & ~HT_WALK_CUT), *kept = slot->pcs;
    if (slot->count != count)
        return false;
    while (pcs != end)
        if (*kept++ != *pcs++)
            return false;
    return true;
}

static inline __attribute__((always_inline)) uint16_t home(const ht_pc *pcs, uint8_t count)
{
    ht_pc hash = 0;
    for (const ht_pc *end = pcs + (count & ~HT_WALK_CUT); pcs != end; pcs++)
        hash = (hash << 5) - hash + (*pcs >> 1);
    return (uint16_t)((uint32_t)hash * 0x9e3779b1u >> 16);
}

#ifdef HT_WALK_AGAIN

static void again_forget(uint16_t slot)
{
    for (uint8_t i = 0; i < HT_AGAIN; i++)
        if (SLOTS.again[i] == slot)
            SLOTS.again[i] = 0;
}

void ht__slots_forget(void)
{
    __builtin_memset(SLOTS.again, 0, sizeof SLOTS.again);
}

uint16_t ht__slots_again(const void *here)
{
    return slot_again(here);
}

void ht__slots_learn(uint16_t slot, const void *here)
{
    struct ht_slot *at = slot_at((uint16_t)(slot - 1));
    if (again_learn(at->pcs, at->count, at->offsets))
        SLOTS.again[again_key(here) % HT_AGAIN] = slot;
}

#else

void ht__slots_forget(void)
{
}

static inline void again_forget(uint16_t slot)
{
    (void)slot;
}

#endif

static void slot_set(uint16_t index, const ht_pc *pcs, uint8_t count)
{
    struct ht_slot *slot = slot_at(index);
    again_forget((uint16_t)(index + 1));
    slot->count = count;
    slot->epoch = (uint8_t)(ht__core.epoch - 1);
    for (uint8_t i = 0; i < (uint8_t)(count & ~HT_WALK_CUT); i++)
        slot->pcs[i] = pcs[i];
}

/* Of the places that no block holds: one that was never used, or else each in its turn. */
static __attribute__((noinline)) uint16_t slot_make(const ht_pc *pcs, uint8_t count, uint16_t at)
{
    uint16_t free = HT_SLOT_FULL;
    bool fresh = false;
    for (uint8_t way = 0; way < WAYS; way++) {
        uint16_t index = (uint16_t)(at ^ way) & SLOTS.mask;
        const struct ht_slot *slot = slot_at(index);
        if (slot->holds || fresh)
            continue;
        fresh = !slot->count;
        if (fresh || free == HT_SLOT_FULL || way == SLOTS.turn % WAYS)
            free = index;
    }
    SLOTS.turn++;
    if (free == HT_SLOT_FULL)
        return free;
    slot_set(free, pcs, count);
    return (uint16_t)(free + 1);
}

uint16_t ht__slots_find(const ht_pc *pcs, uint8_t count)
{
    uint16_t at = home(pcs, count);
    for (uint8_t way = 0; way < WAYS; way++) {
        uint16_t index = (uint16_t)(at ^ way) & SLOTS.mask;
        if (slot_has(slot_at(index), pcs, count))
            return (uint16_t)(index + 1);
    }
    return slot_make(pcs, count, at);
}

void ht__slots_hold(uint16_t slot)
{
    if (slot_is(slot) && slot_at((uint16_t)(slot - 1))->holds != UINT16_MAX)
        slot_at((uint16_t)(slot - 1))->holds++;
}

void ht__slots_release(uint16_t slot)
{
    if (slot_is(slot) && slot_at((uint16_t)(slot - 1))->holds != UINT16_MAX)
        slot_at((uint16_t)(slot - 1))->holds--;
}

const ht_pc *ht__slots_get(uint16_t slot, uint8_t *count)
{
    const struct ht_slot *at = slot_at((uint16_t)(slot - 1));
    *count = (uint8_t)(at->count & ~HT_WALK_CUT);
    if (HT_WITH_SLICE && *count > 1)
        *count = 1; /* the others are its key */
    return at->pcs;
}

#if HT_WITH_STREAM
bool ht__slots_tell(uint16_t slot)
{
    struct ht_slot *at = slot_at((uint16_t)(slot - 1));
    if (at->epoch == (uint8_t)ht__core.epoch)
        return true;
    if (!ht__outbox_stack(slot, at->pcs, (uint8_t)(at->count & ~HT_WALK_CUT), at->count & HT_WALK_CUT))
        return false;
    at->epoch = (uint8_t)ht__core.epoch;
    return true;
}

#if HT_WITH_SLICE
bool ht__slots_tell_slice(uint16_t slot, const void *here)
{
    struct ht_slot *at = slot_at((uint16_t)(slot - 1));
    if (at->epoch == (uint8_t)ht__core.epoch || at->count != HT_SLICE_KEY)
        return ht__slots_tell(slot);
    if (!ht__slice_tell(slot, at->pcs, here))
        return false;
    at->epoch = (uint8_t)ht__core.epoch;
    return true;
}
#endif
#endif

#endif
