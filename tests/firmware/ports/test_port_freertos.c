/* test_port_freertos: FreeRTOS' trace macros and wrapped heap, as a kernel of V11 calls them, become the core's calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/firmware/told_log.h"

#include "target/os/freertos/freertos.c"

static char heap[64];
static uint32_t stack[32];
static struct stub_tcb tcb = {stack + 20, stack, "sensor", stack + 31, 3};
static struct stub_tcb *volatile pxCurrentTCB = &tcb;

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return pxCurrentTCB;
}

uint32_t xTaskGetTickCountFromISR(void)
{
    return 0;
}

void vTaskDelay(uint32_t ticks)
{
    (void)ticks;
}

void *__real_pvPortMalloc(size_t bytes)
{
    log_say("real malloc %u\n", (unsigned)bytes);
    return bytes < sizeof heap ? heap : NULL;
}

void __real_vPortFree(void *block)
{
    log_say("real free%s\n", block == heap ? "" : " of what?");
}

void vPortGetHeapStats(HeapStats_t *stats)
{
    *stats = (HeapStats_t){.xAvailableHeapSpaceInBytes = 600, .xSizeOfLargestFreeBlockInBytes = 500};
}

static void test_heap(void **state)
{
    (void)state;
    log_name(heap, 'A');
    void *block = __wrap_pvPortMalloc(10);
    __wrap_vPortFree(block);
    assert_null(__wrap_pvPortCalloc(10, 10));
    assert_string_equal(log_take(), "malloc 10\nreal malloc 10\nht_free A\nreal free\nmalloc 100\nreal malloc 100\n");
}

static void test_macros_without_wrap(void **state)
{
    (void)state;
    traceMALLOC(heap, 24);
    traceFREE(heap, 24);
    traceMALLOC(NULL, 0);
    assert_string_equal(log_take(), "alloc A 24 of 0 taken\nfree A of 0\nrefuse 0 of 0\n");
}

static void test_tasks(void **state)
{
    struct stub_tcb *pxNewTCB = &tcb;
    (void)state;
    traceTASK_CREATE(pxNewTCB);
    assert_int_equal(ht__walk_stack.low, (uintptr_t)stack);
    assert_int_equal(ht__walk_stack.high, (uintptr_t)(stack + 32));
    traceTASK_SWITCHED_IN();
    assert_int_equal(ht_port_task(), 1);
    traceTASK_SWITCHED_OUT();
    traceENTER_vTaskDelete(NULL);
    traceTASK_DELETE(pxNewTCB);
    traceTASK_SWITCHED_IN();
    assert_int_equal(ht_port_task(), 0);
    assert_string_equal(log_take(), "task 1 sensor 128 3\nout 1\nstack 1\nend 1\n");
}

static void test_begin(void **state)
{
    static char main_stack[256];
    (void)state;
    ht_freertos_begin(main_stack, sizeof main_stack);
    assert_string_equal(log_take(), "use of 0: 400 600 500\n");
    assert_true(ht__walk_stack.low <= (uintptr_t)main_stack && ht__walk_stack.high >= (uintptr_t)(main_stack + sizeof main_stack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_heap), cmocka_unit_test(test_macros_without_wrap), cmocka_unit_test(test_tasks),
                                       cmocka_unit_test(test_begin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
