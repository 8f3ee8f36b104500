/* known: rules that were found before, by code address: one load and one comparison. A rule leads from a frame to its caller's. */
#ifndef TARGET_WALK_KNOWN_H
#define TARGET_WALK_KNOWN_H

#include <stdbool.h>

#include <heaptracer/here.h>

/* Entries, 8 bytes each: a power of 2, or 0 for none. */
#ifndef HT_WALK_CACHE
#define HT_WALK_CACHE 32
#endif

/* kind (2) | frame pointer's place (8) | return address' place (8) | where the caller's frame begins above SP or the frame pointer (14), all in words;
 * places are below that, 0: not saved. A rule of the common kind is above 0 as a signed number, and 0 is none. */
enum { KNOWN_CFA_BITS = 14, KNOWN_RA_BITS = 8, KNOWN_FP_BITS = 8, KNOWN_KIND_SHIFT = 30 };
#define KNOWN_END 0x80000000u  /* no caller */
#define KNOWN_LOST 0x80000001u /* nothing is known */
#define KNOWN_FROM_FP 0xc0000000u

static inline uint32_t known_cfa(uint32_t rule) { return (rule & ((1u << KNOWN_CFA_BITS) - 1)) * 4; }
static inline uint32_t known_ra_below(uint32_t rule) { return (rule >> KNOWN_CFA_BITS & ((1u << KNOWN_RA_BITS) - 1)) * 4; }
static inline uint32_t known_fp_below(uint32_t rule) { return (rule >> (KNOWN_CFA_BITS + KNOWN_RA_BITS) & ((1u << KNOWN_FP_BITS) - 1)) * 4; }
static inline bool known_is_common(uint32_t rule) { return (int32_t)rule > 0; }
static inline bool known_is_from_fp(uint32_t rule) { return rule >= KNOWN_FROM_FP; }

/* In bytes. What does not fit is not known; a frame that did not save its return address leads nowhere. */
static inline uint32_t known_rule(uint32_t cfa, uint32_t ra_below, uint32_t fp_below)
{
    bool fits = !(cfa >> (KNOWN_CFA_BITS + 2)) && !(ra_below >> (KNOWN_RA_BITS + 2)) && !(fp_below >> (KNOWN_FP_BITS + 2)) && !((cfa | ra_below | fp_below) & 3);
    if (!fits || !ra_below)
        return KNOWN_LOST;
    return fp_below / 4 << (KNOWN_CFA_BITS + KNOWN_RA_BITS) | ra_below / 4 << KNOWN_CFA_BITS | cfa / 4;
}

#if HT_WALK_CACHE

/* check = pc ^ rule: an entry that an interrupt wrote between two stores of ours fits neither of both. */
struct known {
    uint32_t check, rule;
};
extern struct known ht__known[HT_WALK_CACHE];

static inline struct known *known_place(ht_pc pc)
{
    return &ht__known[pc >> 1 & (HT_WALK_CACHE - 1)];
}

/* 0: not known. */
static inline __attribute__((always_inline)) uint32_t known_find(ht_pc pc)
{
    const volatile struct known *known = known_place(pc);
    uint32_t rule = known->rule;
    return (known->check ^ rule) == pc ? rule : 0;
}

static inline void known_keep(ht_pc pc, uint32_t rule)
{
    volatile struct known *known = known_place(pc);
    known->rule = rule;
    known->check = (uint32_t)pc ^ rule;
}

#else

static inline uint32_t known_find(ht_pc pc) { return (void)pc, 0; }
static inline void known_keep(ht_pc pc, uint32_t rule) { (void)pc, (void)rule; }

#endif

static inline uintptr_t known_load(uintptr_t address)
{
    return *(const volatile uintptr_t *)address;
}

#endif
