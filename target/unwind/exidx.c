/* exidx: in an .ARM.exidx table in memory and a code address, out the rule that leads from a frame there to its caller. */
#include "exidx.h"

#if defined(__arm__)

#include "wire/ehabi.h"

struct rule_wide ht__exidx_find(uint64_t table, uint64_t bytes, uint64_t low, uint64_t high, uint64_t pc)
{
    static const uint8_t kinds[] = {[EHABI_LOST] = RULE_LOST, [EHABI_END] = RULE_END, [EHABI_FROM_SP] = RULE_SP, [EHABI_FROM_FP] = RULE_FP};
    struct ehabi_table all = {(const uint32_t *)(uintptr_t)table, (uint32_t)table, (uint32_t)bytes / 8, (uint32_t)low, (uint32_t)high};
    struct ehabi_rule rule = ht__ehabi_find(&all, (uint32_t)pc);
    return (struct rule_wide){.kind = kinds[rule.kind], .cfa = (int32_t)rule.cfa, .ra_below = rule.ra_below, .fp_below = rule.fp_below};
}

#endif
