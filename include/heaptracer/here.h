/* here: in a hook of a firmware, out where a stack walker begins, and the walkers. Freestanding.
 *
 * A hook is the function that the firmware's code calls. It hands HT_HERE down to what walks: the walk then skips the tracer's own frames. */
#ifndef HEAPTRACER_HERE_H
#define HEAPTRACER_HERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A code address in bytes, also where the processor counts words (AVR). Of a frame: its return address, without the bits that are not address. */
#if __SIZEOF_POINTER__ == 8
typedef uint64_t ht_pc;
#else
typedef uint32_t ht_pc;
#endif

/* Added to a walker's count: there were more frames, or they could not be told. */
enum { HT_WALK_CUT = 0x80 };

/* 1: no stack is walked, but a slice of it goes to the host, which unwinds it by the ELF file's call frame information (target/core/stack_slice.c). Cortex-M, RISC-V. */
#ifndef HT_WITH_SLICE
#define HT_WITH_SLICE 0
#endif

/* Where in the hook the frame pointer's register was read, and what it held: by the hook's own frame information the host knows its caller's. */
struct ht_hook_at {
    uintptr_t pc, fp;
};

struct ht_here {
    ht_pc pc;
    const void *stack; /* the caller's stack pointer at the call; of a windowed Xtensa the hook's own */
#if HT_WITH_SLICE
    struct ht_hook_at hook;
#endif
};

#if HT_WITH_SLICE && defined(__arm__)
static inline __attribute__((always_inline)) struct ht_hook_at ht__hook_at(void)
{
    struct ht_hook_at at;
    __asm__ volatile("mov %1, r7\n\tmov %0, pc" : "=r"(at.pc), "=&r"(at.fp));
    at.pc -= 6; /* pc reads as two instructions on */
    return at;
}
#endif

/* In the hook itself; lives as long as its block. */
#if defined(__riscv)
#define HT_HERE ((const void *)__builtin_frame_address(0))
#elif defined(__AVR__)
#define HT_HERE ((const void *)__builtin_dwarf_cfa())
#elif defined(__XTENSA_WINDOWED_ABI__)
#define HT_HERE (&(const struct ht_here){(ht_pc)(uintptr_t)__builtin_return_address(0), __builtin_frame_address(0)})
#elif HT_WITH_SLICE && defined(__arm__)
#define HT_HERE (&(const struct ht_here){(ht_pc)(uintptr_t)__builtin_return_address(0), __builtin_dwarf_cfa(), ht__hook_at()})
#else
#define HT_HERE (&(const struct ht_here){(ht_pc)(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)), __builtin_dwarf_cfa()})
#endif

/* Before a hook's definition: it must have a frame of its own. */
#define HT_HOOK __attribute__((noinline))

/* The stack that is running: nothing outside [low, high) is read. The port sets it at start, one with tasks at each switch, or once to all the memory
 * that has stacks. As long as it is empty a walk has one frame. */
struct ht_walk_stack {
    uintptr_t low, high;
};
extern struct ht_walk_stack ht__walk_stack;

/* Where the walker of an Xtensa without windows may read instructions; empty: in the MiB that it stands in itself. */
struct ht_walk_code {
    uintptr_t low, high;
};
extern struct ht_walk_code ht__walk_code;

/* Each: `here` is HT_HERE of the hook; frames[0] is its caller. Returns how many of `most` (1 to 32) there are, with HT_WALK_CUT or without. */
typedef unsigned ht_walk(const void *here, ht_pc *frames, unsigned most);
ht_walk ht__walk_caller;   /* any machine: one frame */
ht_walk ht__walk_cortex_m; /* by .ARM.exidx: the firmware is built with -funwind-tables */
ht_walk ht__walk_riscv;    /* by frame pointers: the firmware is built with -fno-omit-frame-pointer */
ht_walk ht__walk_call0;    /* Xtensa without windows: by the code of prologues */
ht_walk ht__walk_windowed; /* Xtensa with windows: by the base save areas */
ht_walk ht__walk_slice;    /* none: what it tells is the key of a slice (HT_WITH_SLICE), or the caller alone */
ht_walk ht__walk_avr;      /* by what stands on the stack, proven by the code */

/* Of frames that a walk told: `count` offsets by which such a stack is known again (target/walk/again.h). False: it cannot be. */
typedef bool ht_walk_learn(const ht_pc *frames, unsigned count, uint8_t *offsets);
ht_walk_learn ht__walk_learn_cortex_m, ht__walk_learn_call0, ht__walk_learn_avr;

#ifdef __cplusplus
}
#endif

#endif
