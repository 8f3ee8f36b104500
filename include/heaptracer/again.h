/* again: in a hook's place and a stack that was walked before, out whether it is the same stack: every word that the walk went by is read again, and is what it was.
 * So a stack that is taken for the same is the same, whatever else changed; what a walk that was cut might find by now is not looked for. Inline; a
 * port whose ht_port_walk is the one of its processor in target/walk says so by HT_PORT_AGAIN 1.
 *
 * offsets: what ht__walk_learn_* made of the frames: where each one's return address stands above the stack pointer, in units of AGAIN_STEP; the first of them, that of
 * the hook's own, is where the end of the stack is to be seen, or 0. */
#ifndef HEAPTRACER_AGAIN_H
#define HEAPTRACER_AGAIN_H

#include <stdbool.h>

#include <heaptracer/here.h>

#if defined(__AVR__)

#if defined(__AVR_3_BYTE_PC__)
enum { AVR_PC_BYTES = 3 };
#else
enum { AVR_PC_BYTES = 2 };
#endif

/* The bytes of a return address on the stack are a word address, highest first. */
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

#if defined(__riscv)

#define HT_WALK_AGAIN 1

/* The frames are a chain already. */
static inline bool again_learn(const ht_pc *pcs, unsigned count, uint8_t *offsets)
{
    (void)pcs, (void)count, (void)offsets;
    return true;
}

static inline unsigned again_key(const void *here)
{
    return (unsigned)(((const uintptr_t *)here)[-1] >> 1 ^ (uintptr_t)here >> 4);
}

static inline __attribute__((always_inline)) bool again_is(const void *here, const ht_pc *pcs, unsigned count, const uint8_t *offsets)
{
    const uintptr_t *frame = here;
    const ht_pc *end = pcs + (count & ~HT_WALK_CUT);
    uintptr_t high = ht__walk_stack.high, next;
    (void)offsets;
    if ((uintptr_t)frame < ht__walk_stack.low)
        return false;
    if (frame[-1] != *pcs)
        return false;
    while (++pcs != end) {
        next = frame[-2];
        if (next <= (uintptr_t)frame || next > high || next & (sizeof(uintptr_t) - 1))
            return false;
        frame = (const uintptr_t *)next;
        if (frame[-1] != *pcs)
            return false;
    }
    return !(count & HT_WALK_CUT) == !frame[-2];
}

#elif defined(__arm__) || defined(__AVR__) || (defined(__XTENSA__) && !defined(__XTENSA_WINDOWED_ABI__))

#define HT_WALK_AGAIN 1

#if defined(__arm__)
#define again_learn ht__walk_learn_cortex_m
enum { AGAIN_STEP = 4, AGAIN_BYTES = 4 };
#elif defined(__AVR__)
#define again_learn ht__walk_learn_avr
enum { AGAIN_STEP = 1, AGAIN_BYTES = AVR_PC_BYTES };
#else
#define again_learn ht__walk_learn_call0
enum { AGAIN_STEP = 4, AGAIN_BYTES = 4 };
#endif

#if defined(__AVR__)
static inline uintptr_t again_stack(const void *here) { return (uintptr_t)here + 1; }
static inline ht_pc again_pc(const void *here) { return avr_return_address(avr_place(here)); }
static inline ht_pc again_load(uintptr_t place) { return avr_return_address((const volatile uint8_t *)place); }
static inline uint8_t again_key(const void *here) { return (uint8_t)((uint8_t)(uintptr_t)here + *(const volatile uint8_t *)here); }
#else
static inline uintptr_t again_stack(const void *here) { return (uintptr_t)((const struct ht_here *)here)->stack; }
static inline ht_pc again_pc(const void *here) { return ((const struct ht_here *)here)->pc; }
static inline ht_pc again_load(uintptr_t place) { return *(const volatile uint32_t *)place; }
static inline unsigned again_key(const void *here) { return (unsigned)(again_pc(here) >> 2 ^ again_stack(here) >> 3); }
#endif

/* A Cortex-M's stack ends with a word that is no return address, the others' where their memory ends. */
static inline bool again_ends(uintptr_t place)
{
#if defined(__arm__)
    return place + AGAIN_BYTES <= ht__walk_stack.high && *(const volatile uint32_t *)place - 1 >= 0xf0000000u - 1; /* 0, or what ends an exception */
#else
    return place + AGAIN_BYTES > ht__walk_stack.high;
#endif
}

/* The lowest bit of a return address says that it is Thumb code; the frames are without it. */
static inline __attribute__((always_inline)) bool again_is(const void *here, const ht_pc *pcs, unsigned count, const uint8_t *offsets)
{
    uintptr_t stack = again_stack(here);
    uint_fast8_t last = (uint_fast8_t)((count & ~HT_WALK_CUT) - 1);
    ht_pc differ = again_pc(here) ^ pcs[0];
    if (stack < ht__walk_stack.low || stack + offsets[last] * AGAIN_STEP + AGAIN_BYTES > ht__walk_stack.high)
        return false;
    if (offsets[0] && !again_ends(stack + offsets[0] * AGAIN_STEP))
        return false;
    for (; last; last--)
        differ |= again_load(stack + offsets[last] * AGAIN_STEP) ^ pcs[last];
#if defined(__arm__)
    differ &= ~(ht_pc)1;
#endif
    return !differ;
}

#endif
#endif
