/* zephyr_port: Zephyr as the core's port, as inline functions. Included by heaptracer/port.h only. */
#ifndef TARGET_OS_ZEPHYR_ZEPHYR_PORT_H
#define TARGET_OS_ZEPHYR_ZEPHYR_PORT_H

#include <zephyr/kernel.h>
#include <zephyr/linker/linker-defs.h>

#include "target/os/bare/processor.h"

#ifdef CONFIG_SMP
#error "one core only: the lock holds off the interrupts of this one"
#endif

#define ht_port_lock ht_port_lock
static inline ht_lock ht_port_lock(void)
{
    return irq_lock();
}

#define ht_port_unlock ht_port_unlock
static inline void ht_port_unlock(ht_lock before)
{
    irq_unlock((unsigned int)before);
}

#define ht_port_in_interrupt ht_port_in_interrupt
static inline bool ht_port_in_interrupt(void)
{
    return k_is_in_isr();
}

#define ht_port_now ht_port_now
static inline uint32_t ht_port_now(void)
{
    return k_cycle_get_32();
}

#define ht_port_ticks_per_s ht_port_ticks_per_s
static inline uint32_t ht_port_ticks_per_s(void)
{
    return (uint32_t)sys_clock_hw_cycles_per_sec();
}

/* At a thread's very beginning stands what its registers happened to hold. */
#define ht_port_walk ht_port_walk
static inline unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
    unsigned count = ht_processor_walk(here, frames, most), last = (count & ~(unsigned)HT_WALK_CUT) - 1;
    bool is_code = (uintptr_t)frames[last] - (uintptr_t)__text_region_start < (uintptr_t)(__text_region_end - __text_region_start);
    return is_code || !last ? count : last;
}
#define HT_PORT_AGAIN 1

#endif
