/* exidx: in an .ARM.exidx table in memory and a code address, out the rule that leads from a frame there to its caller ("Exception Handling ABI for the
 * Arm Architecture", sections 6, 7 and 10.3). The instructions pop registers from a virtual stack pointer; here they only say how far it goes. */
#include "exidx.h"

#if defined(__arm__)

#include <stddef.h>

enum { FRAME_REGISTER = 7, LINK_REGISTER = 14, PC_REGISTER = 15 };

/* Instructions are the bytes of words, highest first. */
struct code {
    const uint32_t *word;
    unsigned left, shift; /* bytes left, bits to shift the next one down by */
};

struct machine {
    bool bad, from_fp;  /* from_fp: vsp is counted from the frame pointer */
    int64_t vsp;        /* bytes above the frame's SP or FP */
    int64_t fp_at, ra_at;
    bool has_fp, has_ra;
};

static uint8_t next_byte(struct code *code)
{
    if (!code->left)
        return 0xb0; /* finish */
    uint8_t byte = (uint8_t)(*code->word >> code->shift);
    code->left--;
    if (code->shift)
        code->shift -= 8;
    else {
        code->word++;
        code->shift = 24;
    }
    return byte;
}

static void pop_one(struct machine *m, unsigned reg)
{
    if (reg == FRAME_REGISTER) {
        m->has_fp = true;
        m->fp_at = m->vsp;
    } else if (reg == PC_REGISTER || (reg == LINK_REGISTER && !m->has_ra)) {
        m->has_ra = true;
        m->ra_at = m->vsp;
    } else if (reg == 13)
        m->bad = true;
    m->vsp += 4;
}

static void pop_mask(struct machine *m, unsigned first, unsigned mask)
{
    for (unsigned reg = first; mask; reg++, mask >>= 1)
        if (mask & 1)
            pop_one(m, reg);
}

static uint64_t next_uleb(struct code *code)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = next_byte(code);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return value;
}

static void run_from_b0(struct machine *m, struct code *code, uint8_t op)
{
    unsigned count;
    if (op == 0xb1) {
        uint8_t mask = next_byte(code);
        m->bad |= !mask || mask & 0xf0;
        pop_mask(m, 0, mask);
    } else if (op == 0xb2)
        m->vsp += 0x204 + (int64_t)(next_uleb(code) << 2);
    else if (op == 0xb3 || op == 0xc8 || op == 0xc9) {
        count = (next_byte(code) & 15u) + 1;
        m->vsp += 8 * count + (op == 0xb3 ? 4 : 0);
    } else if ((op & 0xf8) == 0xb8)
        m->vsp += 8 * ((op & 7) + 1) + 4;
    else if ((op & 0xf8) == 0xd0)
        m->vsp += 8 * ((op & 7) + 1);
    else
        m->bad = true;
}

static void run_one(struct machine *m, struct code *code, uint8_t op)
{
    unsigned mask;
    if (op < 0x40)
        m->vsp += (op << 2) + 4;
    else if (op < 0x80)
        m->vsp -= ((op & 0x3f) << 2) + 4;
    else if (op < 0x90) {
        mask = (op & 15u) << 8 | next_byte(code);
        m->bad |= !mask; /* refuse to unwind */
        pop_mask(m, 4, mask);
    } else if (op < 0xa0) {
        m->bad |= (op & 15) != FRAME_REGISTER || m->has_fp;
        m->from_fp = true;
        m->vsp = 0;
    } else if (op < 0xb0) {
        pop_mask(m, 4, (2u << (op & 7)) - 1);
        if (op & 8)
            pop_one(m, LINK_REGISTER);
    } else
        run_from_b0(m, code, op);
}

static struct rule_wide run(struct code code)
{
    struct machine m = {0};
    struct rule_wide rule = {.kind = RULE_LOST};
    for (uint8_t op; (op = next_byte(&code)) != 0xb0 && !m.bad;)
        run_one(&m, &code, op);
    if (m.bad || (m.has_fp && m.fp_at >= m.vsp) || (m.has_ra && m.ra_at >= m.vsp))
        return rule;
    rule.kind = m.from_fp ? RULE_FP : RULE_SP;
    rule.cfa = m.vsp;
    rule.ra_below = m.has_ra ? (uint64_t)(m.vsp - m.ra_at) : 0;
    rule.fp_below = m.has_fp ? (uint64_t)(m.vsp - m.fp_at) : 0;
    return rule;
}

static uint64_t follow(const uint32_t *word)
{
    return (uint32_t)((uintptr_t)word + (uint32_t)((int32_t)(*word << 1) >> 1));
}

/* The last entry that begins at or before `pc`; NULL: none. */
static const uint32_t *find_entry(const uint32_t *table, size_t count, uint64_t pc)
{
    size_t first = 0, last = count;
    while (last - first > 1) {
        size_t middle = first + (last - first) / 2;
        if (follow(table + 2 * middle) <= pc)
            first = middle;
        else
            last = middle;
    }
    return count && follow(table + 2 * first) <= pc ? table + 2 * first : NULL;
}

struct rule_wide ht__exidx_find(uint64_t table, uint64_t bytes, uint64_t low, uint64_t high, uint64_t pc)
{
    struct rule_wide lost = {.kind = RULE_LOST};
    const uint32_t *entry = find_entry((const uint32_t *)(uintptr_t)table, (size_t)bytes / 8, pc);
    if (!entry)
        return lost;
    if (entry[1] == 1) /* cannot be unwound: where threads and programs begin */
        return (struct rule_wide){.kind = RULE_END};
    if (entry[1] >> 31)
        return run((struct code){entry + 1, 3, 16});
    uint64_t place = follow(entry + 1);
    if (place < low || place + 8 > high || place & 3)
        return lost;
    const uint32_t *word = (const uint32_t *)(uintptr_t)place;
    struct code code = {word, 3, 16};
    if (!(*word >> 31)) { /* a personality routine of a language; its data begins like compact model 1, one word on */
        code = (struct code){word + 1, 3 + 4 * (word[1] >> 24), 16};
    } else if (*word >> 24 & 15)
        code = (struct code){word, 2 + 4 * (*word >> 16 & 0xff), 8};
    return (uintptr_t)code.word + code.left + 2 <= high ? run(code) : lost;
}

#endif
