/* slots: in return addresses, out the number of a slot that has exactly these. A slot that a live block refers to keeps them. Under the lock. */
#ifndef TARGET_CORE_SLOTS_H
#define TARGET_CORE_SLOTS_H

#include "core.h"

/* A walk from here found this stack: slot_again will know it, as long as nothing changed. Of a stream: the host was told of it. */
void ht__slots_learn(uint16_t slot, const void *here);
void ht__slots_forget(void);
uint16_t ht__slots_again(const void *here); /* slot_again, but not inline */
size_t ht__slots_bytes(uint16_t slots, uint8_t depth);
/* bytes: all 0, as many as ht__slots_bytes says; NULL: false. slots: a power of two. */
bool ht__slots_open(uint8_t *bytes, uint16_t slots, uint8_t depth);
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

#if HT_FRAMES

struct ht_slot {
    uint16_t holds; /* live and held-back blocks that refer to it; stays at its largest value once it got there */
    uint8_t count;  /* with HT_WALK_CUT; 0: the slot is free */
    uint8_t epoch;  /* in which it was told */
#ifdef HT_WALK_AGAIN
    uint8_t offsets[HT_FRAMES]; /* of a slot that stands in `again`: how the stack is known again */
#endif
    ht_pc pcs[];
};

static inline __attribute__((always_inline)) struct ht_slot *slot_at(uint16_t index)
{
    return (struct ht_slot *)(void *)(ht__core.slots.bytes + (size_t)index * ht__core.slots.stride);
}

/* The slot that a walk from here would lead to; 0: not known without one. */
static inline __attribute__((always_inline)) uint16_t slot_again(const void *here)
{
#ifdef HT_WALK_AGAIN
    uint16_t known = here ? ht__core.slots.again[again_key(here) % HT_AGAIN] : 0;
    const struct ht_slot *slot = (const void *)(ht__core.slots.bytes + (size_t)known * ht__core.slots.stride - ht__core.slots.stride);
    return known && again_is(here, slot->pcs, slot->count, slot->offsets) ? known : 0;
#else
    return (void)here, 0;
#endif
}

#endif

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
