/* proven: in a stack without frame pointers or tables, out return addresses: the stack proposes, the code proves.
 *
 * A word of the stack is believed to be the return address of the function that `pc` is in when the instruction before the place it leads to calls a function
 * that begins before `pc`, does not end before it, and whose code up to `pc` makes a frame that puts its return address exactly there. Such a frame is known
 * by its `pc` from then on; then the call may be an indirect one too. Anything else cuts the stack.
 * What each machine must give is declared here and defined in its file. */
#ifndef TARGET_WALK_PROVEN_H
#define TARGET_WALK_PROVEN_H

#include "known.h"

/* In how many places above the stack pointer a return address is looked for. */
#ifndef HT_WALK_SCAN
#define HT_WALK_SCAN 160
#endif
/* How many instructions of one function are read. */
#ifndef HT_WALK_CODE
#define HT_WALK_CODE 400
#endif

/* A search that found nothing is not begun again at once: it rests for one walk through the same frame, after the next time for two, and so on up to these. */
#ifndef HT_WALK_REST
#define HT_WALK_REST 64
#endif

struct shape {
    uint16_t frame; /* bytes from the stack pointer to the caller's; 0: not known */
    uint16_t ra_at; /* and to the place of the return address */
};

enum called { CALLED_NOT, CALLED_THERE, CALLED_SOMEWHERE };

/* The return address that may stand at a place of the stack; 0: it cannot be one. */
static ht_pc candidate_at(uintptr_t place);
/* What is called by the instruction before `ra`. */
static enum called call_before(ht_pc ra, ht_pc *function);
static struct shape shape_of(ht_pc function, ht_pc pc);

static struct shape shape_known(ht_pc pc)
{
    uint32_t rule = known_find(pc);
    return (struct shape){(uint16_t)(rule >> 16), (uint16_t)rule};
}

static bool is_proven(ht_pc ra, ht_pc pc, uint16_t at, struct shape *shape)
{
    ht_pc function;
    if (!ra || call_before(ra, &function) != CALLED_THERE || function > pc)
        return false;
    struct shape found = shape_of(function, pc);
    if (!found.frame || found.ra_at != at)
        return false;
    *shape = found;
    known_keep(pc, (uint32_t)found.frame << 16 | found.ra_at);
    return true;
}

/* The return address of the frame that begins at sp; 0: none is proven. */
static ht_pc frame_prove(uintptr_t sp, ht_pc pc, struct shape *shape)
{
    uintptr_t room = ht__walk_stack.high - sp;
    ht_pc function, ra;
    *shape = shape_known(pc);
    uint8_t left = (uint8_t)shape->ra_at, rest = (uint8_t)(shape->ra_at >> 8); /* of what is not known */
    if (!shape->frame && left) {
        known_keep(pc, shape->ra_at - 1u);
        return 0;
    }
    if (shape->frame) {
        if (shape->frame > room)
            return 0;
        ra = candidate_at(sp + shape->ra_at);
        return ra && call_before(ra, &function) ? ra : 0;
    }
    for (uint16_t at = 0; at < HT_WALK_SCAN * PROVEN_STEP && (uintptr_t)at + PROVEN_RA_BYTES <= room; at += PROVEN_STEP) {
        ra = candidate_at(sp + at);
        if (is_proven(ra, pc, at, shape) && shape->frame <= room)
            return ra;
    }
    rest = (uint8_t)(!rest ? 1 : rest < HT_WALK_REST ? rest * 2 : rest);
    known_keep(pc, (uint16_t)(rest << 8 | rest));
    return 0;
}

/* The last frame of a stack that was not cut begins where the memory ends. */
static bool learn_proven(const ht_pc *frames, unsigned count, uint8_t *offsets)
{
    unsigned last = (count & ~HT_WALK_CUT) - 1;
    uint16_t stack = 0;
    for (unsigned i = 0; i < last; i++) {
        struct shape shape = shape_known(frames[i]);
        uint16_t place = (stack + shape.ra_at) / PROVEN_STEP;
        if (!shape.frame || place > UINT8_MAX)
            return false;
        offsets[i + 1] = (uint8_t)place;
        stack += shape.frame;
    }
    offsets[0] = 0;
    if (count & HT_WALK_CUT)
        return true;
    if (!stack || stack / PROVEN_STEP > UINT8_MAX)
        return false;
    offsets[0] = (uint8_t)(stack / PROVEN_STEP);
    return true;
}

static unsigned walk_proven(uintptr_t sp, ht_pc pc, ht_pc *frames, unsigned most)
{
    struct shape shape;
    for (unsigned count = 0;;) {
        frames[count++] = pc;
        if (sp + PROVEN_RA_BYTES > ht__walk_stack.high)
            return ht__walk_stack.high ? count : count | HT_WALK_CUT;
        if (count == most || sp < ht__walk_stack.low)
            return count | HT_WALK_CUT;
        pc = frame_prove(sp, pc, &shape);
        if (!pc)
            return count | HT_WALK_CUT;
        sp += shape.frame;
    }
}

#endif
