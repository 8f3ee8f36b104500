/* task: the control block as tasks.c has it, which its trace macros see. */
#ifndef STUB_FREERTOS_TASK_H
#define STUB_FREERTOS_TASK_H

#include "FreeRTOS.h"

typedef uint32_t StackType_t;
struct stub_tcb {
    StackType_t *pxTopOfStack;
    StackType_t *pxStack;
    char pcTaskName[16];
    StackType_t *pxEndOfStack;
    unsigned uxPriority;
};
typedef struct stub_tcb *TaskHandle_t;
TaskHandle_t xTaskGetCurrentTaskHandle(void);
uint32_t xTaskGetTickCountFromISR(void);
void vTaskDelay(uint32_t ticks);
#define taskYIELD() ((void)0)

#endif
