/* main: two tasks on FreeRTOS that allocate and now and then forget to free; the stream of it leaves by the board's serial line. */
#include <FreeRTOS.h>
#include <task.h>

#include "board.h"
#include "target/os/freertos/freertos.h"
#include "target/sink/sink_uart.h"

#define ROUNDS 100

uint8_t ucHeap[configTOTAL_HEAP_SIZE];
static uint8_t memory[4096];
static struct ht_uart uart;
static volatile unsigned ended;

static void line_put(void *context, uint8_t byte)
{
    (void)context;
    board_put(byte);
}

static int line_get(void *context)
{
    (void)context;
    return board_get();
}

/* Every tenth reading is never freed. */
static void sensor_run(void *unused)
{
    (void)unused;
    for (unsigned round = 0; round < ROUNDS; round++) {
        void *reading = pvPortMalloc(24);
        vTaskDelay(1);
        if (round % 10)
            vPortFree(reading);
    }
    ended++;
    vTaskDelete(NULL);
}

/* Computes without a pause, so that the scheduler must interrupt it; every twentieth message is never freed. */
static void network_run(void *unused)
{
    (void)unused;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t *message = pvPortMalloc(100);
        for (volatile unsigned work = 0; work < 3000; work++)
            message[work % 100] = (uint8_t)work;
        if (round % 20)
            vPortFree(message);
    }
    ended++;
    vTaskDelete(NULL);
}

static void watch_run(void *unused)
{
    (void)unused;
    while (ended < 2)
        vTaskDelay(10);
    vTaskDelay(20);
    ht_stacks_check();
    ht_stop();
    while (ht_pump() > 0) {
    }
    board_exit(0);
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name);

void vApplicationStackOverflowHook(TaskHandle_t task, char *name)
{
    (void)name;
    ht_on_stack_overflow(ht_task_of(task));
}

int main(void)
{
    board_start();
    struct board_memory board = board_memory();
    uart = (struct ht_uart){.put = line_put, .get = line_get};
    ht_freertos_begin(board.stack, (size_t)((char *)board.stack_end - (char *)board.stack));
    ht_start(&(struct ht_config){.memory = memory, .memory_bytes = sizeof memory, .sink = ht_uart_begin(&uart)});
    xTaskCreate(ht_freertos_pump, "heaptracer", 256, NULL, 1, NULL);
    xTaskCreate(sensor_run, "sensor", 256, NULL, 3, NULL);
    xTaskCreate(network_run, "network", 256, NULL, 2, NULL);
    xTaskCreate(watch_run, "watch", 256, NULL, 1, NULL);
    vTaskStartScheduler();
    return 1;
}
