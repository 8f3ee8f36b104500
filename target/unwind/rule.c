/* rule: in a code address, out how to get from a frame there to its caller's frame. */
#include "rule.h"

#include "arch.h"
#include "cfi.h"
#include "exidx.h"

#include "target/process/module.h"

#include <string.h>

uint64_t ht__rules[RULE_ENTRIES];

#if HT_CALL_PUSHES
uint64_t ht__rule_steps[RULE_ENTRIES];

static void keep_step(uint64_t pc, rule_word word)
{
    __atomic_store_n(&ht__rule_steps[0], ~(uint64_t)0, __ATOMIC_RELAXED); /* before any other, so before a walk can read a 0 as an address */
    if (rule_kind(word) == RULE_SP && rule_cfa(word) <= RULE_STEP_MOST && pc & (RULE_ENTRIES - 1))
        __atomic_store_n(&ht__rule_steps[pc & (RULE_ENTRIES - 1)], pc << 16 ^ rule_cfa(word), __ATOMIC_RELAXED);
}

static void forget_steps(void)
{
    for (uint32_t i = 1; i < RULE_ENTRIES; i++)
        if (ht__rule_steps[i])
            __atomic_store_n(&ht__rule_steps[i], 0, __ATOMIC_RELAXED);
}
#else
static inline void keep_step(uint64_t pc, rule_word word)
{
    (void)pc, (void)word;
}

static inline void forget_steps(void)
{
}
#endif

/* Where the return address is, below the CFA. */
static bool take_ra(const struct cfi_row *row, struct rule_wide *rule)
{
    if (row->ra_where == CFI_OFFSET && row->ra_offset < 0)
        rule->ra_below = (uint64_t)-row->ra_offset;
    else if (HT_CALL_PUSHES || row->ra_where != CFI_SAME)
        return false;
    return !HT_CALL_PUSHES || rule->ra_below == ARCH_WORD;
}

static struct rule_wide rule_from_row(const struct cfi_row *row)
{
    struct rule_wide rule = {.kind = RULE_LOST};
    if (row->ra_where == CFI_UNDEFINED)
        rule.kind = RULE_END;
    if (row->signal_frame)
        rule.kind = RULE_SIGNAL;
    if (rule.kind != RULE_LOST)
        return rule;
    if (!take_ra(row, &rule) || row->fp_where == CFI_OTHER || (row->fp_where == CFI_OFFSET && row->fp_offset >= 0))
        return rule;
    rule.cfa = row->cfa_offset;
    rule.fp_below = row->fp_where == CFI_OFFSET ? (uint64_t)-row->fp_offset : 0;
    if (row->cfa_is_expression) {
        if (row->deref && row->fp_where == CFI_AT_FP)
            rule.kind = RULE_DEREF;
    } else if (row->fp_where == CFI_AT_FP)
        return rule;
    else if (row->cfa_register == ARCH_DWARF_SP)
        rule.kind = RULE_SP;
    else if (row->cfa_register == ARCH_DWARF_FP)
        rule.kind = RULE_FP;
    return rule;
}

/* Code without unwind information that returns from a signal: C libraries have it, and emulators. */
static bool is_trampoline(uint64_t pc)
{
    struct ht_module module;
    return ht__module_find(pc, &module) && module.readable && module.end - pc >= 16 && arch_is_trampoline(pc);
}

uint64_t ht__root_code[2][2];

static bool is_root(const struct ht_module *loader, uint64_t pc)
{
    bool is_libc = ht__root_code[0][1];
    for (int i = 0; i < 2; i++)
        if (pc >= ht__root_code[i][0] && pc < ht__root_code[i][1])
            return true;
    return loader->loader && !is_libc;
}

static uint8_t kind_without_row(const struct ht_module *module, uint64_t pc)
{
    struct cfi_row row;
    if (is_trampoline(pc))
        return RULE_SIGNAL;
    if (!module->eh_frame_hdr)
        return RULE_LOST;
    /* Nothing before it, but code that begins here: an address that was laid by hand (makecontext), not by a call. */
    return is_root(module, pc) || ht__cfi_find(module->eh_frame_hdr, module->start, module->end, pc, &row) ? RULE_END : RULE_LOST;
}

struct rule_wide ht__rule_find_wide(uint64_t pc)
{
    struct ht_module module;
    struct cfi_row row;
    /* A return address may stand behind its function's last byte: the call is one before. */
    if (!ht__module_find(pc - 1, &module) && !ht__module_find(pc, &module))
        return (struct rule_wide){.kind = RULE_NONE};
    if (module.eh_frame_hdr && ht__cfi_find(module.eh_frame_hdr, module.start, module.end, pc - 1, &row))
        return rule_from_row(&row);
#if defined(__arm__)
    if (module.exidx && !is_trampoline(pc))
        return ht__exidx_find(module.exidx, module.exidx_bytes, module.start, module.end, pc - 1);
#endif
    return (struct rule_wide){.kind = kind_without_row(&module, pc)};
}

#if defined(__x86_64__)
static rule_word pack_offsets(const struct rule_wide *rule)
{
    uint64_t cfa = (uint64_t)rule->cfa;
    if (cfa == 0 || cfa % 8 || rule->fp_below % 8 || cfa / 8 >= 1u << RULE_CFA_BITS || rule->fp_below / 8 >= 1u << RULE_FP_BITS)
        return RULE_BIG;
    return rule->kind | (uint32_t)(cfa / 8) << 3 | (uint32_t)(rule->fp_below / 8) << (3 + RULE_CFA_BITS);
}
#else
static rule_word pack_offsets(const struct rule_wide *rule)
{
    uint64_t cfa = (uint64_t)rule->cfa, ra = rule->ra_below, fp = rule->fp_below ? (rule->fp_below - ra) / ARCH_WORD + 32 : 0;
    bool odd = cfa % ARCH_CFA_UNIT || ra % ARCH_WORD || rule->fp_below % ARCH_WORD || !ra || (rule->kind == RULE_SP && ra > cfa) || (rule->fp_below && !fp);
    cfa /= ARCH_CFA_UNIT;
    ra /= ARCH_WORD;
    if (odd || cfa >> RULE_CFA_BITS || ra >> RULE_RA_BITS || fp >> RULE_FP_BITS)
        return RULE_BIG;
    return rule->kind | (uint32_t)cfa << 3 | (uint32_t)ra << (3 + RULE_CFA_BITS) | (uint32_t)fp << (3 + RULE_CFA_BITS + RULE_RA_BITS);
}
#endif

static rule_word rule_pack(const struct rule_wide *rule)
{
    if (rule->kind == RULE_SP || rule->kind == RULE_FP)
        return pack_offsets(rule);
    if (rule->kind != RULE_DEREF)
        return rule->kind;
    int64_t words = rule->cfa / (int64_t)ARCH_WORD;
    return RULE_DEREF | ((uint32_t)words & ((1u << RULE_CFA_BITS) - 1)) << 3;
}

rule_word ht__rule_find(uint64_t pc)
{
    rule_word word = rule_known(rule_entry(pc), pc);
    if (word) {
        keep_step(pc, word);
        return word;
    }
    struct rule_wide wide = ht__rule_find_wide(pc);
    uint64_t tag = rule_tag(pc) + 1;
    word = rule_pack(&wide);
    if (tag < RULE_OTHER_TAG && wide.kind != RULE_NONE) {
        keep_step(pc, word);
        if (rule_kind(word) != RULE_SP)
            tag |= RULE_OTHER_TAG;
        __atomic_store_n(rule_place(pc), tag << 32 | word, __ATOMIC_RELEASE);
    }
    return word;
}

void ht__rules_forget(void)
{
    forget_steps();
    for (uint32_t i = 0; i < RULE_ENTRIES; i++)
        if (ht__rules[i])
            __atomic_store_n(&ht__rules[i], 0, __ATOMIC_RELAXED);
}
