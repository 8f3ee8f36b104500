/* test_port_zephyr: what sys_heap tells its listeners, and the wrapped calls above it, become the core's calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "target/os/zephyr/heaptracer_zephyr.h"
#include <heaptracer/port.h>

#include "stub_zephyr_heap.h"
#include "tests/firmware/told_log.h"

static char stack[512];
static struct k_thread thread = {"main", {(uintptr_t)stack, sizeof stack}}, other = {"net", {(uintptr_t)stack, sizeof stack}};
struct k_thread *stub_running = &thread;
bool stub_in_interrupt;
static struct k_heap own, late;
static struct stub_memory own_memory, late_memory;
static const k_timeout_t no_wait;

void __real_z_impl_k_thread_abort(k_tid_t ended);
void __real_z_impl_k_thread_abort(k_tid_t ended)
{
    log_say("aborted %s\n", ended->name);
}

static int begin(void **state)
{
    static const struct ht_sink sink;
    (void)state;
    log_name(stub_system.bytes + 100, 'A');
    log_name(stub_system.bytes + 500, 'B');
    log_name(stub_libc.bytes + 100, 'C');
    log_name(stub_libc.bytes + 500, 'D');
    log_name(own_memory.bytes + 100, 'E');
    log_name(late_memory.bytes + 100, 'F');
    stub_zephyr_boot();
    __wrap_sys_heap_init(&own.heap, &own_memory, sizeof own_memory);
    __wrap_free(__wrap_malloc(10)); /* before the start nothing is told */
    ht_zephyr_heap(&own, "frames", HT_MEMORY_DMA);
    return ht_zephyr_start(&(struct ht_config){.sink = &sink});
}

static void test_start(void **state)
{
    (void)state;
    assert_string_equal(log_take(), "heap 0 k_malloc 1024\nuse of 0: 400 600 0\nheap 1 malloc 1024\nuse of 1: 400 600 0\nheap 2 frames 1024\nuse of 2: 400 600 0\n"
                                    "start 1024\ntask 1 main 508 3\ntask 2 interrupt stack 256 0\n");
    assert_int_equal(ht_port_task(), 1);
}

/* Sizes are those asked for; that a block begins a reference before what the program has is the heap's affair. */
static void test_kernel_heap(void **state)
{
    (void)state;
    void *block = __wrap_k_malloc(16);
    block = __wrap_k_realloc(block, 20);
    block = __wrap_k_realloc(block, 300);
    assert_null(__wrap_k_realloc(block, 5000));
    __wrap_k_free(block);
    __wrap_k_free(NULL);
    assert_string_equal(log_take(), "alloc A 16 of 0 taken\nresize A A 20 of 0\nresize A B 300 of 0\nfailed B 5000 of 0\nfree B of 0\n");
    assert_null(__wrap_k_malloc(5000));
    assert_null(__wrap_k_calloc(SIZE_MAX / 2, 4));
    assert_non_null(__wrap_k_malloc(0));
    assert_string_equal(log_take(), "refuse 5000 of 0\nrefuse 4294967295 of 0\nalloc A 8 of 0 taken\n"); /* the log has 32 bits */
}

static void test_libc_heap(void **state)
{
    (void)state;
    void *block = __wrap_malloc(30);
    block = __wrap_realloc(block, 350);
    __wrap_free(block);
    assert_null(__wrap_malloc(5000));
    assert_string_equal(log_take(), "alloc C 30 of 1 taken\nresize C D 350 of 1\nfree D of 1\nrefuse 5000 of 1\n");
}

static void test_other_heaps(void **state)
{
    (void)state;
    __wrap_k_heap_free(&own, __wrap_k_heap_alloc(&own, 24, no_wait));
    assert_string_equal(log_take(), "alloc E 24 of 2 taken\nfree E of 2\n");
    __wrap_sys_heap_init(&late.heap, &late_memory, sizeof late_memory);
    __wrap_k_heap_free(&late, __wrap_k_heap_alloc(&late, 25, no_wait));
    assert_string_equal(log_take(), "heap 3 heap 1024\nuse of 3: 400 600 0\nalloc F 25 of 3 taken\nfree F of 3\n");
}

static void test_interrupt(void **state)
{
    (void)state;
    stub_in_interrupt = true;
    assert_int_equal(ht_port_task(), 0);
    __wrap_k_free(__wrap_k_malloc(8));
    ht_port_free(ht_port_malloc(8, 0));
    stub_in_interrupt = false;
    assert_string_equal(log_take(), "alloc A 8 of 0 taken\nfree A of 0\n");
}

static void test_the_core_s_own_are_not_told_twice(void **state)
{
    (void)state;
    void *block = ht_port_malloc(10, 0);
    block = ht_port_realloc(block, 20, 0);
    ht_port_free(block);
    assert_string_equal(log_take(), "");
}

/* Another thread in its place is a new one. */
static void test_threads(void **state)
{
    (void)state;
    stub_running = &other;
    __wrap_k_free(__wrap_k_malloc(8));
    assert_string_equal(log_take(), "task 3 net 508 3\nalloc A 8 of 0 taken\nfree A of 0\n");
    __wrap_z_impl_k_thread_abort(&other);
    assert_string_equal(log_take(), "stack 3\nend 3\naborted net\n");
    assert_int_equal(ht_port_task(), 0);
    stub_running = &thread;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_start),       cmocka_unit_test(test_kernel_heap), cmocka_unit_test(test_libc_heap),
                                       cmocka_unit_test(test_other_heaps), cmocka_unit_test(test_interrupt),   cmocka_unit_test(test_the_core_s_own_are_not_told_twice),
                                       cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, begin, NULL);
}
