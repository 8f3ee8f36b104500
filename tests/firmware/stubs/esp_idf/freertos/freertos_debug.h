/* freertos_debug: the high end of a task's stack. */
#ifndef STUB_ESP_IDF_FREERTOS_FREERTOS_DEBUG_H
#define STUB_ESP_IDF_FREERTOS_FREERTOS_DEBUG_H

#include "freertos/task.h"

typedef struct {
    void *pxTCB;
    StackType_t *pxTopOfStack, *pxEndOfStack;
} TaskSnapshot_t;
static inline BaseType_t vTaskGetSnapshot(TaskHandle_t task, TaskSnapshot_t *snapshot)
{
    snapshot->pxEndOfStack = task->stack + sizeof task->stack;
    return pdTRUE;
}

#endif
