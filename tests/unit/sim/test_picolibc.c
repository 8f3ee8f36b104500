/* test_picolibc: the golden vectors of picolibc's malloc. */
#include "sim_vector.h"

static void the_golden_vector_is_equal(void **state)
{
    (void)state;
    struct arena_region region = {0x20000000, 1 << 20};
    struct simulator_arena arena = {.regions = &region, .region_count = 1};
    assert_int_equal(sim_vector_run("picolibc-1.8", &arena, 64, 400, UINT32_MAX).hash, 0x7e89b417);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vector_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
