/* ehabi: finds the entry of an address, and runs its instructions, which pop registers from a virtual stack pointer: here they only say how far it goes. */
#include "ehabi.h"

#include <stddef.h>

enum { FRAME_REGISTER = 7, LINK_REGISTER = 14, PC_REGISTER = 15 };

/* Instructions are the bytes of words, highest first. */
struct code {
    const uint32_t *word;
    unsigned left, shift; /* bytes left, bits to shift the next one down by */
};

struct machine {
    bool bad, from_fp; /* from_fp: vsp is counted from the frame pointer */
    int32_t vsp;       /* bytes above the frame's SP or FP */
    int32_t fp_at, ra_at;
    bool has_fp, has_ra;
};

/* Frames of a firmware or a thread are far smaller; bounded, so that no sum overflows. */
#define FRAME_MOST ((int32_t)1 << 28)

static void move(struct machine *m, int32_t bytes)
{
    m->vsp += bytes;
    m->bad |= m->vsp > FRAME_MOST || m->vsp < -FRAME_MOST;
}

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
    move(m, 4);
}

static void pop_mask(struct machine *m, unsigned first, unsigned mask)
{
    for (unsigned reg = first; mask; reg++, mask >>= 1)
        if (mask & 1)
            pop_one(m, reg);
}

/* What does not fit is more than any frame. */
static int32_t next_uleb(struct code *code)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t byte = next_byte(code);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return (int32_t)value;
    }
    return FRAME_MOST;
}

static void run_from_b0(struct machine *m, struct code *code, uint8_t op)
{
    if (op == 0xb1) {
        uint8_t mask = next_byte(code);
        m->bad |= !mask || mask & 0xf0;
        pop_mask(m, 0, mask);
    } else if (op == 0xb2) {
        int32_t words = next_uleb(code);
        move(m, words < FRAME_MOST / 4 ? 0x204 + words * 4 : FRAME_MOST);
    } else if (op == 0xb3 || op == 0xc8 || op == 0xc9)
        move(m, 8 * ((next_byte(code) & 15) + 1) + (op == 0xb3 ? 4 : 0));
    else if ((op & 0xf8) == 0xb8)
        move(m, 8 * ((op & 7) + 1) + 4);
    else if ((op & 0xf8) == 0xd0)
        move(m, 8 * ((op & 7) + 1));
    else if (op != 0xb4) /* the return address is signed: its code says nothing of places */
        m->bad = true;
}

static void run_one(struct machine *m, struct code *code, uint8_t op)
{
    unsigned mask;
    if (op < 0x40)
        move(m, (op << 2) + 4);
    else if (op < 0x80)
        move(m, -(((op & 0x3f) << 2) + 4));
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

static struct ehabi_rule run(struct code code)
{
    struct machine m = {0};
    struct ehabi_rule rule = {.kind = EHABI_LOST};
    for (uint8_t op; (op = next_byte(&code)) != 0xb0 && !m.bad;)
        run_one(&m, &code, op);
    if (m.bad || (m.has_fp && m.fp_at >= m.vsp) || (m.has_ra && m.ra_at >= m.vsp) || (m.vsp < 0 && !m.from_fp))
        return rule;
    rule.kind = m.from_fp ? EHABI_FROM_FP : EHABI_FROM_SP;
    rule.cfa = (uint32_t)m.vsp;
    rule.ra_below = m.has_ra ? (uint32_t)(m.vsp - m.ra_at) : 0;
    rule.fp_below = m.has_fp ? (uint32_t)(m.vsp - m.fp_at) : 0;
    return rule;
}

static uint32_t follow(const struct ehabi_table *table, const uint32_t *word)
{
    return table->address + (uint32_t)(word - table->words) * 4 + (uint32_t)((int32_t)(*word << 1) >> 1);
}

/* The last entry that begins at or before `pc`; NULL: none. */
static const uint32_t *find_entry(const struct ehabi_table *table, uint32_t pc)
{
    uint32_t first = 0, last = table->count;
    while (last - first > 1) {
        uint32_t middle = first + (last - first) / 2;
        if (follow(table, table->words + 2 * middle) <= pc)
            first = middle;
        else
            last = middle;
    }
    const uint32_t *entry = table->words + 2 * first;
    return table->count && follow(table, entry) <= pc ? entry : NULL;
}

struct ehabi_rule ht__ehabi_find(const struct ehabi_table *table, uint32_t pc)
{
    struct ehabi_rule lost = {.kind = EHABI_LOST};
    const uint32_t *entry = find_entry(table, pc);
    if (!entry)
        return lost;
    if (entry[1] == 1)
        return (struct ehabi_rule){.kind = EHABI_END};
    if (entry[1] >> 31)
        return run((struct code){entry + 1, 3, 16});
    uint32_t place = follow(table, entry + 1);
    if (place < table->low || place > table->high - 8 || place & 3)
        return lost;
    const uint32_t *word = table->words + (int32_t)(place - table->address) / 4;
    struct code code = {word, 3, 16};
    uint32_t begin = place;
    if (!(*word >> 31)) { /* a personality routine of a language; its data begins like compact model 1, one word on */
        code = (struct code){word + 1, 3 + 4 * (word[1] >> 24), 16};
        begin += 4;
    } else if (*word >> 24 & 15)
        code = (struct code){word, 2 + 4 * (*word >> 16 & 0xff), 8};
    return table->high - begin >= code.left + 2 ? run(code) : lost;
}
