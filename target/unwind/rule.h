/* rule: in a code address, out how to get from a frame there to its caller's frame, as one 32-bit word; known rules are found by one load.
 *
 * A rule says where the caller's frame begins (CFA) and where the frame pointer was saved; the return address has one place per architecture
 * (x86-64: CFA - 8). Rules come from .eh_frame when they are first needed (cfi.c) and are kept in a table of 64-bit entries, address and rule in one
 * word, so that threads share it without a lock. */
#ifndef TARGET_UNWIND_RULE_H
#define TARGET_UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"

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

typedef uint32_t rule_word;

struct rule_wide {
    uint8_t kind;
    int64_t cfa;
    uint64_t ra_below; /* the return address lies this far below CFA, 0: it is still in its register */
    uint64_t fp_below; /* bytes below CFA, 0: not saved */
};

static inline unsigned rule_kind(rule_word rule) { return rule & 7; }

#if defined(__x86_64__)
/* kind (3) | cfa / 8 (15) | frame pointer's place below CFA / 8, 0: not saved (14). Both are multiples of 8, so they come out by a mask: the fields
 * lie where the bytes do. */
#define RULE_CFA_BITS 15
#define RULE_FP_BITS 14
static inline uint64_t rule_cfa(uint64_t rule) { return rule & ((1u << RULE_CFA_BITS) - 1) << 3; }
static inline uint64_t rule_fp_below(uint64_t rule) { return (uint32_t)rule >> (3 + RULE_CFA_BITS) << 3; }
static inline uint64_t rule_ra_below(uint64_t rule) { return (void)rule, ARCH_WORD; }
#else
/* kind (3) | cfa in units (12) | return address' place below CFA in words (11) | frame pointer's place in words below that one + 32, 0: not saved (6) */
#define RULE_CFA_BITS 12
#define RULE_RA_BITS 11
#define RULE_FP_BITS 6
static inline uint64_t rule_cfa(uint64_t rule) { return (rule >> 3 & ((1u << RULE_CFA_BITS) - 1)) * ARCH_CFA_UNIT; }
static inline uint64_t rule_ra_below(uint64_t rule) { return (rule >> (3 + RULE_CFA_BITS) & ((1u << RULE_RA_BITS) - 1)) * ARCH_WORD; }
static inline uint64_t rule_fp_below(uint64_t rule)
{
    uint64_t code = (uint32_t)rule >> (3 + RULE_CFA_BITS + RULE_RA_BITS);
    return code ? rule_ra_below(rule) + (code - 32) * ARCH_WORD : 0;
}
#endif
/* Of RULE_DEREF: in words, signed. */
static inline int64_t rule_cfa_signed(uint64_t rule)
{
    return ((int64_t)(rule << (64 - 3 - RULE_CFA_BITS)) >> (64 - RULE_CFA_BITS)) * (int64_t)ARCH_WORD;
}

/* Direct-mapped. entry = tag << 32 | rule, where the tag is 1 + the address' upper bits and 0 for an empty entry; the low bits are told by the index, so
 * a hit is exact. Only RULE_SP rules have such a tag: a hit needs no look at the kind. The others have it with the top bit set. */
enum { RULE_INDEX_BITS = 16, RULE_ENTRIES = 1 << RULE_INDEX_BITS };
#define RULE_OTHER_TAG 0x80000000u
extern uint64_t ht__rules[RULE_ENTRIES] __attribute__((aligned(64)));

static inline uint64_t *rule_place(uint64_t pc)
{
    pc >>= ARCH_CODE_SHIFT;
    return &ht__rules[(pc ^ pc >> RULE_INDEX_BITS) & (RULE_ENTRIES - 1)];
}

static inline uint64_t rule_tag(uint64_t pc)
{
    return pc >> (ARCH_CODE_SHIFT + RULE_INDEX_BITS);
}

static inline uint64_t rule_entry(uint64_t pc)
{
    return __atomic_load_n(rule_place(pc), __ATOMIC_RELAXED);
}

/* The entry is a RULE_SP rule for `pc`. */
static inline bool rule_is_sp(uint64_t entry, uint64_t pc)
{
    return (entry >> 32) - 1 == rule_tag(pc);
}

/* The rule in the entry if it is one for `pc`, or RULE_NONE. */
static inline rule_word rule_known(uint64_t entry, uint64_t pc)
{
    return rule_is_sp(entry, pc) || (entry >> 32 ^ RULE_OTHER_TAG) - 1 == rule_tag(pc) ? (rule_word)entry : 0;
}

#if HT_CALL_PUSHES
/* Where a step adds to SP and does no more, the distance has a second table for the walk's loop: entry = pc << 16 ^ distance, at the low 16 bits of pc. An
 * exclusive or with the pc that is looked for leaves the distance on a hit, and otherwise more than any distance: entry and bounds are checked by one
 * comparison. An address of more than 48 bits is no return address. Entry 0 fits no pc, others that are empty fit none of this index. */
enum { RULE_STEP_MOST = 0xffff };
extern uint64_t ht__rule_steps[RULE_ENTRIES] __attribute__((aligned(64)));

static inline uint64_t rule_step(uint64_t pc)
{
    return __atomic_load_n(&ht__rule_steps[pc & (RULE_ENTRIES - 1)], __ATOMIC_RELAXED) ^ pc << 16;
}
#endif

/* Known from before or from .eh_frame; async-signal-safe, no allocation. Announces the module in the calling thread's lane if it is new, before the rule can be known. */
rule_word ht__rule_find(uint64_t pc);
/* Of a loader that is the C library too (musl): only code in these ranges has no caller. All 0: of a loader all code that has no unwind information. */
extern uint64_t ht__root_code[2][2];
/* For RULE_BIG. RULE_NONE: cannot be told just now (a signal handler interrupted the look-up of a module). */
struct rule_wide ht__rule_find_wide(uint64_t pc);
/* Forgets all rules: code was unmapped. */
void ht__rules_forget(void);

#endif
