/* rule: in a code address, out how to get from a frame there to its caller's frame. */
#include "rule.h"

#include "arch.h"
#include "cfi.h"

#include "target/core/module.h"

#include <string.h>

uint64_t ht__rules[RULE_ENTRIES];

/* True if the architecture's fixed place of the return address is what the row says. */
static bool ra_is_usual(const struct cfi_row *row)
{
    return row->ra_where == CFI_OFFSET && row->ra_offset == -(int64_t)sizeof(uint64_t);
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
    if (!ra_is_usual(row) || row->fp_where == CFI_OTHER || (row->fp_where == CFI_OFFSET && row->fp_offset >= 0))
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

struct rule_wide ht__rule_find_wide(uint64_t pc)
{
    struct ht_module module;
    struct cfi_row row;
    struct rule_wide lost = {.kind = RULE_LOST};
    /* A return address may stand behind its function's last byte: the call is one before. */
    if (!ht__module_find(pc - 1, &module))
        return (struct rule_wide){.kind = RULE_NONE};
    if (!module.eh_frame_hdr)
        return lost;
    if (!ht__cfi_find(module.eh_frame_hdr, module.start, module.end, pc - 1, &row))
        /* Nothing before it, but code that begins here: an address that was laid by hand (makecontext), not by a call. */
        return module.loader || ht__cfi_find(module.eh_frame_hdr, module.start, module.end, pc, &row) ? (struct rule_wide){.kind = RULE_END} : lost;
    return rule_from_row(&row);
}

static rule_word rule_pack(const struct rule_wide *rule)
{
    if (rule->kind == RULE_DEREF)
        return RULE_DEREF | ((uint32_t)(rule->cfa / 8) & ((1u << RULE_CFA_BITS) - 1)) << 3;
    if (rule->kind != RULE_SP && rule->kind != RULE_FP)
        return rule->kind;
    uint64_t cfa = (uint64_t)rule->cfa;
    if (cfa == 0 || cfa % 8 || rule->fp_below % 8 || cfa / 8 >= 1u << RULE_CFA_BITS || rule->fp_below / 8 >= 1u << RULE_FP_BITS)
        return RULE_BIG;
    return rule->kind | (uint32_t)(cfa / 8) << 3 | (uint32_t)(rule->fp_below / 8) << (3 + RULE_CFA_BITS);
}

rule_word ht__rule_find(uint64_t pc)
{
    struct rule_wide wide = ht__rule_find_wide(pc);
    rule_word word = rule_pack(&wide);
    uint64_t tag = (pc >> RULE_INDEX_BITS) + 1;
    if (pc >> 47 == 0 && wide.kind != RULE_NONE) {
        if (rule_kind(word) != RULE_SP)
            tag |= RULE_OTHER_TAG;
        __atomic_store_n(&ht__rules[(pc ^ pc >> RULE_INDEX_BITS) & (RULE_ENTRIES - 1)], tag << 32 | word, __ATOMIC_RELEASE);
    }
    return word;
}

void ht__rules_forget(void)
{
    for (uint32_t i = 0; i < RULE_ENTRIES; i++)
        if (ht__rules[i])
            __atomic_store_n(&ht__rules[i], 0, __ATOMIC_RELAXED);
}
