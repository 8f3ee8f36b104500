/* test_heap_1: addresses and refusals of FreeRTOS heap_1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/sim/simulator.h"

static void heap_1_gives_the_next_aligned_bytes(void **state)
{
    (void)state;
    const struct simulator *simulator = simulator_find("heap_1");
    struct arena_region region = {0x20000004, 108};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    void *heap = simulator_begin(simulator, &arena, NULL);
    assert_int_equal(simulator->alloc(heap, 1, 0), 0x20000008);
    assert_int_equal(simulator->alloc(heap, 9, 0), 0x20000010);
    assert_int_equal(simulator->alloc(heap, 0, 0), 0);
    /* 100 bytes remain behind aligning, the last is never given: 24 + 72 < 100, but not 24 + 80. */
    assert_int_equal(simulator->alloc(heap, 73, 0), 0);
    assert_int_equal(simulator->alloc(heap, 72, 0), 0x20000020);
    simulator->end(heap);
}

static void heap_1_tells_every_byte_once(void **state)
{
    (void)state;
    const struct simulator *simulator = simulator_find("heap_1");
    struct arena_region region = {0x20000004, 108};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    void *heap = simulator_begin(simulator, &arena, NULL);
    simulator->alloc(heap, 20, 0);
    struct arena_use use;
    simulator->use(heap, &use);
    assert_int_equal(use.used, 24);
    assert_int_equal(use.used + use.free + use.overhead, use.total);
    assert_int_equal(use.largest, 72);
    simulator->end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_1_gives_the_next_aligned_bytes),
        cmocka_unit_test(heap_1_tells_every_byte_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
