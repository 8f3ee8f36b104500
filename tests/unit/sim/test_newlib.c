/* test_newlib: the golden vector of newlib's dlmalloc, and what its top does at an arena's end. */
#include "sim_vector.h"

static void the_golden_vector_is_equal(void **state)
{
    (void)state;
    struct arena_region region = {0x20000000, 1 << 20};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    assert_int_equal(sim_vector_run("newlib", &arena, 64, 400, UINT32_MAX).hash, 0x8403936f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vector_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
