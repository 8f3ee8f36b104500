/* avr: in where a hook's frame ends, out the return address above it, whose bytes are a word address, highest first. */
#ifndef TARGET_WALK_AVR_H
#define TARGET_WALK_AVR_H

#if defined(__AVR__)

#include <heaptracer/here.h>

#if defined(__AVR_3_BYTE_PC__)
enum { AVR_PC_BYTES = 3 };
#else
enum { AVR_PC_BYTES = 2 };
#endif

static inline ht_pc avr_return_address(const volatile uint8_t *place)
{
    ht_pc words = place[0];
    for (uint8_t i = 1; i < AVR_PC_BYTES; i++)
        words = words << 8 | place[i];
    return words * 2;
}

/* HT_HERE is the last byte of it. */
static inline const volatile uint8_t *avr_place(const void *here)
{
    return (const volatile uint8_t *)here - AVR_PC_BYTES + 1;
}

#endif
#endif
