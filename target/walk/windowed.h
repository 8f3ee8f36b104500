/* windowed: in the stack of an Xtensa with register windows, all spilled, out return addresses: the 16 bytes below a function's stack pointer hold its caller's a0
 * (the return address) and a1 (the stack pointer). Reads memory at 32-bit addresses, so that the tests can give it an image on any machine. */
#ifndef TARGET_WALK_WINDOWED_H
#define TARGET_WALK_WINDOWED_H

#include <stdint.h>

#include <heaptracer/here.h>

static inline uint32_t windowed_load(uint32_t address)
{
    return *(const volatile uint32_t *)(uintptr_t)address;
}

/* The highest two bits of a return address tell the size of the caller's window; the code is where the walker is. */
static inline uint32_t windowed_pc(uint32_t ra, uint32_t code)
{
    return (ra & 0x3fffffff) | (code & 0xc0000000);
}

/* `sp` is the hook's, `ra` its return address. Stacks grow down, and stack pointers are multiples of 16; a thread begins with a return address of 0. */
static inline unsigned windowed_walk(uint32_t ra, uint32_t sp, uint32_t code, const struct ht_walk_stack *stack, ht_pc *frames, unsigned most)
{
    for (unsigned count = 0;;) {
        frames[count++] = windowed_pc(ra, code);
        if (count == most || sp < stack->low + 16 || sp > stack->high)
            return count | HT_WALK_CUT;
        ra = windowed_load(sp - 16);
        if (!ra)
            return count;
        uint32_t next = windowed_load(sp - 12);
        if (next <= sp || next & 15 || !(ra >> 30))
            return count | HT_WALK_CUT;
        sp = next;
    }
}

#endif
