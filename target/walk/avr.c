/* avr: in a hook's place, out return addresses: the caller's for sure, the others as far as the code in flash proves them (proven.h). */
#if defined(__AVR__)

#include <heaptracer/again.h>

#include <avr/io.h>
#include <avr/pgmspace.h>

#define PROVEN_RA_BYTES AVR_PC_BYTES
#define PROVEN_STEP 1
#include "proven.h"

/* All that follows counts code in words, as the processor does. */
static uint16_t code_at(uint32_t word)
{
#if FLASHEND > 0xffff
    return pgm_read_word_far(word * 2);
#else
    return pgm_read_word((uint16_t)word * 2);
#endif
}

static ht_pc candidate_at(uintptr_t place)
{
    ht_pc ra = avr_return_address((const volatile uint8_t *)place);
    return ra <= FLASHEND && ra > 2 ? ra : 0;
}

static inline bool is_call(uint16_t code) { return (code & 0xfe0e) == 0x940e; }
static inline bool is_jump(uint16_t code) { return (code & 0xfe0e) == 0x940c; }
static inline bool is_near_call(uint16_t code) { return (code & 0xf000) == 0xd000; }
static inline bool is_near_jump(uint16_t code) { return (code & 0xf000) == 0xc000; }
static inline bool is_branch(uint16_t code) { return (code & 0xf800) == 0xf000; }
static inline bool is_push(uint16_t code) { return (code & 0xfe0f) == 0x920f; }
static inline bool is_pop(uint16_t code) { return (code & 0xfe0f) == 0x900f; }
static inline bool is_stack_write(uint16_t code) { return (code & 0xfe0f) == 0xbe0d; } /* out SPL, r */
static inline bool is_long(uint16_t code) { return is_call(code) || is_jump(code) || (code & 0xfc0f) == 0x9000; }
static inline bool is_indirect_call(uint16_t code) { return code == 0x9509 || code == 0x9519; }
static inline bool is_end(uint16_t code) { return code == 0x9508 || code == 0x9518 || code == 0x9409 || code == 0x9419; } /* ret, reti, ijmp, eijmp */
static inline bool is_skip(uint16_t code)
{
    return (code & 0xfc08) == 0xfc00 || (code & 0xfd00) == 0x9900 || (code & 0xfc00) == 0x1000; /* sbrc, sbrs; sbic, sbis; cpse */
}
/* adiw; subi: what adds to a stack pointer that a call's arguments, or the frame at its end, come off */
static inline bool is_addition(uint16_t code) { return (code & 0xff00) == 0x9600 || (code & 0xf000) == 0x5000; }

static uint32_t near_target(uint32_t at, uint16_t code)
{
    return at + 1 + (uint32_t)(int32_t)((int16_t)(uint16_t)(code << 4) >> 4);
}

static uint32_t branch_target(uint32_t at, uint16_t code)
{
    return at + 1 + (uint32_t)(int32_t)((int16_t)(uint16_t)(code << 6) >> 9);
}

static uint32_t far_target(uint32_t at, uint16_t code)
{
    return (uint32_t)((code >> 3 & 0x3e) | (code & 1)) << 16 | code_at(at + 1);
}

static enum called call_before(ht_pc ra, ht_pc *function)
{
    uint32_t at = ra / 2;
    uint16_t code = code_at(at - 1);
    if (is_call(code_at(at - 2))) {
        *function = far_target(at - 2, code_at(at - 2)) * 2;
        return CALLED_THERE;
    }
    *function = near_target(at - 1, code) * 2;
    return is_near_call(code) ? CALLED_THERE : is_indirect_call(code) ? CALLED_SOMEWHERE : CALLED_NOT;
}

/* Bytes that "in r28, SPL; in r29, SPH; sbiw r28, n or subi, sbci or sbc" at `at` takes from the stack for locals; *at goes behind. */
static uint16_t locals_of(uint32_t *at)
{
    uint16_t code = code_at(*at + 2), next = code_at(*at + 3), bytes = 0;
    *at += 2;
    if ((code & 0xff30) == 0x9720) {
        bytes = (code >> 2 & 0x30) | (code & 15);
        *at += 1;
    } else if ((code & 0xf0f0) == 0x50c0 && ((next & 0xf0f0) == 0x40d0 || next == 0x09d1)) { /* sbc r29, r1: less than 256 */
        bytes = (code >> 4 & 0xf0) | (code & 15) | (next == 0x09d1 ? 0 : ((next >> 4 & 0xf0) | (next & 15)) << 8);
        *at += 2;
    }
    /* in r0, SREG; cli; out SPH, r29; out SREG, r0; out SPL, r28 */
    for (code = code_at(*at); bytes && (code == 0xb60f || code == 0x94f8 || code == 0xbfde || code == 0xbe0f || code == 0xbfcd); code = code_at(*at))
        *at += 1;
    return bytes;
}

static uint16_t prologue_of(uint32_t *at)
{
    uint16_t bytes = 0;
    for (uint16_t code = code_at(*at);; code = code_at(*at)) {
        if (is_push(code))
            bytes++;
        else if (code == 0xd000) /* rcall to the next instruction makes room */
            bytes += AVR_PC_BYTES;
        else
            return code == 0xb7cd && code_at(*at + 1) == 0xb7de ? bytes + locals_of(at) : bytes;
        *at += 1;
    }
}

/* Between prologue and pc: how far branches reach, and what is pushed for a call. */
struct body {
    uint32_t at, reach;
    uint16_t pushed;
    uint8_t since_addition; /* instructions */
    bool is_bare;           /* the frame is gone, or there never was one: a jump from here leaves the function */
};

static void jumps_note(struct body *body, uint16_t code)
{
    uint32_t target = 0;
    if (is_branch(code))
        target = branch_target(body->at, code);
    else if (is_near_jump(code) && !body->is_bare)
        target = near_target(body->at, code);
    else if (is_skip(code))
        target = body->at + 2 + is_long(code_at(body->at + 1));
    if (target > body->reach)
        body->reach = target;
}

/* False: what holds the stack pointer afterwards cannot be told. */
static bool stack_note(struct body *body, uint16_t code)
{
    if (is_push(code))
        body->pushed++;
    else if (is_pop(code) && body->pushed)
        body->pushed--;
    else if (is_stack_write(code)) {
        body->pushed = 0;
        return body->since_addition < 6;
    }
    body->since_addition = is_addition(code) ? 0 : body->since_addition + (body->since_addition < 100);
    return true;
}

/* A jump with a frame goes on in the function: to another place of it, or by a table. */
static bool is_last(const struct body *body, uint16_t code)
{
    return is_end(code) || ((is_jump(code) || is_near_jump(code)) && body->is_bare);
}

static struct shape shape_of(ht_pc function, ht_pc pc)
{
    struct body body = {.at = function / 2, .since_addition = 100};
    struct shape none = {0, 0};
    uint16_t bytes = prologue_of(&body.at), left = HT_WALK_CODE;
    for (uint32_t end = pc / 2; body.at < end; left--) {
        uint16_t code = code_at(body.at);
        body.is_bare |= !bytes;
        jumps_note(&body, code);
        if (!left || !stack_note(&body, code))
            return none;
        bool last = is_last(&body, code);
        body.at += 1 + is_long(code);
        body.is_bare = is_pop(code);
        if (last && body.at > body.reach)
            return none;
    }
    bytes += body.pushed;
    return body.at == pc / 2 ? (struct shape){bytes + AVR_PC_BYTES, bytes} : none;
}

unsigned ht__walk_avr(const void *here, ht_pc *frames, unsigned most)
{
    return walk_proven((uintptr_t)here + 1, avr_return_address(avr_place(here)), frames, most);
}

bool ht__walk_learn_avr(const ht_pc *frames, unsigned count, uint8_t *offsets)
{
    return learn_proven(frames, count, offsets);
}

#endif
