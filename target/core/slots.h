/* slots: in return addresses, out the number of a slot that has exactly these. A slot that a live block refers to keeps them. Under the lock. */
#ifndef TARGET_CORE_SLOTS_H
#define TARGET_CORE_SLOTS_H

#include "core.h"

size_t ht__slots_bytes(uint16_t slots, uint8_t depth);
void ht__slots_open(uint8_t *bytes, uint16_t slots, uint8_t depth); /* slots: a power of two */
/* count: of pcs, with HT_WALK_CUT or without. HT_SLOT_FULL: all that it might take are held. */
uint16_t ht__slots_find(const ht_pc *pcs, uint8_t count);
void ht__slots_hold(uint16_t slot);
void ht__slots_release(uint16_t slot);
/* The slot has been told to the host in this epoch, or is now; else there was no room. */
bool ht__slots_tell(uint16_t slot);
/* Its return addresses; *count without HT_WALK_CUT. */
const ht_pc *ht__slots_get(uint16_t slot, uint8_t *count);

/* stack_slice.c: the stack that the hook at `here` is on. */
bool ht__slice_tell(uint16_t slot, const ht_pc *key, const void *here);
bool ht__slots_tell_slice(uint16_t slot, const void *here);

static inline bool slot_is(uint16_t slot)
{
    return slot != HT_SLOT_NONE && slot != HT_SLOT_FULL;
}

static inline void slot_hold(uint16_t slot)
{
#if HT_FRAMES
    ht__slots_hold(slot);
#else
    (void)slot;
#endif
}

static inline void slot_release(uint16_t slot)
{
#if HT_FRAMES
    ht__slots_release(slot);
#else
    (void)slot;
#endif
}

/* As it may stand in a record: 0 where the host does not have it. */
static inline uint16_t slot_told(uint16_t slot)
{
#if HT_FRAMES && HT_WITH_STREAM
    return slot_is(slot) && ht__slots_tell(slot) ? slot : 0;
#else
    return (void)slot, 0;
#endif
}

/* As slot_told, of the stack that is running, below the hook of `site`; without a slot there may be no site. */
static inline uint16_t slot_told_at(uint16_t slot, const struct ht_site *site)
{
#if HT_WITH_SLICE
    return slot_is(slot) && ht__slots_tell_slice(slot, site->here) ? slot : 0;
#else
    return (void)site, slot_told(slot);
#endif
}

#endif
