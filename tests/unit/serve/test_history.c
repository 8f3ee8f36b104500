/* test_history: ten beats a second for years stay within bounds, in order, without a gap, and the most of each stretch is kept. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/serve/history.h"

struct walk {
    uint64_t points, time_ns, covered_ns, most, widest_ns;
    bool is_broken;
};

static void walk_point(void *context, const struct history_point *point)
{
    struct walk *walk = context;
    if (walk->points++)
        walk->covered_ns += point->width_ns;
    walk->is_broken |= point->time_ns <= walk->time_ns || (walk->time_ns && point->time_ns - point->width_ns != walk->time_ns);
    walk->is_broken |= point->live_bytes_most < point->live_bytes;
    walk->time_ns = point->time_ns;
    walk->most = walk->most > point->live_bytes_most ? walk->most : point->live_bytes_most;
    walk->widest_ns = walk->widest_ns > point->width_ns ? walk->widest_ns : point->width_ns;
}

static struct walk walk(const struct history *history)
{
    struct walk result = {0};
    history_each(history, walk_point, &result);
    assert_int_equal(result.points, history_count(history));
    assert_false(result.is_broken);
    return result;
}

static void add(struct history *history, uint64_t time_ns, uint64_t live)
{
    history_add(history, &(struct history_point){.time_ns = time_ns, .live_bytes = live});
}

static void test_short(void **state)
{
    (void)state;
    struct history history = {0};
    for (uint64_t i = 1; i <= 50; i++)
        add(&history, i * 100000000, i);
    add(&history, 5000000000, 99); /* not later */
    struct walk all = walk(&history);
    assert_true(all.points == 50 && all.most == 50 && all.time_ns == 5000000000 && all.widest_ns == 100000000);
    history_done(&history);
}

static void test_days(void **state)
{
    (void)state;
    struct history history = {0};
    uint64_t beats = 3 * 24 * 3600 * 10, spike = 24 * 3600 * 10 + 7;
    for (uint64_t i = 1; i <= beats; i++)
        add(&history, i * 100000000, i == spike ? 1000 : 1);
    struct walk all = walk(&history);
    assert_true(all.time_ns == beats * 100000000 && all.most == 1000 && all.widest_ns <= 3600000000000);
    assert_in_range(all.points, 1200 + 3600 + 2880, 1200 + 3600 + 2880 + 30);
    assert_true(all.covered_ns > beats * 100000000 - 3601000000000);
    history_done(&history);
}

static void test_years(void **state)
{
    (void)state;
    struct history history = {0};
    for (uint64_t i = 1; i <= 2 * 366 * 24 * 60; i++)
        add(&history, i * 60000000000, i);
    struct walk all = walk(&history);
    assert_true(all.points <= 1200 + 3600 + 2880 + 8784 + 3);
    assert_true(all.covered_ns >= (uint64_t)365 * 24 * 3600 * 1000000000);
    history_done(&history);
}

static void test_regions(void **state)
{
    (void)state;
    struct history history = {0};
    char name[] = "a";
    for (uint32_t i = 0; i < HISTORY_REGIONS; i++, name[0]++)
        assert_int_equal(history_region(&history, name), i);
    assert_int_equal(history_region(&history, "one more"), HISTORY_REGIONS);
    assert_int_equal(history_region(&history, "b"), 1);
    history_done(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_short), cmocka_unit_test(test_days), cmocka_unit_test(test_years), cmocka_unit_test(test_regions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
