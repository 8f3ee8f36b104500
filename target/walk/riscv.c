/* riscv: in a hook's frame, out return addresses by the chain of frame pointers: each points behind { caller's frame pointer, return address }.
 *
 * A function without a frame pointer of its own (a library that was built without) leaves its caller's in the register: then that caller is missing in the
 * stack. An interrupt's frames go on into what it interrupted, of which the innermost may be missing. */
#if defined(__riscv)

#include "known.h"

/* Not in the first page, which is nowhere memory; a return address is never odd. */
static inline bool is_code(ht_pc pc)
{
    return pc >> 12 && !(pc & 1);
}

unsigned ht__walk_riscv(const void *here, ht_pc *frames, unsigned most)
{
    const uintptr_t *frame = here;
    uintptr_t high = ht__walk_stack.high;
    ht_pc pc = frame[-1];
    unsigned count = 0;
    if ((uintptr_t)frame < ht__walk_stack.low)
        most = 1;
    for (;;) {
        uintptr_t next = frame[-2];
        frames[count++] = pc;
        /* a chain goes up; at its end stands 0 or what the register held at start */
        if (next <= (uintptr_t)frame || next > high || next & (sizeof(uintptr_t) - 1))
            return next ? count | HT_WALK_CUT : count;
        if (count == most)
            return count | HT_WALK_CUT;
        frame = (const uintptr_t *)next;
        pc = frame[-1];
        if (!is_code(pc))
            return pc ? count | HT_WALK_CUT : count;
    }
}

#endif
