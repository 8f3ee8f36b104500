/* windowed: in a hook's place on an Xtensa with register windows (ESP32, ESP32-S3), out return addresses. */
#if defined(__XTENSA_WINDOWED_ABI__)

#include "windowed.h"

/* Each level takes a new window; as many as there are registers send all older windows to the stack. */
static __attribute__((noinline)) unsigned spill(unsigned levels)
{
    unsigned below = levels ? spill(levels - 1) : 0;
    __asm__ volatile("" : "+r"(below));
    return below + 1;
}

enum { REGISTERS = 64, WINDOW = 8 }; /* as many as any of these chips has; a call8 */

unsigned ht__walk_windowed(const void *place, ht_pc *frames, unsigned most)
{
    const struct ht_here *here = place;
    spill(REGISTERS / WINDOW);
    return windowed_walk(here->pc, (uint32_t)(uintptr_t)here->stack, (uint32_t)(uintptr_t)ht__walk_windowed, &ht__walk_stack, frames, most);
}

#endif
