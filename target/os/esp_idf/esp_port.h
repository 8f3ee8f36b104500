/* esp_port: ESP-IDF as the core's port, as inline functions. Included by heaptracer/port.h only. */
#ifndef TARGET_OS_ESP_IDF_ESP_PORT_H
#define TARGET_OS_ESP_IDF_ESP_PORT_H

#include <esp_cpu.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <sdkconfig.h>

#include <heaptracer/here.h>

extern portMUX_TYPE ht__esp_lock;

/* One for both cores; a core that has it may take it again. */
#define ht_port_lock ht_port_lock
static inline ht_lock ht_port_lock(void)
{
    portENTER_CRITICAL_SAFE(&ht__esp_lock);
    return 0;
}

#define ht_port_unlock ht_port_unlock
static inline void ht_port_unlock(ht_lock before)
{
    (void)before;
    portEXIT_CRITICAL_SAFE(&ht__esp_lock);
}

#define ht_port_in_interrupt ht_port_in_interrupt
static inline bool ht_port_in_interrupt(void)
{
    return xPortInIsrContext();
}

/* The microsecond timer: the cycle counters of two cores are not one clock. */
#define ht_port_ticks_per_s ht_port_ticks_per_s
static inline uint32_t ht_port_ticks_per_s(void)
{
    return 1000000;
}

#define ht_port_walk ht_port_walk
static inline unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
#if defined(__XTENSA_WINDOWED_ABI__)
    return ht__walk_windowed(here, frames, most);
#elif defined(__riscv) && CONFIG_ESP_SYSTEM_USE_FRAME_POINTER
    return ht__walk_riscv(here, frames, most);
#else
    return ht__walk_caller(here, frames, most);
#endif
}

#endif
