/* test_glibc: the golden vector of glibc 2.36, and the rules that a program can count on. */
#include "sim_vector.h"

static void the_golden_vector_is_equal(void **state)
{
    (void)state;
    struct arena_region regions[] = {{0x555555559000, 1 << 30}, {0x7ffff0000000, 1 << 27}};
    struct simulator_arena arena = {.regions = regions, .region_count = 2};
    assert_int_equal(sim_vector_run("glibc", &arena, 64, 400, UINT32_MAX).hash, 0x6666edaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_vector_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
