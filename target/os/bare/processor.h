/* processor: lock, interrupt, cycle counter and walker of a processor, for ports that have nothing better of their system. Included behind port.h's ht_lock. */
#ifndef TARGET_OS_BARE_PROCESSOR_H
#define TARGET_OS_BARE_PROCESSOR_H

#include "bare.h"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
static inline ht_lock ht_processor_lock(void)
{
    ht_lock before;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(before)::"memory");
    return before;
}

static inline void ht_processor_unlock(ht_lock before)
{
    __asm__ volatile("msr primask, %0" ::"r"(before) : "memory");
}

static inline bool ht_processor_in_interrupt(void)
{
    uint32_t number;
    __asm__ volatile("mrs %0, ipsr" : "=r"(number));
    return number != 0;
}
#else
static inline bool ht_processor_in_interrupt(void)
{
    return ht_bare_interrupts != 0;
}

#if defined(__riscv)
static inline ht_lock ht_processor_lock(void)
{
    ht_lock before;
    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrrci %0, mstatus, 8\n\t.option pop" : "=r"(before)::"memory");
    return before & 8;
}

static inline void ht_processor_unlock(ht_lock before)
{
    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrs mstatus, %0\n\t.option pop" ::"r"(before) : "memory");
}
#elif defined(__AVR__)
static inline ht_lock ht_processor_lock(void)
{
    uint8_t before;
    __asm__ volatile("in %0, __SREG__\n\tcli" : "=r"(before)::"memory");
    return before;
}

static inline void ht_processor_unlock(ht_lock before)
{
    __asm__ volatile("out __SREG__, %0" ::"r"((uint8_t)before) : "memory");
}
#elif defined(__XTENSA__)
static inline ht_lock ht_processor_lock(void)
{
    ht_lock before;
    __asm__ volatile("rsil %0, 15" : "=a"(before)::"memory");
    return before;
}

static inline void ht_processor_unlock(ht_lock before)
{
    __asm__ volatile("wsr.ps %0\n\trsync" ::"a"(before) : "memory");
}
#else /* tests on the host: no interrupt comes */
static inline ht_lock ht_processor_lock(void)
{
    return 0;
}

static inline void ht_processor_unlock(ht_lock before)
{
    (void)before;
}
#endif
#endif

/* A Cortex-M's DWT_CYCCNT, which the firmware has switched on; 0 where there is none. */
static inline uint32_t ht_processor_cycles(void)
{
#if defined(__arm__)
    return *(const volatile uint32_t *)0xe0001004;
#elif defined(__riscv)
    uintptr_t cycles;
    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrr %0, mcycle\n\t.option pop" : "=r"(cycles));
    return (uint32_t)cycles;
#elif defined(__XTENSA__)
    uint32_t cycles;
    __asm__ volatile("rsr.ccount %0" : "=a"(cycles));
    return cycles;
#else
    return 0;
#endif
}

static inline unsigned ht_processor_walk(const void *here, ht_pc *frames, unsigned most)
{
#if HT_WITH_SLICE
    return ht__walk_slice(here, frames, most);
#elif defined(__arm__)
    return ht__walk_cortex_m(here, frames, most);
#elif defined(__riscv)
    return ht__walk_riscv(here, frames, most);
#elif defined(__AVR__)
    return ht__walk_avr(here, frames, most);
#elif defined(__XTENSA_CALL0_ABI__)
    return ht__walk_call0(here, frames, most);
#elif defined(__XTENSA_WINDOWED_ABI__)
    return ht__walk_windowed(here, frames, most);
#else
    return ht__walk_caller(here, frames, most);
#endif
}

#endif
