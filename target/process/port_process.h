/* port_process: what the core asks of the operating system's folder. All of it is async-signal-safe, allocates nothing and keeps errno. */
#ifndef TARGET_PROCESS_PORT_PROCESS_H
#define TARGET_PROCESS_PORT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/lane.h"

/* The session that this process belongs to; NULL before the start. */
extern struct ht_session *ht__session;
/* Added to when memory was unmapped, the second only when code was: bounds and stacks remembered from before are void. */
extern uint64_t ht__maps_generation, ht__code_generation;
extern const char *ht__single_threaded; /* points to 1 while no second thread was ever made: stamps need no order among cores */

uint64_t ht__port_clock(void); /* when the session's clock is not a register */
void ht__port_wake(uint32_t *word);
void ht__port_wait(uint32_t *word, uint32_t value, uint32_t milliseconds);
bool ht__port_collector_lives(void);
void *ht__port_pages(uint64_t bytes); /* zeroes, taken from memory as they are touched; NULL: none */
/* The page of `address` can be read. */
bool ht__port_can_read(uint64_t address);
/* True if all from `sp` up to `to` can be read; false also if that is very far. */
bool ht__port_reach(uint64_t sp, uint64_t to);
/* From `sp` up, what can be read of the stack that holds it, whole pages; false: nothing. The old *low and *high hold still, or are 0: they save looking. */
bool ht__port_stack(uint64_t sp, uint64_t *low, uint64_t *high);

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
static inline uint64_t port_ticks_early(void) { return __rdtsc(); }
/* Not before all earlier instructions are done: another core must not have stamped a free of this block later. */
static inline uint64_t port_ticks_late(void)
{
    unsigned core;
    return *ht__single_threaded ? __rdtsc() : __rdtscp(&core);
}
#define PORT_CLOCK_REGISTER HT_CLOCK_TSC
#elif defined(__aarch64__)
static inline uint64_t port_ticks_early(void)
{
    uint64_t ticks;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
    return ticks;
}
static inline uint64_t port_ticks_late(void) { return port_ticks_early(); }
#define PORT_CLOCK_REGISTER HT_CLOCK_CNTVCT
#else
static inline uint64_t port_ticks_early(void) { return ht__port_clock(); }
static inline uint64_t port_ticks_late(void) { return ht__port_clock(); }
#define PORT_CLOCK_REGISTER HT_CLOCK_MONOTONIC
#endif

/* Stamp of something that is about to be done, and of something that was done. */
static inline uint64_t stamp_early(void)
{
    uint64_t ticks = ht__session->clock == PORT_CLOCK_REGISTER ? port_ticks_early() : ht__port_clock();
    return ticks - ht__session->clock_start;
}
static inline uint64_t stamp_late(void)
{
    uint64_t ticks = ht__session->clock == PORT_CLOCK_REGISTER ? port_ticks_late() : ht__port_clock();
    return ticks - ht__session->clock_start;
}

#endif
