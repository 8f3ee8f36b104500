/* freertos: what a firmware on FreeRTOS calls besides heaptracer.h: once at start, and a task that pumps. FreeRTOSConfig.h includes freertos_hooks.h. */
#ifndef TARGET_OS_FREERTOS_FREERTOS_H
#define TARGET_OS_FREERTOS_FREERTOS_H

#include <heaptracer/heaptracer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Before ht_start: the stack of main and the interrupts. The tasks' own come by the hooks. */
void ht_freertos_begin(void *stack, size_t bytes);
/* A task: xTaskCreate(ht_freertos_pump, "heaptracer", ...), of the lowest priority that still runs. */
void ht_freertos_pump(void *unused);

#ifdef __cplusplus
}
#endif
#endif
