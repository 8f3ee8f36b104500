/* rule: in a code address, out how to get from a frame there to its caller's frame, as one 32-bit word; known rules are found by one load.
 *
 * A rule says where the caller's frame begins (CFA) and where the frame pointer was saved; the return address has one place per architecture
 * (x86-64: CFA - 8). Rules come from .eh_frame when they are first needed (cfi.c) and are kept in a table of 64-bit entries, address and rule in one
 * word, so that threads share it without a lock. */
#ifndef TARGET_UNWIND_RULE_H
#define TARGET_UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum rule_kind {
    RULE_NONE,    /* an empty table entry */
    RULE_SP,      /* CFA = SP + cfa */
    RULE_FP,      /* CFA = FP + cfa */
    RULE_DEREF,   /* CFA = *(FP + signed cfa), FP = *FP: frames that align their stack */
    RULE_SIGNAL,  /* the kernel's signal frame: registers lie in the ucontext at SP */
    RULE_END,     /* no caller */
    RULE_LOST,    /* no unwind information: the walk ends here, truncated */
    RULE_BIG,     /* does not fit into the word: ask rule_find_wide each time */
};

/* kind (3) | cfa / 8 (15) | frame pointer's place below CFA / 8, 0: not saved (14) */
typedef uint32_t rule_word;

struct rule_wide {
    uint8_t kind;
    int64_t cfa;
    uint64_t fp_below; /* bytes below CFA, 0: not saved */
};

#define RULE_CFA_BITS 15
#define RULE_FP_BITS 14

static inline unsigned rule_kind(rule_word rule) { return rule & 7; }
static inline uint64_t rule_cfa(rule_word rule) { return (uint64_t)(rule >> 3 & ((1u << RULE_CFA_BITS) - 1)) * 8; }
static inline uint64_t rule_fp_below(rule_word rule) { return (uint64_t)(rule >> (3 + RULE_CFA_BITS)) * 8; }

/* Direct-mapped. entry = (address >> INDEX_BITS) << 32 | rule; the low address bits are told by the index, so a hit is exact. */
enum { RULE_INDEX_BITS = 16, RULE_ENTRIES = 1 << RULE_INDEX_BITS };
extern uint64_t ht__rules[RULE_ENTRIES];

static inline uint32_t rule_index(uint64_t pc)
{
    uint64_t high = pc >> RULE_INDEX_BITS;
    return (uint32_t)(pc ^ high ^ high >> 9) & (RULE_ENTRIES - 1);
}

/* The rule from the table, or RULE_NONE. Addresses above 2^48 are never in it. */
static inline rule_word rule_known(uint64_t pc)
{
    uint32_t index = rule_index(pc);
    uint64_t entry = __atomic_load_n(&ht__rules[index], __ATOMIC_RELAXED);
    if (__builtin_expect(entry >> 32 == pc >> RULE_INDEX_BITS, 1))
        return (rule_word)entry;
    return 0;
}

/* From .eh_frame; async-signal-safe, no allocation. Announces the module in the calling thread's lane if it is new, before the rule can be known. */
rule_word ht__rule_find(uint64_t pc);
/* For RULE_BIG. RULE_NONE: cannot be told just now (a signal handler interrupted the look-up of a module). */
struct rule_wide ht__rule_find_wide(uint64_t pc);
/* Forgets all rules: code was unmapped. */
void ht__rules_forget(void);

#endif
