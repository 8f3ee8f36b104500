/* FreeRTOS: the lock that may be taken again on its core, from anywhere. */
#ifndef STUB_ESP_IDF_FREERTOS_FREERTOS_H
#define STUB_ESP_IDF_FREERTOS_FREERTOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint8_t StackType_t;
typedef struct {
    int count;
} portMUX_TYPE;
#define portMUX_INITIALIZER_UNLOCKED {0}
#define portENTER_CRITICAL_SAFE(mux) ((mux)->count++)
#define portEXIT_CRITICAL_SAFE(mux) ((mux)->count--)
#define pdTRUE 1
#define tskIDLE_PRIORITY 0
extern BaseType_t stub_in_interrupt;
static inline BaseType_t xPortInIsrContext(void)
{
    return stub_in_interrupt;
}
static inline BaseType_t xPortGetCoreID(void)
{
    return 0;
}

#endif
