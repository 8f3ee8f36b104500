/* map: random puts and removes against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/base/map.h"

static void map_agrees_with_an_array(void **state)
{
    (void)state;
    enum { KEYS = 512 };
    uint64_t truth[KEYS] = {0};
    struct map map = {0};
    srand(7);
    for (int step = 0; step < 200000; step++) {
        uint64_t key = (uint64_t)rand() % KEYS;
        if (rand() % 2) {
            truth[key] = (uint64_t)step + 1;
            *map_put(&map, key * 64, NULL) = truth[key];
        } else {
            uint64_t value = 0;
            assert_int_equal(map_remove(&map, key * 64, &value), truth[key] != 0);
            assert_int_equal(value, truth[key]);
            truth[key] = 0;
        }
    }
    size_t count = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        uint64_t *value = map_get(&map, key * 64);
        assert_int_equal(value ? *value : 0, truth[key]);
        count += truth[key] != 0;
    }
    assert_int_equal(map_count(&map), count);
    map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(map_agrees_with_an_array)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
