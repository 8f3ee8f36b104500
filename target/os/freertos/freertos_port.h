/* freertos_port: FreeRTOS on one core as the core's port, as inline functions. Included by heaptracer/port.h only:
 * -DHT_PORT_INLINE='"target/os/freertos/freertos_port.h"'. -DHT_FREERTOS_CLOCK_HZ=...: the processor's cycle counter; without, the tick (often 1 ms). */
#ifndef TARGET_OS_FREERTOS_FREERTOS_PORT_H
#define TARGET_OS_FREERTOS_FREERTOS_PORT_H

#include <FreeRTOS.h>
#include <task.h>

#include "target/os/bare/processor.h"

extern volatile uint8_t ht_freertos_running;

/* A Cortex-M's kernel holds off what may call it, and leaves interrupts above that alone; so do we. Elsewhere the kernel switches all of them off. */
#define ht_port_lock ht_port_lock
#define ht_port_unlock ht_port_unlock
#ifdef __arm__
static inline ht_lock ht_port_lock(void)
{
    return portSET_INTERRUPT_MASK_FROM_ISR();
}

static inline void ht_port_unlock(ht_lock before)
{
    portCLEAR_INTERRUPT_MASK_FROM_ISR(before);
}
#else
static inline ht_lock ht_port_lock(void)
{
    return ht_processor_lock();
}

static inline void ht_port_unlock(ht_lock before)
{
    ht_processor_unlock(before);
}
#endif

#define ht_port_in_interrupt ht_processor_in_interrupt
#define ht_port_walk ht_processor_walk
#define HT_PORT_AGAIN 1

#define ht_port_task ht_port_task
static inline uint8_t ht_port_task(void)
{
    return ht_freertos_running;
}

#define ht_port_now ht_port_now
#define ht_port_ticks_per_s ht_port_ticks_per_s
static inline uint32_t ht_port_now(void)
{
#ifdef HT_FREERTOS_CLOCK_HZ
    return ht_processor_cycles();
#else
    return xTaskGetTickCountFromISR();
#endif
}

static inline uint32_t ht_port_ticks_per_s(void)
{
#ifdef HT_FREERTOS_CLOCK_HZ
    return HT_FREERTOS_CLOCK_HZ;
#else
    return configTICK_RATE_HZ;
#endif
}

#endif
