/* test_port_esp_idf: the hooks and wraps of the component over a heap that behaves as ESP-IDF's: one event for each call, and each right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <heaptracer/port.h>

#include "stub_idf_heap.h"
#include "target/os/esp_idf/esp_idf.h"
#include "tests/firmware/told_log.h"

#include <esp_heap_caps.h>

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
int __wrap_posix_memalign(void **block, size_t alignment, size_t bytes);
void *__wrap_heap_caps_calloc(size_t count, size_t bytes, uint32_t caps);
void __wrap_vTaskDelete(TaskHandle_t task);
void __real_heap_caps_free(void *block);
void __real_vTaskDelete(TaskHandle_t task);

void __real_vTaskDelete(TaskHandle_t task)
{
    log_say("gone%s\n", task ? "" : " self");
}

static void *const a = idf_internal[0], *const b = idf_internal[1], *const p = idf_external;

static void test_start(void **state)
{
    static const struct ht_sink sink;
    (void)state;
    log_name(a, 'A');
    log_name(b, 'B');
    log_name(p, 'P');
    log_name(idf_alias, 'Y');
    idf_next = p;
    assert_int_equal(ht_esp_start(&(struct ht_config){.sink = &sink}), 0);
    assert_string_equal(log_take(), "task 1 main 64 5\nalloc P 1024 of 0\nuse of 0: 1 1000 2\nheap 1 PSRAM 4096\nuse of 1: 1 4096 2\nstart 1024\n");
}

static void test_one_event_each(void **state)
{
    (void)state;
    idf_next = a;
    void *block = __wrap_malloc(10);
    block = __wrap_realloc(block, 20);
    idf_next = b;
    block = __wrap_realloc(block, 30);
    idf_next = p;
    block = heap_caps_realloc(block, 40, MALLOC_CAP_SPIRAM);
    idf_next = NULL;
    assert_null(__wrap_realloc(block, 5000));
    heap_caps_free(block);
    assert_string_equal(log_take(), "alloc A 10 of 0\nresize A A 20 of 0\nresize A B 30 of 0\nalloc P 40 of 1\nfree B of 0\nfailed P 5000 of 1\nfree P of 1\nreally\n");
}

static void test_zero_and_null(void **state)
{
    (void)state;
    idf_next = a;
    void *block = __wrap_realloc(NULL, 10);
    assert_null(__wrap_realloc(block, 0));
    heap_caps_free(NULL);
    assert_string_equal(log_take(), "alloc A 10 of 0\nfree A of 0\nreally\n");
}

static void test_refusals(void **state)
{
    void *block = a;
    (void)state;
    idf_next = NULL;
    assert_null(__wrap_calloc(10, 10));
    assert_null(__wrap_heap_caps_calloc(3, 3, MALLOC_CAP_SPIRAM));
    assert_int_equal(__wrap_posix_memalign(&block, 16, 50), 12);
    assert_string_equal(log_take(), "refuse 100 of 0\nrefuse 9 of 1\nrefuse 50 of 0\n");
}

/* The executable address is told at birth, the other one at the end: both are the same block. */
static void test_alias(void **state)
{
    (void)state;
    idf_executable[0] = (uintptr_t)idf_alias;
    idf_next = &idf_executable[1];
    heap_caps_free(heap_caps_malloc(8, 1));
    assert_string_equal(log_take(), "alloc Y 8 of 0\nfree Y of 0\nreally\n");
    __real_heap_caps_free(heap_caps_malloc(8, 1)); /* the heap itself, past the wrap: its hook says it */
    assert_string_equal(log_take(), "alloc Y 8 of 0\nreally\nfree Y of 0\n");
}

static void test_cache_off(void **state)
{
    uint32_t before = ht_esp_lost();
    (void)state;
    idf_next = a;
    idf_cache_is_on = false;
    heap_caps_free(__wrap_malloc(10));
    idf_cache_is_on = true;
    assert_string_equal(log_take(), "really\n");
    assert_int_equal(ht_esp_lost(), before + 2);
}

static void test_tasks_and_interrupts(void **state)
{
    struct stub_task other = {.name = "wifi"}, *main_task = stub_running;
    (void)state;
    stub_running = &other;
    idf_next = a;
    __wrap_malloc(1);
    assert_int_equal(ht_port_task(), 2);
    stub_in_interrupt = 1;
    assert_int_equal(ht_port_task(), 0);
    __wrap_malloc(2);
    stub_in_interrupt = 0;
    __wrap_vTaskDelete(NULL);
    assert_int_equal(ht_port_task(), 0);
    stub_running = main_task;
    assert_string_equal(log_take(), "task 2 wifi 64 5\nalloc A 1 of 0\nalloc A 2 of 0\nstack 2\nend 2\ngone self\n");
}

static void test_the_core_s_own_are_not_told_twice(void **state)
{
    (void)state;
    idf_next = a;
    ht_port_free(ht_port_realloc(ht_port_malloc(10, 0), 20, 0));
    assert_string_equal(log_take(), "really\n");
}

/* The last 4 KiB of the constants. */
static void test_image(void **state)
{
    (void)state;
    struct ht_image image = ht_port_image();
    assert_ptr_equal(image.start, _flash_rodata_start + 4096);
    assert_int_equal(image.bytes, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_start),     cmocka_unit_test(test_one_event_each), cmocka_unit_test(test_zero_and_null),
                                       cmocka_unit_test(test_refusals),  cmocka_unit_test(test_alias),          cmocka_unit_test(test_cache_off),
                                       cmocka_unit_test(test_tasks_and_interrupts), cmocka_unit_test(test_the_core_s_own_are_not_told_twice),
                                       cmocka_unit_test(test_image)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
