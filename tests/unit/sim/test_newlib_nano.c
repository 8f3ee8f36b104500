/* test_newlib_nano: the golden vector of newlib-nano, and what its chunks do at their ends. */
#include "sim_vector.h"

static void the_golden_vector_is_equal(void **state)
{
    (void)state;
    struct arena_region region = {0x20000004, 1 << 20};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    struct sim_vector vector = sim_vector_run("newlib-nano", &arena, 64, 400, UINT32_MAX);
    assert_int_equal(vector.hash, 0x8aab4627);
    assert_int_equal(vector.allocs, 1017);
    assert_int_equal(vector.live, 6327);
}

static void strides_are_those_measured(void **state)
{
    (void)state;
    const struct simulator *simulator = simulator_find("newlib-nano");
    struct arena_region region = {0x20000000, 65536};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    void *heap = simulator_begin(simulator, &arena, NULL);
    uint64_t taken, usable, block = simulator->alloc(heap, 100, 0);
    assert_int_equal(block, 0x20000008);
    simulator->measure(heap, block, &taken, &usable);
    assert_int_equal(taken, 108);
    assert_int_equal(usable, 100);
    assert_int_equal(simulator->resize(heap, block, 100), block);
    assert_int_not_equal(simulator->resize(heap, block, 101), block);
    sim_cover_check(simulator, heap);
    assert_int_equal(simulator->alloc(heap, 0xffffffff, 0), 0);
    assert_int_equal(simulator->alloc(heap, UINT64_MAX, 0), 0);
    assert_int_equal(simulator->alloc(heap, 65536, 0), 0);
    uint64_t aligned = simulator->alloc(heap, 100, 4096);
    assert_int_equal(aligned % 4096, 0);
    assert_int_equal(simulator->alloc(heap, 100, UINT64_C(1) << 31), 0);
    sim_cover_check(simulator, heap);
    simulator->free(heap, aligned);
    sim_cover_check(simulator, heap);
    simulator->end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vector_is_equal),
        cmocka_unit_test(strides_are_those_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
