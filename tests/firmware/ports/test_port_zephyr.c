/* test_port_zephyr: what sys_heap tells its listeners, and its wrapped realloc, become the core's calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/firmware/told_log.h"

#include "target/os/zephyr/zephyr_port.c"

static struct k_thread thread = {"main", {0x20000100, 512}};
struct k_thread *stub_running = &thread;
bool stub_in_interrupt;
struct k_heap _system_heap;
static struct k_heap own;
static struct heap_listener *listeners[8];
static unsigned listener_count;
static char memory[2][64];

void heap_listener_register(struct heap_listener *listener)
{
    listeners[listener_count++] = listener;
}

static void notify(enum heap_event_types event, struct k_heap *heap, void *block, size_t bytes)
{
    for (unsigned at = 0; at < listener_count; at++) {
        if (listeners[at]->event == event && listeners[at]->heap_id == (uintptr_t)&heap->heap)
            listeners[at]->alloc_cb(listeners[at]->heap_id, block, bytes);
    }
}

/* In place: an allocation of the same block, then its free. Moved: as any. 100 bytes are refused without a word. */
void *__real_sys_heap_realloc(struct sys_heap *heap, void *block, size_t bytes)
{
    void *to = bytes > 60 ? NULL : bytes > 30 ? memory[1] : block;
    if (to && heap == &_system_heap.heap) {
        notify(HEAP_ALLOC, &_system_heap, to, bytes);
        notify(HEAP_FREE, &_system_heap, block, bytes);
    }
    return to;
}

void *__real_sys_heap_aligned_realloc(struct sys_heap *heap, void *block, size_t alignment, size_t bytes)
{
    (void)alignment;
    return __real_sys_heap_realloc(heap, block, bytes);
}

void *k_malloc(size_t bytes)
{
    notify(HEAP_ALLOC, &_system_heap, memory[0], bytes);
    return memory[0];
}

void *k_realloc(void *block, size_t bytes)
{
    return __wrap_sys_heap_realloc(&_system_heap.heap, block, bytes);
}

void k_free(void *block)
{
    notify(HEAP_FREE, &_system_heap, block, 0);
}

static void test_all(void **state)
{
    static const struct ht_sink sink;
    (void)state;
    log_name(memory[0], 'A');
    log_name(memory[1], 'B');
    assert_int_equal(ht_zephyr_start(&(struct ht_config){.sink = &sink}), 0);
    assert_string_equal(log_take(), "start 1024\n");
    void *block = k_malloc(16);
    block = k_realloc(block, 20);
    block = k_realloc(block, 40);
    assert_null(k_realloc(block, 100));
    k_free(block);
    assert_string_equal(log_take(), "task 1 main 512 3\nalloc A 16 of 0 taken\nresize A A 20 of 0\nresize A B 40 of 0\nfailed B 100 of 0\nfree B of 0\n");
    assert_int_equal(ht_port_task(), 1);
    stub_in_interrupt = true;
    assert_int_equal(ht_port_task(), 0);
    k_malloc(8);
    stub_in_interrupt = false;
    assert_string_equal(log_take(), "alloc A 8 of 0 taken\n");
}

static void test_own_heap(void **state)
{
    (void)state;
    assert_int_equal(ht_zephyr_heap(&own, "frames", memory, sizeof memory, HT_MEMORY_DMA), 1);
    notify(HEAP_ALLOC, &own, memory[1], 24);
    notify(HEAP_FREE, &own, memory[1], 24);
    assert_string_equal(log_take(), "heap 1 frames 128\nalloc B 24 of 1 taken\nfree B of 1\n");
}

static void test_the_core_s_own_are_not_told_twice(void **state)
{
    (void)state;
    void *block = ht_port_malloc(10, 0);
    block = ht_port_realloc(block, 20, 0);
    ht_port_free(block);
    assert_string_equal(log_take(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_own_heap), cmocka_unit_test(test_the_core_s_own_are_not_told_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
