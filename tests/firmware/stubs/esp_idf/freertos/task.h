/* task: tasks have a handle, a name, a priority and the lowest address of their stack. */
#ifndef STUB_ESP_IDF_FREERTOS_TASK_H
#define STUB_ESP_IDF_FREERTOS_TASK_H

#include "freertos/FreeRTOS.h"

typedef struct stub_task *TaskHandle_t;
struct stub_task {
    const char *name;
    uint8_t stack[64];
};
extern TaskHandle_t stub_running;
static inline TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return stub_running;
}
static inline char *pcTaskGetName(TaskHandle_t task)
{
    return (char *)(uintptr_t)task->name;
}
static inline StackType_t *xTaskGetStackStart(TaskHandle_t task)
{
    return task->stack;
}
static inline UBaseType_t uxTaskPriorityGet(TaskHandle_t task)
{
    (void)task;
    return 5;
}
static inline void vTaskDelay(unsigned ticks)
{
    (void)ticks;
}
static inline BaseType_t xTaskCreate(void (*run)(void *), const char *name, uint32_t stack, void *context, UBaseType_t priority, TaskHandle_t *task)
{
    (void)run, (void)name, (void)stack, (void)context, (void)priority, (void)task;
    return pdTRUE;
}
#define taskYIELD() ((void)0)

#endif
