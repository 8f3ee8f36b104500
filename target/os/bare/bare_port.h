/* bare_port: the port of bare.h, as inline functions. Included by heaptracer/port.h only. */
#ifndef TARGET_OS_BARE_BARE_PORT_H
#define TARGET_OS_BARE_BARE_PORT_H

#include "libc_wrap.h"
#include "processor.h"

#define ht_port_lock ht_processor_lock
#define ht_port_unlock ht_processor_unlock
#define ht_port_in_interrupt ht_processor_in_interrupt
#define ht_port_walk ht_processor_walk
#define HT_PORT_AGAIN 1

#define ht_port_task ht_port_task
static inline uint8_t ht_port_task(void)
{
    return ht_bare_task;
}

#define ht_port_malloc(bytes, caps) ht__libc_malloc(bytes)
#define ht_port_realloc(block, bytes, caps) ht__libc_realloc(block, bytes)
#define ht_port_free(block) ht__libc_free(block)

#ifdef HT_BARE_CLOCK_HZ
#define ht_port_now ht_processor_cycles
#define ht_port_ticks_per_s ht_port_ticks_per_s
static inline uint32_t ht_port_ticks_per_s(void)
{
    return HT_BARE_CLOCK_HZ;
}
#endif

#endif
