/* bare: a firmware without an operating system, or with a scheduler of its own, as it is told to the tracer.
 *
 * Build with -DHT_PORT_INLINE='"target/os/bare/bare_port.h"'. One core. What the firmware gives:
 *   ht_bare_stacks    once before ht_start: the memory in which its stacks are, main's and the tasks'
 *   clock             -DHT_BARE_CLOCK_HZ=...: the processor's cycle counter (ARMv7-M and later, RISC-V, Xtensa); else ht_port_now and ht_port_ticks_per_s are yours
 *   ht_bare_task      written at each switch of a scheduler: the number by ht_task_begin
 *   interrupts        a Cortex-M knows; elsewhere a handler that allocates says ht_bare_interrupt_enter() and _leave()
 *   the allocator     the linker's --wrap=malloc and its like (libc_wrap.c), -DHT_BARE_WRAP=1; without: the HT_MALLOC family only */
#ifndef TARGET_OS_BARE_BARE_H
#define TARGET_OS_BARE_BARE_H

#include <stdbool.h>
#include <stdint.h>

#include <heaptracer/here.h>

#ifndef HT_BARE_WRAP
#define HT_BARE_WRAP 0
#endif

extern volatile uint8_t ht_bare_task, ht_bare_interrupts;

/* Memory in which stacks are; the walker reads nowhere else. */
static inline void ht_bare_stacks(const void *low, const void *high)
{
    ht__walk_stack.low = (uintptr_t)low;
    ht__walk_stack.high = (uintptr_t)high;
}

static inline void ht_bare_interrupt_enter(void)
{
    ht_bare_interrupts++;
}

static inline void ht_bare_interrupt_leave(void)
{
    ht_bare_interrupts--;
}

#endif
