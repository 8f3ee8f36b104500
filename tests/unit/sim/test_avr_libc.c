/* test_avr_libc: the golden vector of avr-libc's malloc, and its realloc's defect as seen on an emulated ATmega2560. */
#include "sim_vector.h"

static void the_golden_vector_is_equal(void **state)
{
    (void)state;
    struct arena_region region = {0x200, 640};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    struct sim_vector vector = sim_vector_run("avr-libc", &arena, 24, 48, 0xffff);
    assert_int_equal(vector.hash, 0x865c6742);
    assert_int_equal(vector.allocs, 1008);
    assert_int_equal(vector.fails, 3);
    assert_int_equal(vector.live, 332);
    assert_int_equal(vector.largest, 165);
}

static void resize_to_one_byte_spoils_the_neighbour(void **state)
{
    (void)state;
    const struct simulator *simulator = simulator_find("avr-libc");
    struct arena_region region = {0x21c, 0x2000 - 0x21c};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    void *heap = simulator_begin(simulator, &arena, NULL);
    assert_int_equal(simulator->alloc(heap, 0x1000, 0), 0x21e);
    uint64_t p = simulator->alloc(heap, 5, 0), q = simulator->alloc(heap, 10, 0);
    assert_int_equal(p, 0x1220);
    assert_int_equal(q, 0x1227);
    assert_int_equal(simulator->resize(heap, p, 1), p);
    simulator->free(heap, p);
    assert_int_equal(simulator->alloc(heap, 15, 0), 0x1226); /* inside q, which lives */
    simulator->end(heap);
}

static void what_an_avr_cannot_have_is_refused(void **state)
{
    (void)state;
    const struct simulator *simulator = simulator_find("avr-libc");
    struct arena_region region = {0x20000000, 640};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    struct error error = {0};
    assert_null(simulator_begin(simulator, &arena, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    region = (struct arena_region){0x200, 640};
    void *heap = simulator_begin(simulator, &arena, NULL);
    assert_int_equal(simulator->alloc(heap, 0xfffe, 0), 0);
    assert_int_equal(simulator->alloc(heap, 65536 + 4, 0), 0);
    assert_int_equal(simulator->alloc(heap, 638, 0), 0x202);
    assert_int_equal(simulator->alloc(heap, 1, 0), 0);
    assert_int_equal(simulator->resize(heap, 0x202, 0xfffd), 0);
    sim_cover_check(simulator, heap);
    simulator->end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vector_is_equal),
        cmocka_unit_test(resize_to_one_byte_spoils_the_neighbour),
        cmocka_unit_test(what_an_avr_cannot_have_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
