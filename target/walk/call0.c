/* call0: in a hook's place on an Xtensa without register windows (ESP8266), out return addresses: the caller's for sure, the others as far as the code proves
 * them (proven.h). A frame of changing size and a function that was called through a pointer before any direct call cut the stack. */
#if defined(__XTENSA__) && !defined(__XTENSA_WINDOWED_ABI__)

#define PROVEN_RA_BYTES 4
#define PROVEN_STEP 4
#include "proven.h"

struct ht_walk_code ht__walk_code;

static bool is_code(ht_pc address)
{
    if (ht__walk_code.high)
        return address >= ht__walk_code.low && address < ht__walk_code.high;
    return address >> 20 == (ht_pc)(uintptr_t)ht__walk_call0 >> 20;
}

static ht_pc candidate_at(uintptr_t place)
{
    ht_pc ra = known_load(place);
    return is_code(ra) && is_code(ra - 8) ? ra : 0;
}

/* Four bytes; instruction memory is read by whole words only. */
static uint32_t code_at(ht_pc at)
{
    unsigned shift = (at & 3) * 8;
    uint32_t low = known_load(at & ~(ht_pc)3) >> shift;
    return shift ? low | known_load((at & ~(ht_pc)3) + 4) << (32 - shift) : low;
}

static inline unsigned length_of(uint32_t code) { return (code & 15) >= 8 && (code & 15) <= 13 ? 2 : 3; }
static inline unsigned field_s(uint32_t code) { return code >> 8 & 15; }
static inline unsigned field_t(uint32_t code) { return code >> 4 & 15; }
static inline int32_t top_byte(uint32_t code) { return (int8_t)(code >> 16); }
static inline int32_t call_offset(uint32_t code) { return (int32_t)(code << 8) >> 14; }

static uint32_t literal_at(ht_pc at, uint32_t code)
{
    ht_pc place = ((at + 3) & ~(ht_pc)3) + (0xfffc0000u | (code >> 8 & 0xffff) << 2);
    return is_code(place) ? known_load(place) : 0;
}

/* call0, or l32r and callx0 of what it loads. */
static enum called call_before(ht_pc ra, ht_pc *function)
{
    ht_pc at = ra - 3;
    uint32_t code = code_at(at) & 0xffffff, before = code_at(ra - 6) & 0xffffff;
    if ((code & 0x3f) == 5) {
        *function = (at & ~(ht_pc)3) + 4 + (uint32_t)call_offset(code) * 4;
        return is_code(*function) ? CALLED_THERE : CALLED_NOT;
    }
    if ((code & 0xfff0ff) != 0xc0)
        return CALLED_NOT;
    *function = (before & 15) == 1 && field_t(before) == field_s(code) ? literal_at(ra - 6, before) : 0;
    return *function && is_code(*function) ? CALLED_THERE : CALLED_SOMEWHERE;
}

struct body {
    ht_pc at, reach;
    uint32_t frame;     /* how far the stack pointer went down, */
    uint32_t saved_at;  /* and how far below the caller's the return address was saved; 0: it was not */
    int32_t constant;   /* in a9, which prologues of large frames take from the stack pointer; 0: not known */
    bool is_unclear;
    uint8_t since_rise; /* instructions since the stack pointer rose */
};

static void constant_note(struct body *body, uint32_t code)
{
    if ((code & 0xf0ff) == 0xa092) /* movi a9 */
        body->constant = (int32_t)((code >> 8 & 15) << 28 | (code & 0xff0000) << 4) >> 20;
    else if ((code & 0xff) == 0x91) /* l32r a9 */
        body->constant = (int32_t)literal_at(body->at, code);
    else if ((code & 0xefff0f) == 0x019900) /* slli a9, a9 */
        body->constant = (int32_t)((uint32_t)body->constant << (32 - ((code >> 16 & 16) | field_t(code))));
}

static void fall(struct body *body, int32_t bytes)
{
    if (bytes < 0 || bytes > 0xffff)
        body->is_unclear = true;
    else
        body->frame += (uint32_t)bytes;
}

/* What raises the stack pointer, a1, ends a frame; what lowers it begins one, or makes it larger. To copy it to itself is to do nothing. */
static void stack_note(struct body *body, uint32_t code)
{
    bool is_two = length_of(code) == 2, is_sum = (code & 0xffff) == 0xc112, is_far_sum = (code & 0xffff) == 0xd112; /* addi, addmi */
    int32_t change = is_far_sum ? top_byte(code) * 256 : is_sum ? top_byte(code) : 0;
    bool is_copy = (code & 0xfff00f) == 0x201000 && (code & 0xff0) != 0x110; /* or a1 */
    bool is_short = is_two && ((code & 0xf00f) == 0x100a || (code & 0xf00f) == 0x100b || (code & 0xf0ff) == 0x1d); /* add.n a1, addi.n a1, mov.n a1 */
    bool rises = change > 0 || is_short || is_copy;
    body->since_rise = rises ? 0 : body->since_rise + (body->since_rise < 100);
    constant_note(body, code);
    if (change < 0)
        fall(body, -change);
    else if ((code & 0xffff0f) == 0xc01100) /* sub a1, a1 */
        fall(body, field_t(code) == 9 && body->constant ? body->constant : -1);
    else if ((code & 0xfff) == 0x109) /* s32i.n a0, a1 */
        body->saved_at = body->frame - (code >> 12 & 15) * 4;
    else if ((code & 0xffff) == 0x6102) /* s32i a0, a1 */
        body->saved_at = body->frame - (code >> 16 & 255) * 4;
}

static ht_pc branch_target(ht_pc at, uint32_t code)
{
    unsigned op = code & 15, n = field_t(code) & 3;
    if (op == 12 && code & 0x80)
        return at + 4 + (code & 0x30) + (code >> 12 & 15);
    if (op == 7 || (op == 6 && n >= 2))
        return at + 4 + (uint32_t)top_byte(code);
    return op == 6 ? at + 4 + (uint32_t)(n ? (int32_t)(code << 8) >> 20 : call_offset(code)) : 0;
}

static bool is_return(uint32_t code) { return (code & 0xffff) == 0xf00d || (code & 0xffffff) == 0x80; }
static bool is_jump(uint32_t code) { return (code & 0x3f) == 6 || (code & 0xfff0ff) == 0xa0; }

/* A jump that is not the end goes on in the function: to another place of it, or by a table. */
static bool is_last(const struct body *body, uint32_t code)
{
    return is_return(code) || (is_jump(code) && (body->since_rise < 4 || !body->frame));
}

/* What is jumped to may be aligned, behind zeros. */
static void padding_skip(struct body *body)
{
    while (body->at & 3 && !(code_at(body->at) & 255))
        body->at++;
}

static struct shape shape_of(ht_pc function, ht_pc pc)
{
    struct body body = {.at = function, .since_rise = 100};
    for (unsigned left = HT_WALK_CODE; body.at < pc; left--) {
        uint32_t code = code_at(body.at);
        bool last = is_last(&body, code);
        ht_pc target = branch_target(body.at, code);
        if (!last && target > body.reach)
            body.reach = target;
        stack_note(&body, code);
        body.at += length_of(code);
        if ((is_jump(code) || is_return(code)) && body.at < pc)
            padding_skip(&body);
        if (!left || body.is_unclear || (last && body.at > body.reach))
            return (struct shape){0, 0};
    }
    if (body.at != pc || !body.saved_at || body.saved_at > body.frame || body.frame > 0xffff)
        return (struct shape){0, 0};
    return (struct shape){(uint16_t)body.frame, (uint16_t)(body.frame - body.saved_at)};
}

unsigned ht__walk_call0(const void *place, ht_pc *frames, unsigned most)
{
    const struct ht_here *here = place;
    return walk_proven((uintptr_t)here->stack, here->pc, frames, most);
}

bool ht__walk_learn_call0(const ht_pc *frames, unsigned count, uint8_t *offsets)
{
    return learn_proven(frames, count, offsets);
}

#endif
